//! The line of runners that wait for a phase. Whoever has something to hand out wakes one of them, and that one wakes the next as long as
//! there is more: as many are woken as there are phases, however many wait. A wake-up is never lost: one that its runner cannot use any
//! more goes on to the next.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{sync::Notify, time::timeout};

/// How many runners of a pool take a phase at the same moment: enough to share a commit, few enough to leave connections to others.
const TAKING: usize = 8;

/// The runners that wait, by whose they are.
#[derive(Debug, Default)]
pub(crate) struct Line(Mutex<HashMap<String, Arc<Pool>>>);

#[derive(Debug, Default)]
struct Pool {
    turn: Notify,
    waiting: AtomicUsize,
    taking: AtomicUsize,
}

/// The place of one runner in the line, until dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    line: &'a Line,
    name: String,
    pool: Arc<Pool>,
    /// It was woken, or sees something: if it goes away another has to look.
    turn: bool,
    taking: bool,
}

impl Line {
    /// Something is to be handed out, or may be.
    pub(crate) fn wake(&self) {
        for pool in self.0.lock().unwrap_or_else(PoisonError::into_inner).values() {
            pool.turn.notify_one();
        }
    }
    /// Joins the line of a pool; the server's own runners are of the pool without a name.
    pub(crate) fn join(&self, name: &str) -> Place<'_> {
        let mut pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pool = Arc::clone(pools.entry(name.to_owned()).or_default());
        pool.waiting.fetch_add(1, Relaxed);
        Place { line: self, name: name.to_owned(), pool, turn: false, taking: false }
    }
    /// How many runners of a pool wait and are not taking anything.
    pub(crate) fn idle(&self, name: &str) -> usize {
        let pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |pool: &Arc<Pool>| pool.waiting.load(Relaxed).saturating_sub(pool.taking.load(Relaxed));
        pools.get(name).map_or(0, of)
    }
}

impl Place<'_> {
    /// Waits for its turn, at most so long.
    pub(crate) async fn wait(&mut self, longest: Duration) {
        self.turn = timeout(longest, self.pool.turn.notified()).await.is_ok();
    }
    /// It sees so many phases and is about to take one.
    pub(crate) fn found(&mut self, offers: usize) {
        self.turn = true;
        if !std::mem::replace(&mut self.taking, true) {
            self.pool.taking.fetch_add(1, Relaxed);
        }
        if self.pool.taking.load(Relaxed) < offers.min(TAKING) {
            self.pool.turn.notify_one();
        }
    }
    /// It has taken one; there may be more.
    pub(crate) fn took(&mut self) {
        self.took_none();
        self.pool.turn.notify_one();
    }
    /// There is nothing for it.
    pub(crate) fn took_none(&mut self) {
        self.turn = false;
        if std::mem::take(&mut self.taking) {
            self.pool.taking.fetch_sub(1, Relaxed);
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.turn {
            self.took();
        }
        let mut pools = self.line.0.lock().unwrap_or_else(PoisonError::into_inner);
        if self.pool.waiting.fetch_sub(1, Relaxed) == 1 {
            // The next runner of the pool looks by itself when it joins.
            pools.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was not woken yet is not waited for.
    const NOW: Duration = Duration::ZERO;

    #[tokio::test]
    async fn one_wake_up_wakes_one() {
        let line = Line::default();
        let (mut first, mut second) = (line.join(""), line.join(""));
        line.wake();
        first.wait(NOW).await;
        second.wait(NOW).await;
        assert_eq!((first.turn, second.turn), (true, false));
    }

    #[tokio::test]
    async fn who_sees_more_wakes_the_next() {
        let line = Line::default();
        let mut places: Vec<_> = (0..5).map(|_| line.join("")).collect();
        line.wake();
        for (at, offers) in [(0, 3), (1, 3), (2, 3)] {
            places[at].wait(NOW).await;
            assert!(places[at].turn, "{at}");
            places[at].found(offers);
        }
        places[3].wait(NOW).await;
        assert!(!places[3].turn, "three take what three can have");
        assert_eq!(line.idle(""), 2);
        places[0].took();
        places[3].wait(NOW).await;
        assert!(places[3].turn, "whoever took one lets another look");
    }

    #[tokio::test]
    async fn a_turn_outlives_its_runner() {
        let line = Line::default();
        let (mut first, mut second) = (line.join(""), line.join(""));
        line.wake();
        first.wait(NOW).await;
        drop(first);
        second.wait(NOW).await;
        assert!(second.turn);
        second.took_none();
        second.wait(NOW).await;
        assert!(!second.turn, "it found nothing: nobody has to look");
    }

    #[tokio::test]
    async fn a_wake_up_before_the_wait_counts() {
        let line = Line::default();
        let mut place = line.join("");
        line.wake();
        place.wait(NOW).await;
        assert!(place.turn);
    }

    #[tokio::test]
    async fn pools_are_woken_apart() {
        let line = Line::default();
        let (mut own, mut pooled) = (line.join(""), line.join("apool-1"));
        line.wake();
        own.wait(NOW).await;
        pooled.wait(NOW).await;
        assert!(own.turn && pooled.turn, "one of each");
        assert_eq!((line.idle("apool-1"), line.idle("apool-2")), (1, 0));
        drop(pooled);
        assert_eq!(line.idle("apool-1"), 0);
    }
}
