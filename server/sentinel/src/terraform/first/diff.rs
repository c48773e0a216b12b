//! Flat differences: `tags.%`, `ingress.#`, `ingress.0.from_port`, with old and new values as text.

use std::collections::BTreeMap;

use bumpalo::Bump;
use serde_json::Value as Json;

use crate::terraform::key;
use crate::value::{Frozen, Value};

/// The attributes that differ or will be known only after the apply.
pub(super) fn between<'h>(bump: &'h Bump, before: &Json, after: &Json, unknown: &Json) -> Frozen<'h> {
    let (mut old, mut new, mut computed) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    flatten("", before, false, &mut old);
    flatten("", after, false, &mut new);
    leaves("", unknown, &mut computed);
    let mut entries = BTreeMap::new();
    for name in old.keys().chain(new.keys()) {
        let side = |side: &BTreeMap<String, String>| side.get(name).cloned().unwrap_or_default();
        if old.get(name) != new.get(name) {
            entries.insert(name.clone(), (side(&old), side(&new), false));
        }
    }
    for name in computed {
        let was = old.get(&name).cloned().unwrap_or_default();
        entries.insert(name, (was, String::new(), true));
    }
    let entries = entries.into_iter().map(|(name, (old, new, computed))| {
        let fields = vec![
            (key("computed"), Frozen::Leaf(Value::Bool(computed))),
            (key("new"), Frozen::str(bump.alloc_str(&new))),
            (key("old"), Frozen::str(bump.alloc_str(&old))),
        ];
        (key(bump.alloc_str(&name)), Frozen::map(bump, fields))
    });
    Frozen::map(bump, entries.collect())
}

fn below(prefix: &str, step: &str) -> String {
    if prefix.is_empty() { step.to_owned() } else { format!("{prefix}.{step}") }
}

/// A block in a list has no count of its own; a map has one under `%`.
fn flatten(prefix: &str, json: &Json, in_list: bool, out: &mut BTreeMap<String, String>) {
    match json {
        Json::Null => {}
        Json::String(text) => {
            out.insert(prefix.to_owned(), text.clone());
        }
        Json::Bool(_) | Json::Number(_) => {
            out.insert(prefix.to_owned(), json.to_string());
        }
        Json::Array(items) => {
            out.insert(below(prefix, "#"), items.len().to_string());
            for (at, item) in items.iter().enumerate() {
                flatten(&below(prefix, &at.to_string()), item, true, out);
            }
        }
        Json::Object(members) => {
            if !in_list && !prefix.is_empty() {
                out.insert(below(prefix, "%"), members.len().to_string());
            }
            for (name, member) in members {
                flatten(&below(prefix, name), member, false, out);
            }
        }
    }
}

/// Names of the attributes that are unknown.
fn leaves(prefix: &str, json: &Json, out: &mut Vec<String>) {
    match json {
        Json::Bool(true) if !prefix.is_empty() => out.push(prefix.to_owned()),
        Json::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| leaves(&below(prefix, &at.to_string()), item, out));
        }
        Json::Object(members) => members.iter().for_each(|(name, member)| leaves(&below(prefix, name), member, out)),
        _ => {}
    }
}
