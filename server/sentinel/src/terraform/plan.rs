//! `tfplan/v2`.

use bumpalo::Bump;
use serde_json::Value as Json;

use super::{key, null, or, outputs, resource_key, resources};
use crate::value::Frozen;
use crate::value::shape::{Field, Missing, Shape};

pub(super) fn view<'h>(bump: &'h Bump, plan: &'h Json, name: &str) -> Option<Frozen<'h>> {
    Some(match name {
        "raw" => Frozen::Json(plan),
        "terraform_version" => or(plan, name, Missing::Undefined.frozen()),
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
                let change = Frozen::shaped(bump, output, &OUTPUT, "");
                (key(name), Frozen::map(bump, vec![(key("name"), Frozen::str(name)), (key("change"), change)]))
            });
            Frozen::map(bump, entries.collect())
        }
        _ => return None,
    })
}

const CHANGE: Shape = Shape(&[
    ("actions", Field::Same(Missing::List)),
    ("after", Field::Same(Missing::Null)),
    ("after_unknown", Field::Same(Missing::Map)),
    ("before", Field::Same(Missing::Null)),
]);

/// The change of an output: what is not known before the apply is undefined.
const OUTPUT: Shape = Shape(&[
    ("actions", Field::Same(Missing::List)),
    ("after", Field::Same(Missing::Undefined)),
    ("after_unknown", Field::Same(Missing::Map)),
    ("before", Field::Same(Missing::Null)),
]);

const RESOURCE: Shape = Shape(&[
    ("address", Field::Same(Missing::Text)),
    ("change", Field::Inner(&CHANGE)),
    ("deposed", Field::Same(Missing::Text)),
    ("index", Field::Same(Missing::Null)),
    ("mode", Field::Same(Missing::Text)),
    ("module_address", Field::Same(Missing::Text)),
    ("name", Field::Same(Missing::Text)),
    ("provider_name", Field::Same(Missing::Text)),
    ("type", Field::Same(Missing::Text)),
]);

fn changes<'h>(bump: &'h Bump, list: Option<&'h Json>) -> Frozen<'h> {
    let resources = list.and_then(Json::as_array).into_iter().flatten();
    let entries = resources.map(|resource| {
        let shown = Frozen::shaped(bump, resource, &RESOURCE, "");
        (resource_key(bump, resource, "deposed"), shown)
    });
    Frozen::map(bump, entries.collect())
}
