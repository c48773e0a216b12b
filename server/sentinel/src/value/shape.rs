//! The shapes that imports lay over objects of a document: what a member is called, where it comes from, what stands for it.

use bumpalo::Bump;
use serde_json::Value as Json;

use super::{Frozen, Key, Value};

/// What stands for a member that the document does not have.
#[derive(Clone, Copy)]
pub(crate) enum Missing {
    Undefined,
    Null,
    False,
    Text,
    Map,
    List,
}

impl Missing {
    pub(crate) fn frozen<'h>(self) -> Frozen<'h> {
        match self {
            Self::Undefined => Frozen::Leaf(Value::undefined()),
            Self::Null => Frozen::Leaf(Value::Null),
            Self::False => Frozen::Leaf(Value::Bool(false)),
            Self::Text => Frozen::Leaf(Value::Str(b"")),
            Self::Map => Frozen::Map(&[]),
            Self::List => Frozen::List(&[]),
        }
    }
}

/// Where a member comes from.
pub(crate) enum Field {
    /// The object's member of the same name.
    Same(Missing),
    /// The object's member of the same name, in a shape of its own; an absent one is an empty object.
    Inner(&'static Shape),
    /// The address of the module that holds the object.
    Module,
    /// Computed when it is read.
    Made(for<'h> fn(&'h Bump, &'h Json) -> Frozen<'h>),
}

/// Members of a shape, sorted by name.
pub(crate) struct Shape(pub(crate) &'static [(&'static str, Field)]);

/// An object seen in a shape.
#[derive(Clone, Copy)]
pub(crate) struct Shaped<'h> {
    pub(crate) json: &'h Json,
    pub(crate) shape: &'static Shape,
    /// The address of the module that holds the object.
    pub(crate) module: &'h str,
}

const ABSENT: &Json = &Json::Null;

impl<'h> Shaped<'h> {
    pub(super) fn len(&self) -> usize {
        self.shape.0.len()
    }

    pub(super) fn position(&self, key: Key<'_>) -> Option<usize> {
        let Key::Str(name) = key else { return None };
        self.shape.0.iter().position(|(n, _)| n.as_bytes() == name)
    }

    pub(super) fn key(&self, at: usize) -> Key<'h> {
        Key::Str(self.shape.0[at].0.as_bytes())
    }

    pub(super) fn at(&self, at: usize, bump: &'h Bump) -> Frozen<'h> {
        let (name, field) = &self.shape.0[at];
        match field {
            Field::Same(missing) => self.json.get(name).map_or(missing.frozen(), Frozen::Json),
            Field::Module => Frozen::str(self.module),
            Field::Made(make) => make(bump, self.json),
            Field::Inner(shape) => {
                let json = self.json.get(name).unwrap_or(ABSENT);
                Frozen::shaped(bump, json, shape, self.module)
            }
        }
    }
}
