//! A part of a name is found among names in memory: as they are now, whoever changed them.

use crate::town::{Town, on_both};
use app::{Settings, Which, model::Filter};
use domain::permission::Permission;

on_both! { a_part_of_a_name_is_found_whoever_changed_names }

async fn a_part_of_a_name_is_found_whoever_changed_names(town: &Town) {
    let owner = town.caller("owner").await;
    let other = town.another_server().await;
    let found = async |part: &str| {
        let filter = Filter { search: Some(part.into()), ..Filter::default() };
        let mut answers = Vec::new();
        // Each server asks the database first, then reads all names, then has them.
        for app in [&town.app, &other].repeat(3) {
            let (page, total) = app.list_workspaces(&owner, "acme", &filter, 2, 1).await.unwrap();
            let names: Vec<String> = page.into_iter().map(|workspace| workspace.name).collect();
            answers.push((names, total));
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        answers.remove(0)
    };
    assert_eq!(found("net").await, (vec![], 0));
    for name in ["net-a", "a-NET", "net-b", "c_d"] {
        town.new_workspace(&owner, "acme", name).await;
    }
    assert_eq!(found("net").await, (vec!["net-a".into(), "net-b".into()], 3));
    assert_eq!((found("_").await.1, found("%").await.1), (1, 0));
    let id = other.workspace(&owner, Which::Name("acme", "net-a"), Permission::Read).await.unwrap().id;
    let rename = async |name: &str| {
        let settings = Settings { name: Some(name.into()), ..Settings::default() };
        other.update_workspace(&owner, &id, &settings).await
    };
    rename("net-b").await.unwrap_err();
    assert_eq!(found("net").await.1, 3, "a name that another one has");
    rename("other").await.unwrap();
    assert_eq!(found("net").await, (vec!["net-b".into()], 2));
    assert_eq!(found("OTHER").await, (vec![], 1));
    town.app.delete_workspace(&owner, &id, false).await.unwrap();
    assert_eq!(found("other").await, (vec![], 0));
    other.restore_workspace(&owner, &id, Some("net-z")).await.unwrap();
    assert_eq!(found("Net").await, (vec!["net-b".into(), "net-z".into()], 3));
}
