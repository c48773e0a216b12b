//! What every object store must do. An implementation's test calls [`check`] with a real store.

use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryStreamExt, channel::oneshot, stream};
use std::{collections::BTreeMap, io};
use terrane_objects::{Error, Key, Result, Store};

/// Runs everything below `prefix`, which must be empty and differ from run to run where stores are shared.
pub(crate) async fn check(store: &dyn Store, prefix: &str) {
    let key = |name: &str| Key::new(format!("{prefix}/{name}")).unwrap();
    comes_back(store, &key).await;
    absent_is_not_found(store, &key).await;
    last_put_counts(store, &key).await;
    broken_content_keeps_nothing(store, &key).await;
    abandoned_put_keeps_nothing(store, &key).await;
    concurrent_puts_leave_one_whole(store, &key).await;
    lists_by_prefix(store, prefix).await;
}

type Keys<'a> = &'a (dyn Fn(&str) -> Key + Sync);

pub(crate) async fn put(store: &dyn Store, key: &Key, pieces: &[&[u8]]) -> Result<u64> {
    let pieces: Vec<_> = pieces.iter().map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    store.put(key, stream::iter(pieces).boxed()).await
}

pub(crate) async fn get(store: &dyn Store, key: &Key) -> Result<Vec<u8>> {
    store.get(key).await?.map_ok(|piece| piece.to_vec()).try_concat().await
}

async fn comes_back(store: &dyn Store, key: Keys<'_>) {
    let large: Vec<u8> = (0..3_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    let pieces: Vec<&[u8]> = large.chunks(70_001).collect();
    assert_eq!(put(store, &key("back/large"), &pieces).await.unwrap(), 3_000_000);
    assert!(get(store, &key("back/large")).await.unwrap() == large);
    assert_eq!(put(store, &key("back/empty"), &[]).await.unwrap(), 0);
    assert_eq!(get(store, &key("back/empty")).await.unwrap(), b"");
    assert_eq!(put(store, &key("back/hollow"), &[b"", b"a", b"", b"b"]).await.unwrap(), 2);
    assert_eq!(get(store, &key("back/hollow")).await.unwrap(), b"ab");
}

async fn absent_is_not_found(store: &dyn Store, key: Keys<'_>) {
    put(store, &key("absent/a"), &[b"a"]).await.unwrap();
    for name in ["absent/b", "absent", "absent/a/b", "absent/b/c"] {
        assert!(matches!(store.get(&key(name)).await.map(drop), Err(Error::NotFound(at)) if at == key(name)), "{name}");
        store.delete(&key(name)).await.unwrap();
    }
    assert_eq!(get(store, &key("absent/a")).await.unwrap(), b"a");
    store.delete(&key("absent/a")).await.unwrap();
    store.delete(&key("absent/a")).await.unwrap();
    assert!(matches!(get(store, &key("absent/a")).await, Err(Error::NotFound(_))));
    put(store, &key("absent/a"), &[b"again"]).await.unwrap();
    assert_eq!(get(store, &key("absent/a")).await.unwrap(), b"again");
}

async fn last_put_counts(store: &dyn Store, key: Keys<'_>) {
    put(store, &key("last"), &[b"a longer first one"]).await.unwrap();
    put(store, &key("last"), &[b"second"]).await.unwrap();
    assert_eq!(get(store, &key("last")).await.unwrap(), b"second");
}

async fn broken_content_keeps_nothing(store: &dyn Store, key: Keys<'_>) {
    put(store, &key("broken/old"), &[b"old"]).await.unwrap();
    for name in ["broken/old", "broken/new"] {
        let break_off = Err(Error::Source(io::Error::from(io::ErrorKind::ConnectionReset)));
        let content = stream::iter([Ok(Bytes::from(vec![7; 500_000])), break_off]);
        let error = store.put(&key(name), content.boxed()).await.unwrap_err();
        assert!(matches!(error, Error::Source(_)), "{error}");
    }
    assert_eq!(get(store, &key("broken/old")).await.unwrap(), b"old");
    assert!(matches!(get(store, &key("broken/new")).await, Err(Error::NotFound(_))));
}

async fn abandoned_put_keeps_nothing(store: &dyn Store, key: Keys<'_>) {
    let (waiting, is_waiting) = oneshot::channel();
    let first = stream::iter([Ok(Bytes::from(vec![7; 500_000]))]);
    // Asked for more, it says so and never answers.
    let stuck = async move {
        waiting.send(()).unwrap();
        futures::future::pending().await
    };
    let key = key("abandoned");
    let mut put = store.put(&key, first.chain(stuck.into_stream()).boxed());
    futures::select! {
        result = (&mut put).fuse() => panic!("the content has not ended: {result:?}"),
        asked = is_waiting.fuse() => asked.unwrap(),
    }
    drop(put);
    assert!(matches!(get(store, &key).await, Err(Error::NotFound(_))));
}

async fn concurrent_puts_leave_one_whole(store: &dyn Store, key: Keys<'_>) {
    let key = key("race/in/new/folders");
    let contents: Vec<Vec<u8>> = (0..8_u8).map(|byte| vec![byte; 200_000 + usize::from(byte)]).collect();
    let puts = contents.iter().map(|content| async { put(store, &key, &[content]).await.unwrap() });
    futures::future::join_all(puts).await;
    let left = get(store, &key).await.unwrap();
    assert!(contents.contains(&left));
}

async fn lists_by_prefix(store: &dyn Store, prefix: &str) {
    let all = ["list/a/1", "list/a/2", "list/ab", "list/b/c/d", "list.x"];
    for (length, name) in all.iter().enumerate() {
        put(store, &Key::new(format!("{prefix}/{name}")).unwrap(), &[&vec![b'x'; length]]).await.unwrap();
    }
    for part in
        ["list", "list/", "list/a", "list/a/", "list/a/1", "list/a/1/", "list/b/c", "list/z", "list//", "list/../list"]
    {
        let asked = format!("{prefix}/{part}");
        let listed: BTreeMap<String, u64> =
            store.list(&asked).map_ok(|entry| (entry.key.to_string(), entry.size)).try_collect().await.unwrap();
        let expected: BTreeMap<String, u64> = all
            .iter()
            .enumerate()
            .filter(|(_, name)| name.starts_with(part))
            .map(|(length, name)| (format!("{prefix}/{name}"), length as u64))
            .collect();
        assert_eq!(listed, expected, "{part}");
    }
    let entries: Vec<_> = store.list(prefix).try_collect().await.unwrap();
    // Any clock that is set stands after 2020.
    assert!(entries.iter().all(|entry| entry.modified > 1_577_836_800_000_000));
}
