//! What one server tells, the others hear: once, not itself, and whoever may have missed something is told so.

use crate::base::{Fresh, on_both, postgres};
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::time::Duration;
use store::{
    Error, Store,
    notify::{self, Heard, Post},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{sleep, timeout},
};

/// Many times what anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that listens.
struct Server {
    post: Post,
    heard: mpsc::UnboundedReceiver<String>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    /// One that has heard its own beat.
    async fn start(store: &Store, name: &str) -> Self {
        let post = Post::new(store, name).unwrap();
        let (told, heard) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let carrier = post.clone();
        let task = tokio::spawn(async move {
            let hear = |heard: Heard<'_>| {
                let text = if let Heard::Line(line) = heard { line.to_owned() } else { "anything".to_owned() };
                drop(told.send(text));
            };
            carrier.run(hear, async { drop(stopped.await) }).await;
        });
        let mut server = Self { post, heard, stop, task };
        assert_eq!(server.hear().await, "anything", "whatever was told before");
        server.becomes(true).await;
        server
    }
    async fn hear(&mut self) -> String {
        timeout(PATIENCE, self.heard.recv()).await.expect("something is heard").unwrap()
    }
    async fn becomes(&self, current: bool) {
        let wait = async {
            while self.post.is_current() != current {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("it does not become current = {current}"));
    }
    fn put(&self, lines: &[&str]) {
        self.post.put(lines.iter().map(|&line| line.to_owned()));
    }
    async fn end(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap();
    }
}

on_both! { a_line_goes_with_its_transaction }

async fn a_line_goes_with_its_transaction(fresh: &Fresh) {
    let mut other = match &fresh.store {
        Store::Sqlite { .. } => {
            assert!(Post::new(fresh, "a").is_none(), "nobody else writes to this file");
            None
        }
        Store::Postgres(_) => Some(Server::start(fresh, "a").await),
    };
    let undone: Result<(), Error> = fresh
        .write(async |mut tx| {
            notify::tell(&mut tx, "undone").await?;
            Err(Error::Swallowed)
        })
        .await;
    undone.unwrap_err();
    fresh.write(async |mut tx| notify::tell(&mut tx, "done").await).await.unwrap();
    if let Some(other) = &mut other {
        assert_eq!(other.hear().await, "done");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_hears_the_others_once_and_not_itself() {
    let Some(fresh) = postgres().await else { return };
    let (mut a, mut b) = (Server::start(&fresh, "a").await, Server::start(&fresh, "b").await);
    let lines: Vec<String> = (0..2_000).map(|n| format!("workspace ws-{n:016}")).collect();
    a.post.put(lines.iter().chain(&lines).cloned());
    b.put(&["from b"]);
    let mut heard = Vec::new();
    while heard.len() < lines.len() {
        heard.push(b.hear().await);
    }
    heard.sort();
    assert_eq!(heard, lines);
    assert_eq!(a.hear().await, "from b");
    // Everything that came before has been handed over by now.
    a.put(&["last of a"]);
    assert_eq!(b.hear().await, "last of a");
    b.put(&["last of b"]);
    assert_eq!(a.hear().await, "last of b");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_anybody_would_read_is_anything() {
    let Some(fresh) = postgres().await else { return };
    let (a, mut b) = (Server::start(&fresh, "a").await, Server::start(&fresh, "b").await);
    a.post.put((0..10_000).map(|n| format!("log plan-{n}")));
    assert_eq!(b.hear().await, "anything");
    a.put(&["after it"]);
    assert_eq!(b.hear().await, "after it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_tells_what_is_left() {
    let Some(fresh) = postgres().await else { return };
    let (a, mut b) = (Server::start(&fresh, "a").await, Server::start(&fresh, "b").await);
    a.put(&["last words"]);
    a.end().await;
    assert_eq!(b.hear().await, "last words");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_may_have_missed_anything() {
    let Some(fresh) = postgres().await else { return };
    let (a, mut b) = (Server::start(&fresh, "a").await, Server::start(&fresh, "b").await);
    let mut admin = PgConnection::connect(&fresh.place).await.unwrap();
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    let cut = admin.execute(cut).await.unwrap();
    assert_eq!(cut.rows_affected(), 2, "both were listening");
    assert_eq!(b.hear().await, "anything", "when it was cut");
    assert!(!b.post.is_current() || b.heard.try_recv().is_ok(), "not before it listens again");
    b.becomes(true).await;
    a.becomes(true).await;
    a.put(&["again"]);
    let mut last = b.hear().await;
    while last == "anything" {
        last = b.hear().await;
    }
    assert_eq!(last, "again");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_tell_says_that_anything_may_have_changed() {
    let Some(fresh) = postgres().await else { return };
    let (a, mut b) = (Server::start(&fresh, "a").await, Server::start(&fresh, "b").await);
    let mut admin = PgConnection::connect(&fresh.place).await.unwrap();
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_notify%'
               AND pid <> pg_backend_pid()";
    assert_eq!(admin.execute(cut).await.unwrap().rows_affected(), 2, "both were telling");
    a.put(&["while it was cut"]);
    let heard = b.hear().await;
    assert!(heard == "anything" || heard == "while it was cut", "{heard}");
    a.becomes(true).await;
}
