//! Callers whose tokens were looked up already. A token is asked about on every request, and changes almost never.
//!
//! Everything is forgotten the moment a token is revoked. On SQLite this process is the only one that revokes; on Postgres every other
//! server is told with the revocation's own commit, and a server that may have missed that (its connection is lost, its own beat no longer
//! comes back) asks the database each time: `hears` is false.

use domain::time::Time;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use store::user::User;

/// How many are kept.
const MOST: usize = 10_000;

/// The people behind tokens, by hash.
#[derive(Debug, Default)]
pub struct Known(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Rises whenever something is forgotten: what was looked up before may be stale.
    generation: u64,
    users: HashMap<[u8; 32], (User, Option<i64>)>,
}

/// What was known when a look-up began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked(Option<u64>);

impl Known {
    /// The person, if known and the token is not over.
    pub(crate) fn find(&self, hash: &[u8; 32], now: Time, hears: bool) -> Option<User> {
        if !hears {
            return None;
        }
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (user, until) = inner.users.get(hash)?;
        until.is_none_or(|until| until > now.micros()).then(|| user.clone())
    }
    /// To be called before the database is asked.
    pub(crate) fn ask(&self, hears: bool) -> Asked {
        Asked(hears.then(|| self.0.lock().unwrap_or_else(PoisonError::into_inner).generation))
    }
    /// Keeps what the database said, unless something was forgotten meanwhile.
    pub(crate) fn keep(&self, asked: Asked, hash: [u8; 32], user: &User, until: Option<i64>) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.0 != Some(inner.generation) {
            return;
        }
        if inner.users.len() >= MOST {
            inner.users.clear();
        }
        inner.users.insert(hash, (user.clone(), until));
    }
    /// To be called after a token was revoked or a person changed.
    pub(crate) fn forget(&self) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.generation += 1;
        inner.users.clear();
    }
}
