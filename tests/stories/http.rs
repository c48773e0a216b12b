//! `backend "http"`: the door for everything that speaks terraform's simplest protocol.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest, Md5};
use serde_json::{Value, json};
use terrane_tests::api::{Answer, send};
use terrane_tests::terminal::says;
use terrane_tests::{Cli, Stage};

use crate::configurations::{RUNNING, output};
use crate::stories;

stories! {
    EVERY:
        it_keeps_state_for_terraform,
        a_held_lock_stops_terraform_and_force_unlock_frees_it;
    CLOUD: an_interrupt_keeps_the_state_and_frees_the_lock;
    NONE:
        bytes_come_back_as_they_went_in,
        a_lock_answers_with_its_holder,
        a_write_needs_the_lock_that_is_held,
        a_wrong_md5_stores_nothing,
        the_locks_of_both_doors_are_one,
        other_methods_lock_too,
        delete_removes_the_state;
}

const DOOR: &str = "/api/http/acme/app";

fn backend(stage: &Stage) -> String {
    let address = format!("{}{DOOR}", stage.server.url());
    format!(
        "terraform {{\n  backend \"http\" {{\n    address = {address:?}\n    lock_address = {address:?}\n    unlock_address = {address:?}\n  }}\n}}\n"
    )
}

/// A terraform whose token is the password of Basic authentication.
fn cli(stage: &Stage) -> Cli {
    let mut cli = stage.cli();
    cli.set("TF_HTTP_USERNAME", "terrane").set("TF_HTTP_PASSWORD", &stage.token);
    cli
}

fn state(serial: u64, value: &str) -> String {
    let outputs = json!({ "it": { "value": value, "type": "string" } });
    json!({ "version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": "a-lineage", "outputs": outputs, "resources": [] })
        .to_string()
}

fn holder(id: &str) -> String {
    json!({ "ID": id, "Operation": "OperationTypeApply", "Info": "", "Who": "somebody@somewhere", "Version": "1.11.4", "Created": "2026-01-01T00:00:00Z", "Path": "" })
        .to_string()
}

fn call(stage: &Stage, method: &str, query: &str, body: &str) -> Answer {
    let digest = BASE64_STANDARD.encode(Md5::digest(body.as_bytes()));
    let request = stage.api().request(method, &format!("{DOOR}{query}")).header("content-md5", digest);
    send(request.header("content-type", "application/json").body(body.to_owned()))
}

fn it_keeps_state_for_terraform(stage: &mut Stage) {
    let cli = cli(stage);
    cli.write("main.tf", &(backend(stage) + &output("first"))).good(&["init"]);
    assert!(says(&cli.good(&["plan"]), "Changes to Outputs"));
    let mut apply = cli.start(&["apply"]);
    apply.expect("Enter a value:").type_line("yes").expect("Apply complete!");
    apply.exits(0);
    assert_eq!(cli.bytes(&["output", "-raw", "it"]), b"first");
    assert_eq!(stage.state("app").expect("one state for all doors"), call(stage, "GET", "", "").is(&[200]).body);
    cli.write("main.tf", &(backend(stage) + &output("second"))).good(&["apply", "-auto-approve"]);
    assert_eq!(cli.bytes(&["output", "-raw", "it"]), b"second");
    cli.good(&["destroy", "-auto-approve"]);
}

fn a_held_lock_stops_terraform_and_force_unlock_frees_it(stage: &mut Stage) {
    let cli = cli(stage);
    cli.write("main.tf", &(backend(stage) + &output("kept"))).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    let _ = call(stage, "LOCK", "", &holder("lock-of-another")).is(&[200]);
    cli.write("main.tf", &(backend(stage) + &output("lost")));
    let shown = cli.bad(&["apply", "-auto-approve"]);
    assert!(says(&shown, "Error acquiring the state lock") && shown.contains("lock-of-another"), "{shown}");
    assert_eq!(cli.bytes(&["output", "-raw", "it"]), b"kept");
    let shown = cli.good(&["force-unlock", "-force", "lock-of-another"]);
    assert!(says(&shown, "successfully unlocked"), "{shown}");
    cli.good(&["apply", "-auto-approve"]);
}

fn an_interrupt_keeps_the_state_and_frees_the_lock(stage: &mut Stage) {
    let cli = cli(stage);
    cli.write("main.tf", &(backend(stage) + crate::configurations::SLOW)).good(&["init"]);
    let mut apply = cli.start(&["apply", "-auto-approve"]);
    apply.expect(RUNNING).interrupt();
    apply.finish();
    assert!(says(&cli.good(&["state", "list"]), "terraform_data.quick"));
}

fn bytes_come_back_as_they_went_in(stage: &mut Stage) {
    let id = stage.create_workspace("app", json!({}));
    // What a parser that writes again would change: key order, blanks, numbers, escapes, line ends.
    let odd = "{\n\t\"version\": 4, \"serial\" : 1,\r\n  \"terraform_version\":\"1.11.4\",\"lineage\": \"a-lineage\",\n\
        \"outputs\": { \"z\": {\"value\": 1234567890123456789, \"type\":\"number\"}, \"a\": {\"value\":\"\\u0026 & \u{2028} \\u0000 \\/ é\",\"type\":\"string\"},\
        \"f\": {\"value\": 1.10, \"type\": \"number\"}, \"e\": {\"value\": 1E+2, \"type\": \"number\"}},\n \"resources\": [], \"check_results\": null\n}\n\n";
    let _ = call(stage, "POST", "", odd).is(&[200, 201, 204]);
    assert_eq!(call(stage, "GET", "", "").is(&[200]).text(), odd);
    assert_eq!(String::from_utf8(stage.state("app").expect("a state")).expect("UTF-8"), odd);

    // The same through the other door.
    let odd = odd.replace("\"serial\" : 1", "\"serial\" : 2");
    let version = upload(stage, &id, &odd, 2);
    assert_eq!(call(stage, "GET", "", "").is(&[200]).text(), odd);
    let url = version["attributes"]["hosted-state-download-url"].as_str().expect("a URL").to_owned();
    assert_eq!(stage.api().get(&url).is(&[200]).text(), odd);
}

/// Uploads a state as `terraform` itself does, under a lock.
fn upload(stage: &Stage, workspace: &str, state: &str, serial: u64) -> Value {
    let api = stage.api();
    let _ = api.post(&format!("workspaces/{workspace}/actions/lock"), &json!({})).is(&[200]);
    let digest = Md5::digest(state.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let attributes = json!({ "serial": serial, "md5": digest, "lineage": "a-lineage", "force": false, "json-state-outputs": "e30=" });
    let document = json!({ "data": { "type": "state-versions", "attributes": attributes } });
    let version = api.post(&format!("workspaces/{workspace}/state-versions"), &document).is(&[201]).data();
    let url = version["attributes"]["hosted-state-upload-url"].as_str().expect("an upload URL").to_owned();
    let _ = send(stage.server.api("").request("PUT", &url).body(state.to_owned())).is(&[200, 201, 204]);
    let _ = api.post(&format!("workspaces/{workspace}/actions/unlock"), &json!({})).is(&[200]);
    let id = version["id"].as_str().expect("an id");
    let version = api.get(&format!("state-versions/{id}")).is(&[200]).data();
    assert_eq!(version["attributes"]["status"], "finalized");
    version
}

fn a_lock_answers_with_its_holder(stage: &mut Stage) {
    let _ = call(stage, "LOCK", "", &holder("first")).is(&[200]);
    let refused = call(stage, "LOCK", "", &holder("second")).is(&[423]).json();
    assert_eq!(refused["ID"], "first");
    assert_eq!(refused["Who"], "somebody@somewhere");
    let _ = call(stage, "UNLOCK", "", &holder("second")).is(&[409, 423]);
    assert_eq!(call(stage, "UNLOCK", "", &holder("first")).status, 200);
    let _ = call(stage, "LOCK", "", &holder("second")).is(&[200]);
    // Terraform's force-unlock sends nothing at all.
    assert_eq!(call(stage, "UNLOCK", "", "").status, 200);
}

fn a_write_needs_the_lock_that_is_held(stage: &mut Stage) {
    let _ = call(stage, "POST", "", &state(1, "unlocked")).is(&[200, 201, 204]);
    let _ = call(stage, "LOCK", "", &holder("mine")).is(&[200]);
    for query in ["", "?ID=another"] {
        let refused = call(stage, "POST", query, &state(2, "stolen")).is(&[423]).json();
        assert_eq!(refused["ID"], "mine");
        let _ = call(stage, "DELETE", query, "").is(&[423]);
    }
    assert!(call(stage, "GET", "", "").text().contains("unlocked"));
    let _ = call(stage, "POST", "?ID=mine", &state(2, "rightful")).is(&[200, 201, 204]);
    let _ = call(stage, "PUT", "?ID=mine", &state(3, "put")).is(&[200, 201, 204]);
    let _ = call(stage, "UNLOCK", "", &holder("mine")).is(&[200]);
    assert!(call(stage, "GET", "", "").text().contains("put"));
    // Nobody holds the lock, so an older serial has nobody to answer for it.
    let _ = call(stage, "POST", "", &state(1, "older")).is(&[409]);
    let _ = call(stage, "POST", "", &state(4, "foreign").replace("a-lineage", "another")).is(&[409]);
    assert!(call(stage, "GET", "", "").text().contains("put"));
}

fn a_wrong_md5_stores_nothing(stage: &mut Stage) {
    let _ = call(stage, "POST", "", &state(1, "good")).is(&[200, 201, 204]);
    for digest in [BASE64_STANDARD.encode(Md5::digest(b"something else")), "not base64!".to_owned()] {
        let request = stage.api().request("POST", DOOR).header("content-md5", digest);
        let _ = send(request.body(state(2, "corrupt"))).is(&[400]);
    }
    assert!(call(stage, "GET", "", "").text().contains("good"));
    for nonsense in [
        "",
        "not json",
        "[]",
        "{\"version\":4",
        "{\"version\":4}",
        "{\"version\":99,\"serial\":1,\"lineage\":\"a-lineage\"}",
    ] {
        let _ = call(stage, "POST", "", nonsense).is(&[400, 409, 422]);
    }
    assert!(call(stage, "GET", "", "").text().contains("good"));
}

fn the_locks_of_both_doors_are_one(stage: &mut Stage) {
    let id = stage.create_workspace("app", json!({}));
    let _ = call(stage, "LOCK", "", &holder("through-http")).is(&[200]);
    let _ = stage.api().post(&format!("workspaces/{id}/actions/lock"), &json!({})).refuses(&[409]);
    assert_eq!(stage.workspace("app")["attributes"]["locked"], true);
    let _ = call(stage, "UNLOCK", "", &holder("through-http")).is(&[200]);
    let _ = stage.api().post(&format!("workspaces/{id}/actions/lock"), &json!({})).is(&[200]);
    let _ = call(stage, "LOCK", "", &holder("late")).is(&[423]);
    let _ = call(stage, "POST", "", &state(1, "stolen")).is(&[423]);
    // The empty body of a force-unlock frees only a lock that this door took.
    let _ = call(stage, "UNLOCK", "", "").is(&[409, 423]);
    let _ = stage.api().post(&format!("workspaces/{id}/actions/unlock"), &json!({})).is(&[200]);
}

fn other_methods_lock_too(stage: &mut Stage) {
    let _ = call(stage, "POST", "", &state(1, "there")).is(&[200, 201, 204]);
    for (lock, unlock) in [("POST", "DELETE"), ("PUT", "DELETE")] {
        let _ = call(stage, lock, "", &holder("by-method")).is(&[200]);
        assert_eq!(stage.workspace("app")["attributes"]["locked"], true, "{lock} of a lock did not lock");
        let _ = call(stage, "POST", "", &state(2, "stolen")).is(&[423]);
        let _ = call(stage, unlock, "", &holder("by-method")).is(&[200]);
        assert_eq!(stage.workspace("app")["attributes"]["locked"], false, "{unlock} of a lock did not unlock");
    }
    assert!(call(stage, "GET", "", "").text().contains("there"), "a lock was taken for a state");
}

fn delete_removes_the_state(stage: &mut Stage) {
    let _ = call(stage, "POST", "", &state(1, "there")).is(&[200, 201, 204]);
    let _ = call(stage, "DELETE", "", "").is(&[200]);
    let gone = call(stage, "GET", "", "");
    assert!(gone.status == 404 || gone.status == 204 || gone.body.is_empty(), "{gone:?}");
    let _ = call(stage, "POST", "", &state(1, "again")).is(&[200, 201, 204]);
}
