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
    /// A value of `table` that cannot be read.
    #[expect(clippy::needless_pass_by_value, reason = "callers hand over texts, ids and errors alike")]
    pub fn inconsistent(table: &'static str, detail: impl ToString) -> Self {
        Self::Inconsistent { table, detail: detail.to_string() }
    }
}

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
