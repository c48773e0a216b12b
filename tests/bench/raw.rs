//! What the machine can do without us: the rate of fdatasync, and plain inserts of the same bytes by as many connections.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

/// How long each limit is measured.
const WHILE: Duration = Duration::from_secs(3);

/// Appends of `length` bytes with an fdatasync after each, one after another, each second.
pub(crate) fn fdatasync(folder: &Path, length: usize) -> f64 {
    let mut file = File::create(folder.join("fdatasync")).expect("a file to sync");
    let (block, began, mut count) = (vec![7; length], Instant::now(), 0_u32);
    while began.elapsed() < WHILE {
        file.write_all(&block).and_then(|()| file.sync_data()).expect("append and sync");
        count += 1;
    }
    f64::from(count) / began.elapsed().as_secs_f64()
}

/// Inserts of `state` into a table without anything else, each committed by itself, each second.
pub(crate) async fn postgres(url: &str, state: &str, connections: u32) -> f64 {
    let pool = PgPoolOptions::new().max_connections(connections).connect(url).await.expect("connect to Postgres");
    sqlx::query("CREATE TABLE plain (id BIGSERIAL PRIMARY KEY, state BYTEA NOT NULL)")
        .execute(&pool)
        .await
        .expect("create");
    rate(connections, async |_| {
        let insert = sqlx::query("INSERT INTO plain (state) VALUES ($1)").bind(state.as_bytes()).execute(&pool);
        insert.await.expect("insert");
    })
    .await
}

/// As [`postgres`], into a file of SQLite with the server's own durability.
pub(crate) async fn sqlite(folder: &Path, state: &str, connections: u32) -> f64 {
    let options = SqliteConnectOptions::new()
        .filename(folder.join("plain.sqlite"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(60));
    let pool = SqlitePoolOptions::new().max_connections(connections).connect_with(options).await.expect("open SQLite");
    sqlx::query("CREATE TABLE plain (id INTEGER PRIMARY KEY, state BLOB NOT NULL)")
        .execute(&pool)
        .await
        .expect("create");
    rate(connections, async |_| {
        let insert = sqlx::query("INSERT INTO plain (state) VALUES ($1)").bind(state.as_bytes()).execute(&pool);
        insert.await.expect("insert");
    })
    .await
}

/// How often `clients` tasks together do `deed` each second.
async fn rate(clients: u32, deed: impl AsyncFn(u32)) -> f64 {
    let (count, began) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let client = async |number| {
        while began.elapsed() < WHILE {
            deed(number).await;
            count.fetch_add(1, Ordering::Relaxed);
        }
    };
    futures::future::join_all((0..clients).map(client)).await;
    count.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}
