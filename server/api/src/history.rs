//! The history of a state: what differs between two versions, the version of a moment, going back, and taking back deleted workspaces.

use crate::{
    error::Failure,
    jsonapi::{Body, Document, List, Query, Resource},
    state::{self, parse},
    workspace::{self, parse_id},
};
use app::{Action, App, Diff, Error, OutputChange, ResourceChange, Shown, model::StateVersion};
use axum::extract::{Path, State};
use domain::time::Time;
use http_doors::Authenticated;
use serde_json::{Value, json};

/// `null` where there is nothing, `{"sensitive": true}` where it is not shown, `{"value": …}` otherwise.
fn shown(shown: &Shown) -> Value {
    match shown {
        Shown::Absent => Value::Null,
        Shown::Hidden => json!({ "sensitive": true }),
        Shown::Value(value) => json!({ "value": value }),
    }
}

fn resource_change(change: &ResourceChange) -> Value {
    let attributes = change.attributes.iter().map(|attribute| {
        json!({ "path": attribute.path, "before": shown(&attribute.before), "after": shown(&attribute.after) })
    });
    json!({
        "action": change.action.as_str(),
        "address": change.address,
        "previous-address": change.previous_address,
        "type": change.kind,
        "module": change.module,
        "provider": change.provider,
        "previous-provider": change.previous_provider,
        "attributes": attributes.collect::<Vec<_>>(),
        "other": change.other,
    })
}

fn output_change(change: &OutputChange) -> Value {
    json!({
        "action": change.action.as_str(),
        "name": change.name,
        "before": shown(&change.before),
        "after": shown(&change.after),
    })
}

fn diff_resource(diff: &Diff, from: &StateVersion, to: &StateVersion) -> Resource {
    let count = |action| diff.resources.iter().filter(|change| change.action == action).count();
    let attributes = json!({
        "from-serial": from.serial,
        "to-serial": to.serial,
        "addresses-only": diff.brief,
        "truncated": diff.truncated,
        "terraform-version":
            diff.terraform_version.as_ref().map(|(before, after)| json!({ "before": before, "after": after })),
        "summary": {
            "added": count(Action::Added),
            "changed": count(Action::Changed),
            "moved": count(Action::Moved),
            "removed": count(Action::Removed),
            "outputs": diff.outputs.len(),
        },
        "resources": diff.resources.iter().map(resource_change).collect::<Vec<_>>(),
        "outputs": diff.outputs.iter().map(output_change).collect::<Vec<_>>(),
    });
    Resource::new("state-version-diffs", format!("{}:{}", from.id, to.id), attributes)
        .one("from", "state-versions", Some(from.id.as_str()))
        .one("to", "state-versions", Some(to.id.as_str()))
        .one("workspace", "workspaces", Some(to.workspace_id.as_str()))
}

/// `GET state-versions/ID/diff/OTHER`: what differs in the other one.
pub(crate) async fn diff(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((id, other)): Path<(String, String)>,
) -> Result<Document, Failure> {
    let (diff, from, to) = app.compare_states(&caller, &parse(&id)?, &parse(&other)?).await?;
    Ok(Document::new(diff_resource(&diff, &from, &to)))
}

/// `GET workspaces/ID/state-version-at?time=RFC3339`
pub(crate) async fn at(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    query: Query,
) -> Result<Document, Failure> {
    let id = parse_id(&id)?;
    let wrong = "Time is a moment as RFC 3339 writes it: 2026-11-26T18:30:00Z";
    let moment = query.get("time").and_then(Time::parse).ok_or_else(|| Error::invalid("time", wrong))?;
    let version = app.state_at(&caller, &id, moment).await?;
    Ok(state::document(&app, &version, &query).await?)
}

/// `PATCH workspaces/ID/state-versions`, with the version to go back to, and, to be refused if it is another, the one that is current.
pub(crate) async fn roll_back(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    let id = parse_id(&id)?;
    body.about("state-versions")?;
    let said = body.related("rollback-state-version").ok_or_else(|| {
        Error::invalid(
            "rollback-state-version",
            "The relationship rollback-state-version names the version to go back to",
        )
    })?;
    let seen = body.related("current-state-version");
    let written = app.roll_back_state(&caller, &id, &parse(said)?, seen).await?;
    Ok(Document::created(state::resource(&app, &written.version, &[], false)))
}

/// `GET organizations/ORG/deleted-workspaces`
pub(crate) async fn list_deleted(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    query: Query,
) -> Result<List, Failure> {
    let page = query.page();
    let (deleted, total) = app.list_deleted_workspaces(&caller, &organization, page.size, page.offset()).await?;
    let resource = |one: &app::model::DeletedWorkspace| {
        let attributes = json!({
            "name": one.name,
            "description": one.description,
            "resource-count": one.resource_count.unwrap_or_default(),
            "deleted-at": one.deleted_at.rfc3339(),
        });
        Resource::new("deleted-workspaces", &one.id, attributes)
    };
    Ok(List::page(deleted.iter().map(resource).collect(), page, total))
}

/// `POST workspaces/ID/actions/restore`: takes a deleted workspace back, with another `name` if it says one.
pub(crate) async fn restore(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    let name: Option<String> = body.attribute("name")?;
    let workspace = app.restore_workspace(&caller, &parse_id(&id)?, name.as_deref()).await?;
    Ok(Document::new(workspace::resource(&workspace, &caller)?))
}
