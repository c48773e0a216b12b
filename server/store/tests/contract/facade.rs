//! The one way to write: what goes wrong inside one verb is undone, and nobody else hears of it.

use crate::base::{Fresh, fence, on_both, raise, workspace, world};
use domain::id::WorkspaceId;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use store::{Error, Tx};
use tokio::sync::Notify;

on_both! {
    an_error_undoes_only_itself  a_dropped_client  a_panic  a_slow_verb  a_swallowed_error  a_kept_transaction
    a_lost_save_runs_again  two_writers_at_once  one_winner  a_read_writes_nothing  once_is_once_where_nothing_is_lost
}

pub(crate) fn id(n: u8) -> WorkspaceId {
    WorkspaceId::new(&[n; 32])
}

/// Workspaces 1 to 4.
pub(crate) async fn four(store: &Fresh) {
    let world = world(store).await;
    for n in 2..=4 {
        let other = workspace(&world.organization, &world.project, n);
        store.write(async |mut tx| store::workspace::insert(&mut tx, &other, b"").await).await.unwrap();
    }
}

#[derive(Debug, PartialEq)]
pub(crate) enum Refusal {
    Conflict,
    Store(String),
}
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Store(error.to_string())
    }
}

pub(crate) async fn save(store: &store::Store, n: u8) -> Result<i64, Error> {
    store.write(async |mut tx| raise(&mut tx, &id(n)).await).await
}

async fn an_error_undoes_only_itself(store: &Fresh) {
    four(store).await;
    save(store, 1).await.unwrap();
    let refused: Result<(), Refusal> = store
        .write(async |mut tx| {
            raise(&mut tx, &id(2)).await?;
            Err(Refusal::Conflict)
        })
        .await;
    assert_eq!((refused, fence(store, &id(1)).await, fence(store, &id(2)).await), (Err(Refusal::Conflict), 1, 0));
}

/// What it does where the database is lost while committing is shown with every verb that needs it (`server/api/tests/machines/faults.rs`).
async fn once_is_once_where_nothing_is_lost(store: &Fresh) {
    four(store).await;
    let goes = AtomicU32::new(0);
    let saved: Result<i64, Error> = store
        .write_once(async |mut tx, again| {
            assert!(!again, "nothing was lost");
            goes.fetch_add(1, SeqCst);
            raise(&mut tx, &id(1)).await
        })
        .await;
    assert_eq!((saved.unwrap(), goes.load(SeqCst), fence(store, &id(1)).await), (1, 1, 1));
    let refused: Result<(), Refusal> = store
        .write_once(async |mut tx, again| {
            assert!(!again, "a refusal is an answer");
            raise(&mut tx, &id(2)).await?;
            Err(Refusal::Conflict)
        })
        .await;
    assert_eq!((refused, fence(store, &id(2)).await), (Err(Refusal::Conflict), 0));
}

async fn a_dropped_client(store: &Fresh) {
    four(store).await;
    let inside = Notify::new();
    {
        let gone = store.write(async |mut tx| -> Result<(), Error> {
            raise(&mut tx, &id(2)).await?;
            inside.notify_one();
            std::future::pending().await
        });
        tokio::pin!(gone);
        tokio::select! { _ = &mut gone => unreachable!(), () = inside.notified() => {} }
    }
    save(store, 2).await.unwrap();
    assert_eq!(fence(store, &id(2)).await, 1);
}

async fn a_panic(store: &Fresh) {
    four(store).await;
    let clone = store.store.clone();
    let died = tokio::spawn(async move {
        clone
            .write(async |mut tx| -> Result<(), Error> {
                raise(&mut tx, &id(1)).await?;
                panic!("in a verb")
            })
            .await
    });
    assert!(died.await.unwrap_err().is_panic());
    save(store, 2).await.unwrap();
    assert_eq!((fence(store, &id(1)).await, fence(store, &id(2)).await), (0, 1));
}

async fn a_slow_verb(store: &Fresh) {
    four(store).await;
    let slow: Result<(), Error> = store
        .write(async |mut tx| {
            raise(&mut tx, &id(1)).await?;
            std::future::pending().await
        })
        .await;
    assert!(matches!(slow, Err(Error::Slow(_))), "{slow:?}");
    assert_eq!(save(store, 1).await.unwrap(), 1);
}

async fn a_swallowed_error(store: &Fresh) {
    four(store).await;
    let twice = store
        .write(async |mut tx| {
            raise(&mut tx, &id(1)).await?;
            drop(tx.query("SELECT none FROM nowhere").run().await);
            drop(raise(&mut tx, &id(2)).await.err());
            Ok::<_, Error>(())
        })
        .await;
    assert!(matches!(twice, Err(Error::Swallowed)), "{twice:?}");
    assert_eq!((fence(store, &id(1)).await, fence(store, &id(2)).await), (0, 0));
}

async fn a_kept_transaction(store: &Fresh) {
    four(store).await;
    let kept: Result<Tx, Error> = store
        .write(async |mut tx| {
            raise(&mut tx, &id(1)).await?;
            Ok(tx)
        })
        .await;
    assert!(matches!(kept, Err(Error::Kept)));
    assert_eq!(save(store, 1).await.unwrap(), 1);
}

async fn a_lost_save_runs_again(store: &Fresh) {
    four(store).await;
    let runs = AtomicU32::new(0);
    let saved = store
        .write(async |mut tx| {
            raise(&mut tx, &id(1)).await?;
            if runs.fetch_add(1, SeqCst) < 2 {
                // What another's faster save looks like: no row is as it was read.
                store::workspace::set_fence(&mut tx, &id(2), 0).await?;
            }
            raise(&mut tx, &id(2)).await
        })
        .await;
    assert_eq!((saved.unwrap(), runs.load(SeqCst)), (1, 3));
    assert_eq!((fence(store, &id(1)).await, fence(store, &id(2)).await), (1, 1));
}

async fn two_writers_at_once(store: &Fresh) {
    four(store).await;
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let store = store.store.clone();
            tokio::spawn(async move { save(&store, 1).await })
        })
        .collect();
    let mut taken = Vec::new();
    for task in tasks {
        taken.push(task.await.unwrap().unwrap());
    }
    taken.sort_unstable();
    assert_eq!(taken, (1..=32).collect::<Vec<_>>(), "nobody's save is lost, none counts twice");
}

async fn one_winner(store: &Fresh) {
    four(store).await;
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let store = store.store.clone();
            tokio::spawn(async move {
                store
                    .write(async |mut tx| {
                        if store::workspace::hold(&mut tx, &id(1), "").await?.unwrap().fence != 0 {
                            return Err(Refusal::Conflict);
                        }
                        Ok(raise(&mut tx, &id(1)).await?)
                    })
                    .await
            })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => won += 1,
            Err(refusal) => assert_eq!(refusal, Refusal::Conflict),
        }
    }
    assert_eq!(won, 1);
}

async fn a_read_writes_nothing(store: &Fresh) {
    four(store).await;
    let refused = store.read(async |mut tx| store::workspace::set_fence(&mut tx, &id(1), 1).await).await;
    assert!(matches!(refused, Err(Error::Database(_))), "{refused:?}");
    assert_eq!(fence(store, &id(1)).await, 0);
}
