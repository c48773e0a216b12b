//! What stays in memory since it may be needed again: by name, so many bytes at most, what was asked for last.

use lru::LruCache;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Values by name, each with what it takes.
#[derive(Debug)]
pub(crate) struct Bounded<V> {
    most: usize,
    inner: Mutex<Inner<V>>,
}

#[derive(Debug)]
struct Inner<V> {
    by_name: LruCache<String, (Arc<V>, usize)>,
    taken: usize,
}

impl<V> Bounded<V> {
    /// Keeps so many bytes together.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, inner: Mutex::new(Inner { by_name: LruCache::unbounded(), taken: 0 }) }
    }

    /// What is kept under a name.
    pub(crate) fn of(&self, name: &str) -> Option<Arc<V>> {
        self.lock().by_name.get(name).map(|(value, _)| value.clone())
    }

    /// Keeps a value that takes so many bytes, instead of what has that name; what was not asked for the longest makes room. One that takes more
    /// than there is is not kept.
    pub(crate) fn put(&self, name: String, value: Arc<V>, takes: usize) {
        if takes > self.most {
            return self.forget(&name);
        }
        let mut gone = Vec::new();
        let mut inner = self.lock();
        inner.taken += takes;
        if let Some((value, took)) = inner.by_name.put(name, (value, takes)) {
            inner.taken -= took;
            gone.push(value);
        }
        while inner.taken > self.most
            && let Some((_, (value, took))) = inner.by_name.pop_lru()
        {
            inner.taken -= took;
            gone.push(value);
        }
        // What went may have much in it, and nobody waits while it is taken apart.
        drop(inner);
        drop(gone);
    }

    /// Keeps nothing under this name.
    pub(crate) fn forget(&self, name: &str) {
        let mut inner = self.lock();
        let gone = inner.by_name.pop(name);
        inner.taken -= gone.as_ref().map_or(0, |(_, took)| *took);
        drop(inner);
        drop(gone);
    }

    fn lock(&self) -> MutexGuard<'_, Inner<V>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_last_stays() {
        let cache = Bounded::new(100);
        let put = |name: &str, takes| cache.put(name.into(), Arc::new(takes), takes);
        let kept = || ["a", "b", "c", "d"].map(|name| cache.lock().by_name.peek(name).is_some());
        put("a", 40);
        put("b", 40);
        assert_eq!(cache.of("a").as_deref(), Some(&40));
        put("c", 30);
        assert_eq!(kept(), [true, false, true, false], "b makes room: a was asked for since");
        put("a", 70);
        assert_eq!(kept(), [true, false, true, false], "what has the name goes first");
        put("d", 101);
        assert_eq!(kept(), [true, false, true, false], "it takes more than there is");
        put("c", 101);
        assert_eq!(kept(), [true, false, false, false], "what it would have replaced is no longer true");
        put("b", 100);
        cache.forget("b");
        cache.forget("b");
        assert_eq!((cache.of("b"), cache.lock().taken), (None, 0));
    }
}
