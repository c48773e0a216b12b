//! `tfconfig`: constant values under `config`, what is computed from other things under `references`.

use std::collections::BTreeMap;

use bumpalo::Bump;
use serde_json::Value as Json;

use super::Modules;
use crate::terraform::configuration::members;
use crate::terraform::{key, or, resources_of, text};
use crate::value::shape::Missing;
use crate::value::{Frozen, Key};

type Fields<'h> = Vec<(Key<'h>, Frozen<'h>)>;

pub(super) fn modules<'h>(bump: &'h Bump, plan: &'h Json) -> Modules<'h> {
    let configuration = plan.get("configuration").unwrap_or(&Json::Null);
    let root = configuration.get("root_module").unwrap_or(&Json::Null);
    let mut found = BTreeMap::new();
    let mut open = vec![(String::new(), String::new(), root)];
    while let Some((path, address, module)) = open.pop() {
        for (name, call) in members(module, "module_calls") {
            let path = if path.is_empty() { name.clone() } else { format!("{path}\n{name}") };
            let dot = if address.is_empty() { "" } else { "." };
            open.push((path, format!("{address}{dot}module.{name}"), call.get("module").unwrap_or(&Json::Null)));
        }
        found.insert(path, namespace(bump, module, configuration, &address));
    }
    Modules(found)
}

fn namespace<'h>(bump: &'h Bump, module: &'h Json, configuration: &'h Json, address: &str) -> Fields<'h> {
    let named = |kind: &str, make: &dyn Fn(&'h Json) -> Fields<'h>| {
        let entries = members(module, kind).map(|(name, one)| (key(name), Frozen::map(bump, make(one))));
        Frozen::map(bump, entries.collect())
    };
    vec![
        (key("data"), resources(bump, module, true)),
        (key("resources"), resources(bump, module, false)),
        (key("providers"), providers(bump, configuration, address)),
        (
            key("modules"),
            named("module_calls", &|call| {
                let mut fields = both(bump, call);
                fields.push((key("source"), or(call, "source", Missing::Text.frozen())));
                fields.push((key("version"), or(call, "version_constraint", Missing::Text.frozen())));
                fields
            }),
        ),
        (
            key("variables"),
            named("variables", &|variable| {
                vec![
                    (key("default"), or(variable, "default", Missing::Null.frozen())),
                    (key("description"), or(variable, "description", Missing::Text.frozen())),
                ]
            }),
        ),
        (
            key("outputs"),
            named("outputs", &|output| {
                let value = output.get("expression").unwrap_or(&Json::Null);
                vec![
                    (key("sensitive"), or(output, "sensitive", Missing::False.frozen())),
                    (key("description"), or(output, "description", Missing::Text.frozen())),
                    (key("depends_on"), or(output, "depends_on", Missing::List.frozen())),
                    (key("value"), constant(bump, value).unwrap_or(Missing::Undefined.frozen())),
                    (key("references"), references(bump, value)),
                ]
            }),
        ),
    ]
}

/// `config` and `references` of something with expressions.
fn both<'h>(bump: &'h Bump, object: &'h Json) -> Fields<'h> {
    let constants = members(object, "expressions").filter_map(|(name, e)| Some((key(name), constant(bump, e)?)));
    let references = members(object, "expressions").map(|(name, e)| (key(name), references(bump, e)));
    vec![
        (key("config"), Frozen::map(bump, constants.collect())),
        (key("references"), Frozen::map(bump, references.collect())),
    ]
}

/// The constant part of an expression; nothing when it is computed.
fn constant<'h>(bump: &'h Bump, expression: &'h Json) -> Option<Frozen<'h>> {
    match expression {
        Json::Object(members) if members.contains_key("constant_value") => {
            members.get("constant_value").map(Frozen::Json)
        }
        Json::Object(members) if members.contains_key("references") || members.is_empty() => None,
        Json::Object(members) => {
            let entries = members.iter().filter_map(|(name, e)| Some((key(name), constant(bump, e)?)));
            Some(Frozen::map(bump, entries.collect()))
        }
        Json::Array(items) => {
            let items: Vec<_> =
                items.iter().map(|e| constant(bump, e).unwrap_or(Missing::Undefined.frozen())).collect();
            Some(Frozen::list(bump, &items))
        }
        _ => None,
    }
}

/// What an expression refers to, in the shape of its blocks.
fn references<'h>(bump: &'h Bump, expression: &'h Json) -> Frozen<'h> {
    match expression {
        Json::Object(members) if members.contains_key("constant_value") => Missing::List.frozen(),
        Json::Object(members) if members.contains_key("references") => {
            members.get("references").map_or(Missing::List.frozen(), Frozen::Json)
        }
        Json::Object(members) if !members.is_empty() => {
            let entries = members.iter().map(|(name, e)| (key(name), references(bump, e)));
            Frozen::map(bump, entries.collect())
        }
        Json::Array(items) => {
            let items: Vec<_> = items.iter().map(|e| references(bump, e)).collect();
            Frozen::list(bump, &items)
        }
        _ => Missing::List.frozen(),
    }
}

fn resources<'h>(bump: &'h Bump, module: &'h Json, data: bool) -> Frozen<'h> {
    let mut kinds: BTreeMap<&str, Fields<'h>> = BTreeMap::new();
    for resource in resources_of(module).filter(|r| (text(r, "mode") == "data") == data) {
        let mut fields = both(bump, resource);
        let provisioners = resource.get("provisioners").and_then(Json::as_array).into_iter().flatten();
        let provisioners: Vec<_> = provisioners
            .map(|provisioner| {
                let mut fields = both(bump, provisioner);
                fields.push((key("type"), or(provisioner, "type", Missing::Text.frozen())));
                Frozen::map(bump, fields)
            })
            .collect();
        fields.push((key("provisioners"), Frozen::list(bump, &provisioners)));
        kinds.entry(text(resource, "type")).or_default().push((key(text(resource, "name")), Frozen::map(bump, fields)));
    }
    Frozen::map(bump, kinds.into_iter().map(|(kind, names)| (key(kind), Frozen::map(bump, names))).collect())
}

/// The providers that the module at an address configures, aliases under `alias`.
fn providers<'h>(bump: &'h Bump, configuration: &'h Json, address: &str) -> Frozen<'h> {
    let mut kinds: BTreeMap<&str, (Option<&'h Json>, Fields<'h>)> = BTreeMap::new();
    let settings = |provider: &'h Json| {
        let mut fields = both(bump, provider);
        fields.push((key("version"), or(provider, "version_constraint", Missing::Text.frozen())));
        fields
    };
    for (_, provider) in members(configuration, "provider_config") {
        if text(provider, "module_address") == address {
            let kind = kinds.entry(text(provider, "name")).or_default();
            match text(provider, "alias") {
                "" => kind.0 = Some(provider),
                alias => kind.1.push((key(alias), Frozen::map(bump, settings(provider)))),
            }
        }
    }
    let entries = kinds.into_iter().map(|(name, (plain, aliases))| {
        let mut fields = settings(plain.unwrap_or(&Json::Null));
        fields.push((key("alias"), Frozen::map(bump, aliases)));
        (key(name), Frozen::map(bump, fields))
    });
    Frozen::map(bump, entries.collect())
}
