//! A run reads the state of another workspace only if that one shares it, and what it reads is written down.

use crate::town::{Answer, Town, inside, on_both, state};
use app::{NewRun, Source, Which};
use domain::{id::WorkspaceId, permission::Permission};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

on_both! { a_run_reads_another_state_only_where_it_is_shared  the_list_of_consumers_is_changed_as_a_whole  no_other_organization_is_let_in }

/// A workspace `db` with a state beside `web`, and a run of `web`.
struct Scene<'a> {
    town: &'a Town,
    database: WorkspaceId,
    version: String,
    run: String,
    token: String,
}

impl<'a> Scene<'a> {
    async fn set(town: &'a Town) -> Self {
        let owner = town.caller("owner").await;
        let database = town.new_workspace(&owner, "acme", "db").await;
        let seen = town.app.workspace(&owner, Which::Id(&database), Permission::WriteState).await.unwrap();
        let bytes = state(1, "l", &[("a", 1)]);
        let written =
            town.app.write_state(&owner, &seen, &Source::Http(None), app::Upload::of(bytes), None).await.unwrap();
        let run = town.new_run(&owner, &town.workspace, NewRun::default()).await;
        let job = town.app.claim(&inside(), None).await.unwrap();
        assert_eq!(job.run_id, run.as_str());
        let token = job.token.expose_secret().to_owned();
        Self { town, database, version: written.version.id.to_string(), run: run.to_string(), token }
    }

    async fn run_asks(&self, method: &str, path: &str, body: &str) -> Answer {
        let token = format!("Bearer {}", self.token);
        self.town.ask_with("run", method, path, body.to_owned(), &[("authorization", &token)]).await
    }

    /// Every way to the state.
    fn ways(&self) -> [String; 7] {
        let (id, version) = (&self.database, &self.version);
        [
            "/api/v2/organizations/acme/workspaces/db".into(),
            format!("/api/v2/workspaces/{id}"),
            format!("/api/v2/workspaces/{id}/current-state-version"),
            format!("/api/v2/workspaces/{id}/current-state-version-outputs"),
            format!("/api/v2/state-versions/{version}"),
            format!("/api/v2/state-versions/{version}/download"),
            "/api/http/acme/db".into(),
        ]
    }

    async fn statuses(&self) -> Vec<u16> {
        let mut statuses = Vec::new();
        for way in self.ways() {
            statuses.push(self.run_asks("GET", &way, "").await.status.as_u16());
        }
        statuses
    }

    async fn consumers(&self, method: &str, ids: &[&str]) -> u16 {
        let list: Vec<Value> = ids.iter().map(|id| json!({ "type": "workspaces", "id": id })).collect();
        let path = format!("/api/v2/workspaces/{}/relationships/remote-state-consumers", self.database);
        self.town.ask("owner", method, &path, json!({ "data": list }).to_string()).await.status.as_u16()
    }

    async fn named(&self) -> Vec<String> {
        let path = format!("/api/v2/workspaces/{}/relationships/remote-state-consumers", self.database);
        let list = self.town.ask("read", "GET", &path, "").await.json();
        let names =
            list["data"].as_array().unwrap().iter().map(|one| one["attributes"]["name"].as_str().unwrap().into());
        names.collect()
    }
}

async fn a_run_reads_another_state_only_where_it_is_shared(town: &Town) {
    let scene = Scene::set(town).await;
    assert_eq!(scene.statuses().await, [403; 7]);
    let refused = scene.run_asks("GET", &scene.ways()[0], "").await.text();
    assert!(refused.contains("remote state consumers"), "{refused}");
    let reads = format!("/api/v2/workspaces/{}/remote-state-reads", scene.database);
    assert_eq!(town.ask("read", "GET", &reads, "").await.json()["data"], json!([]), "a refused read is no read");
    // What the CLI asks first, and what it asks when it believes that there is no such workspace.
    assert_eq!(scene.run_asks("GET", "/api/v2/organizations/acme/entitlement-set", "").await.status, 200);
    assert_eq!(scene.run_asks("GET", "/api/v2/organizations/other/entitlement-set", "").await.status, 404);
    assert_eq!(scene.run_asks("GET", "/api/v2/organizations/acme/workspaces", "").await.status, 404);

    assert_eq!(scene.consumers("POST", &[town.workspace.as_str()]).await, 204);
    assert_eq!(scene.statuses().await, [200; 7]);
    for body in [r#"{"ID":"x","Operation":"plan"}"#, ""] {
        let refused = scene.run_asks("UNLOCK", "/api/http/acme/db", body).await;
        assert_eq!(
            refused.status,
            403,
            "to read a state is not to unlock it, and never \"no state\": {}",
            refused.text()
        );
    }
    let bytes = scene.run_asks("GET", &scene.ways()[5], "").await.text();
    assert_eq!(bytes, state(1, "l", &[("a", 1)]));
    let outputs = scene.run_asks("GET", &scene.ways()[3], "").await.json();
    let output = format!("/api/v2/state-version-outputs/{}", outputs["data"][0]["id"].as_str().unwrap());
    assert_eq!(scene.run_asks("GET", &output, "").await.json()["data"]["attributes"]["value"], "CANARY-output");
    // Reading is all, and of the state alone.
    let id = &scene.database;
    for (method, path, body) in [
        ("POST", format!("/api/v2/workspaces/{id}/actions/lock"), "{}"),
        ("PATCH", format!("/api/v2/workspaces/{id}"), "{}"),
        ("LOCK", "/api/http/acme/db".into(), r#"{"ID":"x","Operation":"plan"}"#),
        ("POST", "/api/http/acme/db".into(), &*state(2, "l", &[])),
        ("GET", reads.clone(), ""),
        ("GET", format!("/api/v2/workspaces/{id}/relationships/remote-state-consumers"), ""),
        ("GET", format!("/api/v2/workspaces/{id}/vars"), ""),
        ("GET", format!("/api/v2/workspaces/{id}/runs"), ""),
        (
            "GET",
            "/api/v2/state-versions?filter%5Borganization%5D%5Bname%5D=acme&filter%5Bworkspace%5D%5Bname%5D=db".into(),
            "",
        ),
    ] {
        let answer = scene.run_asks(method, &path, body).await;
        assert!([403, 404].contains(&answer.status.as_u16()), "{method} {path}: {} {}", answer.status, answer.text());
    }

    let listed = town.ask("read", "GET", &reads, "").await.json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1, "{listed}");
    let read = &listed["data"][0];
    assert_eq!(read["relationships"]["run"]["data"]["id"], scene.run.as_str());
    assert_eq!(read["relationships"]["consumer"]["data"]["id"], town.workspace.as_str());
    assert_eq!(read["relationships"]["state-version"]["data"]["id"], scene.version.as_str());
    assert_eq!(read["attributes"]["reads"], 8, "{listed}");
    assert_eq!(read["attributes"]["last-at"], town.app.now().rfc3339());

    assert_eq!(scene.consumers("DELETE", &[town.workspace.as_str()]).await, 204);
    assert_eq!(scene.statuses().await, [403; 7]);
    let body = json!({ "data": { "type": "workspaces", "attributes": { "global-remote-state": true } } }).to_string();
    assert_eq!(town.ask("owner", "PATCH", &format!("/api/v2/workspaces/{id}"), body).await.status, 200);
    assert_eq!(scene.statuses().await, [200; 7]);
    // Its own state is nobody's business.
    let own = format!("/api/v2/workspaces/{}/remote-state-reads", town.workspace);
    scene.run_asks("GET", &format!("/api/v2/workspaces/{}/current-state-version", town.workspace), "").await;
    assert_eq!(town.ask("read", "GET", &own, "").await.json()["data"], json!([]));
}

async fn the_list_of_consumers_is_changed_as_a_whole(town: &Town) {
    let scene = Scene::set(town).await;
    let owner = town.caller("owner").await;
    let more = town.new_workspace(&owner, "acme", "more").await;
    let stranger = town.caller("stranger").await;
    let foreign = town.app.workspace(&stranger, Which::Name("other", "web"), Permission::Read).await.unwrap().id;
    let (web, more, foreign) = (town.workspace.as_str(), more.as_str(), foreign.as_str());
    for (method, ids, status, named) in [
        ("POST", &[more, web, web][..], 204, &["more", "web"][..]),
        ("POST", &["ws-unknown"], 404, &["more", "web"]),
        ("PATCH", &[foreign], 404, &["more", "web"]),
        ("PATCH", &[web], 204, &["web"]),
        ("DELETE", &[more], 204, &["web"]),
        ("DELETE", &[web], 204, &[]),
        ("PATCH", &[more], 204, &["more"]),
        ("PATCH", &[], 204, &[]),
    ] {
        assert_eq!(scene.consumers(method, ids).await, status, "{method} {ids:?}");
        assert_eq!(scene.named().await, named, "{method} {ids:?}");
    }
}

async fn no_other_organization_is_let_in(town: &Town) {
    let scene = Scene::set(town).await;
    let owner = town.caller("owner").await;
    town.app.share_state(&owner, &scene.database, true, &["web"]).await.unwrap();
    assert_eq!(scene.named().await, ["web"]);
    let refused = town.app.share_state(&owner, &scene.database, false, &["nowhere"]).await.unwrap_err();
    assert!(refused.to_string().contains("no workspace nowhere in acme"), "{refused}");
    for way in scene.ways() {
        let status = town.ask("foreign-run", "GET", &way, "").await.status.as_u16();
        let state = way.contains("state") || way.contains("/http/");
        assert!(status == 403 || (status == 404 && !state), "{way}: {status}");
    }
}
