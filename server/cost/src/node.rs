//! A JSON value that borrows its text. Plans of tens of megabytes are looked at one resource at a time, and copying
//! every string of them would cost more than the pricing itself.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// One JSON value; strings borrow from the document where they hold no escapes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node<'a> {
    Null,
    Bool(bool),
    Number(Decimal),
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// The value under `key` of an object.
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'a>> {
        match self {
            Node::Object(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text of a string.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of a list; an object or scalar is no list.
    pub(crate) fn items(&self) -> &[Node<'a>] {
        match self {
            Node::List(items) => items,
            _ => &[],
        }
    }

    /// The same value, borrowing from nothing.
    pub(crate) fn into_owned(self) -> Node<'static> {
        match self {
            Node::Null => Node::Null,
            Node::Bool(value) => Node::Bool(value),
            Node::Number(value) => Node::Number(value),
            Node::Text(text) => Node::Text(Cow::Owned(text.into_owned())),
            Node::List(items) => Node::List(items.into_iter().map(Node::into_owned).collect()),
            Node::Object(entries) => Node::Object(
                entries.into_iter().map(|(key, value)| (Cow::Owned(key.into_owned()), value.into_owned())).collect(),
            ),
        }
    }

    /// Of the tree of what is unknown: whether nothing is.
    pub(crate) fn is_settled(&self) -> bool {
        match self {
            Node::Bool(unknown) => !unknown,
            Node::List(items) => items.iter().all(Node::is_settled),
            Node::Object(entries) => entries.iter().all(|(_, value)| value.is_settled()),
            _ => true,
        }
    }

    /// Whether nothing was written here: null, or an empty list or object.
    pub(crate) fn is_blank(&self) -> bool {
        match self {
            Node::Null => true,
            Node::List(items) => items.is_empty(),
            Node::Object(entries) => entries.is_empty(),
            _ => false,
        }
    }
}

/// A number too large or too small for exact arithmetic is kept as text, so that whoever computes with it says so.
fn number<'a>(text: String) -> Node<'a> {
    match Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text)) {
        Ok(value) => Node::Number(value),
        Err(_) => Node::Text(Cow::Owned(text)),
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(number(value.to_string()))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Node::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Node::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<Self::Value, E> {
        Ok(Node::Text(Cow::Owned(value)))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(Key(key)) = access.next_key()? {
            entries.push((key, access.next_value()?));
        }
        Ok(Node::Object(entries))
    }
}

impl<'a> Node<'a> {
    /// Reads an object, of which only some entries are wanted: `fields`, sorted.
    pub(crate) fn only(text: &'a str, fields: &[String]) -> Result<Self, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        deserializer.deserialize_any(OnlyVisitor(fields))
    }
}

struct OnlyVisitor<'f>(&'f [String]);

impl<'de> Visitor<'de> for OnlyVisitor<'_> {
    type Value = Node<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Node::Bool(value))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::with_capacity(self.0.len().min(16));
        while let Some(Key(key)) = access.next_key()? {
            if self.0.binary_search_by(|field| field.as_str().cmp(&key)).is_ok() {
                entries.push((key, access.next_value()?));
            } else {
                access.next_value::<serde::de::IgnoredAny>()?;
            }
        }
        Ok(Node::Object(entries))
    }
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

/// Object keys borrow too; serde's own `Cow` would always copy. A YAML key may also be a number.
pub(crate) struct Key<'a>(pub(crate) Cow<'a, str>);

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object key")
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Owned(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<Self::Value, E> {
        Ok(Key(Cow::Owned(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Key(Cow::Owned(value.to_string())))
    }
}

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_decimals() {
        let node: Node<'_> = serde_json::from_str("[0.1, 12, -3, 1e300]").unwrap();
        assert_eq!(node.items()[0], Node::Number(Decimal::new(1, 1)));
        assert_eq!(node.items()[1], Node::Number(12.into()));
        assert_eq!(node.items()[2], Node::Number((-3).into()));
        assert!(matches!(node.items()[3], Node::Text(_)));
    }

    #[test]
    fn only_what_is_wanted_is_read() {
        let fields = ["a".to_owned(), "c".to_owned()];
        let node = Node::only(r#"{"a": 1, "b": {"deep": [1, 2]}, "c": "x"}"#, &fields).unwrap();
        assert_eq!(
            (node.get("a").is_some(), node.get("b"), node.get("c").and_then(Node::text)),
            (true, None, Some("x"))
        );
        assert_eq!(Node::only("null", &fields).unwrap(), Node::Null);
        assert!(Node::only("[1]", &fields).is_err());
        assert!(Node::only(r#"{"a": 1"#, &fields).is_err());
    }

    #[test]
    fn strings_without_escapes_borrow() {
        let node: Node<'_> = serde_json::from_str(r#"{"a": "plain", "b": "with\nescape"}"#).unwrap();
        assert!(matches!(node.get("a"), Some(Node::Text(Cow::Borrowed("plain")))));
        assert_eq!(node.get("b").and_then(Node::text), Some("with\nescape"));
    }
}
