//! Values of standard imports with members of their own. They own memory outside the arena, so they live in a list that frees it at the end of the run.

use std::cell::{Cell, OnceCell};

/// A value of a standard import with members of its own.
pub(crate) enum Object {
    Decimal(crate::std_imports::number::Number),
    Time(crate::std_imports::time::Instant),
    Version(crate::std_imports::version::Version),
    Client(crate::std_imports::http::Client),
    Request(crate::std_imports::http::Draft),
}

/// Every object of a run.
#[derive(Default)]
pub(crate) struct Objects {
    first: Link,
}

type Link = OnceCell<Box<Node>>;

struct Node {
    object: Object,
    next: Link,
}

impl Drop for Objects {
    /// One after the other: a long chain that drops itself would need a stack as long.
    fn drop(&mut self) {
        let mut next = self.first.take();
        while let Some(mut node) = next {
            next = node.next.take();
        }
    }
}

/// Where the next object of a run goes, and how many bytes the ones so far hold.
pub(crate) struct Shelf<'h> {
    end: Cell<&'h Link>,
    bytes: Cell<usize>,
}

/// What 100 digits take outside their node, with the counts around them.
const DECIMAL: usize = 128;

impl<'h> Shelf<'h> {
    pub(crate) fn new(objects: &'h Objects) -> Self {
        Self { end: Cell::new(&objects.first), bytes: Cell::new(0) }
    }

    /// Keeps an object for the rest of the run.
    pub(crate) fn keep(&self, object: Object) -> &'h Object {
        let content = match &object {
            Object::Decimal(_) => DECIMAL,
            Object::Time(_) => 0,
            Object::Version(version) => version.bytes(),
            Object::Client(client) => client.bytes(),
            Object::Request(draft) => draft.bytes(),
        };
        let node = self.end.get().get_or_init(|| Box::new(Node { object, next: OnceCell::new() }));
        self.end.set(&node.next);
        self.bytes.set(self.bytes.get() + size_of::<Node>() + content);
        &node.object
    }

    /// The bytes of all objects so far.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.get()
    }
}
