//! What a plan or a state says about resources: their attributes before and after, and how they name each other.

mod configuration;
mod document;
mod references;
mod region;
mod state;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::node::Node;
pub(crate) use configuration::Configuration;
pub(crate) use region::Region;

/// Before or after the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

/// Why a document could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not JSON, or cut short.
    #[error("reading the plan: {0}; make it with `terraform show -json PLANFILE`")]
    Json(#[from] serde_json::Error),
    /// JSON, but neither a plan nor a state.
    #[error("reading the plan: this JSON is neither a plan nor a state; make it with `terraform show -json`")]
    Form,
}

/// One managed resource instance.
#[derive(Debug, Default)]
pub(crate) struct Resource<'a> {
    pub(crate) address: Cow<'a, str>,
    pub(crate) kind: Cow<'a, str>,
    pub(crate) before: Option<&'a RawValue>,
    pub(crate) after: Option<&'a RawValue>,
    pub(crate) after_unknown: Option<&'a RawValue>,
    parsed: [OnceCell<Node<'a>>; 2],
    unknown: OnceCell<Node<'a>>,
}

impl<'a> Resource<'a> {
    fn raw(&self, side: Side) -> Option<&'a RawValue> {
        match side {
            Side::Before => self.before,
            Side::After => self.after,
        }
    }

    /// Whether it exists on that side.
    pub(crate) fn exists(&self, side: Side) -> bool {
        self.raw(side).is_some()
    }

    /// The attributes, read anew. Values of the wrong form count as having no attributes.
    pub(crate) fn read(&self, side: Side) -> Node<'a> {
        self.raw(side).and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or(Node::Null)
    }

    /// Some of the attributes, read anew; all of them when `fields` is None.
    pub(crate) fn read_only(&self, side: Side, fields: Option<&[String]>) -> Node<'a> {
        let Some(fields) = fields else { return self.read(side) };
        self.raw(side).and_then(|raw| Node::only(raw.get(), fields).ok()).unwrap_or(Node::Null)
    }

    /// Which of some attributes, or of all, will only be known after the apply, read anew.
    pub(crate) fn read_unknown(&self, side: Side, fields: Option<&[String]>) -> Node<'a> {
        let raw = self.after_unknown.filter(|_| side == Side::After);
        let read = raw.and_then(|raw| match fields {
            Some(fields) => Node::only(raw.get(), fields).ok(),
            None => serde_json::from_str(raw.get()).ok(),
        });
        read.unwrap_or(Node::Null)
    }

    /// The attributes, kept: for resources that others refer to.
    pub(crate) fn kept(&self, side: Side) -> &Node<'a> {
        self.parsed[usize::from(side == Side::After)].get_or_init(|| self.read(side))
    }

    pub(crate) fn kept_unknown(&self, side: Side) -> &Node<'a> {
        static NOTHING: Node<'static> = Node::Null;
        if side == Side::Before { &NOTHING } else { self.unknown.get_or_init(|| self.read_unknown(side, None)) }
    }

    /// The address without any index: where it stands in the configuration.
    pub(crate) fn place(&self) -> Cow<'_, str> {
        without_indices(&self.address)
    }

    /// `["blue"]` or `[0]` at the end of the address.
    pub(crate) fn index(&self) -> Option<&str> {
        let start = self.address.ends_with(']').then(|| self.address.rfind('['))??;
        Some(&self.address[start..])
    }
}

/// Removes every `[…]` of an address; a key may hold brackets and dots of its own inside its quotes.
pub(crate) fn without_indices(address: &str) -> Cow<'_, str> {
    if !address.contains('[') {
        return Cow::Borrowed(address);
    }
    let (mut kept, mut inside, mut quoted, mut escaped) = (String::with_capacity(address.len()), false, false, false);
    for character in address.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if inside => quoted = !quoted,
            '[' if !quoted => inside = true,
            ']' if !quoted && inside => inside = false,
            _ if !inside => kept.push(character),
            _ => {}
        }
    }
    Cow::Owned(kept)
}

/// Everything a document says.
#[derive(Debug, Default)]
pub(crate) struct World<'a> {
    pub(crate) resources: Vec<Resource<'a>>,
    by_place: HashMap<String, Vec<usize>>,
    pub(crate) configuration: Configuration<'a>,
    /// Values of the root module's variables.
    variables: HashMap<Cow<'a, str>, Node<'a>>,
    /// Resources by the values others name them with, made when first needed: `id`, `arn`, `name`, `self_link`.
    by_value: [OnceCell<HashMap<String, Vec<usize>>>; 2],
    /// Who names whom, by the naming type and attribute.
    backs: std::cell::RefCell<references::Backs>,
}

impl<'a> World<'a> {
    /// Adds a resource without attributes, after the change only.
    pub(crate) fn add(&mut self, address: &str, kind: &'static str) {
        if self.resources.iter().any(|resource| resource.address == address) {
            return;
        }
        self.by_place.entry(without_indices(address).into_owned()).or_default().push(self.resources.len());
        self.resources.push(Resource {
            address: Cow::Owned(address.to_owned()),
            kind: Cow::Borrowed(kind),
            after: serde_json::from_str("{}").ok(),
            ..Resource::default()
        });
    }

    fn new(resources: Vec<Resource<'a>>, configuration: Configuration<'a>) -> Self {
        let mut by_place: HashMap<String, Vec<usize>> = HashMap::with_capacity(resources.len());
        for (at, resource) in resources.iter().enumerate() {
            by_place.entry(resource.place().into_owned()).or_default().push(at);
        }
        Self { resources, by_place, configuration, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_removed_even_with_brackets_in_keys() {
        assert_eq!(without_indices(r#"module.a["x.y]"].aws_x.b[0]"#), "module.a.aws_x.b");
        assert_eq!(without_indices(r#"aws_x.b["\"]"]"#), "aws_x.b");
        assert_eq!(without_indices("aws_x.b"), "aws_x.b");
    }
}
