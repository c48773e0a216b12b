//! What is in the object store although no row points at it, and what a caller hears while the store does not do its part.

use crate::town::{Town, on_both, state};
use app::Which;
use std::{
    fs::{self, File},
    path::PathBuf,
    time::{Duration, UNIX_EPOCH},
};

on_both! { orphans_are_swept_when_they_are_old_and_nothing_else_is  a_store_that_fails_is_said_so_and_the_rest_is_served }

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
    for orphan in ["org-x/ws-y/blob-old", "org-x/ws-y/blob-young", "terrane-probe/old", ".incoming/old", "of/another"] {
        fs::create_dir_all(root.join(orphan).parent().unwrap()).unwrap();
        fs::write(root.join(orphan), "bytes").unwrap();
    }
    // The town's clock stands here.
    let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    for file in files(town) {
        let age = if file.ends_with("blob-young") { 23 } else { 25 };
        let opened = File::options().write(true).open(root.join(&file)).unwrap();
        opened.set_modified(now - Duration::from_secs(age * 3600)).unwrap();
    }
    assert_eq!(town.app.sweep_objects().await.unwrap(), 3);
    let mut left = known;
    left.extend(["of/another".into(), "org-x/ws-y/blob-young".into()]);
    left.sort();
    assert_eq!(files(town), left);
    assert_eq!(town.app.sweep_objects().await.unwrap(), 0);
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
