//! SQLite's writer commits for many at once: an answer comes after the commit, and one member's failure is its own.

use crate::base::{fence, postgres, raise, sqlite};
use crate::facade::{Refusal, four, id, save};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::SeqCst},
};
use store::{Error, Store};
use tokio::sync::{Barrier, Notify};

/// A write that waits inside its savepoint until it is let go.
struct Held {
    inside: Arc<Notify>,
    go: Arc<Notify>,
    task: tokio::task::JoinHandle<Result<i64, Error>>,
}

fn hold(store: &Store, n: u8) -> Held {
    let (inside, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (store, entered, wait) = (store.clone(), inside.clone(), go.clone());
    let task = tokio::spawn(async move {
        store
            .write(async |mut tx| {
                entered.notify_one();
                wait.notified().await;
                raise(&mut tx, &id(n)).await
            })
            .await
    });
    Held { inside, go, task }
}

#[tokio::test]
async fn what_is_held_is_seen_by_nobody_before_its_commit() {
    let store = sqlite().await;
    four(&store).await;
    let first = hold(&store, 1);
    first.inside.notified().await;
    assert_eq!(fence(&store, &id(1)).await, 0);
    let clone = store.store.clone();
    let refused = tokio::spawn(async move {
        clone
            .write(async |mut tx| -> Result<(), Refusal> {
                raise(&mut tx, &id(2)).await?;
                Err(Refusal::Conflict)
            })
            .await
    });
    let clone = store.store.clone();
    let third = tokio::spawn(async move { save(&clone, 3).await });
    first.go.notify_one();
    assert_eq!(refused.await.unwrap(), Err(Refusal::Conflict));
    assert_eq!((first.task.await.unwrap().unwrap(), third.await.unwrap().unwrap()), (1, 1));
    let fences = (fence(&store, &id(1)).await, fence(&store, &id(2)).await, fence(&store, &id(3)).await);
    assert_eq!(fences, (1, 0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_spares_the_others() {
    let store = sqlite().await;
    four(&store).await;
    let pages = "PRAGMA max_page_count = 120";
    store.write(async |mut tx| tx.query(pages).all::<(i64,)>().await).await.unwrap();
    let clone = store.store.clone();
    let large = tokio::spawn(async move {
        clone
            .write(async |mut tx| {
                raise(&mut tx, &id(2)).await?;
                let mut big = store::workspace::find(&mut tx, &id(2), "").await?.unwrap();
                big.description = "x".repeat(2_000_000);
                store::workspace::update(&mut tx, &big, big.updated_at).await
            })
            .await
    });
    let (one, three) = (save(&store, 1).await, save(&store, 3).await);
    assert!(matches!(large.await.unwrap(), Err(Error::Database(_))));
    assert_eq!((one.unwrap(), three.unwrap(), fence(&store, &id(2)).await), (1, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_runs_again() {
    let Some(store) = postgres().await else { return };
    four(&store).await;
    let (runs, meet) = (Arc::new(AtomicU32::new(0)), Arc::new(Barrier::new(2)));
    let cross = |first: u8, second: u8| {
        let (store, runs, meet) = (store.store.clone(), runs.clone(), meet.clone());
        tokio::spawn(async move {
            store
                .write(async |mut tx| {
                    raise(&mut tx, &id(first)).await?;
                    if runs.fetch_add(1, SeqCst) < 2 {
                        meet.wait().await;
                    }
                    raise(&mut tx, &id(second)).await
                })
                .await
        })
    };
    let (one, two) = (cross(1, 2), cross(2, 1));
    one.await.unwrap().unwrap();
    two.await.unwrap().unwrap();
    assert_eq!((runs.load(SeqCst), fence(&store, &id(1)).await, fence(&store, &id(2)).await), (3, 2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_when_its_reason_is_there_for_all() {
    let store = sqlite().await;
    four(&store).await;
    for round in 0..50 {
        let racer = |_| {
            let store = store.store.clone();
            tokio::spawn(async move {
                let written = store.write(async |mut tx| match raise(&mut tx, &id(1)).await? {
                    now if now == round + 1 => Ok(()),
                    _ => Err(Refusal::Conflict),
                });
                let refused = written.await == Err(Refusal::Conflict);
                let seen = store.look(async |mut tx| store::workspace::find(&mut tx, &id(1), "").await).await.unwrap();
                (refused, seen.unwrap().fence)
            })
        };
        let racers: Vec<_> = (0..8).map(racer).collect();
        let mut won = 0;
        for racer in racers {
            let (refused, seen) = racer.await.unwrap();
            won += i32::from(!refused);
            assert_eq!(seen, round + 1, "refused because of what nobody sees yet");
        }
        assert_eq!(won, 1);
    }
}
