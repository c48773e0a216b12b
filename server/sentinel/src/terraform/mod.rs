//! The Terraform imports: views over the plan's JSON, built collection by collection when first read.

mod configuration;
mod plan;
mod state;

use bumpalo::Bump;
use serde_json::Value as Json;

use crate::builtin::exactly;
use crate::eval::{Machine, Outcome, fault};
use crate::value::{Frozen, Key, Native, Origin, Value};

/// An import the host serves from its documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Host {
    Plan,
    State,
    Configuration,
    Run,
    /// A first-generation import: known by name, served by mocks only.
    First,
}

impl Host {
    /// The import a path names.
    pub(crate) fn of(path: &str) -> Option<Self> {
        Some(match path {
            "tfplan/v2" => Self::Plan,
            "tfstate/v2" => Self::State,
            "tfconfig/v2" => Self::Configuration,
            "tfrun" => Self::Run,
            "tfplan" | "tfstate" | "tfconfig" | "tfplan/v1" | "tfstate/v1" | "tfconfig/v1" => Self::First,
            _ => return None,
        })
    }
}

/// The function a member of a host import is, if it is one.
pub(crate) fn function(host: Host, name: &str) -> Option<Native> {
    (host == Host::Configuration && name == "strip_index").then_some(strip_index as Native)
}

/// The view behind a member.
pub(crate) fn view<'h>(bump: &'h Bump, host: Host, document: &'h Json, name: &str) -> Option<Frozen<'h>> {
    match host {
        Host::Plan => plan::view(bump, document, name),
        Host::State => state::view(bump, document, name),
        Host::Configuration => configuration::view(bump, document, name),
        Host::Run => document.get(name).map(Frozen::Json),
        Host::First => None,
    }
}

fn strip_index<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], _: Origin) -> Outcome<Value<'h>> {
    let [Value::Str(address)] = exactly(args, "strip_index")? else {
        return fault("strip_index needs a string");
    };
    let address = String::from_utf8_lossy(address);
    let parts: Vec<_> = address.split('.').map(|p| p.split('[').next().unwrap_or_default()).collect();
    Ok(Value::text(machine.bump, &parts.join(".")))
}

fn key(name: &str) -> Key<'_> {
    Key::Str(name.as_bytes())
}

/// A member, or what stands for it when it is missing.
fn or<'h>(object: &'h Json, name: &str, missing: Frozen<'h>) -> Frozen<'h> {
    object.get(name).map_or(missing, Frozen::Json)
}

const fn null<'h>() -> Frozen<'h> {
    Frozen::Leaf(Value::Null)
}

const fn empty<'h>() -> Frozen<'h> {
    Frozen::Leaf(Value::Str(b""))
}

const fn no_map<'h>() -> Frozen<'h> {
    Frozen::Map(&[])
}

const fn no_list<'h>() -> Frozen<'h> {
    Frozen::List(&[])
}

fn text<'h>(object: &'h Json, name: &str) -> &'h str {
    object.get(name).and_then(Json::as_str).unwrap_or_default()
}

/// A resource's key in its collection: the address, and the deposed key when there is one.
fn resource_key<'h>(bump: &'h Bump, object: &'h Json, deposed: &str) -> Key<'h> {
    let (address, deposed) = (text(object, "address"), text(object, deposed));
    if deposed.is_empty() { key(address) } else { key(bump.alloc_str(&format!("{address}:{deposed}"))) }
}

/// Outputs of a state-like document.
fn outputs<'h>(bump: &'h Bump, document: &'h Json, with_sensitive: bool) -> Frozen<'h> {
    let mut entries = Vec::new();
    for (name, output) in document.get("outputs").and_then(Json::as_object).into_iter().flatten() {
        let mut fields = vec![
            (key("name"), Frozen::str(name)),
            (key("value"), or(output, "value", Frozen::Leaf(Value::undefined()))),
        ];
        if with_sensitive || output.get("sensitive").is_some() {
            fields.push((key("sensitive"), or(output, "sensitive", Frozen::Leaf(Value::Bool(false)))));
        }
        entries.push((key(name), Frozen::map(bump, fields)));
    }
    Frozen::map(bump, entries)
}

/// Resources of a state-like document, flattened over its modules.
fn resources<'h>(bump: &'h Bump, root: Option<&'h Json>) -> Frozen<'h> {
    let mut entries = Vec::new();
    let mut modules: Vec<&'h Json> = root.into_iter().collect();
    while let Some(module) = modules.pop() {
        modules.extend(module.get("child_modules").and_then(Json::as_array).into_iter().flatten());
        for resource in module.get("resources").and_then(Json::as_array).into_iter().flatten() {
            let fields = vec![
                (key("address"), or(resource, "address", empty())),
                (key("module_address"), or(module, "address", empty())),
                (key("mode"), or(resource, "mode", empty())),
                (key("type"), or(resource, "type", empty())),
                (key("name"), or(resource, "name", empty())),
                (key("index"), or(resource, "index", null())),
                (key("provider_name"), or(resource, "provider_name", empty())),
                (key("values"), or(resource, "values", no_map())),
                (key("depends_on"), or(resource, "depends_on", no_list())),
                (key("tainted"), or(resource, "tainted", Frozen::Leaf(Value::Bool(false)))),
                (key("deposed_key"), or(resource, "deposed_key", empty())),
            ];
            entries.push((resource_key(bump, resource, "deposed_key"), Frozen::map(bump, fields)));
        }
    }
    Frozen::map(bump, entries)
}
