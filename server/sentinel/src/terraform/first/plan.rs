//! `tfplan`: what a plan changes, with flat differences.

use std::collections::BTreeMap;

use bumpalo::Bump;
use serde_json::Value as Json;

use super::{Modules, Trees, diff, path};
use crate::terraform::{key, text};
use crate::value::shape::{Field, Missing, Shape};
use crate::value::{Frozen, Value};

const RESOURCE: Shape = Shape(&[
    ("applied", Field::Made(applied)),
    ("destroy", Field::Made(destroy)),
    ("diff", Field::Made(difference)),
    ("requires_new", Field::Made(requires_new)),
]);

/// Only what the plan changes is there.
pub(super) fn modules<'h>(bump: &'h Bump, plan: &'h Json) -> Modules<'h> {
    let mut modules = BTreeMap::from([(String::new(), Trees::default())]);
    for resource in plan.get("resource_changes").and_then(Json::as_array).into_iter().flatten() {
        if actions(resource).any(|action| action != "no-op") && text(resource, "deposed").is_empty() {
            let trees = modules.entry(path(text(resource, "module_address"))).or_default();
            trees.put(resource, Frozen::shaped(bump, resource, &RESOURCE, ""));
        }
    }
    Modules(modules.into_iter().map(|(path, trees)| (path, trees.fields(bump))).collect())
}

/// Values of root variables; scalars are text.
pub(super) fn variables<'h>(bump: &'h Bump, plan: &'h Json) -> Frozen<'h> {
    let variables = plan.get("variables").and_then(Json::as_object).into_iter().flatten();
    let entries = variables.map(|(name, variable)| {
        let value = match variable.get("value") {
            Some(value @ (Json::Bool(_) | Json::Number(_))) => Frozen::str(bump.alloc_str(&value.to_string())),
            Some(value) => Frozen::Json(value),
            None => Missing::Undefined.frozen(),
        };
        (key(name), value)
    });
    Frozen::map(bump, entries.collect())
}

fn change(resource: &Json) -> &Json {
    resource.get("change").unwrap_or(&Json::Null)
}

fn actions(resource: &Json) -> impl Iterator<Item = &str> {
    change(resource).get("actions").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
}

fn flag<'h>(set: bool) -> Frozen<'h> {
    Frozen::Leaf(Value::Bool(set))
}

/// The predicted attributes: what is unknown is absent, and all of it when the resource goes away.
fn applied<'h>(_: &'h Bump, resource: &'h Json) -> Frozen<'h> {
    match change(resource).get("after") {
        None | Some(Json::Null) => Missing::Undefined.frozen(),
        Some(after) => Frozen::Json(after),
    }
}

fn destroy<'h>(_: &'h Bump, resource: &'h Json) -> Frozen<'h> {
    flag(actions(resource).any(|action| action == "delete"))
}

fn requires_new<'h>(_: &'h Bump, resource: &'h Json) -> Frozen<'h> {
    flag(actions(resource).any(|a| a == "delete") && actions(resource).any(|a| a == "create"))
}

fn difference<'h>(bump: &'h Bump, resource: &'h Json) -> Frozen<'h> {
    let change = change(resource);
    let side = |name| change.get(name).unwrap_or(&Json::Null);
    diff::between(bump, side("before"), side("after"), side("after_unknown"))
}
