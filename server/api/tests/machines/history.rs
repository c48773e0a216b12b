//! Versions of a state that are no longer current lie as what they differ in from another one, and come back as they came.

use crate::town::{Town, on_both, state};
use app::{Upload, model::StateVersion};
use std::fmt::Write as _;

on_both! {
    old_versions_take_little_room_and_come_back_as_they_came  a_form_that_comes_late_follows  a_large_one_lies_as_a_delta_of_an_object
    two_servers_and_a_writer_at_once  one_that_would_save_nothing_stays
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
