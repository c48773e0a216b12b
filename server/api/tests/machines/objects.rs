//! What is in the object store although no row points at it, and what a caller hears while the store does not do its part.

use crate::town::{Town, on_both, state};
use app::Which;
use std::{
    fs::{self, File},
    path::PathBuf,
    time::Duration,
};

on_both! {
    orphans_are_swept_when_they_are_old_and_nothing_else_is  what_a_row_let_go_stays_for_backups_that_have_begun
    a_store_that_fails_is_said_so_and_the_rest_is_served
}

/// A state that is too large for a row, since it hardly compresses.
fn large() -> String {
    let mut number = 0x9e37_79b9_7f4a_7c15_u64;
    let mut text = String::new();
    for _ in 0..20_000 {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        text += &format!("{number:016x}");
    }
    state(1, "l", &[("a", 1)]).replace("CANARY-output", &text)
}

/// Every file below the object store, as its path from there.
fn files(town: &Town) -> Vec<PathBuf> {
    let root = town.folder.path().join("objects");
    let (mut folders, mut files) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path.strip_prefix(&root).unwrap().to_owned());
            }
        }
    }
    files.sort();
    files
}

async fn orphans_are_swept_when_they_are_old_and_nothing_else_is(town: &Town) {
    town.write(&large()).await.unwrap();
    let known = files(town);
    assert!(!known.is_empty(), "the state is in a row");
    let root = town.folder.path().join("objects");
    let (place, id) = ("org-aaaaaaaaaaaaaaaa/ws-bbbbbbbbbbbbbbbb", "cccccccccccccccc");
    let young = format!("{place}/blob-{}", "d".repeat(16));
    let foreign = ["of/another", "org-42/ws-7/report.pdf"];
    for file in [
        &format!("{place}/blob-{id}"),
        &format!("org-aaaaaaaaaaaaaaaa/registry/blob-{id}"),
        "terrane-probe/old",
        ".incoming/old",
        &young,
    ]
    .into_iter()
    .chain(foreign)
    {
        fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
        fs::write(root.join(file), "bytes").unwrap();
    }
    // By the clock of the store, whatever the server's is.
    let now = fs::metadata(root.join(&young)).unwrap().modified().unwrap();
    for file in files(town) {
        let hours = if file.ends_with(&young) { 7 * 24 - 1 } else { 7 * 24 + 1 };
        let opened = File::options().write(true).open(root.join(&file)).unwrap();
        opened.set_modified(now - Duration::from_secs(hours * 3600)).unwrap();
    }
    assert_eq!(town.app.sweep_objects().await.unwrap(), 4);
    let mut left = known;
    left.extend(foreign.map(PathBuf::from));
    left.extend([young.into(), "terrane-sweeps".into()]);
    left.sort();
    assert_eq!(files(town), left);
    assert_eq!(town.app.sweep_objects().await.unwrap(), 0);
    // The store is ahead: this database is a backup, or a copy.
    fs::write(root.join("terrane-sweeps"), "3").unwrap();
    let old = format!("{place}/blob-{id}");
    fs::write(root.join(&old), "bytes").unwrap();
    let opened = File::options().write(true).open(root.join(&old)).unwrap();
    opened.set_modified(now - Duration::from_secs(8 * 24 * 3600)).unwrap();
    let refused = town.app.sweep_objects().await.unwrap_err();
    assert!(matches!(&refused, app::Error::Conflict(text) if text.contains("terrane-sweeps")), "{refused:?}");
    assert!(root.join(&old).exists());
}

async fn what_a_row_let_go_stays_for_backups_that_have_begun(town: &Town) {
    const DAY: i64 = 24 * 3600;
    town.write(&large()).await.unwrap();
    let object = files(town);
    town.write(&state(2, "l", &[("a", 2)])).await.unwrap();
    let owner = town.caller("owner").await;
    let retention = domain::retention::Retention { least_states: 1, ..domain::retention::Retention::days(1) };
    town.app.change_retention_policy(&owner, app::Kept::Organization("acme"), |_| Ok(retention)).await.unwrap();
    town.clock.pass(2 * DAY);
    assert_eq!(town.app.purge_expired().await.unwrap().states, 1);
    let root = town.folder.path().join("objects");
    let now = fs::metadata(root.join(&object[0])).unwrap().modified().unwrap();
    let opened = File::options().write(true).open(root.join(&object[0])).unwrap();
    opened.set_modified(now - Duration::from_secs(30 * 24 * 3600)).unwrap();
    town.clock.pass(6 * DAY);
    assert_eq!(town.app.sweep_objects().await.unwrap(), 0, "old as it is, its row went a moment ago");
    town.clock.pass(DAY);
    assert_eq!(town.app.sweep_objects().await.unwrap(), 1);
    assert!(!root.join(&object[0]).exists());
}

async fn a_store_that_fails_is_said_so_and_the_rest_is_served(town: &Town) {
    town.app.prove_objects().await.unwrap();
    town.write(&state(1, "l", &[("a", 1)])).await.unwrap();
    // A file where the folder was: nothing can be opened or made below it.
    let root = town.folder.path().join("objects");
    fs::remove_dir_all(&root).unwrap();
    fs::write(&root, "").unwrap();
    let refused = town.write(&large()).await.unwrap_err();
    assert!(matches!(&refused, app::Error::Unavailable(text) if text.contains("object store")), "{refused:?}");
    assert!(town.app.prove_objects().await.is_err());
    town.write(&state(2, "l", &[("a", 2)])).await.unwrap();
    let owner = town.caller("owner").await;
    let (version, _) = town.app.current_state(&owner, Which::Id(&town.workspace)).await.unwrap().unwrap();
    assert_eq!(version.serial, 2);
}
