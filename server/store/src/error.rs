//! What can go wrong between a verb and the database.

use std::{sync::Arc, time::Duration};

/// What a store function answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a read or a write did not happen, or may not have.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The database said no.
    #[error("the database refused: {0}")]
    Database(Arc<sqlx::Error>),
    /// Other writers were faster every time.
    #[error("gave up after {0} attempts against other writers")]
    Contended(u32),
    /// A verb waited for something inside its transaction.
    #[error("a write held its transaction for more than {0:?}")]
    Slow(Duration),
    /// A verb went on after a statement failed: nothing was written.
    #[error("a statement failed and the write went on")]
    Swallowed,
    /// A verb kept its transaction: nothing was written.
    #[error("a write kept its transaction")]
    Kept,
    /// The connection broke while committing: read again before answering.
    #[error("lost the database while committing: the write may or may not have happened")]
    Unknown(#[source] Option<Arc<sqlx::Error>>),
    /// The database has a shape that cannot be copied.
    #[error("copying the database: {0}")]
    Shape(String),
    /// A row that says what no row may say.
    #[error("{table} holds what it can't: {detail}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// What is wrong.
        detail: String,
    },
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl Error {
    /// Whether a row with the same unique value stands in `table` already. SQLite does not name constraints, so the table has to do.
    pub fn is_taken(&self, table: &str) -> bool {
        let Self::Database(error) = self else { return false };
        let Some(error) = error.as_database_error().filter(|e| e.is_unique_violation()) else { return false };
        error.table() == Some(table) || error.message().contains(&format!(" {table}."))
    }
    /// Whether a text holds what no text of the database may: Postgres knows no NUL character.
    pub fn is_unstorable_text(&self) -> bool {
        let Self::Database(error) = self else { return false };
        error.as_database_error().and_then(|e| e.code()).is_some_and(|code| code == "22021")
    }
    /// Whether the database cannot be reached, or has no room or a broken disk: it may be well again later.
    pub fn is_away(&self) -> bool {
        let Self::Database(error) = self else { return false };
        let told = |code: &str| {
            let sqlite = code.parse::<u32>().is_ok_and(|code| SQLITE_AWAY.contains(&(code & 0xff)));
            // Five characters: Postgres. Two of its classes, and those of its operators' words that end connections.
            sqlite && code.len() < 5 || code.len() == 5 && (code.starts_with("08") || code.starts_with("53"))
        };
        let by_code = error.as_database_error().and_then(|e| e.code()).is_some_and(|code| told(&code));
        by_code || disconnected(error) || matches!(**error, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed)
    }
    /// A value of `table` that cannot be read.
    #[expect(clippy::needless_pass_by_value, reason = "callers hand over texts, ids and errors alike")]
    pub fn inconsistent(table: &'static str, detail: impl ToString) -> Self {
        Self::Inconsistent { table, detail: detail.to_string() }
    }
}

/// SQLite's IOERR, FULL and CANTOPEN, without what refines them.
const SQLITE_AWAY: [u32; 3] = [10, 13, 14];

/// A serialization failure or a deadlock: the verb may run again.
pub(crate) fn retries(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|e| e.code()).is_some_and(|code| ["40001", "40P01"].contains(&&*code))
}

/// The connection was dead before the statement reached anybody.
pub(crate) fn disconnected(error: &sqlx::Error) -> bool {
    let closing =
        |e: &dyn sqlx::error::DatabaseError| e.code().is_some_and(|code| ["57P01", "57P02", "57P03"].contains(&&*code));
    matches!(error, sqlx::Error::Io(_)) || error.as_database_error().is_some_and(closing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::Connection as _;

    #[test]
    fn a_pool_without_connections_is_away() {
        for away in [sqlx::Error::PoolTimedOut, sqlx::Error::PoolClosed, sqlx::Error::Io(std::io::Error::other("cut"))]
        {
            assert!(Error::from(away).is_away());
        }
        assert!(!Error::from(sqlx::Error::RowNotFound).is_away());
        assert!(!Error::Swallowed.is_away());
    }

    #[tokio::test]
    async fn a_full_disk_is_away_and_a_refusal_is_not() {
        let mut conn = sqlx::SqliteConnection::connect("sqlite::memory:").await.expect("memory");
        sqlx::raw_sql("CREATE TABLE t (a BLOB UNIQUE); PRAGMA max_page_count = 8")
            .execute(&mut conn)
            .await
            .expect("a table");
        let full =
            sqlx::query("INSERT INTO t VALUES (zeroblob(1000000))").execute(&mut conn).await.expect_err("no room");
        assert!(Error::from(full).is_away());
        sqlx::query("INSERT INTO t VALUES (1)").execute(&mut conn).await.expect("room");
        let taken = sqlx::query("INSERT INTO t VALUES (1)").execute(&mut conn).await.expect_err("taken");
        assert!(!Error::from(taken).is_away());
    }
}
