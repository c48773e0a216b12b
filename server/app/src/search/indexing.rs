//! What this process knows of its work on the index.

use domain::id::WorkspaceId;
use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

/// The pause after a first failure; it doubles with each.
const FIRST: Duration = Duration::from_secs(5);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(600);

/// Which workspaces could not be indexed, and when they are tried again.
#[derive(Debug, Default)]
pub(crate) struct Indexing {
    failures: Mutex<HashMap<WorkspaceId, (u32, Duration)>>,
    /// Whether the setting was compared with what the index was made for.
    pub(super) compared: AtomicBool,
    /// Whether it was said that another server has another one.
    told: AtomicBool,
}

impl Indexing {
    /// Whether a workspace is not to be tried yet. Moments are those of the steady clock.
    pub(super) fn waits(&self, id: &WorkspaceId, now: Duration) -> bool {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.get(id).is_some_and(|(_, until)| now < *until)
    }

    /// After which pause a workspace that failed is tried again.
    pub(super) fn failed(&self, id: &WorkspaceId, now: Duration) -> Duration {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, until) = failures.entry(id.clone()).or_default();
        let pause = FIRST.saturating_mul(1 << (*count).min(10)).min(LONGEST);
        *count = count.saturating_add(1);
        *until = now.saturating_add(pause);
        pause
    }

    /// Nothing is wrong with it.
    pub(super) fn succeeded(&self, id: &WorkspaceId) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// Whether this is the first time that another setting is met.
    pub(super) fn meets_another(&self) -> bool {
        !self.told.swap(true, Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let (indexing, id) = (Indexing::default(), WorkspaceId::new(&[1; 32]));
        let at = Duration::from_secs;
        assert!(!indexing.waits(&id, at(0)));
        assert_eq!([0, 5, 15].map(|now| indexing.failed(&id, at(now))), [5, 10, 20].map(at));
        assert!(indexing.waits(&id, at(34)) && !indexing.waits(&id, at(35)));
        assert!(!indexing.waits(&WorkspaceId::new(&[2; 32]), at(0)));
        for _ in 0..99 {
            assert!(indexing.failed(&id, at(99)) <= LONGEST);
        }
        indexing.succeeded(&id);
        assert!(!indexing.waits(&id, at(0)));
    }
}
