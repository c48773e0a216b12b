//! `collection`.

use crate::builtin::exactly;
use crate::eval::{Machine, Outcome, fault};
use crate::value::{Native, Origin, Value};

pub(super) fn function(name: &str) -> Option<Native> {
    Some(match name {
        "filter" => |machine, args, at| select(machine, args, at, true),
        "reject" => |machine, args, at| select(machine, args, at, false),
        "find" => find,
        "matches" => matches,
        _ => return None,
    })
}

fn elements<'h>(machine: &Machine<'h>, items: Value<'h>) -> Outcome<Vec<(Value<'h>, Value<'h>)>> {
    match machine.pairs(items) {
        Some(pairs) => Ok(pairs),
        None => fault(format!("collection needs a list or a map, not {}", items.type_name())),
    }
}

fn holds<'h>(machine: &mut Machine<'h>, f: Value<'h>, item: (Value<'h>, Value<'h>), at: Origin) -> Outcome<bool> {
    let two = matches!(f, Value::Func(func) if func.code.params.len() == 2);
    let result = if two { machine.call(f, &[item.0, item.1], at)? } else { machine.call(f, &[item.1], at)? };
    match machine.force(result)? {
        Value::Bool(b) => Ok(b),
        Value::Undefined(_) => Ok(false),
        other => fault(format!("the predicate gave a {}, not a bool", other.type_name())),
    }
}

fn select<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], at: Origin, wanted: bool) -> Outcome<Value<'h>> {
    let [items, f] = exactly(args, "filter")?;
    let mut kept = Vec::new();
    for item in elements(machine, items)? {
        if holds(machine, f, item, at)? == wanted {
            kept.push(item.1);
        }
    }
    Ok(Value::list(machine.bump, kept))
}

fn find<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], at: Origin) -> Outcome<Value<'h>> {
    let [items, f] = exactly(args, "find")?;
    for item in elements(machine, items)? {
        if holds(machine, f, item, at)? {
            return Ok(item.1);
        }
    }
    Ok(Value::Undefined(Some(at)))
}

fn matches<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], _: Origin) -> Outcome<Value<'h>> {
    let [items, partial] = exactly(args, "matches")?;
    let mut kept = Vec::new();
    for (_, item) in elements(machine, items)? {
        if covers(machine, item, partial, 0)? {
            kept.push(item);
        }
    }
    Ok(Value::list(machine.bump, kept))
}

fn covers<'h>(machine: &mut Machine<'h>, whole: Value<'h>, partial: Value<'h>, depth: usize) -> Outcome<bool> {
    machine.shallow(depth)?;
    match (whole, partial) {
        (Value::Map(whole), Value::Map(partial)) => {
            for (key, wanted) in partial.entries() {
                let Some(found) = whole.get(key) else { return Ok(false) };
                if !covers(machine, found, wanted, depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => Ok(machine.equal(whole, partial, 0)? == Some(true)),
    }
}
