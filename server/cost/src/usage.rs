//! Usage files in Infracost's YAML form: what cannot be read from a plan, by type and by address.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::node::Node;

/// Usage by type and by address.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    defaults: BTreeMap<String, Node<'static>>,
    /// Address or pattern with `[*]`, in the order of the file.
    resources: Vec<(String, Node<'static>)>,
}

/// Why a usage file was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not YAML.
    #[error("reading the usage file: {0}")]
    Yaml(String),
    /// YAML of another form.
    #[error("reading the usage file: {0}; see the usage file's form in the manual")]
    Form(String),
}

#[derive(Deserialize)]
struct Wrapper(#[serde(deserialize_with = "owned")] Node<'static>);

fn owned<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Node<'static>, D::Error> {
    Node::deserialize(deserializer).map(Node::into_owned)
}

impl Usage {
    /// Reads a usage file, YAML or JSON.
    ///
    /// # Errors
    /// When it is not YAML, or not of the form.
    pub fn read(text: &str) -> Result<Self, Error> {
        let Wrapper(document) = match serde_json::from_str(text) {
            Ok(document) => document,
            Err(_) => serde_saphyr::from_str(text).map_err(|error| Error::Yaml(error.to_string()))?,
        };
        let Node::Object(sections) = document else {
            return Err(Error::Form("the top level must be a mapping".into()));
        };
        let mut usage = Self::default();
        for (name, section) in sections {
            match (name.as_ref(), section) {
                ("resource_type_default_usage", Node::Object(types)) => {
                    usage.defaults.extend(types.into_iter().map(|(kind, node)| (kind.into_owned(), node)));
                }
                ("resource_usage", Node::Object(resources)) => {
                    usage.resources.extend(resources.into_iter().map(|(address, node)| (address.into_owned(), node)));
                }
                ("version", _) | ("resource_type_default_usage" | "resource_usage", Node::Null) => {}
                ("resource_type_default_usage" | "resource_usage", _) => {
                    return Err(Error::Form(format!("`{name}` must be a mapping")));
                }
                (other, _) => return Err(Error::Form(format!("`{other}` is no section of a usage file"))),
            }
        }
        Ok(usage)
    }

    /// What is said of one resource: its own address first, then the pattern that is longest, over its type's defaults.
    pub(crate) fn of(&self, address: &str, kind: &str) -> Option<Node<'static>> {
        let exact = self.resources.iter().find(|(name, _)| name == address);
        let by_pattern = || {
            let matching = self.resources.iter().filter(|(name, _)| name.contains('*') && matches(name, address));
            matching.max_by_key(|(name, _)| name.len())
        };
        let own = exact.or_else(by_pattern).map(|(_, node)| node);
        match (own, self.defaults.get(kind)) {
            (Some(own), Some(default)) => Some(over(own, default)),
            (Some(node), None) | (None, Some(node)) => Some(node.clone()),
            (None, None) => None,
        }
    }

    /// Addresses of a type that stands in no plan and is only described by its usage.
    pub(crate) fn of_type<'u>(&'u self, kind: &'u str) -> impl Iterator<Item = &'u str> {
        let of_kind = move |name: &&str| name.split('.').rev().nth(1) == Some(kind) && !name.contains('*');
        self.resources.iter().map(|(name, _)| name.as_str()).filter(of_kind)
    }

    /// Addresses and patterns that no resource of the document answers to.
    pub(crate) fn unmatched<'u>(&'u self, addresses: &[&str]) -> Vec<&'u str> {
        let names = self.resources.iter().map(|(name, _)| name.as_str());
        names.filter(|name| !addresses.iter().any(|address| *name == *address || matches(name, address))).collect()
    }
}

/// The one node over the other, mapping by mapping.
fn over(own: &Node<'static>, default: &Node<'static>) -> Node<'static> {
    match (own, default) {
        (Node::Object(own_entries), Node::Object(entries)) => {
            let mut merged = own_entries.clone();
            for (key, value) in entries {
                match merged.iter_mut().find(|(name, _)| name == key) {
                    Some((_, mine)) => *mine = over(mine, value),
                    None => merged.push((key.clone(), value.clone())),
                }
            }
            Node::Object(merged)
        }
        (own, _) => own.clone(),
    }
}

/// `*` stands for any run of characters.
fn matches(pattern: &str, address: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = address.strip_prefix(first) else { return false };
    let mut last = None;
    for piece in pieces {
        if let Some(before) = last.replace(piece) {
            match rest.find(before) {
                Some(at) => rest = &rest[at + before.len()..],
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |piece| rest.ends_with(piece))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_any_index() {
        assert!(matches("aws_x.a[*]", r#"aws_x.a["b"]"#));
        assert!(matches("module.m[*].aws_x.a[*]", "module.m[0].aws_x.a[12]"));
        assert!(!matches("aws_x.a[*]", "aws_x.ab[0]"));
        assert!(!matches("aws_x.a", "aws_x.a[0]"));
    }

    #[test]
    fn an_address_beats_a_pattern_beats_the_default() {
        let usage = Usage::read(
            "version: 0.1\nresource_type_default_usage:\n  aws_x:\n    a: 1\n    b: 1\n    c: 1\nresource_usage:\n  aws_x.y[*]:\n    a: 2\n  aws_x.y[0]:\n    a: 3\n",
        )
        .unwrap();
        let of = |address: &str, key: &str| usage.of(address, "aws_x").and_then(|node| node.get(key).cloned());
        assert_eq!(of("aws_x.y[0]", "a"), Some(Node::Number(3.into())));
        assert_eq!(of("aws_x.y[1]", "a"), Some(Node::Number(2.into())));
        assert_eq!(of("aws_x.y[1]", "b"), Some(Node::Number(1.into())));
        assert_eq!(usage.of("aws_z.y", "aws_z"), None);
        assert_eq!(usage.unmatched(&["aws_x.y[1]"]), ["aws_x.y[0]"]);
    }

    #[test]
    fn underscores_in_numbers_are_read_as_yaml_does_or_refused_later() {
        assert!(Usage::read("- a\n").is_err());
        assert!(Usage::read("usage: {}\n").is_err());
        assert!(Usage::read("resource_usage: 3\n").is_err());
        assert!(Usage::read("resource_usage:\n").is_ok());
    }
}
