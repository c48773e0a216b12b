//! What the states that this process wrote last hold: the next state of the same workspace is compared with that, not with rows that are read
//! for it. What a version holds never changes, so whoever asks by the version that is current is told the truth or nothing.

use crate::cache::Bounded;
use domain::id::StateVersionId;
use std::{collections::HashMap, sync::Arc};
use store::state::Resource;

/// So much is remembered together: bytes, about.
const MOST: usize = 24 << 20;
/// What an instance takes beside its address, and what a state without any takes: bytes, about.
const EACH: usize = 128;

/// The hash of each instance of a state, by address.
pub(super) type Hashes = HashMap<String, Vec<u8>>;
/// The instances of a state, by address.
pub(super) type ByAddress<'a> = HashMap<&'a str, &'a Resource>;

/// A state that names an address twice is damaged, and stored as it is; the index holds each address once, as it came last.
pub(super) fn by_address(resources: &[Resource]) -> ByAddress<'_> {
    resources.iter().map(|resource| (resource.address.as_str(), resource)).collect()
}

/// The hashes of states by their version, those that were asked for last.
#[derive(Debug)]
pub(crate) struct Remembered(Bounded<Hashes>);

impl Default for Remembered {
    fn default() -> Self {
        Self(Bounded::new(MOST))
    }
}

impl Remembered {
    /// What a version holds, if that is known here.
    pub(super) fn of(&self, version: &str) -> Option<Arc<Hashes>> {
        self.0.of(version)
    }

    /// Remembers what a version holds. The one whose place it took is forgotten.
    pub(super) fn put(&self, version: &StateVersionId, held: &ByAddress<'_>, before: Option<&str>) {
        if let Some(before) = before {
            self.0.forget(before);
        }
        let takes = EACH + held.keys().map(|address| address.len() + EACH).sum::<usize>();
        if takes <= MOST {
            let hashes = held.iter().map(|(address, resource)| ((*address).to_owned(), resource.hash.clone()));
            self.0.put(version.to_string(), Arc::new(hashes.collect()), takes);
        }
    }

    /// Forgets what a version holds.
    pub(super) fn forget(&self, version: &str) {
        self.0.forget(version);
    }
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
    fn the_newest_of_a_workspace_is_remembered_if_it_is_not_too_large() {
        let remembered = Remembered::default();
        let [a, b, c, d] = [1, 2, 3, 4].map(|n| StateVersionId::new(&[n; 32]));
        let few = resources(3);
        remembered.put(&a, &by_address(&few), None);
        remembered.put(&b, &by_address(&few), Some(a.as_str()));
        assert!(remembered.of(a.as_str()).is_none(), "its place was taken");
        assert_eq!(remembered.of(b.as_str()).unwrap()["2"], [1]);
        let many = resources(MOST / EACH);
        remembered.put(&c, &by_address(&many), Some(b.as_str()));
        assert!(remembered.of(b.as_str()).is_none() && remembered.of(c.as_str()).is_none(), "it takes too much");
        remembered.put(&d, &by_address(&many[..10_000]), None);
        assert_eq!(remembered.of(d.as_str()).unwrap().len(), 10_000);
    }

    #[test]
    fn states_of_nothing_are_forgotten_too() {
        let remembered = Remembered::default();
        let version = |n: u64| {
            let mut entropy = [0; 32];
            for (at, digit) in entropy.iter_mut().take(8).enumerate() {
                *digit = u8::try_from(n >> (5 * at) & 31).unwrap();
            }
            StateVersionId::new(&entropy)
        };
        for n in 0..=(MOST / EACH) as u64 {
            remembered.put(&version(n), &by_address(&[]), None);
        }
        assert!(remembered.of(version(0).as_str()).is_none() && remembered.of(version(1).as_str()).is_some());
    }
}
