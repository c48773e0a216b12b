//! `terrane doctor` says what is and what to do.

use std::fs;

use serde_json::Value;
use terrane_tests::{Server, Stage};

use crate::stories;

stories! {
    NONE:
        a_site_is_examined,
        what_is_bad_is_named;
}

/// What is said of each thing: its level by what it is about.
fn examined(server: &Server, more: &[&str]) -> (bool, Vec<(String, String, String)>) {
    let said = server.terrane("doctor", &[&["--json"], more].concat());
    let lines: Vec<Value> = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let lines = lines.iter().map(|line| (text(line, "about"), text(line, "level"), text(line, "says"))).collect();
    (said.good, lines)
}

fn a_site_is_examined(stage: &mut Stage) {
    let place = format!("file:{}", stage.server.folder().join("backups").display());
    let backup = ["--backup", place.as_str()];
    let _ = stage.server.terrane("backup", &backup).good();
    let listen = stage.server.host();
    let (good, lines) = examined(&stage.server, &[&backup[..], &["--listen", &listen]].concat());
    // A disk of the machine may be full; nothing of ours is to blame then.
    let bad: Vec<_> = lines.iter().filter(|(about, level, _)| level == "bad" && about != "disk").collect();
    assert!(bad.is_empty() && (good || lines.iter().any(|(about, ..)| about == "disk")), "{lines:?}");
    for about in [
        "configuration",
        "data",
        "database",
        "keys",
        "objects",
        "clock",
        "backups",
        "disk",
        "certificate",
        "engines",
        "server",
    ] {
        assert!(lines.iter().any(|(known, ..)| known == about), "nothing is said of {about}: {lines:?}");
    }
    assert!(lines.iter().any(|(about, level, says)| about == "keys" && level == "warning" && says.contains("escrow")));
    let text = stage.server.terrane("doctor", &[]);
    assert!(text.out.contains("look backups") && text.out.contains("-> name a place with --backup"), "{}", text.out);
}

fn what_is_bad_is_named(stage: &mut Stage) {
    let bad_of = |server: &Server, more: &[&str]| -> Vec<String> {
        let (good, lines) = examined(server, more);
        assert!(!good, "{lines:?}");
        lines.into_iter().filter(|(_, level, _)| level == "bad").map(|(about, ..)| about).collect()
    };
    let bad = |more: &[&str]| bad_of(&stage.server, more);
    let nowhere = stage.server.folder().join("nowhere").display().to_string();
    assert!(bad(&["--backup", &format!("file:{nowhere}")]).contains(&"backups".to_owned()));
    assert!(
        bad(&["--objects", "s3:absent", "--objects-endpoint", "http://127.0.0.1:1", "--objects-credential", "a:b"])
            .contains(&"objects".to_owned())
    );
    // No server was ever started on this one.
    let fresh = Server::prepare(stage.server.database(), &[]);
    assert!(bad_of(&fresh, &[]).contains(&"database".to_owned()));
    let (key, away) = (stage.server.data().join("master.key"), stage.server.data().join("away"));
    fs::rename(&key, &away).expect("the master key");
    assert!(bad(&[]).contains(&"keys".to_owned()));
    fs::rename(&away, &key).expect("the master key");
}
