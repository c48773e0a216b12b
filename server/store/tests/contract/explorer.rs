//! The explorer's views.

use crate::base::{Fresh, append, on_both, run, version, workspace, world};
use domain::explorer::{Filter, View};
use store::{
    Error,
    explorer::{self, Rows, Use},
    search, state, workspace as ws,
};

on_both! { views_are_filtered_and_sorted  every_field_can_be_asked }

fn used(kind: &str, name: &str) -> Use {
    Use { kind: kind.into(), name: name.into(), source: format!("hashicorp/{name}"), version: String::new() }
}

/// Three workspaces: two use a provider and a module, one of them has a state and a run, one has nothing.
async fn furnish(store: &Fresh) -> crate::base::World {
    let world = world(store).await;
    run(store, &world, 1).await;
    let (second, third) =
        (workspace(&world.organization, &world.project, 2), workspace(&world.organization, &world.project, 3));
    let one = state::StateVersion { created_at: crate::base::NOW.plus_seconds(9), ..version(&world, 1) };
    let tags = [domain::tag::Tag::new("Stage", "prod").unwrap(), domain::tag::Tag::new("flat", "").unwrap()];
    store
        .write(async |mut tx| {
            ws::insert(&mut tx, &second, b"k").await?;
            ws::insert(&mut tx, &third, b"k").await?;
            ws::put_tags(&mut tx, &world.workspace, &tags).await?;
            append(&mut tx, &world, &one).await?;
            for due in search::list_due(&mut tx, "", 10).await? {
                let mut uses = match due.name.as_str() {
                    "workspace-1" => vec![used("provider", "aws"), used("provider", "random"), used("module", "vpc")],
                    "workspace-2" => vec![used("provider", "aws")],
                    _ => vec![],
                };
                explorer::put_uses(&mut tx, &due, &uses).await?;
                uses.sort();
                assert_eq!(explorer::list_uses(&mut tx, &due.id).await?, uses);
            }
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    world
}

async fn ask(
    store: &Fresh,
    world: &crate::base::World,
    view: View,
    filters: &[(&str, &str, &str)],
    sort: &str,
    down: bool,
) -> Vec<String> {
    let filters: Vec<Filter> =
        filters.iter().map(|(field, operator, value)| Filter::read(view, field, operator, value).unwrap()).collect();
    let sort = (view.field(sort).unwrap(), down);
    let id = &world.organization.id;
    store
        .read(async |mut tx| {
            let rows = explorer::list_rows(&mut tx, id, view, &filters, sort, 10, 0).await?;
            let count = explorer::count_rows(&mut tx, id, view, &filters).await?;
            assert_eq!(i64::try_from(rows.count()).unwrap(), count);
            let past = explorer::list_rows(&mut tx, id, view, &filters, sort, 10, 10).await?;
            assert_eq!(past.count(), 0);
            Ok::<_, Error>(match rows {
                Rows::Workspaces(rows) => rows.into_iter().map(|row| row.workspace_name).collect(),
                Rows::Uses(rows) => rows
                    .into_iter()
                    .map(|row| format!("{}{} {} {}", row.name, row.version, row.workspace_count, row.workspaces))
                    .collect(),
            })
        })
        .await
        .unwrap()
}

async fn views_are_filtered_and_sorted(store: &Fresh) {
    let world = furnish(store).await;
    let workspaces = async |filters: &[(&str, &str, &str)], sort: &str, down| {
        ask(store, &world, View::Workspaces, filters, sort, down).await
    };
    let [one, two, three] = ["workspace-1", "workspace-2", "workspace-3"];
    assert_eq!(workspaces(&[], "workspace_name", true).await, [three, two, one]);
    assert_eq!(workspaces(&[], "provider_count", false).await, [three, two, one]);
    // Nothing comes last, whichever way.
    assert_eq!(workspaces(&[], "current_run_applied_at", true).await.len(), 3);
    for (filters, expected) in [
        (&[("providers", "contains", "AW")][..], &[one, two][..]),
        (&[("providers", "contains", "a%")], &[]),
        (&[("providers", "does_not_contain", "random"), ("provider_count", "gteq", "1")], &[two]),
        (&[("module_count", "is", "0")], &[two, three]),
        (&[("module_count", "gt", "0")], &[one]),
        (&[("module_count", "lt", "1")], &[two, three]),
        (&[("module_count", "lteq", "0")], &[two, three]),
        (&[("modules", "is_empty", "")], &[two, three]),
        (&[("modules", "is_not_empty", "")], &[one]),
        (&[("modules", "is", "vpc")], &[one]),
        (&[("modules", "is_not", "vpc")], &[two, three]),
        (&[("tags", "contains", "stage:prod")], &[one]),
        (&[("current_run_status", "is", "pending")], &[one]),
        (&[("current_run_applied_at", "is_empty", "")], &[one, two, three]),
        (&[("current_run_applied_at", "is_not", "2026-01-01")], &[one, two, three]),
        (&[("state_version_terraform_version", "is", "1.11.4")], &[one]),
        (&[("workspace_updated_at", "is_after", "2023-11-14T22:13:21Z")], &[one]),
        (&[("workspace_updated_at", "is_before", "2023-11-14T22:13:21Z")], &[two, three]),
        (&[("drifted", "is", "true")], &[]),
        (&[("all_checks_succeeded", "is", "true")], &[one, two, three]),
    ] {
        assert_eq!(workspaces(filters, "workspace_name", false).await, expected, "{filters:?}");
    }
    let providers = ask(store, &world, View::Providers, &[], "workspace_count", true).await;
    assert_eq!(providers, ["aws 2 workspace-1,workspace-2", "random 1 workspace-1"]);
    assert_eq!(ask(store, &world, View::Modules, &[("name", "is", "vpc")], "name", false).await, ["vpc 1 workspace-1"]);
    assert_eq!(ask(store, &world, View::TfVersions, &[], "version", false).await, ["1.11.4 1 workspace-1"]);
    store.write(async |mut tx| ws::delete(&mut tx, &world.workspace.id, crate::base::NOW).await).await.unwrap();
    assert_eq!(ask(store, &world, View::Providers, &[], "name", false).await, ["aws 1 workspace-2"]);
    assert_eq!(workspaces(&[], "workspace_name", false).await, [two, three]);
    let named = store.look(async |mut tx| explorer::list_named(&mut tx, &world.workspace.id).await).await.unwrap();
    assert!(named.is_empty());
}

async fn every_field_can_be_asked(store: &Fresh) {
    let world = furnish(store).await;
    for view in [View::Workspaces, View::TfVersions, View::Providers, View::Modules] {
        for field in view.fields() {
            for down in [true, false] {
                ask(store, &world, view, &[(field.name, "is_not_empty", "")], field.name, down).await;
            }
        }
    }
}
