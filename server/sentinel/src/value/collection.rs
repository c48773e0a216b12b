//! Lists and maps. What comes from a document stays a view of it until it is walked or changed, one level at a time.

use std::cell::RefCell;
use std::cmp::Ordering;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use super::{Frozen, Value};

/// A key of a map. Whole floats are integers, so that 1 and 1.0 are one key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Key<'h> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(&'h [u8]),
}

impl<'h> Key<'h> {
    pub(crate) fn of(value: Value<'h>) -> Option<Self> {
        Some(match value {
            Value::Bool(b) => Self::Bool(b),
            Value::Int(i) => Self::Int(i),
            Value::Float(f) if f.fract() == 0.0 && f.abs() < 9e15 => Self::Int(f as i64),
            Value::Float(f) => Self::Float(f),
            Value::Str(s) => Self::Str(s),
            _ => return None,
        })
    }

    pub(crate) fn value(self) -> Value<'h> {
        match self {
            Self::Bool(b) => Value::Bool(b),
            Self::Int(i) => Value::Int(i),
            Self::Float(f) => Value::Float(f),
            Self::Str(s) => Value::Str(s),
        }
    }

    /// The order of sorted documents: by kind, then by value.
    pub(crate) fn order(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(&b),
            (Self::Int(a), Self::Int(b)) => a.cmp(&b),
            (Self::Float(a), Self::Float(b)) => a.total_cmp(&b),
            (Self::Str(a), Self::Str(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Bool(_) => 0,
            Self::Int(_) => 1,
            Self::Float(_) => 2,
            Self::Str(_) => 3,
        }
    }

    fn hash(self) -> u64 {
        fn mix(hash: u64, word: u64) -> u64 {
            (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
        }
        let hash = match self {
            Self::Bool(b) => mix(1, u64::from(b)),
            Self::Int(i) => mix(2, i as u64),
            Self::Float(f) => mix(3, f.to_bits()),
            Self::Str(s) => s.chunks(8).fold(mix(4, s.len() as u64), |hash, chunk| {
                let mut word = [0; 8];
                word[..chunk.len()].copy_from_slice(chunk);
                mix(hash, u64::from_le_bytes(word))
            }),
        };
        hash ^ (hash >> 29)
    }
}

/// Below this many entries a map is searched from the front.
const SMALL: usize = 8;

/// An insertion-ordered hash table in the arena.
pub(crate) struct Table<'h> {
    entries: ArenaVec<'h, (Key<'h>, Value<'h>)>,
    /// Open addressing; an entry's number plus one, zero for free. Empty while the table is small.
    index: ArenaVec<'h, u32>,
}

impl<'h> Table<'h> {
    pub(crate) fn new(bump: &'h Bump) -> Self {
        Self { entries: ArenaVec::new_in(bump), index: ArenaVec::new_in(bump) }
    }

    fn find(&self, key: Key<'_>) -> Option<usize> {
        if self.index.is_empty() {
            return self.entries.iter().position(|(k, _)| *k == key);
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
        if self.entries.len() <= SMALL {
            return;
        }
        let size = (self.entries.len() * 4).next_power_of_two();
        self.index.resize(size, 0);
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
        if let Some(at) = self.find(key) {
            self.entries[at].1 = value;
            return;
        }
        self.entries.push((key, value));
        let len = self.entries.len();
        if len > SMALL && len * 2 > self.index.len() {
            self.rebuild();
        } else if !self.index.is_empty() {
            self.place(len - 1);
        }
    }
}

enum MapState<'h> {
    View(Frozen<'h>, ArenaVec<'h, (Key<'h>, Value<'h>)>),
    Owned(Table<'h>),
}

/// A map, shared by reference.
pub(crate) struct Map<'h> {
    bump: &'h Bump,
    state: RefCell<MapState<'h>>,
}

impl<'h> Map<'h> {
    pub(crate) fn owned(bump: &'h Bump, table: Table<'h>) -> &'h Self {
        bump.alloc(Self { bump, state: RefCell::new(MapState::Owned(table)) })
    }

    pub(super) fn view(bump: &'h Bump, source: Frozen<'h>) -> &'h Self {
        let touched = ArenaVec::new_in(bump);
        bump.alloc(Self { bump, state: RefCell::new(MapState::View(source, touched)) })
    }

    pub(crate) fn len(&self) -> usize {
        match &*self.state.borrow() {
            MapState::View(source, _) => source.len(),
            MapState::Owned(table) => table.entries.len(),
        }
    }

    pub(crate) fn has(&self, key: Key<'_>) -> bool {
        match &*self.state.borrow() {
            MapState::View(source, _) => source.get(key).is_some(),
            MapState::Owned(table) => table.find(key).is_some(),
        }
    }

    pub(crate) fn get(&self, key: Key<'h>) -> Option<Value<'h>> {
        let mut state = self.state.borrow_mut();
        match &mut *state {
            MapState::Owned(table) => table.find(key).map(|at| table.entries[at].1),
            MapState::View(source, touched) => {
                if let Some((_, value)) = touched.iter().find(|(k, _)| *k == key) {
                    return Some(*value);
                }
                let value = source.get(key)?.thaw(self.bump);
                if matches!(value, Value::List(_) | Value::Map(_)) {
                    touched.push((key, value));
                    if touched.len() > SMALL {
                        Self::own(self.bump, &mut state);
                    }
                }
                Some(value)
            }
        }
    }

    fn own(bump: &'h Bump, state: &mut MapState<'h>) {
        let MapState::View(source, touched) = state else { return };
        let mut table = Table::new(bump);
        for (key, value) in source.entries() {
            let value = touched.iter().find(|(k, _)| *k == key).map_or_else(|| value.thaw(bump), |(_, v)| *v);
            table.entries.push((key, value));
        }
        table.rebuild();
        *state = MapState::Owned(table);
    }

    fn with_table<T>(&self, work: impl FnOnce(&mut Table<'h>) -> T) -> T {
        let mut state = self.state.borrow_mut();
        Self::own(self.bump, &mut state);
        match &mut *state {
            MapState::Owned(table) => work(table),
            MapState::View(..) => unreachable!("a map was just made its own"),
        }
    }

    /// A snapshot of the entries.
    pub(crate) fn entries(&self) -> Vec<(Key<'h>, Value<'h>)> {
        self.with_table(|t| t.entries.to_vec())
    }

    pub(crate) fn insert(&self, key: Key<'h>, value: Value<'h>) {
        self.with_table(|t| t.insert(key, value));
    }

    pub(crate) fn remove(&self, key: Key<'_>) {
        self.with_table(|t| {
            if let Some(at) = t.find(key) {
                t.entries.remove(at);
                t.rebuild();
            }
        });
    }
}

enum ListState<'h> {
    View(Frozen<'h>),
    Owned(ArenaVec<'h, Value<'h>>),
}

/// A list, shared by reference.
pub(crate) struct List<'h> {
    bump: &'h Bump,
    state: RefCell<ListState<'h>>,
}

impl<'h> List<'h> {
    pub(crate) fn owned(bump: &'h Bump, items: impl IntoIterator<Item = Value<'h>>) -> &'h Self {
        let items = ArenaVec::from_iter_in(items, bump);
        bump.alloc(Self { bump, state: RefCell::new(ListState::Owned(items)) })
    }

    pub(super) fn view(bump: &'h Bump, source: Frozen<'h>) -> &'h Self {
        bump.alloc(Self { bump, state: RefCell::new(ListState::View(source)) })
    }

    pub(crate) fn len(&self) -> usize {
        match &*self.state.borrow() {
            ListState::View(source) => source.len(),
            ListState::Owned(items) => items.len(),
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut ArenaVec<'h, Value<'h>>) -> T) -> T {
        let mut state = self.state.borrow_mut();
        if let ListState::View(source) = &*state {
            let items = ArenaVec::from_iter_in(source.items().map(|i| i.thaw(self.bump)), self.bump);
            *state = ListState::Owned(items);
        }
        match &mut *state {
            ListState::Owned(items) => work(items),
            ListState::View(_) => unreachable!("a list was just made its own"),
        }
    }

    pub(crate) fn get(&self, n: usize) -> Option<Value<'h>> {
        self.with(|items| items.get(n).copied())
    }

    /// A snapshot of the elements.
    pub(crate) fn items(&self) -> Vec<Value<'h>> {
        self.with(|items| items.to_vec())
    }

    pub(crate) fn push(&self, value: Value<'h>) {
        self.with(|items| items.push(value));
    }

    /// Replaces an element; false when there is none at `n`.
    pub(crate) fn set(&self, n: usize, value: Value<'h>) -> bool {
        self.with(|items| items.get_mut(n).map(|slot| *slot = value).is_some())
    }
}
