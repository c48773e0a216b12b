//! Files as an object store.

use crate::contract;
use futures::TryStreamExt;
use std::{fs, os::unix::fs::PermissionsExt};
use terrane_objects::{Filesystem, Key, Store};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let store = Filesystem::open(folder.path().join("objects")).await.unwrap();
    contract::check(&store, "contract").await;
    let left = fs::read_dir(folder.path().join("objects/.incoming")).unwrap().count();
    assert_eq!(left, 0, "broken and abandoned puts clean up behind them");
}

#[tokio::test]
async fn an_opened_folder_is_the_owners_and_keeps_its_objects() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("a/b");
    let key = Key::new("org-1/ws-1/blob-1").unwrap();
    contract::put(&Filesystem::open(&root).await.unwrap(), &key, &[b"kept"]).await.unwrap();
    assert_eq!(contract::get(&Filesystem::open(&root).await.unwrap(), &key).await.unwrap(), b"kept");
    for (path, mode) in [("", 0o700), ("org-1/ws-1", 0o700), ("org-1/ws-1/blob-1", 0o600)] {
        assert_eq!(root.join(path).metadata().unwrap().permissions().mode() & 0o777, mode, "{path}");
    }
}

#[tokio::test]
async fn what_is_no_object_is_not_listed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Filesystem::open(folder.path()).await.unwrap();
    fs::write(folder.path().join(".incoming/half"), "half").unwrap();
    fs::write(folder.path().join("not a key"), "").unwrap();
    for prefix in ["", ".", ".incoming", ".incoming/", "/", "../", "no"] {
        let listed: Vec<_> = store.list(prefix).try_collect().await.unwrap();
        assert_eq!(listed, [], "{prefix}");
    }
}
