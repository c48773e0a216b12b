//! `tfconfig/v2`: the configuration part of the plan, walked through its modules.

use bumpalo::Bump;
use serde_json::Value as Json;

use super::{empty, key, no_list, no_map, null, or, text};
use crate::value::{Frozen, Key, Value};

type Entries<'h> = Vec<(Key<'h>, Frozen<'h>)>;

pub(super) fn view<'h>(bump: &'h Bump, plan: &'h Json, name: &str) -> Option<Frozen<'h>> {
    let configuration = plan.get("configuration").unwrap_or(&Json::Null);
    let mut entries = Entries::new();
    if name == "providers" {
        providers(bump, configuration, &mut entries);
        return Some(Frozen::map(bump, entries));
    }
    let collect = match name {
        "resources" => resources,
        "provisioners" => provisioners,
        "variables" => variables,
        "outputs" => outputs,
        "module_calls" => calls,
        _ => return None,
    };
    let mut modules = vec![("", configuration.get("root_module").unwrap_or(&Json::Null))];
    while let Some((address, module)) = modules.pop() {
        collect(bump, address, module, &mut entries);
        for (name, call) in members(module, "module_calls") {
            let dot = if address.is_empty() { "" } else { "." };
            let inner: &'h str = bump.alloc_str(&format!("{address}{dot}module.{name}"));
            modules.push((inner, call.get("module").unwrap_or(&Json::Null)));
        }
    }
    Some(Frozen::map(bump, entries))
}

pub(super) fn members<'h>(object: &'h Json, name: &str) -> impl Iterator<Item = (&'h String, &'h Json)> {
    object.get(name).and_then(Json::as_object).into_iter().flatten()
}

fn joined<'h>(bump: &'h Bump, address: &str, separator: char, name: &'h str) -> &'h str {
    if address.is_empty() { name } else { bump.alloc_str(&format!("{address}{separator}{name}")) }
}

/// An expression as the import shows it: an empty one has a null constant.
fn expression<'h>(bump: &'h Bump, json: Option<&'h Json>) -> Frozen<'h> {
    match json {
        None => no_map(),
        Some(Json::Object(map)) if map.is_empty() => Frozen::map(bump, vec![(key("constant_value"), null())]),
        Some(Json::Object(map)) => Frozen::map(bump, map.iter().map(|(k, v)| (key(k), nested(bump, v))).collect()),
        Some(json) => nested(bump, json),
    }
}

fn nested<'h>(bump: &'h Bump, json: &'h Json) -> Frozen<'h> {
    match json {
        Json::Object(map) if map.contains_key("references") || map.contains_key("constant_value") => Frozen::Json(json),
        Json::Object(_) => expression(bump, Some(json)),
        Json::Array(items) => {
            let items: Vec<_> = items.iter().map(|i| nested(bump, i)).collect();
            Frozen::list(bump, &items)
        }
        _ => Frozen::Json(json),
    }
}

fn config<'h>(bump: &'h Bump, object: &'h Json) -> Frozen<'h> {
    let entries = members(object, "expressions").map(|(k, v)| (key(k), nested(bump, v))).collect();
    Frozen::map(bump, entries)
}

fn provider_key<'h>(bump: &'h Bump, address: &str, given: &'h str) -> &'h str {
    let local = given.rsplit(':').next().unwrap_or(given);
    joined(bump, address, ':', local)
}

fn resources<'h>(bump: &'h Bump, address: &'h str, module: &'h Json, entries: &mut Entries<'h>) {
    for resource in module.get("resources").and_then(Json::as_array).into_iter().flatten() {
        let full = joined(bump, address, '.', text(resource, "address"));
        let provisioners = resource.get("provisioners").and_then(Json::as_array).into_iter().flatten();
        let provisioners: Vec<_> = provisioners
            .map(|p| Frozen::map(bump, vec![(key("type"), or(p, "type", empty())), (key("config"), config(bump, p))]))
            .collect();
        let provider = provider_key(bump, address, text(resource, "provider_config_key"));
        let fields = vec![
            (key("address"), Frozen::str(full)),
            (key("module_address"), Frozen::str(address)),
            (key("mode"), or(resource, "mode", empty())),
            (key("type"), or(resource, "type", empty())),
            (key("name"), or(resource, "name", empty())),
            (key("provider_config_key"), Frozen::str(provider)),
            (key("provisioners"), Frozen::list(bump, &provisioners)),
            (key("config"), config(bump, resource)),
            (key("count"), expression(bump, resource.get("count_expression"))),
            (key("for_each"), expression(bump, resource.get("for_each_expression"))),
            (key("depends_on"), or(resource, "depends_on", no_list())),
        ];
        entries.push((key(full), Frozen::map(bump, fields)));
    }
}

fn provisioners<'h>(bump: &'h Bump, address: &'h str, module: &'h Json, entries: &mut Entries<'h>) {
    for resource in module.get("resources").and_then(Json::as_array).into_iter().flatten() {
        let full = joined(bump, address, '.', text(resource, "address"));
        let list = resource.get("provisioners").and_then(Json::as_array).into_iter().flatten();
        for (index, provisioner) in list.enumerate() {
            let index: &'h str = bump.alloc_str(&index.to_string());
            let fields = vec![
                (key("resource_address"), Frozen::str(full)),
                (key("type"), or(provisioner, "type", empty())),
                (key("index"), Frozen::str(index)),
                (key("config"), config(bump, provisioner)),
            ];
            entries.push((key(joined(bump, full, ':', index)), Frozen::map(bump, fields)));
        }
    }
}

fn variables<'h>(bump: &'h Bump, address: &'h str, module: &'h Json, entries: &mut Entries<'h>) {
    for (name, variable) in members(module, "variables") {
        let fields = vec![
            (key("module_address"), Frozen::str(address)),
            (key("name"), Frozen::str(name)),
            (key("default"), or(variable, "default", null())),
            (key("description"), or(variable, "description", empty())),
        ];
        entries.push((key(joined(bump, address, ':', name)), Frozen::map(bump, fields)));
    }
}

fn outputs<'h>(bump: &'h Bump, address: &'h str, module: &'h Json, entries: &mut Entries<'h>) {
    for (name, output) in members(module, "outputs") {
        let fields = vec![
            (key("module_address"), Frozen::str(address)),
            (key("name"), Frozen::str(name)),
            (key("sensitive"), or(output, "sensitive", Frozen::Leaf(Value::Bool(false)))),
            (key("value"), expression(bump, output.get("expression"))),
            (key("description"), or(output, "description", empty())),
            (key("depends_on"), or(output, "depends_on", no_list())),
        ];
        entries.push((key(joined(bump, address, ':', name)), Frozen::map(bump, fields)));
    }
}

fn calls<'h>(bump: &'h Bump, address: &'h str, module: &'h Json, entries: &mut Entries<'h>) {
    for (name, call) in members(module, "module_calls") {
        let fields = vec![
            (key("module_address"), Frozen::str(address)),
            (key("name"), Frozen::str(name)),
            (key("source"), or(call, "source", empty())),
            (key("config"), config(bump, call)),
            (key("count"), expression(bump, call.get("count_expression"))),
            (key("for_each"), expression(bump, call.get("for_each_expression"))),
            (key("depends_on"), or(call, "depends_on", no_list())),
            (key("version_constraint"), or(call, "version_constraint", empty())),
        ];
        entries.push((key(joined(bump, address, ':', name)), Frozen::map(bump, fields)));
    }
}

fn providers<'h>(bump: &'h Bump, configuration: &'h Json, entries: &mut Entries<'h>) {
    for (given, provider) in members(configuration, "provider_config") {
        let address = text(provider, "module_address");
        let full = provider_key(bump, address, given);
        let fields = vec![
            (key("provider_config_key"), Frozen::str(full)),
            (key("name"), or(provider, "name", empty())),
            (key("full_name"), or(provider, "full_name", empty())),
            (key("alias"), or(provider, "alias", empty())),
            (key("module_address"), Frozen::str(address)),
            (key("config"), config(bump, provider)),
            (key("version_constraint"), or(provider, "version_constraint", empty())),
        ];
        entries.push((key(full), Frozen::map(bump, fields)));
    }
}
