//! `tfplan/v2`.

use bumpalo::Bump;
use serde_json::Value as Json;

use super::{empty, key, no_list, no_map, null, or, outputs, resource_key, resources};
use crate::value::{Frozen, Value};

pub(super) fn view<'h>(bump: &'h Bump, plan: &'h Json, name: &str) -> Option<Frozen<'h>> {
    Some(match name {
        "raw" => Frozen::Json(plan),
        "terraform_version" => or(plan, name, Frozen::Leaf(Value::undefined())),
        "variables" => {
            let variables = plan.get("variables").and_then(Json::as_object).into_iter().flatten();
            let entries = variables.map(|(name, variable)| {
                let fields = vec![(key("name"), Frozen::str(name)), (key("value"), or(variable, "value", null()))];
                (key(name), Frozen::map(bump, fields))
            });
            Frozen::map(bump, entries.collect())
        }
        "planned_values" => {
            let planned = plan.get("planned_values").unwrap_or(&Json::Null);
            let fields = vec![
                (key("outputs"), outputs(bump, planned, false)),
                (key("resources"), resources(bump, planned.get("root_module"))),
            ];
            Frozen::map(bump, fields)
        }
        "resource_changes" | "resource_drift" => changes(bump, plan.get(name)),
        "output_changes" => {
            let outputs = plan.get(name).and_then(Json::as_object).into_iter().flatten();
            let entries = outputs.map(|(name, output)| {
                let change = change(bump, output, Frozen::Leaf(Value::undefined()));
                (key(name), Frozen::map(bump, vec![(key("name"), Frozen::str(name)), (key("change"), change)]))
            });
            Frozen::map(bump, entries.collect())
        }
        _ => return None,
    })
}

fn change<'h>(bump: &'h Bump, change: &'h Json, after: Frozen<'h>) -> Frozen<'h> {
    Frozen::map(
        bump,
        vec![
            (key("actions"), or(change, "actions", no_list())),
            (key("before"), or(change, "before", null())),
            (key("after"), or(change, "after", after)),
            (key("after_unknown"), or(change, "after_unknown", no_map())),
        ],
    )
}

fn changes<'h>(bump: &'h Bump, list: Option<&'h Json>) -> Frozen<'h> {
    let entries = list.and_then(Json::as_array).into_iter().flatten().map(|resource| {
        let fields = vec![
            (key("address"), or(resource, "address", empty())),
            (key("module_address"), or(resource, "module_address", empty())),
            (key("mode"), or(resource, "mode", empty())),
            (key("type"), or(resource, "type", empty())),
            (key("name"), or(resource, "name", empty())),
            (key("index"), or(resource, "index", null())),
            (key("provider_name"), or(resource, "provider_name", empty())),
            (key("deposed"), or(resource, "deposed", empty())),
            (key("change"), change(bump, resource.get("change").unwrap_or(&Json::Null), null())),
        ];
        (resource_key(bump, resource, "deposed"), Frozen::map(bump, fields))
    });
    Frozen::map(bump, entries.collect())
}
