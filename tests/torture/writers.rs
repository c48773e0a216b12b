//! Writers of states: each knows exactly what was acknowledged to it, and looks after every crash whether it is there.

use std::sync::Arc;
use std::thread::JoinHandle;

use serde_json::{Value, json};
use terrane_tests::Stage;

use crate::shared::Shared;

/// What one writer saw.
pub(crate) struct Writes {
    /// States that the server said it had stored.
    pub(crate) acknowledged: u64,
    /// Acknowledged states that were gone when they were looked for.
    pub(crate) lost: u64,
}

/// The name of a writer's workspace.
pub(crate) fn workspace(number: usize) -> String {
    format!("states-{number}")
}

/// Makes the workspaces and sets the writers going. Every second one takes the lock for each write, as terraform does.
pub(crate) fn start(shared: &Arc<Shared>, stage: &Stage, count: usize) -> Vec<JoinHandle<Writes>> {
    (0..count)
        .map(|number| {
            let _ = stage.create_workspace(&workspace(number), json!({}));
            let shared = Arc::clone(shared);
            std::thread::spawn(move || write(&shared, number))
        })
        .collect()
}

fn write(shared: &Shared, number: usize) -> Writes {
    let door = format!("/api/http/acme/{}", workspace(number));
    let mut writes = Writes { acknowledged: 0, lost: 0 };
    let mut serial = 0;
    while !shared.is_stopping() {
        serial += 1;
        let state = state(number, serial);
        let lock = json!({ "ID": format!("writer-{number}-{serial}") }).to_string();
        let query = if number.is_multiple_of(2) { format!("?ID=writer-{number}-{serial}") } else { String::new() };
        if number.is_multiple_of(2) {
            // A lock whose answer was lost is held by this very id: asking again is answered with it.
            let answer = shared.insist(&[200, 423], |api| api.request("LOCK", &door).body(lock.clone()));
            assert!(
                answer.status == 200 || answer.json()["ID"] == format!("writer-{number}-{serial}"),
                "{}",
                answer.text()
            );
        }
        // The same serial with the same bytes is a repeat, which the server takes.
        let _ =
            shared.insist(&[200, 201, 204], |api| api.request("POST", &format!("{door}{query}")).body(state.clone()));
        writes.acknowledged += 1;
        if number.is_multiple_of(2) {
            let _ = shared.insist(&[200, 409], |api| api.request("UNLOCK", &door).body(lock.clone()));
        }
        let kept = shared.insist(&[200, 404], |api| api.request("GET", &door)).body;
        if kept != state.as_bytes() {
            writes.lost += 1;
        }
    }
    writes
}

/// A state of some 20 KB.
fn state(writer: usize, serial: u64) -> String {
    let instances: Vec<Value> = (0..40)
        .map(|index| {
            let attributes = json!({ "id": format!("{writer}-{serial}-{index}"), "input": "x".repeat(300) });
            json!({ "index_key": index, "schema_version": 0, "attributes": attributes })
        })
        .collect();
    let resource = json!({ "mode": "managed", "type": "terraform_data", "name": "it", "provider": "provider[\"terraform.io/builtin/terraform\"]", "instances": instances });
    json!({ "version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": format!("writer-{writer}"), "outputs": {}, "resources": [resource] })
        .to_string()
}
