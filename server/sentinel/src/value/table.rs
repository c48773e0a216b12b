//! The insertion-ordered hash table behind maps.

use std::cmp::Ordering;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use super::{Key, Value};

/// Up to this many entries a table is searched from the front.
pub(super) const SMALL: usize = 8;

/// Entries in the arena, in the order they were put in. As long as that order is the sorted one there is no index.
pub(crate) struct Table<'h> {
    pub(super) entries: ArenaVec<'h, (Key<'h>, Value<'h>)>,
    sorted: bool,
    /// Open addressing; an entry's number plus one, zero for free. Empty while the table is small or sorted.
    index: ArenaVec<'h, u32>,
}

impl<'h> Table<'h> {
    pub(crate) fn new(bump: &'h Bump) -> Self {
        Self { entries: ArenaVec::new_in(bump), sorted: true, index: ArenaVec::new_in(bump) }
    }

    /// A table of entries whose keys ascend.
    pub(super) fn sorted(bump: &'h Bump, entries: impl Iterator<Item = (Key<'h>, Value<'h>)>) -> Self {
        Self { entries: ArenaVec::from_iter_in(entries, bump), sorted: true, index: ArenaVec::new_in(bump) }
    }

    pub(crate) fn find(&self, key: Key<'_>) -> Option<usize> {
        if self.entries.len() <= SMALL {
            return self.entries.iter().position(|(k, _)| *k == key);
        }
        if self.sorted {
            return self.entries.binary_search_by(|(k, _)| k.order(key)).ok();
        }
        let mask = self.index.len() - 1;
        let mut at = key.hash() as usize & mask;
        loop {
            match self.index[at] {
                0 => return None,
                n if self.entries[n as usize - 1].0 == key => return Some(n as usize - 1),
                _ => at = (at + 1) & mask,
            }
        }
    }

    fn rebuild(&mut self) {
        self.index.clear();
        if self.sorted || self.entries.len() <= SMALL {
            return;
        }
        self.index.resize((self.entries.len() * 4).next_power_of_two(), 0);
        for n in 0..self.entries.len() {
            self.place(n);
        }
    }

    fn place(&mut self, n: usize) {
        let mask = self.index.len() - 1;
        let mut at = self.entries[n].0.hash() as usize & mask;
        while self.index[at] != 0 {
            at = (at + 1) & mask;
        }
        self.index[at] = n as u32 + 1;
    }

    pub(crate) fn insert(&mut self, key: Key<'h>, value: Value<'h>) {
        let ascends = self.sorted && self.entries.last().is_none_or(|(last, _)| last.order(key) == Ordering::Less);
        if !ascends {
            if let Some(at) = self.find(key) {
                self.entries[at].1 = value;
                return;
            }
            self.sorted = false;
        }
        self.entries.push((key, value));
        let len = self.entries.len();
        if self.sorted || len <= SMALL {
            return;
        }
        if len * 2 > self.index.len() { self.rebuild() } else { self.place(len - 1) }
    }

    pub(super) fn remove(&mut self, key: Key<'_>) {
        if let Some(at) = self.find(key) {
            self.entries.remove(at);
            self.rebuild();
        }
    }
}
