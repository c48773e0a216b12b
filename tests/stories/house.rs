//! Rules of the house that a machine can check over the whole workspace: which crate of ours may know which.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use libtest_mimic::Trial;
use serde_json::Value;
use terrane_tests::settings;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial("house::crates_know_only_whom_they_may".into(), crates_know_only_whom_they_may)]
}

/// Who may name whom, without the `terrane-` prefix. Every room may name the words of `domain`; the binary wires, so it may
/// name whatever it hands to another room.
const MAY_NAME: &[(&str, &[&str])] = &[
    (
        "terrane",
        &[
            "api",
            "app",
            "backup",
            "cost",
            "domain",
            "http",
            "identity",
            "mirror",
            "objects",
            "objects-azure",
            "objects-s3",
            "points",
            "policy",
            "protocol",
            "runner",
            "secrets",
            "secrets-aws",
            "secrets-vaults",
            "sentinel",
            "store",
            "vcs",
            "web",
            "work",
        ],
    ),
    ("api", &["app", "domain", "http", "mirror", "protocol"]),
    ("web", &["app", "domain", "http"]),
    ("work", &["app", "domain"]),
    ("http", &["app", "domain"]),
    (
        "app",
        &["cost", "domain", "identity", "mirror", "objects", "points", "policy", "protocol", "secrets", "store", "vcs"],
    ),
    ("backup", &["domain", "objects", "points", "secrets", "store"]),
    ("store", &["domain", "points"]),
    ("objects", &["domain", "points", "secrets"]),
    ("objects-azure", &["azure", "objects", "points"]),
    ("objects-s3", &["aws", "objects", "points"]),
    ("points", &[]),
    ("secrets", &["domain", "points"]),
    ("secrets-aws", &["aws", "secrets"]),
    ("secrets-vaults", &["azure", "secrets"]),
    ("aws", &[]),
    ("azure", &["secrets"]),
    ("vcs", &["domain"]),
    ("identity", &["domain"]),
    ("policy", &["domain", "sentinel"]),
    ("cost", &[]),
    ("sentinel", &[]),
    ("domain", &[]),
    ("mirror", &[]),
    ("runner", &["mirror", "points", "protocol"]),
    ("protocol", &[]),
    ("tests", &["points"]),
];

fn crates_know_only_whom_they_may() {
    let rules: BTreeMap<_, BTreeSet<_>> =
        MAY_NAME.iter().map(|(name, others)| (*name, others.iter().copied().collect())).collect();
    let mut strangers = Vec::new();
    for package in packages() {
        let name = room(&package);
        let Some(allowed) = rules.get(name.as_str()) else {
            strangers.push(format!("{name} is a room that the plan of the house does not have"));
            continue;
        };
        // What only a crate's tests name is no way around the rooms: a door is tested over a real store.
        let named = package["dependencies"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|dependency| !dependency["path"].is_null() && dependency["kind"] != "dev");
        let forbidden = named.map(room).filter(|other| *other != name && !allowed.contains(other.as_str()));
        strangers.extend(forbidden.map(|other| format!("{name} must not name {other}")));
    }
    assert!(strangers.is_empty(), "{}\nSee \"Rooms\" in ARCHITECTURE.md", strangers.join("\n"));
}

fn packages() -> Vec<Value> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["metadata", "--format-version", "1", "--no-deps", "--locked", "--offline"])
        .current_dir(settings::checkout());
    let output = cargo.output().expect("run cargo metadata");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let mut metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].take();
    packages.as_array().expect("packages").clone()
}

fn room(package: impl std::borrow::Borrow<Value>) -> String {
    let name = package.borrow()["name"].as_str().expect("a package has a name");
    name.strip_prefix("terrane-").unwrap_or(name).to_owned()
}
