//! What the CLI has done by POST and PUT, each as a request in a town that is ready for it: to be broken off in the middle, and repeated.

use crate::town::{Answer, Dice, Town, inside, state};
use app::{Announced, Content, NewConfiguration, NewRun};
use http_doors::signed::{Purpose, address};
use serde_json::json;

/// Everything that the CLI changes.
pub(crate) const DEEDS: [&str; 15] = [
    "create a workspace",
    "create a project",
    "lock",
    "unlock",
    "announce a configuration",
    "upload a configuration",
    "upload a configuration that queues a run",
    "create a run",
    "apply a run",
    "discard a run",
    "cancel a run",
    "announce a state",
    "upload a state",
    "write a state inside its document",
    "write a state through the http door",
];

/// A request.
pub(crate) struct Deed {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
}

/// A state that is an object: too large, and too little alike, for a row.
pub(crate) fn large_state() -> String {
    let dice = Dice::new(7);
    let noise: String = (0..200_000).map(|_| char::from(b'a' + u8::try_from(dice.below(26)).unwrap())).collect();
    state(1, "l", &[]).replace("CANARY-output", &noise)
}

/// An archive that is an object.
fn archive() -> Vec<u8> {
    let dice = Dice::new(8);
    (0..100_000).map(|_| u8::try_from(dice.below(256)).unwrap()).collect()
}

impl Deed {
    fn new(method: &'static str, path: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { method, path: path.into(), body: body.into() }
    }

    fn document(path: impl Into<String>, attributes: &serde_json::Value) -> Self {
        Self::new("POST", path, json!({ "data": { "attributes": attributes } }).to_string())
    }

    /// Makes a town ready for it.
    pub(crate) async fn prepare(town: &Town, name: &str) -> Self {
        let (owner, workspace) = (town.caller("owner").await, &town.workspace);
        let here = format!("/api/v2/workspaces/{workspace}");
        let signed = |purpose, id: &str| {
            let address = address(&town.app, purpose, id);
            address.strip_prefix("https://terrane.test").unwrap().to_owned()
        };
        let bytes = large_state();
        let md5 = Content::read(bytes.as_bytes()).unwrap().md5;
        if name.contains("a state") && !name.contains("http") {
            town.app.lock(&owner, workspace, "", None).await.unwrap();
        }
        if name.contains("a run") && !name.contains("upload") && name != "create a run" {
            let run = town.new_run(&owner, workspace, NewRun::default()).await;
            let job = town.app.claim(&inside(), None).await.unwrap();
            let action = name.split(' ').next().unwrap();
            if action != "cancel" {
                town.planned(&job, true).await;
            }
            return Self::new("POST", format!("/api/v2/runs/{run}/actions/{action}"), "{}");
        }
        match name {
            "create a workspace" => {
                Self::document("/api/v2/organizations/acme/workspaces", &json!({ "name": "new", "tag-names": ["a"] }))
            }
            "create a project" => Self::document("/api/v2/organizations/acme/projects", &json!({ "name": "new" })),
            "lock" => Self::new("POST", format!("{here}/actions/lock"), "{}"),
            "unlock" => {
                // A run waits behind the lock: it begins in the same commit.
                town.app.lock(&owner, workspace, "", None).await.unwrap();
                town.new_run(&owner, workspace, NewRun::default()).await;
                Self::new("POST", format!("{here}/actions/unlock"), "{}")
            }
            "announce a configuration" => Self::document(format!("{here}/configuration-versions"), &json!({})),
            "upload a configuration" | "upload a configuration that queues a run" => {
                let auto_queue_runs = name.ends_with("run");
                let new = NewConfiguration { speculative: false, provisional: false, auto_queue_runs };
                let version = town.app.create_configuration(&owner, workspace, new).await.unwrap();
                Self::new("PUT", signed(Purpose::Configuration, version.id.as_str()), archive())
            }
            "create a run" => {
                let new = NewConfiguration { speculative: false, provisional: false, auto_queue_runs: false };
                let version = town.app.create_configuration(&owner, workspace, new).await.unwrap();
                town.app.upload_configuration(&version.id, Box::pin(&b"archive"[..])).await.unwrap();
                let relation = json!({ "data": { "type": "workspaces", "id": workspace.as_str() } });
                let document = json!({ "data": { "attributes": {}, "relationships": { "workspace": relation } } });
                Self::new("POST", "/api/v2/runs", document.to_string())
            }
            "announce a state" => {
                let attributes = json!({ "serial": 1, "lineage": "l", "md5": md5 });
                Self::document(format!("{here}/state-versions"), &attributes)
            }
            "upload a state" => {
                let announced = Announced { serial: 1, md5, lineage: "l".into(), force: false };
                let version = town.app.announce_state(&owner, workspace, &announced).await.unwrap();
                Self::new("PUT", signed(Purpose::State, version.id.as_str()), bytes)
            }
            "write a state inside its document" => {
                use base64::{Engine as _, engine::general_purpose::STANDARD};
                let attributes = json!({ "serial": 1, "lineage": "l", "md5": md5, "state": STANDARD.encode(&bytes) });
                Self::document(format!("{here}/state-versions"), &attributes)
            }
            "write a state through the http door" => Self::new("POST", "/api/http/acme/web", bytes),
            unknown => panic!("say here how to {unknown}"),
        }
    }

    /// Asks for it, as the CLI does.
    pub(crate) async fn ask(&self, town: &Town) -> Answer {
        town.ask("owner", self.method, &self.path, self.body.clone()).await
    }
}
