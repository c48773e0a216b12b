//! The store fails in the middle of what the CLI asks for: it hears of a 5xx, nothing of it is there, and asking again does it, once. Where
//! nobody can know whether the commit happened, the server finds out and the CLI hears of nothing.

use crate::deeds::{DEEDS, Deed, large_state};
use crate::dump::{Dump, tables};
use crate::proxy::{Cut, Proxy};
use crate::town::{Engine, Town, database, objects_in};
use futures::{future::BoxFuture, stream::BoxStream};
use objects::{Entry, Key, Store as Objects};
use serde_json::Value;
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// How many rows each table has, and how many objects there are: what is there twice shows.
type Counts = BTreeMap<String, usize>;
/// What a client reads afterwards: who holds the workspace, and how far its runs are.
type Told = (Value, Vec<Value>);

impl Dump {
    fn counts(&self) -> Counts {
        let mut counts = Counts::new();
        for line in self.lines() {
            *counts.entry(line.split([':', ' ']).next().unwrap().to_owned()).or_default() += 1;
        }
        counts
    }
}

async fn side(town: &Town) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(town.folder.path().join("terrane.db"));
    SqliteConnection::connect_with(&options).await.unwrap()
}

/// What a deed does when nothing fails: which tables it writes, and what is there afterwards.
async fn undisturbed(name: &str) -> (Vec<String>, (Counts, Told)) {
    let town = Town::build(Engine::Sqlite).await.unwrap();
    let deed = Deed::prepare(&town, name).await;
    let before = Dump::of(&town).await.unwrap();
    let answer = deed.ask(&town).await;
    assert!(answer.status.is_success(), "{name}: {} {}", answer.status, answer.text());
    let after = Dump::of(&town).await.unwrap();
    let changed = before.difference(&after);
    let mut written = tables(&mut side(&town).await).await;
    written.retain(|table| changed.iter().any(|line| line[2..].starts_with(&format!("{table}: "))));
    assert!(!written.is_empty(), "{name} writes nothing");
    (written, (after.counts(), told(&town).await))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_leaves_nothing_and_can_be_repeated() {
    for name in DEEDS {
        let (written, expected) = undisturbed(name).await;
        for table in &written {
            let town = Town::build(Engine::Sqlite).await.unwrap();
            let deed = Deed::prepare(&town, name).await;
            let mut side = side(&town).await;
            for event in ["INSERT", "UPDATE", "DELETE"] {
                let fails = format!(
                    "CREATE TRIGGER fails_{event} BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, 'the disk is gone'); END"
                );
                side.execute(sqlx::AssertSqlSafe(fails)).await.unwrap();
            }
            let before = Dump::of(&town).await.unwrap();
            let failed = deed.ask(&town).await;
            let case = format!("{name}, {table} fails: {} {}", failed.status, failed.text());
            assert!(failed.status.is_server_error(), "{case}");
            assert!(!failed.text().contains("the disk is gone"), "what went wrong inside is for the log: {case}");
            let left = before.difference(&Dump::of(&town).await.unwrap());
            assert!(left.is_empty(), "{case} and left {left:#?}");
            for event in ["INSERT", "UPDATE", "DELETE"] {
                side.execute(sqlx::AssertSqlSafe(format!("DROP TRIGGER fails_{event}"))).await.unwrap();
            }
            let repeated = deed.ask(&town).await;
            assert!(repeated.status.is_success(), "{case}; repeated: {} {}", repeated.status, repeated.text());
            assert_eq!((Dump::of(&town).await.unwrap().counts(), told(&town).await), expected, "{case}; repeated");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_ends_with_the_right_of_who_announced_it() {
    for name in ["upload a configuration", "upload a configuration that queues a run", "upload a state"] {
        let town = Town::build(Engine::Sqlite).await.unwrap();
        let deed = Deed::prepare(&town, name).await;
        let before = Dump::of(&town).await.unwrap();
        town.app.remove_member("acme", "owner").await.unwrap();
        let refused = town.ask("nobody", deed.method, &deed.path, deed.body.clone()).await;
        let case = format!("{name}: {} {}", refused.status, refused.text());
        assert_eq!(refused.status, 403, "{case}");
        assert!(refused.text().contains("who announced this upload has no right"), "{case}");
        town.app.put_member(None, "acme", "owner", domain::permission::Role::Owner).await.unwrap();
        let left = before.difference(&Dump::of(&town).await.unwrap());
        assert!(left.is_empty(), "{case} and left {left:#?}");
        let taken = town.ask("nobody", deed.method, &deed.path, deed.body.clone()).await;
        assert_eq!(taken.status, 200, "{name}, with the right again: {}", taken.text());
    }
}

/// A town whose Postgres is reached through a proxy.
async fn behind_a_proxy() -> Option<(Town, Proxy, PgConnection)> {
    let url = database().await?;
    let proxy = Proxy::before(&url).await;
    let folder = tempfile::tempdir().unwrap();
    let store = store::Store::postgres(&proxy.url).await.unwrap();
    let objects = objects_in(&folder).await;
    Some((Box::pin(Town::on(store, folder, objects)).await, proxy, PgConnection::connect(&url).await.unwrap()))
}

async fn counts(conn: &mut PgConnection) -> Counts {
    let sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'";
    let mut counts = Counts::new();
    for row in conn.fetch_all(sql).await.unwrap() {
        let table: String = row.get(0);
        let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let count: i64 = conn.fetch_one(count).await.unwrap().get(0);
        counts.insert(table, usize::try_from(count).unwrap());
    }
    counts
}

async fn told(town: &Town) -> Told {
    let workspace = town.ask("owner", "GET", "/api/v2/organizations/acme/workspaces/web", "").await.json();
    let runs = town.ask("owner", "GET", &format!("/api/v2/workspaces/{}/runs", town.workspace), "").await.json();
    let statuses = runs["data"].as_array().unwrap().iter().map(|run| run["attributes"]["status"].clone());
    let holder = &workspace["data"]["relationships"]["locked-by"]["data"]["type"];
    (holder.clone(), statuses.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_outcome_is_unknown_is_done_once() {
    for name in DEEDS {
        let Some((town, _, mut conn)) = behind_a_proxy().await else { return };
        let answer = Deed::prepare(&town, name).await.ask(&town).await;
        assert!(answer.status.is_success(), "{name}: {} {}", answer.status, answer.text());
        let expected = (counts(&mut conn).await, told(&town).await);
        for cut in [Cut::Before, Cut::After] {
            let (town, proxy, mut conn) = behind_a_proxy().await.unwrap();
            let deed = Deed::prepare(&town, name).await;
            proxy.arm(cut);
            let answer = deed.ask(&town).await;
            let case = format!("{name}, cut {cut:?} the commit: {} {}", answer.status, answer.text());
            assert!(proxy.has_cut(), "{case}: nothing was cut");
            assert!(answer.status.is_success(), "{case}");
            assert_eq!((counts(&mut conn).await, told(&town).await), expected, "{case}");
            if name.contains("a state") && !name.starts_with("announce") {
                let read = town.ask("owner", "GET", "/api/http/acme/web", "").await;
                assert!(
                    read.body == large_state().as_bytes(),
                    "{case}: the state is not what was sent, {}",
                    read.status
                );
            }
        }
    }
}

/// An object store that refuses to keep anything for a while.
#[derive(Debug)]
struct Failing {
    inner: Arc<dyn Objects>,
    fails: AtomicBool,
}

impl Objects for Failing {
    fn put<'a>(
        &'a self,
        key: &'a Key,
        mut content: BoxStream<'a, objects::Result<bytes::Bytes>>,
    ) -> BoxFuture<'a, objects::Result<u64>> {
        if !self.fails.load(Relaxed) {
            return self.inner.put(key, content);
        }
        Box::pin(async move {
            // In the middle: some of it was taken.
            drop(futures::StreamExt::next(&mut content).await);
            let source = std::io::Error::other("the bucket is gone").into();
            Err(objects::Error::Store { doing: "putting", key: key.to_string(), source })
        })
    }
    fn get<'a>(
        &'a self,
        key: &'a Key,
    ) -> BoxFuture<'a, objects::Result<BoxStream<'static, objects::Result<bytes::Bytes>>>> {
        self.inner.get(key)
    }
    fn delete<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, objects::Result<()>> {
        self.inner.delete(key)
    }
    fn list<'a>(&'a self, prefix: &'a str) -> BoxStream<'a, objects::Result<Entry>> {
        self.inner.list(prefix)
    }
    fn sweep(&self, before: i64) -> BoxFuture<'_, objects::Result<u64>> {
        self.inner.sweep(before)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_store_that_fails_keeps_nothing_and_can_be_asked_again() {
    let large = DEEDS.iter().filter(|name| name.contains("upload") || name.starts_with("write"));
    for name in large {
        let folder = tempfile::tempdir().unwrap();
        let store = store::Store::sqlite(&folder.path().join("terrane.db")).await.unwrap();
        let objects = Arc::new(Failing { inner: objects_in(&folder).await, fails: AtomicBool::new(false) });
        let town = Box::pin(Town::on(store, folder, objects.clone())).await;
        let deed = Deed::prepare(&town, name).await;
        let before = Dump::of(&town).await.unwrap();
        objects.fails.store(true, Relaxed);
        for _ in 0..2 {
            let failed = deed.ask(&town).await;
            let case = format!("{name}: {} {}", failed.status, failed.text());
            assert!(failed.status.is_server_error() && !failed.text().contains("bucket"), "{case}");
            let left = before.difference(&Dump::of(&town).await.unwrap());
            assert!(left.is_empty(), "{case} and left {left:#?}");
        }
        objects.fails.store(false, Relaxed);
        let repeated = deed.ask(&town).await;
        assert!(repeated.status.is_success(), "{name}, repeated: {} {}", repeated.status, repeated.text());
        let objects = Dump::of(&town).await.unwrap().counts().get("object").copied();
        assert_eq!(objects, Some(1), "{name}: one object, of the repeat");
    }
}
