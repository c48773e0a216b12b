//! Maps. What comes from a document stays a view of it until it is changed, one level at a time.

use std::cell::{Cell, RefCell};

use bumpalo::Bump;
use serde_json::{Map as JsonMap, Value as Json};

use super::frozen::{Nodes, member};
use super::table::SMALL;
use super::{Frozen, Key, Table, Value, Watch};

/// A collection that a view has shown: whoever asks again gets the same one.
struct Shown<'h> {
    key: Key<'h>,
    value: Value<'h>,
    next: Option<&'h Shown<'h>>,
}

enum State<'h> {
    /// An object of a document, and the collections in it that were shown.
    Document {
        object: &'h JsonMap<String, Json>,
        shown: Option<&'h Shown<'h>>,
        count: usize,
    },
    /// Numbered entries, and a place for each collection among them that was shown.
    Nodes(Nodes<'h>, Option<&'h [Cell<Value<'h>>]>),
    Owned(&'h mut Table<'h>),
}

/// A map, shared by reference.
pub(crate) struct Map<'h> {
    bump: &'h Bump,
    state: RefCell<State<'h>>,
    watch: Watch<'h>,
}

fn is_collection(value: Value<'_>) -> bool {
    matches!(value, Value::List(_) | Value::Map(_))
}

impl<'h> Map<'h> {
    pub(crate) fn owned(bump: &'h Bump, table: Table<'h>) -> &'h Self {
        bump.alloc(Self { bump, state: RefCell::new(State::Owned(bump.alloc(table))), watch: Watch::default() })
    }

    pub(super) fn view(bump: &'h Bump, nodes: Nodes<'h>) -> &'h Self {
        bump.alloc(Self { bump, state: RefCell::new(State::Nodes(nodes, None)), watch: Watch::default() })
    }

    pub(super) fn document(bump: &'h Bump, object: &'h JsonMap<String, Json>) -> &'h Self {
        let state = State::Document { object, shown: None, count: 0 };
        bump.alloc(Self { bump, state: RefCell::new(state), watch: Watch::default() })
    }

    pub(crate) fn len(&self) -> usize {
        match &*self.state.borrow() {
            State::Document { object, .. } => object.len(),
            State::Nodes(nodes, _) => nodes.len(),
            State::Owned(table) => table.entries.len(),
        }
    }

    pub(crate) fn has(&self, key: Key<'_>) -> bool {
        match &*self.state.borrow() {
            State::Document { object, .. } => member(object, key).is_some(),
            State::Nodes(nodes, _) => nodes.position(key).is_some(),
            State::Owned(table) => table.find(key).is_some(),
        }
    }

    pub(crate) fn get(&self, key: Key<'h>) -> Option<Value<'h>> {
        let mut state = self.state.borrow_mut();
        match &mut *state {
            State::Owned(table) => table.find(key).map(|at| table.entries[at].1),
            State::Nodes(nodes, shown) => nodes.position(key).map(|at| Self::node(self.bump, *nodes, shown, at)),
            State::Document { object, shown, count } => {
                let mut seen = *shown;
                while let Some(known) = seen {
                    if known.key == key {
                        return Some(known.value);
                    }
                    seen = known.next;
                }
                let value = Frozen::Json(member(object, key)?).thaw(self.bump);
                if is_collection(value) {
                    *shown = Some(self.bump.alloc(Shown { key, value, next: *shown }));
                    *count += 1;
                    if *count > SMALL {
                        Self::own(self.bump, &mut state);
                    }
                }
                Some(value)
            }
        }
    }

    /// The value of an entry of a view; a collection is made once.
    fn node(bump: &'h Bump, nodes: Nodes<'h>, shown: &mut Option<&'h [Cell<Value<'h>>]>, at: usize) -> Value<'h> {
        if let Some(known) = shown
            && !matches!(known[at].get(), Value::Unbound)
        {
            return known[at].get();
        }
        let value = nodes.thaw(at, bump);
        if is_collection(value) {
            let places = || &*bump.alloc_slice_fill_with(nodes.len(), |_| Cell::new(Value::Unbound));
            shown.get_or_insert_with(places)[at].set(value);
        }
        value
    }

    fn own(bump: &'h Bump, state: &mut State<'h>) {
        let table = match state {
            State::Owned(_) => return,
            State::Nodes(nodes, shown) => {
                let nodes = *nodes;
                let entries = (0..nodes.len()).map(|at| (nodes.key(at), Self::node(bump, nodes, shown, at)));
                Table::sorted(bump, entries)
            }
            State::Document { object, shown, .. } => {
                let mut entries: Vec<_> =
                    object.iter().map(|(k, v)| (Key::Str(k.as_bytes()), Frozen::Json(v).thaw(bump))).collect();
                entries.sort_by(|a, b| a.0.order(b.0));
                let mut seen = *shown;
                while let Some(known) = seen {
                    if let Ok(at) = entries.binary_search_by(|(k, _)| k.order(known.key)) {
                        entries[at].1 = known.value;
                    }
                    seen = known.next;
                }
                Table::sorted(bump, entries.into_iter())
            }
        };
        *state = State::Owned(bump.alloc(table));
    }

    fn with_table<T>(&self, work: impl FnOnce(&mut Table<'h>) -> T) -> T {
        let mut state = self.state.borrow_mut();
        Self::own(self.bump, &mut state);
        match &mut *state {
            State::Owned(table) => work(table),
            _ => unreachable!("a map was just made its own"),
        }
    }

    /// A snapshot of the entries.
    pub(crate) fn entries(&self) -> Vec<(Key<'h>, Value<'h>)> {
        let mut state = self.state.borrow_mut();
        if let State::Nodes(nodes, shown) = &mut *state {
            let nodes = *nodes;
            return (0..nodes.len()).map(|at| (nodes.key(at), Self::node(self.bump, nodes, shown, at))).collect();
        }
        drop(state);
        self.with_table(|t| t.entries.to_vec())
    }

    /// Counts changes from now on.
    pub(crate) fn watch(&self, counter: &'h Cell<u64>) {
        self.watch.by(counter);
    }

    pub(crate) fn insert(&self, key: Key<'h>, value: Value<'h>) {
        self.watch.changed();
        self.with_table(|t| t.insert(key, value));
    }

    pub(crate) fn remove(&self, key: Key<'_>) {
        self.watch.changed();
        self.with_table(|t| t.remove(key));
    }
}
