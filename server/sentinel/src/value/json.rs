//! Values and JSON.

use serde_json::{Map as JsonMap, Number, Value as Json};

use super::{Key, Value};
use crate::eval::{Machine, Outcome};

/// A JSON number as a value: whole numbers are integers.
pub(crate) fn frozen_number<'h>(number: &Number) -> Value<'h> {
    if let Some(int) = number.as_i64() {
        return Value::Int(int);
    }
    let float = number.as_f64().unwrap_or(f64::NAN);
    if float.fract() == 0.0 && float.abs() < 9e15 { Value::Int(float as i64) } else { Value::Float(float) }
}

/// The JSON of a value; `None` for undefined and for what JSON cannot say. Undefined members are dropped when `drop` is set, else null.
pub(crate) fn to_json<'h>(
    machine: &mut Machine<'h>,
    value: Value<'h>,
    drop: bool,
    depth: usize,
) -> Outcome<Option<Json>> {
    machine.tick()?;
    machine.shallow(depth)?;
    let value = machine.force(value)?;
    Ok(Some(match value {
        Value::Null => Json::Null,
        Value::Bool(b) => Json::Bool(b),
        Value::Int(i) => Json::from(i),
        Value::Float(f) => Number::from_f64(f).map_or(Json::Null, Json::Number),
        Value::Str(s) => Json::String(String::from_utf8_lossy(s).into_owned()),
        Value::List(list) => {
            let mut items = Vec::new();
            for item in list.items() {
                match to_json(machine, item, drop, depth + 1)? {
                    Some(json) => items.push(json),
                    None if drop => {}
                    None => items.push(Json::Null),
                }
            }
            Json::Array(items)
        }
        Value::Map(map) => {
            let mut members = JsonMap::new();
            for (key, item) in map.entries() {
                let name = match key {
                    Key::Str(s) => String::from_utf8_lossy(s).into_owned(),
                    Key::Bool(b) => b.to_string(),
                    Key::Int(i) => i.to_string(),
                    Key::Float(f) => f.to_string(),
                };
                match to_json(machine, item, drop, depth + 1)? {
                    Some(json) => {
                        members.insert(name, json);
                    }
                    None if drop => {}
                    None => {
                        members.insert(name, Json::Null);
                    }
                }
            }
            Json::Object(members)
        }
        _ => return Ok(None),
    }))
}
