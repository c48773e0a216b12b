//! Versions of a state that are no longer current lie as what they differ in from another one, and come back as they came.

use crate::town::{Town, on_both, state};
use app::{Upload, model::StateVersion};
use std::fmt::Write as _;

on_both! {
    old_versions_take_little_room_and_come_back_as_they_came  a_form_that_comes_late_follows  a_large_one_lies_as_a_delta_of_an_object
    two_servers_and_a_writer_at_once  one_that_would_save_nothing_stays  a_base_comes_first  two_versions_differ_and_one_of_them_comes_back
    a_version_is_found_by_its_moment  a_deleted_workspace_is_taken_back_with_all_that_it_had
}

/// A state with ids that nothing shortens, of which one differs from version to version.
fn version(serial: i64, resources: usize) -> String {
    let mut id = String::new();
    for n in 0..resources {
        let n = n as u64;
        let changed = if n == serial.unsigned_abs() % 50 { serial.unsigned_abs() } else { 0 };
        let mut seed = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ changed.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        for _ in 0..3 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            write!(id, "{seed:016x}").unwrap();
        }
    }
    state(serial, "l", &[("a", 1)]).replace("CANARY-output", &id)
}

async fn versions(town: &Town) -> Vec<StateVersion> {
    let owner = town.caller("owner").await;
    town.app.list_state_versions(&owner, &town.workspace, 1000, 0).await.unwrap().0
}

/// How many blobs of the town are whole, how many are deltas, and the sealed bytes of each kind.
async fn blobs(town: &Town) -> ((i64, i64), (i64, i64)) {
    let count = async |text: &'static str| {
        let row: Option<(i64, i64)> =
            town.app.store.look(async |mut tx| tx.query(text).optional().await).await.unwrap();
        row.unwrap()
    };
    let whole = count(
        "SELECT count(*), CAST(COALESCE(sum(length(sealed)), 0) AS BIGINT) FROM blobs WHERE base_blob_id IS NULL",
    )
    .await;
    let deltas = count(
        "SELECT count(*), CAST(COALESCE(sum(length(sealed)), 0) AS BIGINT) FROM blobs WHERE base_blob_id IS NOT NULL",
    )
    .await;
    (whole, deltas)
}

async fn assert_bytes(town: &Town, size: usize) {
    for version in versions(town).await {
        let bytes = town.app.state_bytes(&version).await.unwrap();
        assert!(bytes == self::version(version.serial, size), "the bytes of serial {} changed", version.serial);
        let path = format!("/api/v2/state-versions/{}/download", version.id);
        assert!(town.ask("read", "GET", &path, "").await.body == bytes, "serial {} through its door", version.serial);
    }
}

async fn old_versions_take_little_room_and_come_back_as_they_came(town: &Town) {
    for serial in 1..=70 {
        town.write(&version(serial, 300)).await.unwrap();
    }
    let ((before, size), (none, _)) = blobs(town).await;
    assert_eq!(none, 0, "nobody has looked yet");
    let encoded = town.app.encode_old_states().await.unwrap();
    // Those of places 1 and 65 stay whole, and so does the current one.
    assert_eq!(encoded, 67);
    let ((whole, of_whole), (deltas, of_deltas)) = blobs(town).await;
    assert_eq!((whole + deltas, deltas), (before, 67));
    assert!(of_deltas * 20 < size, "{of_deltas} of {size}, and {of_whole} whole");
    assert_bytes(town, 300).await;
    assert_eq!(town.app.encode_old_states().await.unwrap(), 0, "it is done once");
    town.write(&version(71, 300)).await.unwrap();
    assert_eq!(town.app.encode_old_states().await.unwrap(), 1);
    assert_bytes(town, 300).await;
}

async fn a_form_that_comes_late_follows(town: &Town) {
    for serial in 1..=3 {
        town.write(&version(serial, 100)).await.unwrap();
    }
    assert_eq!(town.app.encode_old_states().await.unwrap(), 1);
    let mut all = versions(town).await;
    all.sort_by_key(|version| version.sequence);
    let json = |version: &StateVersion| self::version(version.serial, 100).replace("\"lineage\"", "\"other\"");
    for version in &all[..2] {
        town.app.upload_state_json(&version.id, Upload::of(json(version))).await.unwrap();
    }
    assert_eq!(town.app.encode_old_states().await.unwrap(), 1);
    for version in &all[..2] {
        let path = format!("/api/v2/state-versions/{}/json-download", version.id);
        assert!(town.ask("read", "GET", &path, "").await.body == json(version), "{}", version.serial);
        // The same once more is known to be the same.
        town.app.upload_state_json(&version.id, Upload::of(json(version))).await.unwrap();
        town.app.upload_state_json(&version.id, Upload::of("{}")).await.unwrap_err();
    }
    assert_bytes(town, 100).await;
}

async fn a_large_one_lies_as_a_delta_of_an_object(town: &Town) {
    for serial in 1..=4 {
        town.write(&version(serial, 6000)).await.unwrap();
    }
    assert!(blobs(town).await.0.1 < 1000, "they are objects");
    assert_eq!(town.app.encode_old_states().await.unwrap(), 2);
    assert_eq!(blobs(town).await.1.0, 2);
    assert_bytes(town, 6000).await;
}

async fn two_servers_and_a_writer_at_once(town: &Town) {
    for serial in 1..=20 {
        town.write(&version(serial, 100)).await.unwrap();
    }
    let other = town.another_server().await;
    let writer = async {
        for serial in 21..=40 {
            town.write(&version(serial, 100)).await.unwrap();
        }
    };
    let (one, two, ()) = tokio::join!(town.app.encode_old_states(), other.encode_old_states(), writer);
    let left = town.app.encode_old_states().await.unwrap();
    assert_eq!(one.unwrap() + two.unwrap() + left, 38, "each of them once");
    assert_eq!(blobs(town).await.1.0, 38);
    assert_bytes(town, 100).await;
}

async fn one_that_would_save_nothing_stays(town: &Town) {
    let turned = |serial: i64| {
        let digits: String = version(1, 300)
            .chars()
            .map(|c| {
                c.to_digit(16)
                    .map_or(c, |d| char::from_digit((d * 7 + 3 * u32::try_from(serial).unwrap()) % 16, 16).unwrap())
            })
            .collect();
        state(serial, "l", &[]).replace("CANARY-output", &digits.replace(['"', '\\'], ""))
    };
    for serial in 1..=3 {
        town.write(&turned(serial)).await.unwrap();
    }
    assert_eq!(town.app.encode_old_states().await.unwrap(), 0, "it would be as large as it is");
    let due = town.app.store.look(async |mut tx| store::delta::list_due(&mut tx, None, 9).await).await.unwrap();
    assert!(due.is_empty(), "and is not tried again: {due:?}");
    for version in versions(town).await {
        assert!(town.app.state_bytes(&version).await.unwrap() == turned(version.serial));
    }
}

/// The address of something of the town's workspace.
fn here(town: &Town, rest: &str) -> String {
    format!("/api/v2/workspaces/{}/{rest}", town.workspace)
}

async fn go_back(town: &Town, to: &StateVersion) -> crate::town::Answer {
    go_back_from(town, None, to).await
}

/// The same, where a version is said to be current.
async fn go_back_from(town: &Town, seen: Option<&StateVersion>, to: &StateVersion) -> crate::town::Answer {
    let related = serde_json::json!({ "data": { "type": "state-versions", "id": to.id.as_str() } });
    let mut body = serde_json::json!({ "data": { "type": "state-versions", "relationships": { "rollback-state-version": related } } });
    if let Some(seen) = seen {
        body["data"]["relationships"]["current-state-version"] =
            serde_json::json!({ "data": { "type": "state-versions", "id": seen.id.as_str() } });
    }
    town.ask("write", "PATCH", &here(town, "state-versions"), body.to_string()).await
}

async fn two_versions_differ_and_one_of_them_comes_back(town: &Town) {
    let first = town.write(&state(7, "l", &[("a", 1), ("b", 1)])).await.unwrap().version;
    let second = town.write(&state(8, "l", &[("a", 2), ("c", 1)])).await.unwrap().version;
    let path = format!("/api/v2/state-versions/{}/diff/{}", first.id, second.id);
    let diff = town.ask("read", "GET", &path, "").await.json();
    let attributes = &diff["data"]["attributes"];
    assert_eq!(
        attributes["summary"],
        serde_json::json!({ "added": 1, "changed": 1, "moved": 0, "removed": 1, "outputs": 0 })
    );
    let changed = &attributes["resources"][0];
    assert_eq!(
        (changed["address"].as_str(), &changed["attributes"][0]["before"], &changed["attributes"][0]["after"]),
        (Some("t.a"), &serde_json::json!({ "value": 1 }), &serde_json::json!({ "value": 2 }))
    );
    let refused = go_back(town, &first).await;
    assert!(refused.status == 409 && refused.text().contains("lock"), "without the lock: {}", refused.text());
    assert_eq!(town.ask("write", "POST", &here(town, "actions/lock"), "{}").await.status, 200);
    let stale = go_back_from(town, Some(&first), &first).await;
    assert!(stale.status == 409 && stale.text().contains("became current"), "{}", stale.text());
    let answer = go_back_from(town, Some(&second), &first).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let made = answer.json();
    assert_eq!(made["data"]["attributes"]["serial"], 9);
    assert_eq!(made["data"]["relationships"]["rollback-state-version"]["data"]["id"], first.id.as_str());
    let now = versions(town).await;
    let back = now.iter().find(|version| version.serial == 9).unwrap();
    assert_eq!(town.app.state_bytes(back).await.unwrap(), state(9, "l", &[("a", 1), ("b", 1)]));
    let again = go_back_from(town, Some(&second), &first).await.json();
    assert_eq!(again["data"]["id"], made["data"]["id"], "it is done once");
    let path = format!("/api/v2/state-versions/{}/diff/{}", first.id, back.id);
    let none = town.ask("read", "GET", &path, "").await.json();
    assert_eq!(none["data"]["attributes"]["resources"], serde_json::json!([]), "only the serial differs");
    assert_eq!(none["data"]["attributes"]["truncated"], false);
    town.app.encode_old_states().await.unwrap();
    let whole = town.app.state_bytes(&second).await.unwrap();
    assert_eq!(whole, state(8, "l", &[("a", 2), ("c", 1)]));
}

async fn a_version_is_found_by_its_moment(town: &Town) {
    let begun = town.app.now();
    town.clock.pass(60);
    let first = town.write(&state(1, "l", &[("a", 1)])).await.unwrap().version;
    town.clock.pass(60);
    let second = town.write(&state(2, "l", &[("a", 2)])).await.unwrap().version;
    let at = async |time: String| {
        let path = here(town, &format!("state-version-at?time={}", time.replace(':', "%3A").replace('+', "%2B")));
        town.ask("read", "GET", &path, "").await
    };
    let none = at(begun.rfc3339()).await;
    assert!(none.status == 404 && none.text().contains("a state"), "{}", none.text());
    for (seconds, expected) in [(61, &first), (119, &first), (121, &second), (9999, &second)] {
        let found = at(begun.plus_seconds(seconds).rfc3339()).await.json();
        assert_eq!(found["data"]["id"], expected.id.as_str(), "after {seconds} s");
    }
    assert_eq!(at("yesterday".into()).await.status, 422);
}

async fn a_deleted_workspace_is_taken_back_with_all_that_it_had(town: &Town) {
    for serial in 1..=3 {
        town.write(&version(serial, 50)).await.unwrap();
    }
    town.app.encode_old_states().await.unwrap();
    let path = format!("/api/v2/workspaces/{}", town.workspace);
    assert!(town.ask("owner", "DELETE", &path, "").await.status.is_success());
    let owner = town.caller("owner").await;
    town.new_workspace(&owner, "acme", "web").await;
    let listed = town.ask("owner", "GET", "/api/v2/organizations/acme/deleted-workspaces", "").await.json();
    let one = &listed["data"][0];
    assert_eq!((one["id"].as_str(), one["attributes"]["name"].as_str()), (Some(town.workspace.as_str()), Some("web")));
    assert_eq!(
        (&one["attributes"]["resource-count"], &listed["meta"]["pagination"]["total-count"]),
        (&1.into(), &1.into())
    );
    assert_eq!(town.ask("write", "GET", "/api/v2/organizations/acme/deleted-workspaces", "").await.status, 403);
    let restore =
        async |actor: &str, body: &'static str| town.ask(actor, "POST", &here(town, "actions/restore"), body).await;
    for (actor, status) in [("write", 403), ("stranger", 404), ("nobody", 401)] {
        assert_eq!(restore(actor, "{}").await.status, status, "{actor}");
    }
    let taken = restore("owner", "{}").await;
    assert!(taken.status == 422 && taken.text().contains("another name"), "{}", taken.text());
    let wrong = restore("owner", r#"{"data":{"attributes":{"name":"a/b"}}}"#).await;
    assert_eq!(wrong.status, 422, "{}", wrong.text());
    let back = restore("owner", r#"{"data":{"attributes":{"name":"web-again"}}}"#).await;
    assert_eq!((back.status.as_u16(), &back.json()["data"]["attributes"]["name"]), (200, &"web-again".into()));
    assert_eq!(restore("owner", "{}").await.json()["data"]["attributes"]["name"], "web-again", "asked twice");
    assert_eq!(versions(town).await.len(), 3);
    assert_bytes(town, 50).await;
    let listed = town.ask("owner", "GET", "/api/v2/organizations/acme/deleted-workspaces", "").await.json();
    assert_eq!(listed["data"], serde_json::json!([]));
}

async fn a_base_comes_first(town: &Town) {
    let mut first = None;
    for serial in 1..=5 {
        let written = town.write(&version(serial, 6000)).await.unwrap().version;
        first.get_or_insert(written.id);
    }
    let first = first.unwrap();
    let find = async |mut tx| store::delta::find_blob(&mut tx, &first, store::delta::Form::State).await;
    let blob = town.app.store.look(find).await.unwrap().unwrap();
    let object = town.folder.path().join("objects").join(blob.object_key.unwrap());
    let aside = town.folder.path().join("aside");
    std::fs::rename(&object, &aside).unwrap();
    // The second and the third are written against the first, which cannot be read; the fourth waits for the third.
    assert_eq!(town.app.encode_old_states().await.unwrap(), 0);
    std::fs::rename(&aside, &object).unwrap();
    assert_eq!(town.app.encode_old_states().await.unwrap(), 3);
    assert_bytes(town, 6000).await;
}
