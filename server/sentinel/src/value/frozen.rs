//! Immutable trees that values are views of: JSON documents as they are, and the shapes imports lay over them.

use bumpalo::Bump;
use serde_json::{Map as JsonMap, Value as Json};

use super::shape::{Shape, Shaped};
use super::{Key, List, Map, Value};

/// A node of an immutable tree.
#[derive(Clone, Copy)]
pub(crate) enum Frozen<'h> {
    Json(&'h Json),
    /// Sorted by [`Key::order`].
    Map(&'h [(Key<'h>, Frozen<'h>)]),
    List(&'h [Frozen<'h>]),
    /// An object in the shape of an import.
    Shaped(&'h Shaped<'h>),
    /// A scalar or anything else that is itself immutable.
    Leaf(Value<'h>),
}

impl<'h> Frozen<'h> {
    /// A map node; the entries are sorted here.
    pub(crate) fn map(bump: &'h Bump, mut entries: Vec<(Key<'h>, Self)>) -> Self {
        entries.sort_by(|a, b| a.0.order(b.0));
        Self::Map(bump.alloc_slice_copy(&entries))
    }

    pub(crate) fn list(bump: &'h Bump, items: &[Self]) -> Self {
        Self::List(bump.alloc_slice_copy(items))
    }

    pub(crate) fn str(text: &'h str) -> Self {
        Self::Leaf(Value::Str(text.as_bytes()))
    }

    pub(crate) fn shaped(bump: &'h Bump, json: &'h Json, shape: &'static Shape, module: &'h str) -> Self {
        Self::Shaped(bump.alloc(Shaped { json, shape, module }))
    }

    /// The value that shows this node.
    pub(crate) fn thaw(self, bump: &'h Bump) -> Value<'h> {
        match self {
            Self::Leaf(value) => value,
            Self::Map(entries) => Value::Map(Map::view(bump, Nodes::Map(entries))),
            Self::Shaped(shaped) => Value::Map(Map::view(bump, Nodes::Shaped(shaped))),
            Self::List(_) => Value::List(List::view(bump, self)),
            Self::Json(json) => match json {
                Json::Null => Value::Null,
                Json::Bool(b) => Value::Bool(*b),
                Json::Number(n) => super::frozen_number(n),
                Json::String(s) => Value::Str(s.as_bytes()),
                Json::Array(_) => Value::List(List::view(bump, self)),
                Json::Object(object) => Value::Map(Map::document(bump, object)),
            },
        }
    }

    /// The member of a map node.
    pub(crate) fn get(self, bump: &'h Bump, key: Key<'_>) -> Option<Self> {
        match self {
            Self::Map(entries) => Nodes::Map(entries).position(key).map(|at| entries[at].1),
            Self::Shaped(shaped) => shaped.position(key).map(|at| shaped.at(at, bump)),
            Self::Json(Json::Object(object)) => member(object, key).map(Self::Json),
            _ => None,
        }
    }

    pub(super) fn len(self) -> usize {
        match self {
            Self::List(items) => items.len(),
            Self::Json(Json::Array(items)) => items.len(),
            _ => 0,
        }
    }

    pub(super) fn items(self) -> impl Iterator<Item = Self> {
        let (frozen, json): (&[Self], &'h [Json]) = match self {
            Self::List(items) => (items, &[]),
            Self::Json(Json::Array(items)) => (&[], items),
            _ => (&[], &[]),
        };
        frozen.iter().copied().chain(json.iter().map(Self::Json))
    }
}

/// The member of an object that a key names.
pub(super) fn member<'h>(object: &'h JsonMap<String, Json>, key: Key<'_>) -> Option<&'h Json> {
    match key {
        Key::Str(text) => object.get(std::str::from_utf8(text).ok()?),
        _ => None,
    }
}

/// Map nodes whose entries have numbers.
#[derive(Clone, Copy)]
pub(crate) enum Nodes<'h> {
    Map(&'h [(Key<'h>, Frozen<'h>)]),
    Shaped(&'h Shaped<'h>),
}

impl<'h> Nodes<'h> {
    pub(super) fn len(self) -> usize {
        match self {
            Self::Map(entries) => entries.len(),
            Self::Shaped(shaped) => shaped.len(),
        }
    }

    pub(super) fn position(self, key: Key<'_>) -> Option<usize> {
        match self {
            Self::Map(entries) => entries.binary_search_by(|(k, _)| k.order(key)).ok(),
            Self::Shaped(shaped) => shaped.position(key),
        }
    }

    pub(super) fn key(self, at: usize) -> Key<'h> {
        match self {
            Self::Map(entries) => entries[at].0,
            Self::Shaped(shaped) => shaped.key(at),
        }
    }

    pub(super) fn thaw(self, at: usize, bump: &'h Bump) -> Value<'h> {
        match self {
            Self::Map(entries) => entries[at].1.thaw(bump),
            Self::Shaped(shaped) => shaped.at(at, bump).thaw(bump),
        }
    }
}
