//! `tfstate`: the state before the plan.

use std::collections::BTreeMap;

use bumpalo::Bump;
use serde_json::Value as Json;

use super::{Modules, Trees, path};
use crate::terraform::{key, or, resources_of, text};
use crate::value::Frozen;
use crate::value::shape::{Field, Missing, Shape};

const RESOURCE: Shape = Shape(&[
    ("attr", Field::Made(attributes)),
    ("depends_on", Field::Same(Missing::List)),
    ("id", Field::Made(id)),
    ("tainted", Field::Same(Missing::False)),
]);

pub(super) fn modules<'h>(bump: &'h Bump, plan: &'h Json) -> Modules<'h> {
    let values = plan.get("prior_state").and_then(|state| state.get("values")).unwrap_or(&Json::Null);
    let mut modules = BTreeMap::from([(String::new(), Trees::default())]);
    for module in crate::terraform::modules(values.get("root_module")) {
        let trees = modules.entry(path(text(module, "address"))).or_default();
        for resource in resources_of(module).filter(|r| text(r, "deposed_key").is_empty()) {
            trees.put(resource, Frozen::shaped(bump, resource, &RESOURCE, ""));
        }
    }
    let mut modules = Modules(modules.into_iter().map(|(path, trees)| (path, trees.fields(bump))).collect());
    for (path, fields) in &mut modules.0 {
        // The document has outputs of the root only.
        let shown = if path.is_empty() { outputs(bump, values) } else { Missing::Map.frozen() };
        fields.push((key("outputs"), shown));
    }
    modules
}

fn attributes<'h>(_: &'h Bump, resource: &'h Json) -> Frozen<'h> {
    or(resource, "values", Missing::Map.frozen())
}

fn id<'h>(_: &'h Bump, resource: &'h Json) -> Frozen<'h> {
    let id = resource.get("values").and_then(|values| values.get("id"));
    id.map_or(Missing::Text.frozen(), Frozen::Json)
}

fn outputs<'h>(bump: &'h Bump, values: &'h Json) -> Frozen<'h> {
    let outputs = values.get("outputs").and_then(Json::as_object).into_iter().flatten();
    let entries = outputs.map(|(name, output)| {
        let kind = match output.get("value") {
            Some(Json::Array(_)) => "list",
            Some(Json::Object(_)) => "map",
            _ => "string",
        };
        let fields = vec![
            (key("sensitive"), or(output, "sensitive", Missing::False.frozen())),
            (key("type"), Frozen::str(kind)),
            (key("value"), or(output, "value", Missing::Undefined.frozen())),
        ];
        (key(name), Frozen::map(bump, fields))
    });
    Frozen::map(bump, entries.collect())
}
