//! What the states that this process wrote last hold: the next state of the same workspace is compared with that, not with rows that are read
//! for it. What a version holds never changes, so whoever asks by the version that is current is told the truth or nothing.

use domain::id::StateVersionId;
use lru::LruCache;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use store::state::Resource;

/// So much is remembered together: bytes, about.
const MOST: usize = 24 << 20;
/// What an instance takes beside its address, and what a state without any takes: bytes, about.
const EACH: usize = 128;

/// The hash of each instance of a state, by address.
pub(super) type Hashes = HashMap<String, Vec<u8>>;

/// The hashes of states by their version, those that were asked for last.
#[derive(Debug, Default)]
pub(crate) struct Remembered(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    /// With what each takes.
    by_version: LruCache<String, (Arc<Hashes>, usize)>,
    taken: usize,
}

impl Default for Inner {
    fn default() -> Self {
        Self { by_version: LruCache::unbounded(), taken: 0 }
    }
}

impl Remembered {
    /// What a version holds, if that is known here.
    pub(super) fn of(&self, version: &str) -> Option<Arc<Hashes>> {
        self.lock().by_version.get(version).map(|(hashes, _)| hashes.clone())
    }

    /// Remembers what a version holds. The one whose place it took is forgotten.
    pub(super) fn put(&self, version: &StateVersionId, resources: &[Resource], before: Option<&str>) {
        let takes = EACH + resources.iter().map(|resource| resource.address.len() + EACH).sum::<usize>();
        let hashes = (takes <= MOST).then(|| Arc::new(by_address(resources)));
        if let Some(before) = before {
            self.forget(before);
        }
        let Some(hashes) = hashes else { return };
        let mut inner = self.lock();
        inner.taken += takes;
        let replaced = inner.by_version.put(version.to_string(), (hashes, takes));
        inner.taken -= replaced.map_or(0, |(_, took)| took);
        while inner.taken > MOST
            && let Some((_, (_, took))) = inner.by_version.pop_lru()
        {
            inner.taken -= took;
        }
    }

    /// Forgets what a version holds.
    pub(super) fn forget(&self, version: &str) {
        let mut inner = self.lock();
        let took = inner.by_version.pop(version).map_or(0, |(_, took)| took);
        inner.taken -= took;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A state that names an address twice is damaged, and stored as it is; the index holds each address once, as it came last.
fn by_address(resources: &[Resource]) -> Hashes {
    resources.iter().map(|resource| (resource.address.clone(), resource.hash.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resources(count: usize) -> Vec<Resource> {
        let one = |n: usize| Resource {
            address: n.to_string(),
            kind: String::new(),
            module: String::new(),
            provider: String::new(),
            hash: vec![1],
            attributes: String::new(),
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn what_was_asked_for_last_stays() {
        let remembered = Remembered::default();
        let [a, b, c, d] = [1, 2, 3, 4].map(|n| StateVersionId::new(&[n; 32]));
        remembered.put(&a, &resources(3), None);
        remembered.put(&b, &resources(3), Some(a.as_str()));
        assert!(remembered.of(a.as_str()).is_none(), "its place was taken");
        assert_eq!(remembered.of(b.as_str()).unwrap().len(), 3);
        let many = resources(MOST / (EACH + 6) - 10);
        remembered.put(&c, &many, None);
        assert!(remembered.of(b.as_str()).is_some());
        remembered.put(&d, &many[..10_000], None);
        assert!(remembered.of(c.as_str()).is_none() && remembered.of(b.as_str()).is_some());
        remembered.put(&a, &resources(2 * many.len()), Some(b.as_str()));
        assert!(remembered.of(a.as_str()).is_none() && remembered.of(b.as_str()).is_none(), "it takes too much");
        remembered.forget(d.as_str());
        assert_eq!(remembered.lock().taken, 0);
    }

    #[test]
    fn states_of_nothing_are_forgotten_too() {
        let remembered = Remembered::default();
        for n in 0..2 * (MOST / EACH) as u64 {
            let mut entropy = [0; 32];
            for (at, digit) in entropy.iter_mut().take(8).enumerate() {
                *digit = u8::try_from(n >> (5 * at) & 31).unwrap();
            }
            remembered.put(&StateVersionId::new(&entropy), &[], None);
        }
        assert!(remembered.lock().by_version.len() <= MOST / EACH);
    }
}
