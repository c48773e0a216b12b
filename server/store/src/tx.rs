//! An open transaction, and how it is lent to a verb.

use crate::{
    connections,
    error::{Error, Result, retries},
    query::Query,
    writer::{Commit, Loan},
};
use sqlx::{Executor as _, Sqlite, Transaction, pool::PoolConnection};
use std::sync::{Arc, Mutex, PoisonError};

/// How a statement failed.
#[derive(Clone, Copy)]
pub(crate) enum Failed {
    Retry,
    /// The connection was dead.
    Gone,
    Other,
}

pub(crate) enum Conn {
    /// With an open transaction.
    Postgres(connections::Loan),
    PostgresPlain(connections::Loan),
    Writer(Loan),
    Reader(Transaction<'static, Sqlite>),
    ReaderPlain(PoolConnection<Sqlite>),
}

impl Conn {
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_) | Self::PostgresPlain(_))
    }
}

/// An open transaction. It remembers a failed statement: Postgres would answer COMMIT with a silent rollback, SQLite would commit the rest.
pub(crate) struct Open {
    pub(crate) conn: Conn,
    pub(crate) failed: Option<Failed>,
}

/// What a verb holds of its transaction. Dropped, it goes home.
pub struct Tx {
    open: Option<Open>,
    home: Home,
}

#[derive(Clone, Default)]
pub(crate) struct Home(Arc<Mutex<Option<Open>>>);

impl Home {
    pub(crate) fn take(&self) -> Option<Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        *self.home.0.lock().unwrap_or_else(PoisonError::into_inner) = self.open.take();
    }
}

impl Tx {
    /// A statement of this text.
    pub fn query(&mut self, sql: &'static str) -> Query<'_> {
        Query::new(self.open.as_mut().expect("open until dropped"), sql)
    }
    /// Whether somebody else may write at the same time. SQLite has one writer, which holds everything.
    pub(crate) fn has_other_writers(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.conn.is_postgres())
    }
}

impl Open {
    pub(crate) fn new(conn: Conn) -> Self {
        Self { conn, failed: None }
    }
    pub(crate) fn lend(self) -> (Tx, Home) {
        let home = Home::default();
        (Tx { open: Some(self), home: home.clone() }, home)
    }
    pub(crate) async fn commit(self) -> Result<Commit> {
        match self.conn {
            Conn::Postgres(mut loan) => {
                points::pass("postgres.commit");
                let committed = loan.conn().execute("COMMIT").await;
                points::pass("postgres.committed");
                match committed {
                    Ok(_) => {
                        loan.keep();
                        Ok(Commit::Done)
                    }
                    Err(e) if retries(&e) => Ok(Commit::Again),
                    Err(sqlx::Error::Database(e)) if e.code().is_some_and(|c| c.starts_with("23")) => {
                        Err(sqlx::Error::Database(e).into())
                    }
                    Err(e) => Err(Error::Unknown(Some(Arc::new(e)))),
                }
            }
            Conn::Writer(loan) => loan.keep().await,
            Conn::Reader(_) | Conn::ReaderPlain(_) | Conn::PostgresPlain(_) => unreachable!("only a write commits"),
        }
    }
    /// Rolls back after a verb that refused, and says whether what it saw counts: if not, it is to judge again.
    pub(crate) async fn refuse(self) -> bool {
        match self.conn {
            Conn::Writer(loan) => loan.undo().await,
            conn => {
                Self { conn, ..self }.rollback().await;
                true
            }
        }
    }
    /// Whatever it answers: a lost connection has rolled back too.
    pub(crate) async fn rollback(self) {
        match self.conn {
            Conn::Postgres(mut loan) => {
                if loan.conn().execute("ROLLBACK").await.is_ok() {
                    loan.keep();
                }
            }
            Conn::PostgresPlain(loan) if self.failed.is_none() => loan.keep(),
            Conn::Reader(tx) => drop(tx.rollback().await),
            Conn::Writer(loan) => drop(loan),
            Conn::ReaderPlain(_) | Conn::PostgresPlain(_) => {}
        }
    }
}
