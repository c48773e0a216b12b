//! How values print.

use super::{Object, Value};
use crate::eval::{Machine, Outcome};

/// A float the way messages and joins show it: shortest form that reads back.
pub(crate) fn number_text(float: f64) -> String {
    if float.is_infinite() {
        return if float > 0.0 { "+Inf".into() } else { "-Inf".into() };
    }
    if float.is_nan() { "NaN".into() } else { format!("{float}") }
}

/// Appends a value's text; strings are bare at the top and quoted inside collections.
pub(crate) fn display<'h>(machine: &mut Machine<'h>, value: Value<'h>, out: &mut String, depth: usize) -> Outcome<()> {
    machine.tick()?;
    machine.shallow(depth)?;
    machine.room(out.len())?;
    let value = machine.force(value)?;
    match value {
        Value::Unbound | Value::Undefined(_) => out.push_str("undefined"),
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if b { "true" } else { "false" }),
        Value::Int(i) => out.push_str(&i.to_string()),
        Value::Float(f) => out.push_str(&number_text(f)),
        Value::Str(s) if depth == 0 => out.push_str(&String::from_utf8_lossy(s)),
        Value::Str(s) => out.push_str(&format!("{:?}", String::from_utf8_lossy(s))),
        Value::List(list) => {
            out.push('[');
            for (n, item) in list.items().into_iter().enumerate() {
                out.push_str(if n > 0 { ", " } else { "" });
                display(machine, item, out, depth + 1)?;
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (n, (key, item)) in map.entries().into_iter().enumerate() {
                out.push_str(if n > 0 { ", " } else { "" });
                display(machine, key.value(), out, depth + 1)?;
                out.push_str(": ");
                display(machine, item, out, depth + 1)?;
            }
            out.push('}');
        }
        Value::Object(Object::Decimal(number)) => out.push_str(&number.to_string()),
        Value::Object(Object::Version(version)) => out.push_str(&version.to_string()),
        Value::Object(Object::Time(instant)) => out.push_str(&instant.to_string()),
        Value::Object(Object::Client(_)) => out.push_str("http client"),
        Value::Object(Object::Request(_)) => out.push_str("http request"),
        Value::Rule(_) => out.push_str("rule"),
        Value::Func(_) | Value::Native(_) | Value::Bound(..) => out.push_str("func"),
        Value::Import(_) => out.push_str("import"),
    }
    Ok(())
}
