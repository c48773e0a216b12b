//! What the states that this process wrote last hold: the next state of the same workspace is compared with that, not with rows that are read
//! for it. What a version holds never changes, so whoever asks by the version that is current is told the truth or nothing.

use domain::id::StateVersionId;
use lru::LruCache;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use store::state::Resource;

/// So many instances are remembered together.
const MOST: usize = 100_000;

/// The hash of each instance of a state, by address.
pub(super) type Hashes = HashMap<String, Vec<u8>>;

/// The hashes of states by their version, those that were asked for last.
#[derive(Debug)]
pub(crate) struct Remembered(Mutex<(LruCache<String, Arc<Hashes>>, usize)>);

impl Default for Remembered {
    fn default() -> Self {
        Self(Mutex::new((LruCache::unbounded(), 0)))
    }
}

impl Remembered {
    /// What a version holds, if that is known here.
    pub(super) fn of(&self, version: &str) -> Option<Arc<Hashes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.get(version).cloned()
    }

    /// Remembers what a version holds. The one whose place it took is forgotten.
    pub(super) fn put(&self, version: &StateVersionId, resources: &[Resource], before: Option<&str>) {
        let hashes = (resources.len() <= MOST).then(|| Arc::new(by_address(resources)));
        let (known, count) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *count -= before.and_then(|before| known.pop(before)).map_or(0, |gone| gone.len());
        let Some(hashes) = hashes else { return };
        *count += hashes.len();
        *count -= known.put(version.to_string(), hashes).map_or(0, |gone| gone.len());
        while *count > MOST {
            *count -= known.pop_lru().map_or(*count, |(_, gone)| gone.len());
        }
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
        remembered.put(&c, &resources(MOST - 3), None);
        assert!(remembered.of(b.as_str()).is_some());
        remembered.put(&d, &resources(1), None);
        assert!(remembered.of(c.as_str()).is_none() && remembered.of(b.as_str()).is_some());
        remembered.put(&a, &resources(MOST + 1), Some(b.as_str()));
        assert!(remembered.of(a.as_str()).is_none() && remembered.of(b.as_str()).is_none());
        assert_eq!(remembered.0.lock().unwrap().1, 1);
    }
}
