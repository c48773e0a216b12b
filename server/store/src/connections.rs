//! Connections to Postgres, kept from one use to the next. A pool that tests a connection when it comes back pays a round trip for each
//! use; here a connection comes back only from a use that ended in order, and any other is closed.

use sqlx::{ConnectOptions as _, PgConnection, postgres::PgConnectOptions};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

/// The longest that anybody waits for a connection.
const PATIENCE: Duration = Duration::from_secs(10);
/// A connection that nobody needed for so long may be dead without having said so.
const STALE: Duration = Duration::from_secs(300);

/// The connections of one process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Connections(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: PgConnectOptions,
    /// The one that came back last is the first to go out.
    free: Mutex<Vec<(PgConnection, Instant)>>,
    turns: Arc<Semaphore>,
}

/// A connection in use. Dropped, it is closed; what ended in order is [kept](Self::keep).
#[derive(Debug)]
pub(crate) struct Loan {
    conn: PgConnection,
    home: Connections,
    _turn: OwnedSemaphorePermit,
}

impl Connections {
    pub(crate) fn new(options: PgConnectOptions, most: usize) -> Self {
        let inner = Inner { options, free: Mutex::default(), turns: Arc::new(Semaphore::new(most)) };
        Self(Arc::new(inner))
    }
    pub(crate) fn options(&self) -> &PgConnectOptions {
        &self.0.options
    }
    pub(crate) async fn acquire(&self) -> sqlx::Result<Loan> {
        let acquire = async {
            let turn = Arc::clone(&self.0.turns).acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
            // In a statement of its own: in the match's head it would stay locked through the arms, and `forget` would wait for itself.
            let newest = self.free().pop();
            let conn = match newest {
                Some((conn, since)) if since.elapsed() < STALE => Some(conn),
                // The others have waited even longer.
                Some(_) => {
                    self.forget();
                    None
                }
                None => None,
            };
            let conn = match conn {
                Some(conn) => conn,
                None => self.0.options.connect().await?,
            };
            Ok(Loan { conn, home: self.clone(), _turn: turn })
        };
        timeout(PATIENCE, acquire).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }
    /// Closes what is not in use: after one connection was found dead, the others are likely to be.
    pub(crate) fn forget(&self) {
        let gone = std::mem::take(&mut *self.free());
        drop(gone);
    }
    /// Lends nothing any more.
    pub(crate) fn close(&self) {
        self.0.turns.close();
        self.forget();
    }
    fn free(&self) -> std::sync::MutexGuard<'_, Vec<(PgConnection, Instant)>> {
        self.0.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Loan {
    pub(crate) fn conn(&mut self) -> &mut PgConnection {
        &mut self.conn
    }
    /// Gives it back after a use that ended in order: no statement was cut off, and no transaction is open.
    pub(crate) fn keep(self) {
        if !self.home.0.turns.is_closed() {
            self.home.free().push((self.conn, Instant::now()));
        }
    }
}
