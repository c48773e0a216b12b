//! The one way to write and the two ways to read.

use crate::{
    connections::{Connections, Loan},
    error::{Error, Result, disconnected},
    migration,
    tx::{Conn, Failed, Open, Tx},
    writer::{Commit, Writer},
};
use sqlx::{
    ConnectOptions as _, Connection as _, Executor as _,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous},
};
use std::{path::Path, str::FromStr, time::Duration};
use tokio::time::{sleep, timeout};

/// The most connections to Postgres, beside the two of the post.
const CONNECTIONS: usize = 32;
/// How often a verb may lose against others before it gives up.
const ATTEMPTS: u32 = 8;
/// How long a database that was lost while committing is given before it is asked again; doubled with each attempt, about 6 s in all.
const AWAY: Duration = Duration::from_millis(25);
/// The longest that a verb may hold its transaction.
const PATIENCE: Duration = Duration::from_secs(5);

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Store {
    /// Postgres: many servers.
    Postgres(Connections),
    /// SQLite: one server, nothing to install.
    Sqlite {
        /// The connection that writes.
        writer: Writer,
        /// Connections that read.
        readers: SqlitePool,
    },
}

impl Store {
    /// Opens a SQLite file, makes it when it is missing, and brings it to this build's shape.
    pub async fn sqlite(path: &Path) -> Result<Self, migration::Error> {
        let options = sqlite_options(path).create_if_missing(true);
        migration::sqlite(&options).await?;
        Self::open_sqlite(options).await
    }

    /// Opens a SQLite file that a server may be using meanwhile. It has this build's shape, or is refused: nothing is changed.
    pub async fn attach_sqlite(path: &Path) -> Result<Self, migration::Error> {
        let options = sqlite_options(path).create_if_missing(false);
        let mut conn = options.connect().await?;
        let applied: Vec<(i64,)> = sqlx::query_as(migration::APPLIED).fetch_all(&mut conn).await?;
        conn.close().await?;
        migration::compare(&applied.into_iter().map(|(version,)| version).collect::<Vec<_>>())?;
        Self::open_sqlite(options).await
    }

    async fn open_sqlite(options: SqliteConnectOptions) -> Result<Self, migration::Error> {
        let writer = Writer::open(options.clone()).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(8)
            .min_connections(1)
            .test_before_acquire(false)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self::Sqlite { writer, readers })
    }

    /// Connects to Postgres and brings the database to this build's shape.
    pub async fn postgres(url: &str) -> Result<Self, migration::Error> {
        let options = postgres_options(url)?;
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options.clone())
            .await?;
        migration::postgres(&pool).await?;
        pool.close().await;
        Ok(Self::Postgres(Connections::new(options, CONNECTIONS)))
    }

    /// Connects to a Postgres database that servers may be using meanwhile. It has this build's shape, or is refused: nothing is changed.
    pub async fn attach_postgres(url: &str) -> Result<Self, migration::Error> {
        let options = postgres_options(url)?;
        let mut conn = options.connect().await?;
        let applied: Vec<(i64,)> = sqlx::query_as(migration::APPLIED).fetch_all(&mut conn).await?;
        conn.close().await?;
        migration::compare(&applied.into_iter().map(|(version,)| version).collect::<Vec<_>>())?;
        Ok(Self::Postgres(Connections::new(options, CONNECTIONS)))
    }

    /// Runs `verb` in a transaction and commits it if the answer is `Ok`. The verb may run more than once: `Fn` lets it borrow what
    /// surrounds it, not change it or move out of it. No other IO inside: on SQLite everyone waits for it.
    pub async fn write<T, E, F, R>(&self, verb: F) -> Result<T, E>
    where
        E: From<Error>,
        F: Fn(Tx) -> R + Send + Sync,
        R: Future<Output = Result<T, E>> + Send,
    {
        self.commit(|tx, _| verb(tx), false).await
    }

    /// As [`Store::write`], for what must not be done twice by a client that hears of an error and asks again. Where the database was lost
    /// while committing, nobody knows whether it happened: the verb runs once more, as soon as the database is back, and is told so (`true`).
    /// It looks first, under the lock that the first go held, for what the first go wrote, and answers with that if it is there.
    ///
    /// # Errors
    /// [`Error::Unknown`] when the database did not come back in time.
    pub async fn write_once<T, E, F, R>(&self, verb: F) -> Result<T, E>
    where
        E: From<Error>,
        F: Fn(Tx, bool) -> R + Send + Sync,
        R: Future<Output = Result<T, E>> + Send,
    {
        self.commit(verb, true).await
    }

    async fn commit<T, E, F, R>(&self, verb: F, once: bool) -> Result<T, E>
    where
        E: From<Error>,
        F: Fn(Tx, bool) -> R + Send + Sync,
        R: Future<Output = Result<T, E>> + Send,
    {
        let mut unknown = None;
        for attempt in 0..ATTEMPTS {
            let again = unknown.is_some();
            if again {
                sleep(AWAY.saturating_mul(1 << attempt)).await;
            }
            let begun = match self.begin(attempt).await {
                Err(_) if again => continue,
                begun => begun?,
            };
            let (tx, home) = begun.lend();
            let Ok(answer) = timeout(PATIENCE, verb(tx, again)).await else {
                // What the first go held may still be held by it: whether it happened is not known yet.
                if again {
                    continue;
                }
                return Err(Error::Slow(PATIENCE).into());
            };
            let Some(open) = home.take() else { return Err(Error::Kept.into()) };
            match (answer, open.failed) {
                (_, Some(Failed::Retry)) => open.rollback().await,
                (Err(_), Some(Failed::Gone)) if again => open.rollback().await,
                (Ok(_), Some(Failed::Gone | Failed::Other)) => return Err(Error::Swallowed.into()),
                (Err(error), _) => {
                    if open.refuse().await || attempt + 1 == ATTEMPTS {
                        return Err(error);
                    }
                }
                (Ok(value), None) => match open.commit().await {
                    Ok(Commit::Done) => return Ok(value),
                    Ok(Commit::Again) => {}
                    Err(Error::Unknown(why)) if once => unknown = Some(why),
                    Err(error) => return Err(error.into()),
                },
            }
        }
        Err(unknown.map_or(Error::Contended(ATTEMPTS), Error::Unknown).into())
    }

    /// Runs `verb` on one snapshot: what its statements see belongs together.
    pub async fn read<T, E, F, R>(&self, verb: F) -> Result<T, E>
    where
        E: From<Error>,
        F: Fn(Tx) -> R + Send + Sync,
        R: Future<Output = Result<T, E>> + Send,
    {
        let conn = match self {
            Self::Postgres(connections) => {
                Conn::Postgres(begin(connections, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
            Self::Sqlite { readers, .. } => Conn::Reader(readers.begin().await.map_err(Error::from)?),
        };
        Self::lend(conn, &verb).await.0
    }

    /// Runs `verb`, whose statements are each a read of its own; the cheapest for a verb of a single statement. It may run a second time, on a
    /// new connection, where the first was dead.
    pub async fn look<T, E, F, R>(&self, verb: F) -> Result<T, E>
    where
        E: From<Error>,
        F: Fn(Tx) -> R + Send + Sync,
        R: Future<Output = Result<T, E>> + Send,
    {
        match self {
            Self::Postgres(connections) => {
                let loan = connections.acquire().await.map_err(Error::from)?;
                match Self::lend(Conn::PostgresPlain(loan), &verb).await {
                    // The next one is new, and what is only read may be read again.
                    (_, Some(Failed::Gone)) => {
                        connections.forget();
                        let loan = connections.acquire().await.map_err(Error::from)?;
                        Self::lend(Conn::PostgresPlain(loan), &verb).await.0
                    }
                    (answer, _) => answer,
                }
            }
            Self::Sqlite { readers, .. } => {
                let conn = readers.acquire().await.map_err(Error::from)?;
                Self::lend(Conn::ReaderPlain(conn), &verb).await.0
            }
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.look(async |mut tx| tx.query("SELECT 1").optional::<(i32,)>().await.map(drop)).await
    }

    /// Closes every connection; what was committed stays.
    pub async fn close(&self) {
        match self {
            Self::Postgres(connections) => connections.close(),
            Self::Sqlite { readers, .. } => readers.close().await,
        }
    }

    /// The verb's answer, and how a statement of it failed, if one did.
    async fn lend<T, E, F, R>(conn: Conn, verb: &F) -> (Result<T, E>, Option<Failed>)
    where
        F: Fn(Tx) -> R,
        R: Future<Output = Result<T, E>>,
    {
        let (tx, home) = Open::new(conn).lend();
        let answer = verb(tx).await;
        let Some(open) = home.take() else { return (answer, None) };
        let failed = open.failed;
        open.rollback().await;
        (answer, failed)
    }

    async fn begin(&self, attempt: u32) -> Result<Open> {
        let conn = match self {
            Self::Postgres(connections) => {
                if attempt > 0 {
                    sleep(Duration::from_micros(500 << attempt)).await;
                }
                Conn::Postgres(begin(connections, "BEGIN ISOLATION LEVEL READ COMMITTED").await?)
            }
            Self::Sqlite { writer, .. } => Conn::Writer(writer.borrow(attempt > 0).await?),
        };
        Ok(Open::new(conn))
    }
}

fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .statement_cache_capacity(256)
        .busy_timeout(Duration::from_secs(5))
}

fn postgres_options(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
    Ok(PgConnectOptions::from_str(url)?.statement_cache_capacity(256).application_name("terrane"))
}

/// A connection with an open transaction. One that was found dead is no failure: the next one is new.
pub(crate) async fn begin(connections: &Connections, sql: &'static str) -> Result<Loan> {
    let mut loan = connections.acquire().await?;
    match loan.conn().execute(sql).await {
        Ok(_) => Ok(loan),
        Err(error) if disconnected(&error) => {
            drop(loan);
            connections.forget();
            let mut loan = connections.acquire().await?;
            loan.conn().execute(sql).await?;
            Ok(loan)
        }
        Err(error) => Err(error.into()),
    }
}
