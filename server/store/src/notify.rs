//! Tells the other servers on the same Postgres that something changed, and hears it from them.
//!
//! What is told are lines of ids: a wake-up, no truth. They go out after the commit, many in one NOTIFY, on a connection of their own: a
//! transaction that notifies commits under a lock of the whole database, and no write may wait for that. The rare change that must not be
//! lost with the process that made it is told inside its transaction, by [`tell`].
//!
//! Each server also hears its own beat. Postgres hands notifications over in the order of their commits: who heard a beat has heard
//! everything that was committed before it.

use crate::{Result, Store, Tx};
use sqlx::{
    ConnectOptions as _, Executor as _, PgConnection,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use std::{
    collections::BTreeSet,
    convert::Infallible,
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout},
};

const CHANNEL: &str = "terrane";
/// Postgres takes fewer than 8,000 bytes at once.
const PAYLOAD: usize = 7_900;
/// The most lines that wait to be told. More are told as one: anything may have changed.
const MOST: usize = 4_096;
/// The shortest time between two NOTIFYs: what comes meanwhile goes along.
const PACE: Duration = Duration::from_millis(5);
/// How often a server tells that it lives.
const BEAT: Duration = Duration::from_secs(1);
/// Who has not heard a beat of its own that is younger than this may have missed something.
const CURRENT: Duration = Duration::from_secs(3);
/// A connection on which nothing was heard for so long is dead.
const DEAF: Duration = Duration::from_secs(10);
/// The longest that a NOTIFY may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait before connecting anew.
const PAUSE: Duration = Duration::from_millis(500);

/// What nobody in particular sends: everybody hears it.
const EVERYBODY: &str = "-";
const ANYTHING: &str = "*";
const ALIVE: &str = "beat ";

/// What another server told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard<'a> {
    /// This.
    Line(&'a str),
    /// Something may have been missed: anything may have changed.
    Anything,
}

/// Where lines for the other servers are put, and where theirs arrive. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Post(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: PgConnectOptions,
    /// This server, among others on the same database.
    name: String,
    outgoing: Mutex<Outgoing>,
    filled: Notify,
    began: Instant,
    /// When the youngest beat that came back was sent, in milliseconds after `began`; 0 is none.
    heard: AtomicU64,
}

#[derive(Debug, Default)]
struct Outgoing {
    lines: BTreeSet<String>,
    anything: bool,
}

/// Tells every server a line, this one as well, if the transaction commits. For what is rare: such commits wait for each other.
pub async fn tell(tx: &mut Tx, line: &str) -> Result<()> {
    if !tx.has_other_writers() {
        return Ok(());
    }
    let payload = format!("{EVERYBODY}\n{line}");
    tx.query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(payload).optional::<()>().await.map(drop)
}

impl Post {
    /// The post of this store; `None` on SQLite, where there is no other server. `name` tells this server from all others.
    pub fn new(store: &Store, name: &str) -> Option<Self> {
        let Store::Postgres(connections) = store else { return None };
        let inner = Inner {
            options: connections.options().clone(),
            name: name.to_owned(),
            outgoing: Mutex::default(),
            filled: Notify::new(),
            began: Instant::now(),
            heard: AtomicU64::new(0),
        };
        Some(Self(Arc::new(inner)))
    }

    /// Puts lines on their way to the other servers. The same line is told once, however often it was put before that.
    pub fn put(&self, lines: impl IntoIterator<Item = String>) {
        let mut outgoing = self.0.outgoing.lock().unwrap_or_else(PoisonError::into_inner);
        for line in lines {
            if outgoing.lines.len() >= MOST {
                outgoing.lines.clear();
                outgoing.anything = true;
            }
            // Whoever is told that anything may have changed needs no particulars.
            if !outgoing.anything {
                outgoing.lines.insert(line);
            }
        }
        drop(outgoing);
        self.0.filled.notify_one();
    }

    /// Whether everything was heard that was told until a few seconds ago, and will be.
    pub fn is_current(&self) -> bool {
        let heard = self.0.heard.load(Relaxed);
        heard > 0 && self.0.began.elapsed() < Duration::from_millis(heard) + CURRENT
    }

    /// Carries lines both ways until `stop`, and then tells what is left.
    pub async fn run(&self, hear: impl Fn(Heard<'_>) + Sync, stop: impl Future<Output = ()>) {
        let carry = async { tokio::join!(self.tell_always(), self.listen_always(&hear)) };
        tokio::select! {
            _ = carry => {}
            () = stop => {}
        }
        if let Some(payloads) = self.0.take(false)
            && let Err(error) = timeout(PATIENCE, async { self.0.connect().await?.tell(&payloads).await }).await
        {
            tracing::debug!(%error, "the other servers were not told the last changes");
        }
    }

    async fn tell_always(&self) {
        loop {
            let Err(error) = self.tell_on(self.0.connect().await).await;
            tracing::warn!(%error, "the other servers cannot be told what changes here; they see it late");
            // What was on its way may be lost.
            self.0.outgoing.lock().unwrap_or_else(PoisonError::into_inner).anything = true;
            sleep(PAUSE).await;
        }
    }

    async fn tell_on(&self, line: sqlx::Result<Line>) -> sqlx::Result<Infallible> {
        let mut line = line?;
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let due = tokio::select! {
                _ = beat.tick() => true,
                () = self.0.filled.notified() => false,
            };
            let next = Instant::now() + PACE;
            if let Some(payloads) = self.0.take(due) {
                line.tell(&payloads).await?;
            }
            sleep_until(next).await;
        }
    }

    async fn listen_always(&self, hear: &(impl Fn(Heard<'_>) + Sync)) {
        loop {
            let Err(error) = self.listen(hear).await;
            // What was heard until now is not what will be heard: nobody may rely on it any more.
            self.0.heard.store(0, Relaxed);
            hear(Heard::Anything);
            tracing::warn!(%error, "the other servers cannot be heard; what changes there is seen late");
            sleep(PAUSE).await;
        }
    }

    /// Listens until the connection is lost.
    async fn listen(&self, hear: &(impl Fn(Heard<'_>) + Sync)) -> sqlx::Result<Infallible> {
        let options = self.0.options.clone();
        let pool = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let pool = pool.acquire_timeout(PATIENCE).connect_with(options).await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        hear(Heard::Anything);
        while let Ok(received) = timeout(DEAF, listener.try_recv()).await {
            let Some(notification) = received? else { break };
            self.0.receive(notification.payload(), hear);
        }
        Err(sqlx::Error::Io(std::io::ErrorKind::ConnectionAborted.into()))
    }
}

impl Inner {
    async fn connect(&self) -> sqlx::Result<Line> {
        let mut conn = timed(self.options.connect()).await?;
        // A wake-up is worth no wait for a disk.
        timed(conn.execute("SET synchronous_commit = off")).await?;
        Ok(Line(conn))
    }

    /// Everything that waits to be told, in pieces that Postgres takes; `None` when there is nothing.
    fn take(&self, beat: bool) -> Option<Vec<String>> {
        let Outgoing { mut lines, anything } =
            std::mem::take(&mut *self.outgoing.lock().unwrap_or_else(PoisonError::into_inner));
        if anything {
            lines = BTreeSet::from([ANYTHING.to_owned()]);
        }
        if beat {
            lines.insert(format!("{ALIVE}{}", self.began.elapsed().as_millis().max(1)));
        }
        let mut payloads: Vec<String> = Vec::new();
        for line in lines {
            match payloads.last_mut().filter(|payload| payload.len() + 1 + line.len() <= PAYLOAD) {
                Some(payload) => {
                    payload.push('\n');
                    payload.push_str(&line);
                }
                None => payloads.push(format!("{}\n{line}", self.name)),
            }
        }
        (!payloads.is_empty()).then_some(payloads)
    }

    fn receive(&self, payload: &str, hear: &impl Fn(Heard<'_>)) {
        let mut lines = payload.lines();
        let own = lines.next() == Some(&self.name);
        for line in lines {
            match (line.strip_prefix(ALIVE), own) {
                (Some(sent), true) => drop(self.heard.fetch_max(sent.parse().unwrap_or_default(), Relaxed)),
                (Some(_), false) | (None, true) => {}
                (None, false) if line == ANYTHING => hear(Heard::Anything),
                (None, false) => hear(Heard::Line(line)),
            }
        }
    }
}

/// The connection that tells.
struct Line(PgConnection);

impl Line {
    async fn tell(&mut self, payloads: &[String]) -> sqlx::Result<()> {
        for payload in payloads {
            let told = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(payload).execute(&mut self.0);
            timed(told).await?;
        }
        Ok(())
    }
}

async fn timed<T>(work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())))
}
