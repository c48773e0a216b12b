//! Applies, one after another in a workspace, each with a number of its own that its process carries for all to see.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use terrane_tests::{Api, Slug, Stage};

use crate::shared::Shared;
use crate::witness;

/// What became of one apply.
pub(crate) struct Apply {
    /// Its number.
    pub(crate) number: u64,
    /// Whether its run ended as applied.
    pub(crate) finished: bool,
    /// What its run came to, and what it says about that.
    pub(crate) told: String,
    /// Whether its run ended as applied and its result is not in the state.
    pub(crate) lost: bool,
}

/// How long one run may take, with all the kills under it.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long an apply takes.
const SECONDS: u32 = 1;

/// The name of an applier's workspace.
pub(crate) fn workspace(number: usize) -> String {
    format!("applies-{number}")
}

/// Makes the workspaces and sets the appliers going.
pub(crate) fn start(shared: &Arc<Shared>, stage: &Stage, count: usize) -> Vec<JoinHandle<Vec<Apply>>> {
    (0..count)
        .map(|number| {
            let attributes = json!({ "auto-apply": true, "terraform-version": stage.version().number() });
            let id = stage.create_workspace(&workspace(number), attributes);
            let (shared, name) = (Arc::clone(shared), workspace(number));
            std::thread::spawn(move || {
                let mut applies = Vec::new();
                while !shared.is_stopping() {
                    applies.push(apply(&shared, &id, &name));
                }
                applies
            })
        })
        .collect()
}

/// The resource is replaced for each number, and a second run of the same number finds nothing to do: so a run that was made
/// twice, because the answer to the first request was lost, executes once.
fn configuration(seconds: u32, number: u64) -> String {
    let command = witness::command(seconds, number);
    format!(
        "resource \"terraform_data\" \"it\" {{\n  triggers_replace = {number}\n  provisioner \"local-exec\" {{\n    command = {command:?}\n  }}\n}}\n"
    )
}

/// Queues a run whose apply takes so long and has this number; its id.
pub(crate) fn queue(shared: &Shared, id: &str, seconds: u32, number: u64) -> String {
    let slug = Slug::pack(&[("main.tf", &configuration(seconds, number))]);
    let configuration = upload(shared, id, &slug);
    let relationships = json!({
        "workspace": { "data": { "type": "workspaces", "id": id } },
        "configuration-version": { "data": { "type": "configuration-versions", "id": configuration } },
    });
    let document = json!({ "data": { "type": "runs", "attributes": {}, "relationships": relationships } }).to_string();
    let queued = shared.insist(&[201], |api| {
        api.request("POST", "runs").body(document.clone()).header("content-type", "application/vnd.api+json")
    });
    queued.data()["id"].as_str().expect("an id").to_owned()
}

fn apply(shared: &Shared, id: &str, name: &str) -> Apply {
    let number = shared.number();
    let run = queue(shared, id, SECONDS, number);
    let deadline = Instant::now() + PATIENCE;
    let (status, reason) = loop {
        let now = shared.insist(&[200], |api| api.request("GET", &format!("runs/{run}"))).data();
        let status = now["attributes"]["status"].as_str().expect("a status").to_owned();
        if (ended(&status) && unfinished(&shared.api, name) == 0) || Instant::now() > deadline {
            break (status, now["attributes"]["reason"].as_str().unwrap_or_default().to_owned());
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    // A run that another one of the same number has overtaken finds nothing to do.
    let finished = matches!(status.as_str(), "applied" | "planned_and_finished");
    let told = format!("{run} is {status}: {reason}");
    Apply {
        number,
        finished,
        told,
        lost: finished && state(shared, id).as_ref().and_then(self::number) != Some(number),
    }
}

fn upload(shared: &Shared, id: &str, slug: &Slug) -> String {
    let document =
        json!({ "data": { "type": "configuration-versions", "attributes": { "auto-queue-runs": false } } }).to_string();
    let path = format!("workspaces/{id}/configuration-versions");
    let made = shared.insist(&[201], |api| {
        api.request("POST", &path).body(document.clone()).header("content-type", "application/vnd.api+json")
    });
    let made = made.data();
    let url = made["attributes"]["upload-url"].as_str().expect("an upload URL").to_owned();
    let configuration = made["id"].as_str().expect("an id").to_owned();
    // Once it is uploaded a second try may be told so.
    let _ = shared.insist(&[200, 201, 202, 204, 409, 422], |api| api.request("PUT", &url).body(slug.0.clone()));
    loop {
        let now =
            shared.insist(&[200], |api| api.request("GET", &format!("configuration-versions/{configuration}"))).data();
        if now["attributes"]["status"] == "uploaded" {
            return configuration;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The current state of a workspace, if it has one.
pub(crate) fn state(shared: &Shared, id: &str) -> Option<Value> {
    let version =
        shared.insist(&[200, 404], |api| api.request("GET", &format!("workspaces/{id}/current-state-version")));
    if version.status == 404 {
        return None;
    }
    let url = version.data()["attributes"]["hosted-state-download-url"].as_str().expect("a URL").to_owned();
    Some(shared.insist(&[200], |api| api.request("GET", &url)).json())
}

/// The number of the apply that this state is from.
pub(crate) fn number(state: &Value) -> Option<u64> {
    state["resources"][0]["instances"][0]["attributes"]["triggers_replace"]["value"].as_u64()
}

/// Whether a run of this status is over.
pub(crate) fn ended(status: &str) -> bool {
    matches!(status, "applied" | "planned_and_finished" | "discarded" | "canceled" | "errored")
}

/// How many runs of a workspace have not ended. While the server is down nobody knows: all may be.
pub(crate) fn unfinished(api: &Api, name: &str) -> usize {
    let list = || {
        let workspace =
            api.try_get(&format!("organizations/acme/workspaces/{name}")).filter(|answer| answer.status == 200)?;
        let id = workspace.data()["id"].as_str()?.to_owned();
        let runs = api.try_get(&format!("workspaces/{id}/runs")).filter(|answer| answer.status == 200)?.data();
        let open = runs.as_array()?.iter().filter(|run| !run["attributes"]["status"].as_str().is_some_and(ended));
        Some(open.count())
    };
    list().unwrap_or(usize::MAX / 8)
}
