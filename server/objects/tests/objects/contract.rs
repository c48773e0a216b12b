//! What every object store must do. An implementation's test calls [`check`] with a real store.

use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryStreamExt, channel::oneshot, stream};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};
use terrane_objects::{Entry, Error, Key, Result, Store};

/// Runs everything below `prefix`, which must be empty and differ from run to run where stores are shared.
pub(crate) async fn check(store: &dyn Store, prefix: &str) {
    let key = |name: &str| Key::new(format!("{prefix}/{name}")).unwrap();
    comes_back(store, &key).await;
    absent_is_not_found(store, &key).await;
    last_put_counts(store, &key).await;
    broken_content_keeps_nothing(store, &key).await;
    abandoned_put_keeps_nothing(store, &key).await;
    concurrent_puts_leave_one_whole(store, &key).await;
    large_ones_come_in_parts(store, &key).await;
    lists_by_prefix(store, prefix).await;
    lists_more_than_a_page(store, prefix).await;
    sweeps_nothing_that_is_whole_or_young(store, &key).await;
    proves_itself_and_whose_it_is(store).await;
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

/// Larger than what one request carries, whole, broken off and abandoned.
async fn large_ones_come_in_parts(store: &dyn Store, key: Keys<'_>) {
    let large: Vec<u8> = (0..20_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    let pieces: Vec<&[u8]> = large.chunks(300_001).collect();
    let key = key("parts");
    assert_eq!(put(store, &key, &pieces).await.unwrap(), 20_000_000);
    assert!(get(store, &key).await.unwrap() == large);

    let cut = || stream::iter(large.chunks(300_001).map(|piece| Ok(Bytes::copy_from_slice(piece))));
    let break_off = Err(Error::Source(io::Error::from(io::ErrorKind::ConnectionReset)));
    let error = store.put(&key, cut().chain(stream::iter([break_off])).boxed()).await.unwrap_err();
    assert!(matches!(error, Error::Source(_)), "{error}");
    let (waiting, is_waiting) = oneshot::channel();
    let stuck = async move {
        waiting.send(()).unwrap();
        futures::future::pending().await
    };
    let mut abandoned = store.put(&key, cut().chain(stuck.into_stream()).boxed());
    futures::select! {
        result = (&mut abandoned).fuse() => panic!("the content has not ended: {result:?}"),
        asked = is_waiting.fuse() => asked.unwrap(),
    }
    drop(abandoned);
    assert!(get(store, &key).await.unwrap() == large, "what was there stays");
}

async fn lists_more_than_a_page(store: &dyn Store, prefix: &str) {
    let puts = stream::iter(0..1_010).map(|number| async move {
        let key = Key::new(format!("{prefix}/many/{number}")).unwrap();
        put(store, &key, &[b"x"]).await.unwrap();
    });
    puts.buffer_unordered(16).collect::<()>().await;
    let all = format!("{prefix}/many/");
    let listed: Vec<Entry> = store.list(&all).try_collect().await.unwrap();
    let names: BTreeSet<&str> = listed.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!((listed.len(), names.len()), (1_010, 1_010));
}

async fn sweeps_nothing_that_is_whole_or_young(store: &dyn Store, key: Keys<'_>) {
    put(store, &key("swept"), &[b"whole"]).await.unwrap();
    store.sweep(1_577_836_800_000_000).await.unwrap();
    assert_eq!(get(store, &key("swept")).await.unwrap(), b"whole");
}

async fn proves_itself_and_whose_it_is(store: &dyn Store) {
    for name in ["first", "second"] {
        terrane_objects::prove(store, "key-1", name).await.unwrap();
    }
    let other = terrane_objects::prove(store, "key-2", "third").await.unwrap_err();
    assert!(matches!(other, Error::Foreign { .. }), "{other}");
    assert!(store.list("terrane-probe").next().await.is_none(), "a proof leaves nothing");
}
