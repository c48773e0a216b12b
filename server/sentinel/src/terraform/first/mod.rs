//! The imports of the first generation, `tfplan`, `tfstate` and `tfconfig`: one namespace for each module, made from the plan's
//! JSON as the old engine would have shown it.

mod configuration;
mod diff;
mod plan;
mod state;

use std::collections::BTreeMap;

use bumpalo::Bump;
use serde_json::Value as Json;

use super::{Host, key};
use crate::builtin::exactly;
use crate::eval::{Machine, Outcome, fault};
use crate::value::shape::Missing;
use crate::value::{Frozen, Key, Origin, Value};

/// The member, not visible to policies, under which the namespaces of all modules are kept.
const MODULES: &str = "\0modules";

/// Namespaces by module path, the steps joined by line ends.
struct Modules<'h>(BTreeMap<String, Vec<(Key<'h>, Frozen<'h>)>>);

pub(super) fn view<'h>(bump: &'h Bump, host: Host, document: &'h Json, name: &str) -> Option<Frozen<'h>> {
    let modules = || match host {
        Host::FirstPlan => plan::modules(bump, document),
        Host::FirstState => state::modules(bump, document),
        _ => configuration::modules(bump, document),
    };
    Some(match (name, host) {
        (MODULES, _) => modules().frozen(bump),
        ("module_paths", _) => {
            let paths: Vec<_> = modules().0.keys().map(|path| steps(bump, path)).collect();
            Frozen::list(bump, &paths)
        }
        ("terraform_version", Host::FirstPlan) => super::or(document, name, Missing::Undefined.frozen()),
        ("terraform_version", Host::FirstState) => {
            let state = document.get("prior_state").unwrap_or(&Json::Null);
            super::or(state, name, Missing::Undefined.frozen())
        }
        ("variables", Host::FirstPlan) => plan::variables(bump, document),
        _ => modules().frozen(bump).get(bump, key(""))?.get(bump, key(name))?,
    })
}

impl<'h> Modules<'h> {
    fn frozen(self, bump: &'h Bump) -> Frozen<'h> {
        let entries = self.0.into_iter().map(|(path, mut fields)| {
            fields.push((key("path"), steps(bump, &path)));
            (key(bump.alloc_str(&path)), Frozen::map(bump, fields))
        });
        Frozen::map(bump, entries.collect())
    }
}

/// Namespaces by module address, the root's under `root`: the form that mocks have.
pub(crate) fn modules_by_address<'h>(bump: &'h Bump, host: Host, document: &'h Json) -> Frozen<'h> {
    let Some(Frozen::Map(modules)) = view(bump, host, document, MODULES) else { return Missing::Map.frozen() };
    let entries = modules.iter().map(|(path, namespace)| {
        let Key::Str(path) = path else { return (*path, *namespace) };
        let path = String::from_utf8_lossy(path);
        let name =
            if path.is_empty() { "root".to_owned() } else { format!("module.{}", path.replace('\n', ".module.")) };
        (key(bump.alloc_str(&name)), *namespace)
    });
    Frozen::map(bump, entries.collect())
}

fn steps<'h>(bump: &'h Bump, path: &str) -> Frozen<'h> {
    let steps: Vec<_> =
        path.split('\n').filter(|s| !s.is_empty()).map(|step| Frozen::str(bump.alloc_str(step))).collect();
    Frozen::list(bump, &steps)
}

/// The path of a module address: `module.a["x"].module.b` has the steps `a["x"]` and `b`.
fn path(address: &str) -> String {
    let mut steps = Vec::new();
    let mut rest = address;
    while let Some(step) = rest.strip_prefix("module.") {
        let (mut quoted, mut end) = (false, step.len());
        let mut escaped = false;
        for (at, c) in step.char_indices() {
            match c {
                '"' if !escaped => quoted = !quoted,
                '.' if !quoted => {
                    end = at;
                    break;
                }
                _ => {}
            }
            escaped = c == '\\' && !escaped;
        }
        steps.push(&step[..end]);
        rest = step.get(end + 1..).unwrap_or_default();
    }
    steps.join("\n")
}

/// Instances of a resource by index.
type Instances<'h> = Vec<(Key<'h>, Frozen<'h>)>;

/// Resources of one module by type, name and index.
#[derive(Default)]
struct Tree<'h>(BTreeMap<&'h str, BTreeMap<&'h str, Instances<'h>>>);

impl<'h> Tree<'h> {
    fn put(&mut self, resource: &'h Json, shown: Frozen<'h>) {
        let index = match resource.get("index") {
            Some(Json::Number(n)) => n.as_i64().map_or(Key::Int(0), Key::Int),
            Some(Json::String(text)) => key(text),
            _ => Key::Int(0),
        };
        let (kind, name) = (super::text(resource, "type"), super::text(resource, "name"));
        self.0.entry(kind).or_default().entry(name).or_default().push((index, shown));
    }

    fn frozen(self, bump: &'h Bump) -> Frozen<'h> {
        let kinds = self.0.into_iter().map(|(kind, names)| {
            let names = names.into_iter().map(|(name, instances)| (key(name), Frozen::map(bump, instances)));
            (key(kind), Frozen::map(bump, names.collect()))
        });
        Frozen::map(bump, kinds.collect())
    }
}

/// Managed resources and data sources of one module.
#[derive(Default)]
struct Trees<'h> {
    managed: Tree<'h>,
    data: Tree<'h>,
}

impl<'h> Trees<'h> {
    fn put(&mut self, resource: &'h Json, shown: Frozen<'h>) {
        let tree = if super::text(resource, "mode") == "data" { &mut self.data } else { &mut self.managed };
        tree.put(resource, shown);
    }

    fn fields(self, bump: &'h Bump) -> Vec<(Key<'h>, Frozen<'h>)> {
        vec![(key("data"), self.data.frozen(bump)), (key("resources"), self.managed.frozen(bump))]
    }
}

pub(super) fn plan_module<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], at: Origin) -> Outcome<Value<'h>> {
    module(machine, Host::FirstPlan, args, at)
}

pub(super) fn state_module<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], at: Origin) -> Outcome<Value<'h>> {
    module(machine, Host::FirstState, args, at)
}

pub(super) fn configuration_module<'h>(
    machine: &mut Machine<'h>,
    args: &[Value<'h>],
    at: Origin,
) -> Outcome<Value<'h>> {
    module(machine, Host::FirstConfiguration, args, at)
}

/// `module(path)`: the namespace of a module, null when there is none.
fn module<'h>(machine: &mut Machine<'h>, host: Host, args: &[Value<'h>], at: Origin) -> Outcome<Value<'h>> {
    let steps = match exactly(args, "module")? {
        [Value::List(steps)] => steps,
        [value @ Value::Undefined(_)] => return Ok(value),
        [other] => return fault(format!("module needs a list of names, not {}", other.type_name())),
    };
    let mut path = Vec::new();
    for step in steps.items() {
        let Value::Str(step) = step else {
            return fault(format!("a step of a module path is a string, not a {}", step.type_name()));
        };
        if !path.is_empty() {
            path.push(b'\n');
        }
        path.extend(step);
    }
    let Some(modules) = machine.view(host, MODULES)? else { return Ok(Value::Undefined(Some(at))) };
    Ok(modules.get(machine.bump, Key::Str(&path)).map_or(Value::Null, |found| found.thaw(machine.bump)))
}
