//! `tfstate/v2`, read from the prior state of the plan.

use bumpalo::Bump;
use serde_json::Value as Json;

use super::{or, outputs, resources};
use crate::value::{Frozen, Value};

pub(super) fn view<'h>(bump: &'h Bump, plan: &'h Json, name: &str) -> Option<Frozen<'h>> {
    let state = plan.get("prior_state").unwrap_or(&Json::Null);
    let values = state.get("values").unwrap_or(&Json::Null);
    Some(match name {
        "terraform_version" => or(state, name, Frozen::Leaf(Value::undefined())),
        "outputs" => outputs(bump, values, true),
        "resources" => resources(bump, values.get("root_module")),
        _ => return None,
    })
}
