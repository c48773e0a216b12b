//! The Terraform imports: views over the plan's JSON, built collection by collection when first read.

mod configuration;
mod first;
mod plan;
mod state;

use bumpalo::Bump;
use serde_json::Value as Json;

pub(crate) use first::modules_by_address;

use crate::builtin::exactly;
use crate::eval::{Machine, Outcome, fault};
use crate::import::Import;
use crate::value::shape::{Field, Missing, Shape};
use crate::value::{Frozen, Key, Native, Origin, Value};

/// An import the host serves from its documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Host {
    Plan,
    State,
    Configuration,
    Run,
    /// `tfplan` of the first generation.
    FirstPlan,
    /// `tfstate` of the first generation.
    FirstState,
    /// `tfconfig` of the first generation.
    FirstConfiguration,
}

impl Host {
    /// The import a path names.
    pub(crate) fn of(path: &str) -> Option<Self> {
        Some(match path {
            "tfplan/v2" => Self::Plan,
            "tfstate/v2" => Self::State,
            "tfconfig/v2" => Self::Configuration,
            "tfrun" => Self::Run,
            "tfplan" | "tfplan/v1" => Self::FirstPlan,
            "tfstate" | "tfstate/v1" => Self::FirstState,
            "tfconfig" | "tfconfig/v1" => Self::FirstConfiguration,
            _ => return None,
        })
    }
}

/// The member of a host import that is no data: a function, or another import.
pub(crate) fn member<'h>(host: Host, name: &str) -> Option<Value<'h>> {
    let function: Native = match (host, name) {
        (Host::Configuration, "strip_index") => strip_index,
        (Host::FirstPlan, "module") => first::plan_module,
        (Host::FirstState, "module") => first::state_module,
        (Host::FirstConfiguration, "module") => first::configuration_module,
        (Host::FirstPlan, "config") => return Some(Value::Import(Import::Host(Host::FirstConfiguration))),
        (Host::FirstPlan, "state") => return Some(Value::Import(Import::Host(Host::FirstState))),
        _ => return None,
    };
    Some(Value::Native(function))
}

/// The view behind a member.
pub(crate) fn view<'h>(bump: &'h Bump, host: Host, document: &'h Json, name: &str) -> Option<Frozen<'h>> {
    match host {
        Host::Plan => plan::view(bump, document, name),
        Host::State => state::view(bump, document, name),
        Host::Configuration => configuration::view(bump, document, name),
        Host::Run => document.get(name).map(Frozen::Json),
        Host::FirstPlan | Host::FirstState | Host::FirstConfiguration => first::view(bump, host, document, name),
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
        let value = or(output, "value", Missing::Undefined.frozen());
        let mut fields = vec![(key("name"), Frozen::str(name)), (key("value"), value)];
        if with_sensitive || output.get("sensitive").is_some() {
            fields.push((key("sensitive"), or(output, "sensitive", Missing::False.frozen())));
        }
        entries.push((key(name), Frozen::map(bump, fields)));
    }
    Frozen::map(bump, entries)
}

const RESOURCE: Shape = Shape(&[
    ("address", Field::Same(Missing::Text)),
    ("deposed_key", Field::Same(Missing::Text)),
    ("depends_on", Field::Same(Missing::List)),
    ("index", Field::Same(Missing::Null)),
    ("mode", Field::Same(Missing::Text)),
    ("module_address", Field::Module),
    ("name", Field::Same(Missing::Text)),
    ("provider_name", Field::Same(Missing::Text)),
    ("tainted", Field::Same(Missing::False)),
    ("type", Field::Same(Missing::Text)),
    ("values", Field::Same(Missing::Map)),
]);

/// Modules of a state-like document, from the root on.
fn modules<'h>(root: Option<&'h Json>) -> Vec<&'h Json> {
    let mut modules: Vec<&'h Json> = root.into_iter().collect();
    let mut next = 0;
    while let Some(module) = modules.get(next) {
        let below = module.get("child_modules").and_then(Json::as_array).into_iter().flatten();
        modules.extend(below);
        next += 1;
    }
    modules
}

fn resources_of(module: &Json) -> impl Iterator<Item = &Json> {
    module.get("resources").and_then(Json::as_array).into_iter().flatten()
}

/// Resources of a state-like document, flattened over its modules.
fn resources<'h>(bump: &'h Bump, root: Option<&'h Json>) -> Frozen<'h> {
    let mut entries = Vec::new();
    for module in modules(root) {
        let address = text(module, "address");
        for resource in resources_of(module) {
            let shown = Frozen::shaped(bump, resource, &RESOURCE, address);
            entries.push((resource_key(bump, resource, "deposed_key"), shown));
        }
    }
    Frozen::map(bump, entries)
}
