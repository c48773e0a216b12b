//! `collection/lists`.

use std::cmp::Ordering;

use crate::builtin::exactly;
use crate::eval::{Machine, Outcome, fault};
use crate::value::{Native, Origin, Value};

pub(super) fn function(name: &str) -> Option<Native> {
    Some(match name {
        "concat" => |machine, args, _| {
            let all = lists(args)?.concat();
            machine.room(all.len() * size_of::<Value<'_>>())?;
            Ok(Value::list(machine.bump, all))
        },
        "difference" | "diff" => |machine, args, _| {
            let lists = lists(args)?;
            let Some((first, others)) = lists.split_first() else { return fault("difference needs a list") };
            let mut kept = Vec::new();
            for item in first {
                if !among(machine, others, *item)? {
                    kept.push(*item);
                }
            }
            Ok(Value::list(machine.bump, kept))
        },
        "intersection" => |machine, args, _| {
            let lists = lists(args)?;
            let Some((first, others)) = lists.split_first() else { return fault("intersection needs a list") };
            let mut kept = Vec::new();
            for item in first {
                let mut everywhere = true;
                for other in others {
                    everywhere = everywhere && among(machine, std::slice::from_ref(other), *item)?;
                }
                if everywhere && !among(machine, std::slice::from_ref(&kept), *item)? {
                    kept.push(*item);
                }
            }
            Ok(Value::list(machine.bump, kept))
        },
        "union" => |machine, args, _| {
            let mut kept = Vec::new();
            for item in lists(args)?.concat() {
                if !among(machine, std::slice::from_ref(&kept), item)? {
                    kept.push(item);
                }
            }
            Ok(Value::list(machine.bump, kept))
        },
        "sort" => sort,
        "sum" => |_, args, _| {
            let [Value::List(list)] = exactly(args, "sum")? else { return fault("sum needs a list") };
            let mut sum = 0.0;
            for item in list.items() {
                sum += match item {
                    Value::Int(i) => i as f64,
                    Value::Float(f) => f,
                    other => return fault(format!("sum needs numbers, not a {}", other.type_name())),
                };
            }
            Ok(Value::Float(sum))
        },
        _ => return None,
    })
}

fn lists<'h>(args: &[Value<'h>]) -> Outcome<Vec<Vec<Value<'h>>>> {
    let list = |arg: &Value<'h>| match arg {
        Value::List(list) => Ok(list.items()),
        other => fault(format!("a list is needed, not {}", other.type_name())),
    };
    args.iter().map(list).collect()
}

fn among<'h>(machine: &mut Machine<'h>, lists: &[Vec<Value<'h>>], item: Value<'h>) -> Outcome<bool> {
    for other in lists.iter().flatten() {
        if machine.equal(*other, item, 0)? == Some(true) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A stable merge sort, so that a comparing function that contradicts itself does no harm.
fn sort<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], at: Origin) -> Outcome<Value<'h>> {
    let [Value::List(list), compare] = exactly(args, "sort")? else { return fault("sort needs a list and a function") };
    let sorted = merge(machine, list.items(), compare, at)?;
    Ok(Value::list(machine.bump, sorted))
}

fn merge<'h>(
    machine: &mut Machine<'h>,
    mut items: Vec<Value<'h>>,
    compare: Value<'h>,
    at: Origin,
) -> Outcome<Vec<Value<'h>>> {
    if items.len() < 2 {
        return Ok(items);
    }
    let right = items.split_off(items.len() / 2);
    let mut left = merge(machine, items, compare, at)?.into_iter().peekable();
    let mut right = merge(machine, right, compare, at)?.into_iter().peekable();
    let mut out = Vec::new();
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let order = match machine.call(compare, &[*a, *b], at)? {
            Value::Int(i) => i.cmp(&0),
            Value::Float(f) => f.partial_cmp(&0.0).unwrap_or(Ordering::Equal),
            other => return fault(format!("the comparing function gave a {}, not an int", other.type_name())),
        };
        out.extend(if order.is_le() { left.next() } else { right.next() });
    }
    out.extend(left);
    out.extend(right);
    Ok(out)
}
