//! What an organization and a site say of runners.

use crate::town::{Engine, Town, inside};
use app::{NewRun, NewUser, Serves, Settings};
use protocol::wire::{Hello, Speaks};
use secrecy::ExposeSecret as _;
use serde_json::json;

const ORGANIZATION: &str = "/api/v2/organizations/acme";

fn body(attributes: &serde_json::Value) -> String {
    json!({ "data": { "type": "organizations", "attributes": attributes } }).to_string()
}

async fn image(town: &Town) -> String {
    let shown = town.ask("read", "GET", ORGANIZATION, "").await.json();
    shown["data"]["attributes"]["execution-image"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_organizations_image_is_that_of_workspaces_that_name_none() {
    let town = Town::build(Engine::Sqlite).await.unwrap();
    let owner = town.caller("owner").await;
    assert_eq!(image(&town).await, "");
    let wanted = body(&json!({ "execution-image": "registry.example.com/t:{version}" }));
    for actor in ["read", "plan", "write"] {
        assert_eq!(town.ask(actor, "PATCH", ORGANIZATION, wanted.clone()).await.status, 403, "{actor}");
    }
    for bad in [json!({ "execution-image": "a b" }), json!({ "execution-image": 7 }), json!({ "name": "other" })] {
        let mut both = bad.clone();
        both["email"] = "new@acme.test".into();
        let refused = town.ask("owner", "PATCH", ORGANIZATION, body(&both)).await;
        assert_eq!(refused.status, 422, "{bad}: {}", refused.text());
    }
    let shown = town.ask("read", "GET", ORGANIZATION, "").await.json();
    assert_eq!(shown["data"]["attributes"]["email"], "acme@nowhere.test", "bad input changes nothing");

    assert_eq!(town.ask("owner", "PATCH", ORGANIZATION, wanted).await.status, 200);
    assert_eq!(image(&town).await, "registry.example.com/t:{version}");
    town.new_run(&owner, &town.workspace, NewRun::default()).await;
    let job = town.app.claim(&inside(), None).await.unwrap();
    assert_eq!(job.image.as_deref(), Some("registry.example.com/t:{version}"));
    let own = Settings { name: Some("own".into()), image: Some("own:{version}".into()), ..Settings::default() };
    let workspace = town.app.create_workspace(&owner, "acme", &own).await.unwrap();
    town.new_run(&owner, &workspace.id, NewRun::default()).await;
    assert_eq!(town.app.claim(&inside(), None).await.unwrap().image.as_deref(), Some("own:{version}"));
    assert_eq!(town.ask("owner", "PATCH", ORGANIZATION, body(&json!({ "execution-image": "" }))).await.status, 200);
    assert_eq!(image(&town).await, "");
}

#[tokio::test]
async fn a_site_admin_lists_the_runners_of_the_site() {
    let mut town = Town::build(Engine::Sqlite).await.unwrap();
    let new = NewUser { name: "root".into(), email: "root@example.com".into(), site_admin: true, password: None };
    let root = town.app.create_user(new).await.unwrap();
    let (_, token) = town.app.create_token(&root, "test", None).await.unwrap();
    town.tokens.insert("root", token.expose_secret().to_owned());
    let hello = Hello {
        speaks: Speaks::OURS,
        name: "rack-1".into(),
        version: "0.9".into(),
        slots: 3,
        agent: None,
        holding: Vec::new(),
    };
    town.app.enlist(&Serves::Site, &hello, "192.0.2.7").await.unwrap();
    let path = "/api/v2/admin/runners";
    assert_eq!(town.ask("owner", "GET", path, "").await.status, 403);
    let seen = town.ask("root", "GET", path, "").await.json();
    let found = seen["data"].as_array().unwrap().iter().find(|agent| agent["attributes"]["name"] == "rack-1").unwrap();
    let attributes = &found["attributes"];
    assert_eq!((&attributes["status"], &attributes["slots"]), (&json!("idle"), &json!(3)), "{seen}");
    assert_eq!(attributes["ip-address"], "192.0.2.7");
    town.clock.pass(91);
    let seen = town.ask("root", "GET", path, "").await.json();
    let all = seen["data"].as_array().unwrap();
    assert!(all.iter().any(|agent| agent["attributes"]["status"] == "unknown"), "{seen}");
}
