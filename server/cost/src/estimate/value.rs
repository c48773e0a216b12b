//! Values of the definition language, and what keeps one from being known.

use std::borrow::Cow;

use rust_decimal::Decimal;

use crate::node::Node;

/// Why there is no value. It ends as the reason beside a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Gap {
    /// Depends on usage that nobody gave.
    Usage(String),
    /// The attribute is not set.
    Unset(String),
    /// Only the apply will know the attribute.
    Unknown(String),
    /// The catalogue has no such price there.
    NoPrice { key: String, region: String },
    /// The region is not known.
    Region,
    /// It makes no sense.
    Invalid(String),
}

impl Gap {
    /// The reason in words for a person.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Usage(key) => format!("depends on usage: set {key} in the usage file"),
            Self::Unset(path) => format!("{path} is not set"),
            Self::Unknown(path) => format!("{path} is unknown until apply"),
            Self::NoPrice { key, region } => format!("no price for {key} in {region}"),
            Self::Region => "the region is unknown until apply".to_owned(),
            Self::Invalid(what) => what.clone(),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Value<'v> {
    Void(Gap),
    Bool(bool),
    Number(Decimal),
    Text(Cow<'v, str>),
    /// A list or object, with what is unknown in it.
    Node(&'v Node<'v>, Option<&'v Node<'v>>),
    List(Vec<Value<'v>>),
    Resource(usize),
}

impl<'v> Value<'v> {
    /// A value of a document, with the part of the unknown tree that belongs to it.
    pub(crate) fn of(node: Option<&'v Node<'v>>, unknown: Option<&'v Node<'v>>, path: impl FnOnce() -> String) -> Self {
        match node {
            None | Some(Node::Null) if matches!(unknown, Some(Node::Bool(true))) => Self::Void(Gap::Unknown(path())),
            None | Some(Node::Null) => Self::Void(Gap::Unset(path())),
            Some(Node::Bool(value)) => Self::Bool(*value),
            Some(Node::Number(value)) => Self::Number(*value),
            Some(Node::Text(text)) if text.is_empty() && matches!(unknown, Some(Node::Bool(true))) => {
                Self::Void(Gap::Unknown(path()))
            }
            Some(Node::Text(text)) => Self::Text(Cow::Borrowed(text)),
            Some(node) => Self::Node(node, unknown),
        }
    }

    /// Whether a condition holds; what is not set does not hold.
    pub(crate) fn holds(&self) -> Result<bool, Gap> {
        match self {
            Self::Bool(value) => Ok(*value),
            Self::Void(Gap::Unset(_) | Gap::Usage(_)) => Ok(false),
            Self::Void(gap) => Err(gap.clone()),
            Self::Text(text) => Ok(text == "true"),
            Self::Number(number) => Ok(!number.is_zero()),
            Self::Node(node, _) => Ok(!node.is_blank()),
            Self::List(items) => Ok(!items.is_empty()),
            Self::Resource(_) => Ok(true),
        }
    }

    /// The number, also when it is written as text.
    pub(crate) fn number(&self) -> Result<Decimal, Gap> {
        match self {
            Self::Number(number) => Ok(*number),
            Self::Void(gap) => Err(gap.clone()),
            Self::Text(text) => {
                text.trim().parse().map_err(|_| Gap::Invalid(format!("`{}` is not a number", short(text))))
            }
            Self::Bool(_) | Self::Node(..) | Self::List(_) | Self::Resource(_) => {
                Err(Gap::Invalid("a number was expected, found another kind of value".into()))
            }
        }
    }

    /// The text, also of numbers and booleans.
    pub(crate) fn text(&self) -> Result<Cow<'v, str>, Gap> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::Number(number) => Ok(Cow::Owned(number.normalize().to_string())),
            Self::Bool(value) => Ok(Cow::Borrowed(if *value { "true" } else { "false" })),
            Self::Void(gap) => Err(gap.clone()),
            Self::Node(..) | Self::List(_) | Self::Resource(_) => {
                Err(Gap::Invalid("a text was expected, found another kind of value".into()))
            }
        }
    }

    /// The elements: of a list, of one block, of nothing.
    pub(crate) fn items(&self) -> Result<Vec<Value<'v>>, Gap> {
        match self {
            Self::List(items) => Ok(items.clone()),
            Self::Node(Node::List(items), unknown) => Ok(items
                .iter()
                .enumerate()
                .map(|(at, item)| Self::of(Some(item), below(*unknown, at), || format!("element {at}")))
                .collect()),
            Self::Void(Gap::Unset(_) | Gap::Usage(_)) => Ok(Vec::new()),
            Self::Void(gap) => Err(gap.clone()),
            other => Ok(vec![other.clone()]),
        }
    }
}

/// The unknown tree of a list's element.
pub(crate) fn below<'v>(unknown: Option<&'v Node<'v>>, at: usize) -> Option<&'v Node<'v>> {
    match unknown {
        Some(Node::List(items)) => items.get(at),
        whole @ Some(Node::Bool(true)) => whole,
        _ => None,
    }
}

/// A text of a document for a message: short, and without line breaks.
pub(crate) fn short(text: &str) -> String {
    let clean: String = text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if clean.len() < text.len() { format!("{clean}…") } else { clean }
}
