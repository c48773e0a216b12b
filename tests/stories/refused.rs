//! Bad input gets a clear error, and nothing is lost.

use serde_json::{Value, json};
use terrane_tests::api::send;
use terrane_tests::{Answer, Slug, Stage};

use crate::configurations::ONE;
use crate::stories;

stories! {
    NONE:
        a_wrong_or_missing_token_is_401,
        a_revoked_reader_never_reads_no_state,
        malformed_documents_say_what_is_wrong,
        unknown_ids_are_404,
        odd_names_are_refused,
        states_that_go_back_or_come_from_elsewhere_are_refused,
        a_state_that_is_not_what_was_announced_is_refused,
        two_writers_at_once_leave_one_whole_state,
        logs_beyond_their_end_are_empty,
}

const WORKSPACES: &str = "organizations/acme/workspaces";

fn a_wrong_or_missing_token_is_401(stage: &mut Stage) {
    let id = stage.create_workspace("app", json!({}));
    for token in ["", "wrong", "a.b.c", &"x".repeat(5_000)] {
        let api = stage.server.api(token);
        for path in [WORKSPACES, "account/details", &format!("workspaces/{id}/current-state-version")] {
            let _ = api.get(path).is(&[401]);
        }
        let _ = api.get("/api/http/acme/app").is(&[401]);
        let _ = api
            .post(WORKSPACES, &json!({ "data": { "type": "workspaces", "attributes": { "name": "new" } } }))
            .is(&[401]);
    }
    // Discovery and health are for everybody.
    let anonymous = stage.server.api("");
    for path in ["/.well-known/terraform.json", "/healthz", "/readyz"] {
        let _ = anonymous.get(path).is(&[200]);
    }
    let _ = stage.server.api("wrong").get("/.well-known/terraform.json").is(&[200]);
}

fn a_revoked_reader_never_reads_no_state(stage: &mut Stage) {
    let id = stage.create_workspace("app", json!({}));
    let lonely = stage.server.admin(&["user", "create", "stranger", "--email", "stranger@example.test"]);
    let token = stage.server.admin(&["token", "create", "--user", "stranger"]);
    assert!(!lonely.contains(&token), "the token was printed twice");
    let stranger = stage.server.api(&token);
    // To terraform, 404 is an empty state: it would plan to create everything anew.
    for path in [
        format!("workspaces/{id}/current-state-version"),
        format!("workspaces/{id}/current-state-version-outputs"),
        "/api/http/acme/app".to_owned(),
        "/api/http/acme/no-such-workspace".to_owned(),
    ] {
        let _ = stranger.get(&path).is(&[401, 403]);
    }
    let _ = send(stranger.request("POST", "/api/http/acme/app").body("{}")).is(&[401, 403]);
    let _ = send(stranger.request("LOCK", "/api/http/acme/app").body("{\"ID\":\"x\"}")).is(&[401, 403]);
    // What a caller may not see, he is not told of.
    let _ = stranger.get(&format!("{WORKSPACES}/app")).is(&[404]);
    let _ = stranger.delete(&format!("{WORKSPACES}/app")).is(&[404]);
    let _ = stranger.post(&format!("workspaces/{id}/actions/lock"), &json!({})).is(&[404]);
    let _ = stage.workspace("app");
}

fn malformed_documents_say_what_is_wrong(stage: &mut Stage) {
    let api = stage.api();
    for body in ["", "{", "[]", "null", "\"text\"", "{\"data\":[]}", "{\"data\":{\"type\":\"workspaces\"}}"] {
        let _ = api.document("POST", WORKSPACES, body.to_owned()).refuses(&[400, 422]);
    }
    for attributes in
        [json!({}), json!({ "name": 7 }), json!({ "name": null }), json!({ "name": "ok", "auto-apply": "perhaps" })]
    {
        let document = json!({ "data": { "type": "workspaces", "attributes": attributes } });
        let _ = api.post(WORKSPACES, &document).refuses(&[400, 422]);
    }
    let wrong = json!({ "data": { "type": "projects", "attributes": { "name": "app" } } });
    let _ = api.post(WORKSPACES, &wrong).refuses(&[400, 409, 422]);
    let deep = "[".repeat(100_000);
    let _ = api.document("POST", WORKSPACES, deep).refuses(&[400, 422]);
    let listed = api.get(WORKSPACES).is(&[200]).data();
    assert_eq!(listed, json!([]), "a malformed document made a workspace");
}

fn unknown_ids_are_404(stage: &mut Stage) {
    let api = stage.api();
    for path in [
        "organizations/nowhere/workspaces",
        "organizations/acme/workspaces/nothing",
        "workspaces/ws-0000000000000000",
        "workspaces/ws-0000000000000000/current-state-version",
        "workspaces/ws-0000000000000000/runs",
        "runs/run-0000000000000000",
        "plans/plan-0000000000000000",
        "applies/apply-0000000000000000",
        "configuration-versions/cv-0000000000000000",
        "state-versions/sv-0000000000000000",
        "runs/not-an-id",
        "runs/%00",
        "runs/%ff",
        "workspaces/..%2f..%2fetc",
        "nothing-of-the-kind",
    ] {
        let answer = api.get(path);
        assert!(matches!(answer.status, 400 | 404), "{path} answered {}: {}", answer.status, answer.text());
    }
    let _ = api.post("runs/run-0000000000000000/actions/apply", &json!({})).refuses(&[404]);
}

fn odd_names_are_refused(stage: &mut Stage) {
    let api = stage.api();
    let long = "x".repeat(300);
    for name in ["", " ", "a/b", "a b", "..", "ünïcode", "名前", "a\u{0}b", "a\nb", "<script>", long.as_str()] {
        let document = json!({ "data": { "type": "workspaces", "attributes": { "name": name } } });
        let said = api.post(WORKSPACES, &document).refuses(&[422]);
        assert!(said.to_lowercase().contains("name"), "{name:?}: {said}");
        let document =
            json!({ "data": { "type": "organizations", "attributes": { "name": name, "email": "a@example.test" } } });
        let _ = api.post("organizations", &document).refuses(&[422]);
    }
    let _ = stage.create_workspace("taken", json!({}));
    let document = json!({ "data": { "type": "workspaces", "attributes": { "name": "taken" } } });
    let _ = api.post(WORKSPACES, &document).refuses(&[409, 422]);
}

fn state(serial: u64, lineage: &str, value: &str) -> String {
    let outputs = json!({ "it": { "value": value, "type": "string" } });
    json!({ "version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": lineage, "outputs": outputs, "resources": [] })
        .to_string()
}

/// A state version sent whole in one request, as clients before 1.6 do.
fn send_state(stage: &Stage, workspace: &str, state: &str, changes: &Value) -> Answer {
    use base64::Engine as _;
    use md5::Digest as _;
    let text: Value = serde_json::from_str(state).expect("JSON");
    let md5: String = md5::Md5::digest(state.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut attributes = json!({
        "serial": text["serial"], "lineage": text["lineage"], "md5": md5,
        "state": base64::prelude::BASE64_STANDARD.encode(state),
    });
    for (key, value) in changes.as_object().into_iter().flatten() {
        attributes[key] = value.clone();
    }
    let document = json!({ "data": { "type": "state-versions", "attributes": attributes } });
    stage.api().post(&format!("workspaces/{workspace}/state-versions"), &document)
}

fn states_that_go_back_or_come_from_elsewhere_are_refused(stage: &mut Stage) {
    let id = stage.create_workspace("app", json!({}));
    let api = stage.api();
    // Without the lock nobody writes.
    let _ = send_state(stage, &id, &state(1, "a", "unlocked"), &json!({})).refuses(&[409, 422]);
    let _ = api.post(&format!("workspaces/{id}/actions/lock"), &json!({})).is(&[200]);
    let _ = send_state(stage, &id, &state(5, "a", "first"), &json!({})).is(&[201]);
    // The same again is a client's second try.
    let _ = send_state(stage, &id, &state(5, "a", "first"), &json!({})).is(&[200, 201]);
    let _ = send_state(stage, &id, &state(5, "a", "other"), &json!({})).refuses(&[409]);
    let _ = send_state(stage, &id, &state(6, "b", "foreign"), &json!({})).refuses(&[409]);
    let _ = send_state(stage, &id, &state(6, "a", "wrong md5"), &json!({ "md5": "0".repeat(32) }))
        .refuses(&[400, 409, 422]);
    let _ = send_state(stage, &id, &state(6, "a", "odd"), &json!({ "state": "not base64!" })).refuses(&[400, 422]);
    let current = String::from_utf8(stage.state("app").expect("a state")).expect("UTF-8");
    assert_eq!(current, state(5, "a", "first"));
    // The holder of the lock may go back: a forced push of a `cloud` block says nothing of force.
    let _ = send_state(stage, &id, &state(2, "a", "back"), &json!({})).is(&[201]);
    let _ = send_state(stage, &id, &state(1, "b", "forced"), &json!({ "force": true })).is(&[201]);
    let _ = api.post(&format!("workspaces/{id}/actions/unlock"), &json!({})).is(&[200]);
    let current = String::from_utf8(stage.state("app").expect("a state")).expect("UTF-8");
    assert_eq!(current, state(1, "b", "forced"));
}

fn a_state_that_is_not_what_was_announced_is_refused(stage: &mut Stage) {
    let id = stage.create_workspace("app", json!({}));
    let api = stage.api();
    let _ = api.post(&format!("workspaces/{id}/actions/lock"), &json!({})).is(&[200]);
    let attributes = json!({ "serial": 1, "md5": "00000000000000000000000000000000", "lineage": "a", "force": false });
    let document = json!({ "data": { "type": "state-versions", "attributes": attributes } });
    let pending = api.post(&format!("workspaces/{id}/state-versions"), &document).is(&[201]).data();
    let url = pending["attributes"]["hosted-state-upload-url"].as_str().expect("a URL").to_owned();
    let anonymous = stage.server.api("");
    let _ = send(anonymous.request("PUT", &url).body(state(1, "a", "other"))).is(&[400, 409, 422]);
    let tampered = url.replace("/api/", "/api//");
    assert_ne!(send(anonymous.request("PUT", &tampered).body("x")).status, 200);
    let (head, last) = url.split_at(url.len() - 1);
    let tampered = format!("{head}{}", if last == "A" { "B" } else { "A" });
    let _ = send(anonymous.request("PUT", &tampered).body("x")).is(&[400, 401, 403, 404]);
    assert_eq!(stage.state("app"), None, "a pending version became current");
    let _ = api.post(&format!("workspaces/{id}/actions/force-unlock"), &json!({})).is(&[200]);
}

fn two_writers_at_once_leave_one_whole_state(stage: &mut Stage) {
    let _ = stage.create_workspace("app", json!({}));
    let api = stage.api();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..16)
            .map(|number| {
                let api = api.clone();
                scope.spawn(move || {
                    send(api.request("POST", "/api/http/acme/app").body(state(1, "a", &format!("writer {number}"))))
                        .status
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().expect("a writer")).collect()
    });
    let stored = statuses.iter().filter(|status| matches!(status, 200..=204)).count();
    assert_eq!(stored, 1, "all wrote the same serial with different bytes: {statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200..=204 | 409 | 423)), "{statuses:?}");
    let current: Value = serde_json::from_slice(&stage.state("app").expect("a state")).expect("a whole state");
    assert!(current["outputs"]["it"]["value"].as_str().expect("a text").starts_with("writer "));
}

fn logs_beyond_their_end_are_empty(stage: &mut Stage) {
    let id = stage.create_workspace("app", json!({}));
    let configuration = stage.uploaded(&id, true, &Slug::pack(&[("main.tf", ONE)]));
    let run = stage.queue(&id, &configuration, &json!({}));
    let run = stage.reaches(&run, &["planned_and_finished"]);
    let plan = run["relationships"]["plan"]["data"]["id"].as_str().expect("an id");
    let plan = stage.api().get(&format!("plans/{plan}")).is(&[200]).data();
    let url = plan["attributes"]["log-read-url"].as_str().expect("a URL");
    let anonymous = stage.server.api("");
    let whole = anonymous.get(&format!("{url}?limit=65536&offset=0")).is(&[200]).body;
    assert!(whole.len() <= 16_000, "the CLI throws away what is longer");
    assert_eq!((whole.first(), whole.last()), (Some(&2), Some(&3)), "the frame of the log");
    let end = whole.len();
    for query in
        [format!("limit=65536&offset={end}"), "limit=10&offset=99999999999".to_owned(), "limit=0&offset=0".to_owned()]
    {
        assert_eq!(anonymous.get(&format!("{url}?{query}")).is(&[200]).body, b"", "{query}");
    }
    let two = anonymous.get(&format!("{url}?limit=2&offset=1")).is(&[200]).body;
    assert_eq!(two, whole[1..3]);
}
