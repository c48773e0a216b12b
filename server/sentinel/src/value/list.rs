//! Lists. What comes from a document stays a view of it until it is walked or changed.

use std::cell::{Cell, RefCell};

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use super::{Frozen, Value, Watch};

enum ListState<'h> {
    View(Frozen<'h>),
    Owned(ArenaVec<'h, Value<'h>>),
}

/// A list, shared by reference.
pub(crate) struct List<'h> {
    bump: &'h Bump,
    state: RefCell<ListState<'h>>,
    watch: Watch<'h>,
}

impl<'h> List<'h> {
    pub(crate) fn owned(bump: &'h Bump, items: impl IntoIterator<Item = Value<'h>>) -> &'h Self {
        let items = ArenaVec::from_iter_in(items, bump);
        bump.alloc(Self { bump, state: RefCell::new(ListState::Owned(items)), watch: Watch::default() })
    }

    pub(super) fn view(bump: &'h Bump, source: Frozen<'h>) -> &'h Self {
        bump.alloc(Self { bump, state: RefCell::new(ListState::View(source)), watch: Watch::default() })
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

    /// Counts changes from now on.
    pub(crate) fn watch(&self, counter: &'h Cell<u64>) {
        self.watch.by(counter);
    }

    pub(crate) fn push(&self, value: Value<'h>) {
        self.watch.changed();
        self.with(|items| items.push(value));
    }

    /// Replaces an element; false when there is none at `n`.
    pub(crate) fn set(&self, n: usize, value: Value<'h>) -> bool {
        self.watch.changed();
        self.with(|items| items.get_mut(n).map(|slot| *slot = value).is_some())
    }
}
