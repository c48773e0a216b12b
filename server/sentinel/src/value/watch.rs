//! Noticing changes of collections that were shown as they were: the members of a module.

use std::cell::Cell;

/// Whoever counts the changes of one collection, if anybody does.
#[derive(Default)]
pub(super) struct Watch<'h>(Cell<Option<&'h Cell<u64>>>);

impl<'h> Watch<'h> {
    pub(super) fn by(&self, counter: &'h Cell<u64>) {
        self.0.set(Some(counter));
    }

    pub(super) fn changed(&self) {
        if let Some(counter) = self.0.get() {
            counter.set(counter.get() + 1);
        }
    }
}
