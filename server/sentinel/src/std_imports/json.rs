//! `json`.

use serde_json::Value as Json;

use super::text;
use crate::builtin::exactly;
use crate::eval::{Machine, Outcome, fault};
use crate::value::{Frozen, Native, Origin, Value, to_json};

pub(super) fn function(name: &str) -> Option<Native> {
    Some(match name {
        "unmarshal" => unmarshal,
        "marshal" => marshal,
        "valid" => |_, args, _| {
            let [value] = exactly(args, "valid")?;
            Ok(Value::Bool(serde_json::from_slice::<serde::de::IgnoredAny>(text(value, "valid")?).is_ok()))
        },
        _ => return None,
    })
}

fn unmarshal<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], _: Origin) -> Outcome<Value<'h>> {
    let [value] = exactly(args, "unmarshal")?;
    match serde_json::from_slice::<Json>(text(value, "unmarshal")?) {
        Ok(json) => {
            let frozen = copy(machine, &json);
            Ok(frozen.thaw(machine.bump))
        }
        Err(error) => fault(format!("the text is not JSON: {error}")),
    }
}

/// A document made during the run moves into the arena.
fn copy<'h>(machine: &Machine<'h>, json: &Json) -> Frozen<'h> {
    let bump = machine.bump;
    match json {
        Json::Null => Frozen::Leaf(Value::Null),
        Json::Bool(b) => Frozen::Leaf(Value::Bool(*b)),
        Json::Number(n) => Frozen::Leaf(crate::value::frozen_number(n)),
        Json::String(s) => Frozen::Leaf(Value::text(bump, s)),
        Json::Array(items) => {
            let items: Vec<_> = items.iter().map(|i| copy(machine, i)).collect();
            Frozen::list(bump, &items)
        }
        Json::Object(map) => {
            let key = |k: &str| crate::value::Key::Str(bump.alloc_slice_copy(k.as_bytes()));
            Frozen::map(bump, map.iter().map(|(k, v)| (key(k), copy(machine, v))).collect())
        }
    }
}

fn marshal<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], at: Origin) -> Outcome<Value<'h>> {
    let [value] = exactly(args, "marshal")?;
    Ok(match to_json(machine, value, true, 0)? {
        Some(json) => Value::text(machine.bump, &json.to_string()),
        None => Value::Undefined(Some(at)),
    })
}
