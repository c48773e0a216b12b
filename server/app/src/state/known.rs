//! What may be known of an instance without opening its state: a short list of attributes, where nothing says that they are sensitive. It lies
//! in clear, so whatever is not surely harmless is left out.

use super::secret;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, value::RawValue};
use std::{borrow::Cow, fmt};

/// The attributes that may be known, beside tags.
const ALLOWED: [&str; 4] = ["id", "arn", "name", "region"];
/// The most bytes of a value; a longer one is no name for anything.
const LONGEST: usize = 512;
/// The most tags of an instance.
const TAGS: usize = 64;

/// Secrets of fewer bytes say nothing of where else they are.
const SHORTEST: usize = 4;

/// What an instance says of its attributes that is not called a secret.
#[derive(Default)]
pub(super) struct Told {
    values: Vec<(&'static str, String)>,
    /// By key; of a list of tags each is a key without a value.
    tags: Vec<(String, String)>,
    /// The texts of what is hidden.
    secrets: Vec<String>,
}

impl Told {
    /// The lines that may be known of an instance of this type.
    pub(super) fn lines(&self, resource_type: &str) -> String {
        let mut lines = String::new();
        // The id of a random thing is what it is.
        if secret::is_named(resource_type) || resource_type.starts_with("random_") {
            return lines;
        }
        for (name, value) in &self.values {
            if self.is_harmless(value) && !value.is_empty() {
                lines.extend([*name, "=", value, "\n"]);
            }
        }
        for (key, value) in self.tags.iter().take(TAGS) {
            if self.is_harmless(key) && self.is_harmless(value) && !key.is_empty() && !key.contains('=') {
                lines.extend(["tag:", key, "=", value, "\n"]);
            }
        }
        lines
    }

    /// Whether a text is one line, no longer than a name is, no address with a secret, and neither has a secret in it nor is a part of one.
    fn is_harmless(&self, text: &str) -> bool {
        is_plain(text)
            && !secret::is_in(text)
            && (text.is_empty() || !self.secrets.iter().any(|secret| text.contains(secret) || secret.contains(text)))
    }

    fn hide(&mut self, value: &Value) {
        match value {
            Value::String(text) if text.len() >= SHORTEST => self.secrets.push(text.clone()),
            Value::Number(number) => {
                let text = number.to_string();
                if text.len() >= SHORTEST {
                    self.secrets.push(text);
                }
            }
            Value::Array(list) => list.iter().for_each(|value| self.hide(value)),
            Value::Object(map) => map.values().for_each(|value| self.hide(value)),
            _ => {}
        }
    }
}

/// Whether a value is one line of text, and no longer than a name is.
fn is_plain(value: &str) -> bool {
    value.len() <= LONGEST && !value.chars().any(char::is_control)
}

/// The names of attributes that are sensitive, or have something inside that is, from their paths as the engine writes them; `None` where that
/// cannot be told: then everything is.
pub(super) fn hidden(sensitive: Option<&RawValue>) -> Option<Vec<String>> {
    let paths: Value = match sensitive {
        Some(raw) => serde_json::from_str(raw.get()).ok()?,
        None => return Some(Vec::new()),
    };
    match paths {
        Value::Null => Some(Vec::new()),
        Value::Array(paths) => paths
            .iter()
            .map(|path| match &path.get(0)?["value"] {
                Value::String(name) => Some(name.clone()),
                other => other["value"].as_str().map(str::to_owned),
            })
            .collect(),
        _ => None,
    }
}

/// Reads attributes of which those with these names are hidden.
pub(super) struct Attributes<'h>(pub(super) &'h [String]);

impl<'de> DeserializeSeed<'de> for Attributes<'_> {
    type Value = Told;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Told, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Attributes<'_> {
    type Value = Told;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("attributes")
    }
    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Told, M::Error> {
        let mut told = Told::default();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if self.0.iter().any(|hidden| *hidden == key) || secret::is_named(&key) {
                let value: Value = map.next_value()?;
                told.hide(&value);
            } else if let Some(name) = ALLOWED.iter().find(|name| **name == key) {
                if let Loose::Text(text) = map.next_value()? {
                    told.values.push((name, text));
                }
            } else if key == "tags" {
                let tags = match map.next_value()? {
                    Loose::Map(tags) => tags,
                    Loose::List(tags) => tags.into_iter().map(|tag| (tag, String::new())).collect(),
                    _ => Vec::new(),
                };
                for (key, value) in tags {
                    if !secret::is_named(&key) {
                        told.tags.push((key, value));
                    } else if value.len() >= SHORTEST {
                        told.secrets.push(value);
                    }
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(told)
    }
}

/// Any JSON, of which only texts are kept.
enum Loose {
    Text(String),
    Map(Vec<(String, String)>),
    List(Vec<String>),
    Other,
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Loose;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
                Ok(Loose::Text(text.to_owned()))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Loose, E> {
                Ok(Loose::Other)
            }
            fn visit_i64<E>(self, number: i64) -> Result<Loose, E> {
                Ok(Loose::Text(number.to_string()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Loose, E> {
                Ok(Loose::Text(number.to_string()))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Loose, E> {
                Ok(Loose::Other)
            }
            fn visit_unit<E>(self) -> Result<Loose, E> {
                Ok(Loose::Other)
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Loose, M::Error> {
                let mut pairs = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    if let Self::Value::Text(value) = map.next_value()? {
                        pairs.push((key, value));
                    }
                }
                Ok(Loose::Map(pairs))
            }
            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Loose, S::Error> {
                let mut texts = Vec::new();
                while let Some(value) = list.next_element()? {
                    if let Self::Value::Text(text) = value {
                        texts.push(text);
                    }
                }
                Ok(Loose::List(texts))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(kind: &str, attributes: &str, sensitive: Option<&str>) -> String {
        let sensitive = sensitive.map(|text| RawValue::from_string(text.to_owned()).unwrap());
        let Some(hidden) = hidden(sensitive.as_deref()) else { return String::new() };
        let read = Attributes(&hidden).deserialize(&mut serde_json::Deserializer::from_str(attributes));
        read.unwrap_or_default().lines(kind)
    }

    const SERVER: &str = r#"{"id":"i-1","arn":"arn:x","name":"web","region":null,"password":"canary","user_data":"canary","ami":"canary",
        "tags":{"Owner":"team","db_password":"canary","API-Key":"canary","Nested":{"a":"canary"}},"ports":[1,{"name":"canary"}]}"#;

    #[test]
    fn only_what_is_allowed_is_known() {
        assert_eq!(lines("aws_instance", SERVER, None), "id=i-1\narn=arn:x\nname=web\ntag:Owner=team\n");
        assert_eq!(lines("t", r#"{"id":7,"name":true,"tags":["a","b"]}"#, Some("null")), "id=7\ntag:a=\ntag:b=\n");
        for none in ["null", "[]", "\"x\"", "{}", r#"{"id":{"a":1},"tags":1}"#, r#"{"id":"a\nb","name":""}"#] {
            assert_eq!(lines("t", none, None), "", "{none}");
        }
        assert_eq!(lines("t", &format!(r#"{{"id":"{}"}}"#, "x".repeat(513)), None), "");
    }

    #[test]
    fn what_is_sensitive_is_not_known() {
        let path = r#"[[{"type":"get_attr","value":"id"}],[{"type":"get_attr","value":"tags"},{"type":"index","value":{"value":"x","type":"string"}}]]"#;
        assert_eq!(lines("aws_instance", SERVER, Some(path)), "arn=arn:x\nname=web\n");
        for unreadable in ["{}", "1", "[1]", "[[]]", r#"[[{"type":"get_attr"}]]"#] {
            assert_eq!(lines("aws_instance", SERVER, Some(unreadable)), "", "{unreadable}");
        }
        for kind in
            ["random_string", "random_password", "aws_iam_access_key", "gitlab_project_access_token", "tls_private_key"]
        {
            assert_eq!(lines(kind, SERVER, None), "", "{kind}");
        }
    }

    #[test]
    fn an_attribute_that_comes_twice_is_no_error() {
        assert_eq!(lines("t", r#"{"id":"a","id":"b"}"#, None), "id=a\nid=b\n");
    }

    #[test]
    fn a_secret_is_not_known_by_another_name() {
        let path = r#"[[{"type":"get_attr","value":"deep"}]]"#;
        let attributes = r#"{"id":"db-hush1","name":"hush2","arn":"arn:hus","region":"eu","deep":{"a":["hush1",{"b":"hush2"}],"c":12345},
            "password":"xhushx","tags":{"One":"has 12345 in it","DbPass":"hush7","Two":"hush7","Url":"https://a/b?c","Three":"open"}}"#;
        assert_eq!(lines("t", attributes, Some(path)), "arn=arn:hus\nregion=eu\ntag:Three=open\n");
        let parts = r#"{"id":"hush","admin_password":"xxhushxx","name":"postgres://u:p@h/d"}"#;
        assert_eq!(lines("t", parts, None), "");
        // Too short to tell anything.
        assert_eq!(lines("t", r#"{"id":"abc","password":"abc"}"#, None), "id=abc\n");
    }
}
