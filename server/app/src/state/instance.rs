//! A resource instance of a state, as it is read: a state is read one instance at a time, however large it is.

use super::known::{Attributes, Told, hidden};
use ring::digest::{SHA256, digest};
use serde::{
    Deserialize, Deserializer as _,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// What is kept of an instance.
pub(super) struct Instance {
    /// `[0]`, `["key"]` or nothing.
    pub(super) index: String,
    /// ` (deposed KEY)` or nothing.
    pub(super) deposed: String,
    /// Tells two versions of it apart.
    pub(super) hash: Vec<u8>,
    pub(super) told: Told,
}

impl Instance {
    /// Reads the text of one. What cannot be read of its attributes, or comes twice, is kept as it is: nothing is known of them.
    pub(super) fn read(raw: &[u8]) -> serde_json::Result<Self> {
        let text = std::str::from_utf8(raw).map_err(Error::custom)?;
        let (named, told) = match Full::read(text) {
            Ok(Full { named, told, .. }) => (named, told),
            Err(_) => (serde_json::from_str(text)?, Told::default()),
        };
        Ok(Self {
            index: named.index_key.map(|key| format!("[{}]", key.get())).unwrap_or_default(),
            deposed: named.deposed.map(|key| format!(" (deposed {key})")).unwrap_or_default(),
            // Half a SHA-256 tells two versions of an instance apart; nobody can choose attributes to collide with themselves usefully.
            hash: digest(&SHA256, raw).as_ref()[..16].to_vec(),
            told,
        })
    }
}

/// What an instance is called within its resource.
#[derive(Default, Deserialize)]
struct Named<'a> {
    #[serde(default, borrow)]
    index_key: Option<&'a RawValue>,
    #[serde(default)]
    deposed: Option<String>,
}

/// The same, and what its attributes tell.
#[derive(Default)]
struct Full<'a> {
    named: Named<'a>,
    told: Told,
    sensitive: Option<&'a RawValue>,
}

impl<'a> Full<'a> {
    /// Reads an instance in one pass, as long as nothing is called sensitive: that is said after the attributes.
    fn read(raw: &'a str) -> serde_json::Result<Self> {
        let read = |hidden: &[String]| {
            let mut text = serde_json::Deserializer::from_str(raw);
            let full = text.deserialize_map(Reading(hidden))?;
            text.end().map(|()| full)
        };
        let first: Self = read(&[])?;
        match hidden(first.sensitive) {
            Some(hidden) if hidden.is_empty() => Ok(first),
            Some(hidden) => read(&hidden),
            None => Ok(Self { told: Told::default(), ..first }),
        }
    }
}

/// Reads an instance of which the attributes with these names are hidden.
struct Reading<'h>(&'h [String]);

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Full<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a resource instance")
    }
    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Full<'de>, M::Error> {
        let (mut full, mut seen) = (Full::default(), [false; 4]);
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let known = ["index_key", "deposed", "attributes", "sensitive_attributes"].iter().position(|k| *k == key);
            if let Some(known) = known
                && std::mem::replace(&mut seen[known], true)
            {
                return Err(M::Error::custom(format!("{key} comes twice")));
            }
            match known {
                Some(0) => full.named.index_key = map.next_value()?,
                Some(1) => full.named.deposed = map.next_value()?,
                Some(2) => full.told = map.next_value_seed(Attributes(self.0))?,
                Some(3) => full.sensitive = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> Option<(String, String)> {
        let instance = Instance::read(raw.as_bytes()).ok()?;
        Some((format!("{}{}", instance.index, instance.deposed), instance.told.lines("t")))
    }

    fn known(name: &str, lines: &str) -> Option<(String, String)> {
        Some((name.to_owned(), lines.to_owned()))
    }

    #[test]
    fn it_is_read_whatever_it_holds() {
        let hides = r#"[[{"type":"get_attr","value":"id"}]]"#;
        for (raw, expected) in [
            (r#"{"index_key":"k","attributes":{"id":"a"}}"#.to_owned(), known("[\"k\"]", "id=a\n")),
            (
                r#"{"deposed":"d","attributes":{"id":"a","x":[1,{}]},"private":"p"}"#.to_owned(),
                known(" (deposed d)", "id=a\n"),
            ),
            // Whichever comes first.
            (
                format!(r#"{{"attributes":{{"id":"a","name":"n"}},"sensitive_attributes":{hides}}}"#),
                known("", "name=n\n"),
            ),
            (
                format!(r#"{{"sensitive_attributes":{hides},"attributes":{{"id":"a","name":"n"}}}}"#),
                known("", "name=n\n"),
            ),
            (r#"{"attributes":{"id":"a"},"sensitive_attributes":null}"#.to_owned(), known("", "id=a\n")),
            (r#"{"index_key":0,"attributes":{"id":"a"},"sensitive_attributes":7}"#.to_owned(), known("[0]", "")),
            // Nothing is known of what is no object, or comes twice.
            (r#"{"index_key":0,"attributes":null}"#.to_owned(), known("[0]", "")),
            (r#"{"index_key":0,"attributes":[1]}"#.to_owned(), known("[0]", "")),
            (r#"{"index_key":0,"attributes":{"id":"a"},"attributes":{"id":"b"}}"#.to_owned(), known("[0]", "")),
            ("{}".to_owned(), known("", "")),
            // What it is called has to be clear.
            (r#"{"index_key":0,"index_key":1}"#.to_owned(), None),
            (r#"{"deposed":1}"#.to_owned(), None),
            ("7".to_owned(), None),
        ] {
            assert_eq!(read(&raw), expected, "{raw}");
        }
    }
}
