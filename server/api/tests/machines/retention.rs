//! How long things are kept: what policies may say, what they would remove, and what is gone afterwards.

use crate::town::{Answer, Town, inside, on_both, state};
use app::{NewRun, Purged};
use bytes::Bytes;
use serde_json::{Value, json};

on_both! {
    a_policy_is_said_read_and_taken_away  what_may_not_be_said_changes_nothing  old_states_go_and_say_so  what_a_run_left_goes_and_says_so
    a_workspace_has_its_own_or_its_organizations
}

const DAY: i64 = 24 * 3600;
const ORGANIZATION: &str = "/api/v2/organizations/acme/relationships/data-retention-policy";
const OLDERS: &str = "data-retention-policy-delete-olders";

fn document(kind: &str, attributes: &Value) -> String {
    json!({ "data": { "type": kind, "attributes": attributes } }).to_string()
}

fn of_workspace(town: &Town) -> String {
    format!("/api/v2/workspaces/{}/relationships/data-retention-policy", town.workspace)
}

async fn keep(town: &Town, path: &str, attributes: Value) -> Answer {
    let answer = town.ask("owner", "POST", path, document(OLDERS, &attributes)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer
}

async fn preview(town: &Town, body: String) -> Value {
    let answer = town.ask("owner", "POST", "/api/v2/organizations/acme/data-retention-previews", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["data"]["attributes"].take()
}

async fn a_policy_is_said_read_and_taken_away(town: &Town) {
    let path = of_workspace(town);
    for path in [ORGANIZATION, &path] {
        let none = town.ask("owner", "GET", path, "").await;
        assert_eq!(none.status, 404);
        let said = keep(town, path, json!({ "delete-older-than-n-days": 30, "delete-logs-older-than-n-days": null }))
            .await
            .json();
        let data = &said["data"];
        assert_eq!(data["type"], OLDERS);
        assert_eq!(data["attributes"]["delete-older-than-n-days"], 30);
        assert_eq!(data["attributes"]["delete-states-older-than-n-days"], 30);
        assert_eq!(data["attributes"]["delete-logs-older-than-n-days"], Value::Null);
        assert_eq!(data["attributes"]["keep-at-least-n-states"], 10);
        assert_eq!(data["attributes"]["updated-at"], "2023-11-14T22:13:20.000Z");
        assert_eq!(data["attributes"]["takes-effect-at"], "2023-11-15T22:13:20.000Z");
        assert_eq!(town.ask("read", "GET", path, "").await.json(), said, "members may know");
        town.clock.pass(5);
        let again = document(OLDERS, &json!({ "delete-older-than-n-days": 30, "delete-logs-older-than-n-days": null }));
        assert_eq!(town.ask("owner", "POST", path, again).await.json(), said, "to say it again puts nothing off");
        town.clock.pass(-5);
        let part = document("", &json!({ "delete-states-older-than-n-days": 7 }));
        let changed = town.ask("owner", "PATCH", path, part).await.json();
        assert_eq!(changed["data"]["id"], data["id"]);
        assert_eq!(changed["data"]["attributes"]["delete-states-older-than-n-days"], 7);
        assert_eq!(changed["data"]["attributes"]["delete-plans-older-than-n-days"], 30, "the rest stays");
        assert_eq!(changed["data"]["attributes"]["delete-older-than-n-days"], 7);
        let never = document("data-retention-policy-dont-deletes", &json!({}));
        let never = town.ask("owner", "POST", path, never).await.json();
        assert_eq!(never["data"]["type"], "data-retention-policy-dont-deletes");
        assert_eq!(town.ask("owner", "DELETE", path, "").await.status, 204);
        assert_eq!(town.ask("owner", "GET", path, "").await.status, 404);
    }
}

async fn what_may_not_be_said_changes_nothing(town: &Town) {
    let before = keep(town, ORGANIZATION, json!({ "delete-older-than-n-days": 30 })).await.json();
    let refused = [
        (json!({}), "data-retention-policy-dont-deletes"),
        (json!({ "delete-older-than-n-days": 0 }), "from 1 to 36500"),
        (json!({ "delete-older-than-n-days": -3 }), "from 1 to 36500"),
        (json!({ "delete-older-than-n-days": i64::MAX }), "from 1 to 36500"),
        (json!({ "delete-older-than-n-days": "many" }), "delete-older-than-n-days"),
        (json!({ "delete-older-than-n-days": 1.5 }), "delete-older-than-n-days"),
        (json!({ "delete-plans-older-than-n-days": 40000 }), "delete-plans-older-than-n-days"),
        (json!({ "delete-older-than-n-days": 3, "keep-at-least-n-states": 0 }), "keep-at-least-n-states"),
        (json!({ "delete-older-than-n-days": 3, "keep-at-least-n-states": 100_001 }), "keep-at-least-n-states"),
    ];
    for (attributes, told) in refused {
        for path in [ORGANIZATION, "/api/v2/organizations/acme/data-retention-previews"] {
            let answer = town.ask("owner", "POST", path, document(OLDERS, &attributes)).await;
            assert_eq!(answer.status, 422, "{attributes}: {}", answer.text());
            assert!(answer.text().contains(told), "{attributes}: {}", answer.text());
        }
    }
    let other = document("workspaces", &json!({ "delete-older-than-n-days": 3 }));
    assert_eq!(town.ask("owner", "POST", ORGANIZATION, other).await.status, 422);
    assert_eq!(town.ask("owner", "GET", ORGANIZATION, "").await.json(), before);
}

async fn old_states_go_and_say_so(town: &Town) {
    for serial in 1..=5 {
        town.write(&state(serial, "l", &[("a", serial.unsigned_abs())])).await.unwrap();
        town.clock.pass(60);
    }
    town.app.encode_old_states().await.unwrap();
    town.clock.pass(40 * DAY);
    town.write(&state(6, "l", &[("a", 6)])).await.unwrap();

    let wanted = json!({ "delete-states-older-than-n-days": 30, "keep-at-least-n-states": 3 });
    let would = preview(town, document(OLDERS, &wanted)).await;
    assert_eq!(would["states"]["count"], 3, "{would}");
    assert_eq!(would["states"]["oldest-at"], "2023-11-14T22:13:20.000Z");
    assert!(would["states"]["bytes"].as_i64().unwrap() > 600, "{would}");
    assert_eq!(would["logs"], json!({ "count": 0, "bytes": 0, "oldest-at": null, "more": false }));
    assert_eq!(town.app.purge_expired().await.unwrap(), Purged::default(), "to ask removes nothing");

    keep(town, ORGANIZATION, wanted).await;
    assert_eq!(
        preview(town, String::new()).await["states"],
        would["states"],
        "what is in effect is asked the same way"
    );
    assert_eq!(town.app.purge_expired().await.unwrap(), Purged::default(), "there is a day to think again");
    town.clock.pass(DAY);
    assert_eq!(town.app.purge_expired().await.unwrap(), Purged { states: 3, ..Purged::default() });
    assert_eq!(town.app.purge_expired().await.unwrap(), Purged::default(), "it is done once");

    let owner = town.caller("owner").await;
    let (listed, total) = town.app.list_state_versions(&owner, &town.workspace, 9, 0).await.unwrap();
    assert_eq!(total, 6, "that there was one is still told");
    for version in listed {
        let path = format!("/api/v2/state-versions/{}", version.id);
        let told = town.ask("owner", "GET", &path, "").await.json();
        let bytes = town.ask("owner", "GET", &format!("{path}/download"), "").await;
        if version.serial <= 3 {
            assert_eq!(told["data"]["attributes"]["status"], "backing_data_permanently_deleted");
            assert_eq!(bytes.status, 404);
            assert!(bytes.text().contains("by a retention policy"), "{}", bytes.text());
        } else {
            assert_eq!(told["data"]["attributes"]["status"], "finalized");
            assert_eq!(bytes.text(), state(version.serial, "l", &[("a", version.serial.unsigned_abs())]));
        }
    }
    let mut findings = Vec::new();
    town.app.verify(&mut |finding| findings.push(finding)).await.unwrap();
    assert_eq!(findings, []);
    town.write(&state(7, "l", &[("a", 7)])).await.unwrap();
}

async fn what_a_run_left_goes_and_says_so(town: &Town) {
    let owner = town.caller("owner").await;
    let run = town.new_run(&owner, &town.workspace, NewRun::default()).await;
    let job = town.app.claim(&inside(), None).await.unwrap();
    let log = Bytes::from(vec![b'x'; 300 << 10]);
    town.app.write_log(&job.lease, 0, log.clone()).await.unwrap();
    let plan = run.plan();
    town.app.stage_artifact(&job.lease, protocol::Artifact::PlanJson, Box::pin(&b"{}"[..])).await.unwrap();
    town.planned(&job, true).await;
    keep(town, ORGANIZATION, json!({ "delete-older-than-n-days": 1 })).await;
    town.clock.pass(3 * DAY);
    assert_eq!(town.app.purge_expired().await.unwrap(), Purged::default(), "it waits to be confirmed");
    town.app.discard_run(&owner, &run, "").await.unwrap();
    let would = preview(town, String::new()).await;
    assert_eq!((&would["logs"]["bytes"], &would["plans"]["count"]), (&json!(log.len()), &json!(1)), "{would}");
    let purged = town.app.purge_expired().await.unwrap();
    assert_eq!((purged.logs, purged.plans, purged.configurations), (1, 1, 0), "the newest configuration stays");
    let read = town.app.read_log(plan.as_str(), 0, 1 << 20).await.unwrap();
    let told = String::from_utf8(read.bytes.to_vec()).unwrap();
    assert!(read.ended && told.starts_with("This log was removed on 2023-11-17T"), "{told}");
    let rest = town.app.read_log(plan.as_str(), 9, 1 << 20).await.unwrap();
    assert_eq!(rest.bytes, told.as_bytes()[9..]);
    let cut = town.app.read_log(plan.as_str(), 0, 4).await.unwrap();
    assert_eq!((&cut.bytes[..], cut.ended), (&b"This"[..], false));
    for path in ["json-output", "json-output-redacted"] {
        let answer = town.ask("owner", "GET", &format!("/api/v2/plans/{plan}/{path}"), "").await;
        assert_eq!(answer.status, 404, "nobody waits for it: {}", answer.text());
        assert!(answer.text().contains("by a retention policy"), "{}", answer.text());
    }
    // Another configuration takes the place of the newest; the old one can start nothing more.
    let old = town.app.run(&owner, &run).await.unwrap().configuration_version_id;
    let next = town.new_run(&owner, &town.workspace, NewRun::default()).await;
    town.app.cancel_run(&owner, &next, "").await.unwrap();
    town.clock.pass(3 * DAY);
    assert_eq!(town.app.purge_expired().await.unwrap().configurations, 1);
    let path = format!("/api/v2/configuration-versions/{old}");
    let told = town.ask("owner", "GET", &path, "").await.json();
    assert_eq!(told["data"]["attributes"]["status"], "backing_data_permanently_deleted");
    let gone = town.ask("owner", "GET", &format!("{path}/download"), "").await;
    assert_eq!(gone.status, 404, "{}", gone.text());
    let again = json!({ "data": { "type": "runs", "attributes": {}, "relationships": {
        "workspace": { "data": { "type": "workspaces", "id": town.workspace.as_str() } },
        "configuration-version": { "data": { "type": "configuration-versions", "id": old.as_str() } } } } });
    let refused = town.ask("owner", "POST", "/api/v2/runs", again.to_string()).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("upload it again"), "{}", refused.text());
}

async fn a_workspace_has_its_own_or_its_organizations(town: &Town) {
    for serial in 1..=3 {
        town.write(&state(serial, "l", &[])).await.unwrap();
    }
    keep(town, ORGANIZATION, json!({ "delete-older-than-n-days": 1, "keep-at-least-n-states": 1 })).await;
    let never = document("data-retention-policy-dont-deletes", &json!({}));
    assert_eq!(town.ask("owner", "POST", &of_workspace(town), never).await.status, 201);
    town.clock.pass(9 * DAY);
    assert_eq!(preview(town, String::new()).await["states"]["count"], 0, "one that has its own is not counted");
    assert_eq!(town.app.purge_expired().await.unwrap(), Purged::default());
    town.ask("owner", "DELETE", &of_workspace(town), "").await;
    let path = format!("/api/v2/workspaces/{}/data-retention-previews", town.workspace);
    let would = town.ask("owner", "POST", &path, "").await.json();
    assert_eq!(would["data"]["attributes"]["states"]["count"], 2, "its organization's is in effect: {would}");
    assert_eq!(town.app.purge_expired().await.unwrap(), Purged::default(), "it is new to the workspace");
    town.clock.pass(DAY);
    let other = town.another_server().await;
    let (one, two) = tokio::join!(town.app.purge_expired(), other.purge_expired());
    assert_eq!(one.unwrap().states + two.unwrap().states, 2, "each goes once");
}
