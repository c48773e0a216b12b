//! The only connection that writes to a SQLite file. A task owns the transaction and lends the connection, inside a savepoint, to one
//! caller after the other; when nobody waits it commits once for all of them, then tells them: thirty writers share one fsync.

use crate::error::{Error, Result};
use sqlx::{
    ConnectOptions, Connection,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep},
};

/// The most writes that share a commit.
const GROUP: usize = 64;
/// The longest that the first of a group waits for the others.
const GROUP_TIME: Duration = Duration::from_millis(3);

/// How a commit ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Commit {
    Done,
    /// It certainly did not happen, through no fault of this member's: it may try again.
    Again,
}

/// Where callers ask for the connection.
#[derive(Debug, Clone)]
pub struct Writer {
    queue: mpsc::Sender<Request>,
}

#[derive(Debug)]
struct Request {
    lend: oneshot::Sender<sqlx::Result<Loan>>,
    alone: bool,
}

#[derive(Debug)]
struct Returned {
    conn: SqliteConnection,
    keep: bool,
    member: Option<Member>,
}

type Member = oneshot::Sender<Result<Commit>>;

/// The connection in a caller's hands. Dropped, by an error, a panic or a caller that went away, it takes the connection home to roll the
/// savepoint back.
#[derive(Debug)]
pub(crate) struct Loan {
    inner: Option<(SqliteConnection, oneshot::Sender<Returned>)>,
}

impl Loan {
    pub(crate) fn conn(&mut self) -> &mut SqliteConnection {
        &mut self.inner.as_mut().expect("lent until it is given back").0
    }
    pub(crate) async fn keep(mut self) -> Result<Commit> {
        let (member, committed) = oneshot::channel();
        self.give_back(true, Some(member));
        committed.await.unwrap_or(Err(Error::Unknown(None)))
    }
    /// Rolls back, and says whether what the caller saw counts: it saw what others of the group wrote, which is not committed yet. A
    /// refusal because of that is told when it is, and judged again if it never will be.
    pub(crate) async fn undo(mut self) -> bool {
        let (member, committed) = oneshot::channel();
        self.give_back(false, Some(member));
        matches!(committed.await, Ok(Ok(Commit::Done)))
    }
    fn give_back(&mut self, keep: bool, member: Option<Member>) {
        if let Some((conn, home)) = self.inner.take() {
            drop(home.send(Returned { conn, keep, member }));
        }
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.give_back(false, None);
    }
}

impl Writer {
    pub(crate) async fn open(options: SqliteConnectOptions) -> sqlx::Result<Self> {
        let (queue, requests) = mpsc::channel(1024);
        let conn = options.connect().await?;
        tokio::spawn(serve(options, conn, requests));
        Ok(Self { queue })
    }
    pub(crate) async fn borrow(&self, alone: bool) -> sqlx::Result<Loan> {
        let (lend, lent) = oneshot::channel();
        self.queue.send(Request { lend, alone }).await.map_err(|_| sqlx::Error::PoolClosed)?;
        lent.await.map_err(|_| sqlx::Error::PoolClosed)?
    }
}

async fn serve(options: SqliteConnectOptions, mut conn: SqliteConnection, mut requests: mpsc::Receiver<Request>) {
    let mut next = None;
    loop {
        if next.is_none() {
            next = requests.recv().await;
        }
        let Some(first) = next.take() else { return };
        if first.lend.is_closed() {
            continue;
        }
        if let Err(error) = run(&mut conn, "BEGIN IMMEDIATE; SAVEPOINT member").await {
            drop(first.lend.send(Err(error))); // another process holds the file
            conn = reopen(conn, &options).await;
            continue;
        }
        let (began, alone) = (Instant::now(), first.alone);
        let (mut members, mut request, mut result) = (Vec::new(), Some(first), Ok(()));
        while let Some(Request { lend, .. }) = request.take() {
            let (home, returned) = oneshot::channel();
            drop(lend.send(Ok(Loan { inner: Some((conn, home)) })));
            let Ok(back) = returned.await else { return };
            conn = back.conn;
            members.extend(back.member);
            next = requests.try_recv().ok();
            let full = alone || members.len() >= GROUP || began.elapsed() >= GROUP_TIME;
            let goes_on = !full && next.as_ref().is_some_and(|next| !next.alone);
            // One statement where it can be: each waits for the thread of the connection.
            result = match (back.keep, goes_on) {
                (true, true) => run(&mut conn, "RELEASE member; SAVEPOINT member").await,
                (true, false) => run(&mut conn, "RELEASE member").await,
                (false, true) => run(&mut conn, "ROLLBACK TO member").await,
                (false, false) => run(&mut conn, "ROLLBACK TO member; RELEASE member").await,
            };
            if result.is_ok() && goes_on {
                request = next.take();
            }
        }
        let lost = result.is_err();
        if !lost {
            points::pass("sqlite.commit");
            result = run(&mut conn, "COMMIT").await;
            points::pass("sqlite.committed");
        }
        // A lost savepoint, or a deferred constraint at COMMIT: it certainly did not happen.
        let undone = lost || matches!(&result, Err(sqlx::Error::Database(e)) if e.is_foreign_key_violation());
        let error = result.err().map(Arc::new);
        for member in members {
            drop(member.send(match &error {
                None => Ok(Commit::Done),
                // Each by itself: only the guilty one fails again.
                Some(_) if undone && !alone => Ok(Commit::Again),
                Some(error) if undone => Err(Error::Database(error.clone())),
                Some(error) => Err(Error::Unknown(Some(error.clone()))),
            }));
        }
        if error.is_some() {
            conn = reopen(conn, &options).await;
        }
    }
}

async fn run(conn: &mut SqliteConnection, sql: &'static str) -> sqlx::Result<()> {
    sqlx::query(sql).execute(conn).await.map(drop)
}

/// Whatever went wrong, a new connection is in no transaction.
async fn reopen(conn: SqliteConnection, options: &SqliteConnectOptions) -> SqliteConnection {
    drop(conn.close().await);
    loop {
        if let Ok(conn) = options.connect().await {
            return conn;
        }
        sleep(Duration::from_millis(100)).await;
    }
}
