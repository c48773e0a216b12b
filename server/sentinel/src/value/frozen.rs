//! Immutable trees that values are views of: JSON documents as they are, and the shapes imports lay over them.

use bumpalo::Bump;
use serde_json::Value as Json;

use super::{Key, List, Map, Value};

/// A node of an immutable tree.
#[derive(Clone, Copy)]
pub(crate) enum Frozen<'h> {
    Json(&'h Json),
    /// Sorted by [`Key::order`].
    Map(&'h [(Key<'h>, Frozen<'h>)]),
    List(&'h [Frozen<'h>]),
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

    /// The value that shows this node.
    pub(crate) fn thaw(self, bump: &'h Bump) -> Value<'h> {
        match self {
            Self::Leaf(value) => value,
            Self::Map(_) => Value::Map(Map::view(bump, self)),
            Self::List(_) => Value::List(List::view(bump, self)),
            Self::Json(json) => match json {
                Json::Null => Value::Null,
                Json::Bool(b) => Value::Bool(*b),
                Json::Number(n) => super::frozen_number(n),
                Json::String(s) => Value::Str(s.as_bytes()),
                Json::Array(_) => Value::List(List::view(bump, self)),
                Json::Object(_) => Value::Map(Map::view(bump, self)),
            },
        }
    }

    pub(super) fn len(self) -> usize {
        match self {
            Self::Map(entries) => entries.len(),
            Self::List(items) => items.len(),
            Self::Json(Json::Array(items)) => items.len(),
            Self::Json(Json::Object(items)) => items.len(),
            _ => 0,
        }
    }

    pub(crate) fn get(self, key: Key<'_>) -> Option<Self> {
        match self {
            Self::Map(entries) => entries.binary_search_by(|(k, _)| k.order(key)).ok().map(|at| entries[at].1),
            Self::Json(Json::Object(map)) => match key {
                Key::Str(text) => map.get(std::str::from_utf8(text).ok()?).map(Frozen::Json),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn entries(self) -> Vec<(Key<'h>, Self)> {
        match self {
            Self::Map(entries) => entries.to_vec(),
            Self::Json(Json::Object(map)) => {
                let mut entries: Vec<_> = map.iter().map(|(k, v)| (Key::Str(k.as_bytes()), Self::Json(v))).collect();
                entries.sort_by(|a, b| a.0.order(b.0));
                entries
            }
            _ => Vec::new(),
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
