//! JSON configurations: the legacy keys, and the blocks of HCL written as JSON.

use serde_json::{Map, Value as Json};

use super::{Block, Body, Configuration, Source, build};

pub(super) fn read(file: &str, members: Map<String, Json>) -> Result<Configuration, String> {
    let mut made = Configuration::default();
    let mut blocks = Body::default();
    for (key, value) in members {
        let Json::Object(inner) = value else {
            if let Json::Array(items) = value {
                for item in items {
                    blocks_of(&key, item, &mut blocks);
                }
                continue;
            }
            return Err(format!("{file}: {key} is an object"));
        };
        match key.as_str() {
            "mock" => {
                for (path, given) in inner {
                    made.legacy |= !is_block(&given, &["data", "module"]);
                    made.mocks.insert(path, mock(given));
                }
            }
            // Plugins of the legacy form: what they provide is a standard import or a mock here.
            "imports" => made.legacy = true,
            "modules" => {
                made.legacy = true;
                for (name, given) in inner {
                    let path = given.get("path").or_else(|| given.get("source")).unwrap_or(&given);
                    let Some(path) = path.as_str() else {
                        return Err(format!("{file}: the module {name} has no path"));
                    };
                    made.imports.insert(name, Source::Module(path.to_owned()));
                }
            }
            "params" => {
                made.legacy = true;
                made.params.extend(inner);
            }
            "param" | "global" => {
                let target = if key == "param" { &mut made.params } else { &mut made.globals };
                for (name, given) in inner {
                    let block = is_block(&given, &["value"]);
                    made.legacy |= !block;
                    let value = if block { given.get("value").cloned().unwrap_or(Json::Null) } else { given };
                    target.insert(name, value);
                }
            }
            "test" => {
                let rules = match inner.get("rules") {
                    Some(Json::Object(rules)) if inner.len() == 1 => rules.clone(),
                    _ => {
                        made.legacy = true;
                        inner
                    }
                };
                made.expected.get_or_insert_default().extend(rules);
            }
            _ => blocks_of(&key, Json::Object(inner), &mut blocks),
        }
    }
    let rest = build::build(file, blocks)?;
    made.policies = rest.policies;
    made.features = rest.features;
    made.imports.extend(rest.imports);
    Ok(made)
}

/// Whether a value is the body of a block rather than data.
fn is_block(value: &Json, names: &[&str]) -> bool {
    value.as_object().is_some_and(|m| m.len() == 1 && m.keys().all(|k| names.contains(&k.as_str())))
}

fn mock(given: Json) -> Source {
    match &given {
        Json::String(path) => return Source::Module(path.clone()),
        Json::Object(members) if is_block(&given, &["module"]) => {
            if let Some(Json::String(path)) = members.get("module").and_then(|m| m.get("source")) {
                return Source::Module(path.clone());
            }
        }
        Json::Object(members) if is_block(&given, &["data"]) => {
            if let Some(data @ Json::Object(_)) = members.get("data") {
                return Source::Members(data.clone());
            }
        }
        _ => {}
    }
    Source::Members(given)
}

/// `{"policy": {"name": {…}}}` and `{"import": {"module": {"name": {…}}}}` as blocks.
fn blocks_of(kind: &str, value: Json, out: &mut Body) {
    let labels = match kind {
        "policy" | "module" => 1,
        "import" => 2,
        _ => 0,
    };
    labelled(kind, &mut Vec::new(), labels, value, out);
}

fn labelled(kind: &str, labels: &mut Vec<String>, left: usize, value: Json, out: &mut Body) {
    match value {
        Json::Array(items) => items.into_iter().for_each(|item| labelled(kind, labels, left, item, out)),
        Json::Object(members) if left > 0 => {
            for (label, inner) in members {
                labels.push(label);
                labelled(kind, labels, left - 1, inner, out);
                labels.pop();
            }
        }
        Json::Object(members) => {
            let body = Body { attributes: members.into_iter().collect(), blocks: Vec::new() };
            out.blocks.push(Block { kind: kind.to_owned(), labels: labels.clone(), body });
        }
        _ => {}
    }
}
