//! From blocks to a configuration.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{Block, Body, Configuration, Enforcement, PolicyEntry, Source};

pub(super) fn build(file: &str, body: Body) -> Result<Configuration, String> {
    let mut made = Configuration::default();
    if let Some(name) = body.attributes.keys().next() {
        return Err(format!("{file}: the attribute {name} is not known at the top of a configuration"));
    }
    for block in body.blocks {
        let what = format!("{} {}", block.kind, block.labels.join(" "));
        one(&mut made, block).map_err(|why| format!("{file}: {}: {why}", what.trim()))?;
    }
    Ok(made)
}

fn one(made: &mut Configuration, block: Block) -> Result<(), String> {
    let Block { kind, labels, mut body } = block;
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    match (kind.as_str(), labels.as_slice()) {
        ("policy", [name]) => {
            let policy = policy(name, &mut body)?;
            if made.policies.iter().any(|p| p.name == *name) {
                return Err("the policy is named twice".into());
            }
            made.policies.push(policy);
        }
        ("import", [kind, name]) => {
            let source = match *kind {
                "module" => Source::Module(take_text(&mut body, "source")?),
                "static" => {
                    let source = take_text(&mut body, "source")?;
                    body.attributes.remove("format");
                    Source::Static(source)
                }
                "plugin" => {
                    body = Body::default();
                    Source::Plugin
                }
                other => return Err(format!("an import is a module, static or a plugin, not {other:?}")),
            };
            insert(&mut made.imports, name, source)?;
        }
        ("import", [name]) => {
            body = Body::default();
            insert(&mut made.imports, name, Source::Plugin)?;
        }
        ("module", [name]) => {
            let source = Source::Module(take_text(&mut body, "source")?);
            insert(&mut made.imports, name, source)?;
        }
        ("mock", [name]) => {
            let source = mock(&mut body)?;
            insert(&mut made.mocks, name, source)?;
        }
        ("global", [name]) => insert(&mut made.globals, name, take(&mut body, "value")?)?,
        ("param", [name]) => insert(&mut made.params, name, take(&mut body, "value")?)?,
        ("test", []) => {
            let expected = made.expected.get_or_insert_default();
            let mut rules: Vec<(String, Json)> = Vec::new();
            match body.attributes.remove("rules") {
                Some(Json::Object(members)) => rules.extend(members),
                Some(_) => return Err("rules is an object".into()),
                None => {}
            }
            for inner in std::mem::take(&mut body.blocks) {
                if inner.kind != "rules" {
                    return Err(format!("the block {} is not known", inner.kind));
                }
                rules.extend(inner.body.attributes);
            }
            expected.extend(rules);
        }
        ("sentinel", []) => {
            let features = match body.attributes.remove("features") {
                Some(features) => features,
                None => body
                    .blocks
                    .iter()
                    .position(|b| b.kind == "features")
                    .map_or(Json::Null, |at| object(body.blocks.remove(at).body)),
            };
            if let Json::Object(features) = features {
                made.features.extend(features);
            }
            body = Body::default();
        }
        _ => return Err("this block is not known, or has the wrong number of labels".into()),
    }
    if let Some(name) = body.attributes.keys().next() {
        return Err(format!("the attribute {name} is not known"));
    }
    match body.blocks.first() {
        Some(inner) => Err(format!("the block {} is not known", inner.kind)),
        None => Ok(()),
    }
}

fn policy(name: &str, body: &mut Body) -> Result<PolicyEntry, String> {
    let source = body.attributes.remove("source").map(text).transpose()?;
    let enforcement = match body.attributes.remove("enforcement_level").map(text).transpose()?.as_deref() {
        None | Some("advisory") => Enforcement::Advisory,
        Some("soft-mandatory") => Enforcement::SoftMandatory,
        Some("hard-mandatory") => Enforcement::HardMandatory,
        Some(other) => return Err(format!("the enforcement level {other:?} is not known")),
    };
    let params = match body.attributes.remove("params") {
        Some(Json::Object(members)) => members.into_iter().collect(),
        Some(_) => return Err("params is an object".into()),
        None => BTreeMap::new(),
    };
    Ok(PolicyEntry { name: name.to_owned(), source, enforcement, params })
}

fn mock(body: &mut Body) -> Result<Source, String> {
    if let Some(data) = body.attributes.remove("data") {
        return Ok(Source::Members(data));
    }
    if let Some(Json::Object(mut module)) = body.attributes.remove("module") {
        return module
            .remove("source")
            .ok_or_else(|| "source is missing".to_owned())
            .and_then(text)
            .map(Source::Module);
    }
    let Some(mut inner) = body.blocks.pop() else { return Err("a mock has data or a module".into()) };
    match inner.kind.as_str() {
        "module" => Ok(Source::Module(take_text(&mut inner.body, "source")?)),
        "data" => Ok(Source::Members(object(inner.body))),
        other => Err(format!("the block {other} is not known")),
    }
}

fn object(body: Body) -> Json {
    let mut members: serde_json::Map<String, Json> = body.attributes.into_iter().collect();
    members.extend(body.blocks.into_iter().map(|b| (b.kind, object(b.body))));
    Json::Object(members)
}

fn insert<T>(map: &mut BTreeMap<String, T>, name: &str, value: T) -> Result<(), String> {
    match map.insert(name.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err("this is defined twice".into()),
    }
}

fn take(body: &mut Body, name: &str) -> Result<Json, String> {
    body.attributes.remove(name).ok_or_else(|| format!("{name} is missing"))
}

fn take_text(body: &mut Body, name: &str) -> Result<String, String> {
    take(body, name).and_then(text)
}

fn text(json: Json) -> Result<String, String> {
    match json {
        Json::String(text) => Ok(text),
        other => Err(format!("a text is expected, not {other}")),
    }
}
