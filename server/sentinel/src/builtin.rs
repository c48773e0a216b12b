//! The builtin functions.

use std::cmp::Ordering;

use crate::eval::{Fault, Machine, Outcome, fault};
use crate::syntax::literal;
use crate::unsettled::Unsettled;
use crate::value::{Key, List, Native, Origin, Value, display};

const BUILTINS: [(&str, Native); 13] = [
    ("append", append),
    ("delete", delete),
    ("keys", keys),
    ("values", values),
    ("length", length),
    ("range", range),
    ("print", print),
    ("error", error),
    ("int", int),
    ("float", float),
    ("string", string),
    ("bool", bool),
    ("compare", compare),
];

pub(crate) fn find(name: &str) -> Option<u8> {
    BUILTINS.iter().position(|(n, _)| *n == name).map(|at| at as u8)
}

pub(crate) fn native(number: u8) -> Native {
    BUILTINS[usize::from(number)].1
}

/// Exactly `N` arguments.
pub(crate) fn exactly<'h, const N: usize>(args: &[Value<'h>], name: &str) -> Outcome<[Value<'h>; N]> {
    match args.try_into() {
        Ok(args) => Ok(args),
        Err(_) => fault(format!("{name} takes {N} arguments, not {}", args.len())),
    }
}

fn append<'h>(_: &mut Machine<'h>, args: &[Value<'h>], at: Origin) -> Outcome<Value<'h>> {
    let [list, value] = exactly(args, "append")?;
    let Value::List(list) = list else { return fault(format!("append needs a list, not {}", list.type_name())) };
    list.push(value);
    Ok(Value::Undefined(Some(at)))
}

fn delete<'h>(_: &mut Machine<'h>, args: &[Value<'h>], at: Origin) -> Outcome<Value<'h>> {
    let [map, key] = exactly(args, "delete")?;
    let Value::Map(map) = map else { return fault(format!("delete needs a map, not {}", map.type_name())) };
    if let Some(key) = Key::of(key) {
        map.remove(key);
    }
    Ok(Value::Undefined(Some(at)))
}

fn keys<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], _: Origin) -> Outcome<Value<'h>> {
    match exactly(args, "keys")? {
        [value @ Value::Undefined(_)] => Ok(value),
        [Value::Map(map)] => Ok(Value::list(machine.bump, map.entries().into_iter().map(|(k, _)| k.value()))),
        [other] => fault(format!("keys needs a map, not {}", other.type_name())),
    }
}

fn values<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], _: Origin) -> Outcome<Value<'h>> {
    match exactly(args, "values")? {
        [value @ Value::Undefined(_)] => Ok(value),
        [Value::Map(map)] => Ok(Value::list(machine.bump, map.entries().into_iter().map(|(_, v)| v))),
        [other] => fault(format!("values needs a map, not {}", other.type_name())),
    }
}

fn length<'h>(_: &mut Machine<'h>, args: &[Value<'h>], _: Origin) -> Outcome<Value<'h>> {
    let len = match exactly(args, "length")? {
        [value @ Value::Undefined(_)] => return Ok(value),
        [Value::Str(text)] => text.len(),
        [Value::List(list)] => list.len(),
        [Value::Map(map)] => map.len(),
        [other] => return fault(format!("{} has no length", other.type_name())),
    };
    Ok(Value::Int(len as i64))
}

fn range<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], _: Origin) -> Outcome<Value<'h>> {
    let mut numbers = Vec::new();
    for arg in args {
        match arg {
            Value::Int(i) => numbers.push(*i),
            Value::Float(f) if f.fract() == 0.0 => numbers.push(*f as i64),
            Value::Undefined(_) => return Ok(*arg),
            other => return fault(format!("range needs ints, not {}", other.type_name())),
        }
    }
    let (start, end, step) = match numbers[..] {
        [end] => (0, end, 1),
        [start, end] => (start, end, 1),
        [start, end, step] => (start, end, step),
        _ => return fault("range takes one to three arguments"),
    };
    if step == 0 {
        return fault("range cannot step by zero");
    }
    let list = List::owned(machine.bump, []);
    let mut at = start;
    while if step > 0 { at < end } else { at > end } {
        machine.tick()?;
        list.push(Value::Int(at));
        match at.checked_add(step) {
            Some(next) => at = next,
            None => break,
        }
    }
    Ok(Value::List(list))
}

fn joined<'h>(machine: &mut Machine<'h>, args: &[Value<'h>]) -> Outcome<String> {
    let mut line = String::new();
    for (n, arg) in args.iter().enumerate() {
        if n > 0 {
            line.push(' ');
        }
        display(machine, *arg, &mut line, 0)?;
    }
    Ok(line)
}

fn print<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], _: Origin) -> Outcome<Value<'h>> {
    let line = joined(machine, args)?;
    machine.print(&line)?;
    Ok(Value::Bool(true))
}

fn error<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], at: Origin) -> Outcome<Value<'h>> {
    Err(Box::new(Fault { message: joined(machine, args)?, origin: Some(at) }))
}

fn int<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], at: Origin) -> Outcome<Value<'h>> {
    let [value] = exactly(args, "int")?;
    Ok(match value {
        Value::Int(_) => value,
        Value::Float(f) if f.is_finite() => {
            if f < 0.0 && f.fract() != 0.0 {
                machine.unsettled(Unsettled::IntOfFraction)?;
            }
            Value::Int(f.floor() as i64)
        }
        Value::Bool(b) => Value::Int(i64::from(b)),
        Value::Str(text) => {
            let text = std::str::from_utf8(text).unwrap_or_default();
            if text.starts_with(['-', '+']) {
                machine.unsettled(Unsettled::IntOfSign)?;
            }
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            literal::int(digits, text.starts_with('-')).map_or(Value::Undefined(Some(at)), Value::Int)
        }
        _ => Value::Undefined(Some(at)),
    })
}

fn float<'h>(_: &mut Machine<'h>, args: &[Value<'h>], at: Origin) -> Outcome<Value<'h>> {
    let [value] = exactly(args, "float")?;
    Ok(match value {
        Value::Float(_) => value,
        Value::Int(i) => Value::Float(i as f64),
        Value::Bool(b) => Value::Float(f64::from(u8::from(b))),
        Value::Str(text) => {
            let parsed = std::str::from_utf8(text).ok().and_then(|t| t.parse().ok());
            parsed.map_or(Value::Undefined(Some(at)), Value::Float)
        }
        _ => Value::Undefined(Some(at)),
    })
}

fn string<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], at: Origin) -> Outcome<Value<'h>> {
    let [value] = exactly(args, "string")?;
    let text = match value {
        Value::Str(_) => return Ok(value),
        Value::Int(i) => i.to_string(),
        Value::Float(f) => format!("{f:.6}"),
        Value::Bool(b) => b.to_string(),
        _ => return Ok(Value::Undefined(Some(at))),
    };
    Ok(Value::text(machine.bump, &text))
}

fn bool<'h>(_: &mut Machine<'h>, args: &[Value<'h>], at: Origin) -> Outcome<Value<'h>> {
    let [value] = exactly(args, "bool")?;
    Ok(match value {
        Value::Bool(_) => value,
        Value::Int(i) => Value::Bool(i != 0),
        Value::Float(f) => Value::Bool(f != 0.0),
        Value::Str(b"1" | b"t" | b"T" | b"TRUE" | b"true" | b"True") => Value::Bool(true),
        Value::Str(b"0" | b"f" | b"F" | b"FALSE" | b"false" | b"False") => Value::Bool(false),
        _ => Value::Undefined(Some(at)),
    })
}

fn compare<'h>(_: &mut Machine<'h>, args: &[Value<'h>], _: Origin) -> Outcome<Value<'h>> {
    let [a, b] = exactly(args, "compare")?;
    match crate::eval::order(a, b) {
        Some(Some(Ordering::Less)) => Ok(Value::Int(-1)),
        Some(Some(Ordering::Greater)) => Ok(Value::Int(1)),
        Some(Some(Ordering::Equal)) => Ok(Value::Int(0)),
        _ => fault(format!("{} and {} cannot be compared", a.type_name(), b.type_name())),
    }
}
