//! States larger than what is held in memory: read and sealed while they come, and streamed back.

use crate::town::{Town, on_both};
use std::path::Path;

const STATE: &str = "/api/http/acme/web";

on_both! {
    large_states
}

/// Larger than what is held in memory: read and sealed while it comes.
fn large(serial: i64) -> String {
    let value: String =
        (0..6_000_000_u32).map(|n| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> 27) as u8 % 26)).collect();
    let attributes = serde_json::json!({ "attributes": { "value": value } });
    let resource = serde_json::json!({ "mode": "managed", "type": "t", "name": "large", "provider": "p", "instances": [attributes] });
    let outputs = serde_json::json!({ "last": { "value": serial, "type": "number" } });
    serde_json::json!({ "version": 4, "serial": serial, "lineage": "l", "resources": [resource], "outputs": outputs })
        .to_string()
}

/// How many objects there are.
fn objects(town: &Town) -> usize {
    fn count(folder: &Path) -> usize {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
    }
    count(&town.folder.path().join("objects"))
}

async fn large_states(town: &Town) {
    let sent = large(1);
    let answer = town.ask("owner", "POST", STATE, sent.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let read = town.ask("owner", "GET", STATE, "").await;
    assert_eq!(read.headers["content-length"], sent.len().to_string());
    assert!(read.text() == sent, "it came back otherwise");
    let owner = town.caller("owner").await;
    let current = async || town.app.current_state(&owner, app::Which::Id(&town.workspace)).await.unwrap().unwrap().0;
    let kept = current().await;
    assert_eq!(kept.md5, app::Content::read(sent.as_bytes()).unwrap().md5);
    let outputs = town.app.state_outputs(&kept).await.unwrap();
    assert_eq!((kept.resource_count, outputs.len(), outputs[0].1.value.get()), (1, 1, "1"));
    // Cut, followed by something, another one with its serial: refused, and no object stays.
    let before = objects(town);
    let cut = sent[..sent.len() - 1].to_owned();
    for (body, status) in [(cut, 400), (sent.clone() + "}", 400), (sent.replace("\"large\"", "\"other\""), 409)] {
        let answer = town.ask("owner", "POST", STATE, body).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!((objects(town), current().await.id), (before, kept.id.clone()));
    }
}
