//! The builtin functions.

use std::cmp::Ordering;

use super::lexer::integer;
use super::machine::Machine;
use super::operate::order;
use super::value::{Outcome, Value};

/// Calls a builtin.
pub(crate) fn call(machine: &mut Machine<'_>, name: &str, args: &[Value]) -> Outcome<Value> {
    use Value::{Bool, Float, Int, List, Map, Text, Undefined};
    Ok(match (name, args) {
        ("append", [List(items), value]) => {
            items.borrow_mut().push(value.clone());
            Undefined
        }
        ("delete", [map @ Map(_), key]) => {
            map.remove(key);
            Undefined
        }
        ("keys" | "values" | "length", [Undefined]) => Undefined,
        ("keys", [Map(pairs)]) => Value::list(pairs.borrow().iter().map(|p| p.0.clone()).collect()),
        ("values", [Map(pairs)]) => Value::list(pairs.borrow().iter().map(|p| p.1.clone()).collect()),
        ("length", [Text(text)]) => Int(text.len() as i64),
        ("length", [List(items)]) => Int(items.borrow().len() as i64),
        ("length", [Map(pairs)]) => Int(pairs.borrow().len() as i64),
        ("range", _) => range(args)?,
        ("print", _) => {
            let text = line(machine, args)?;
            machine.printed.push(text);
            Bool(true)
        }
        ("error", _) => return Err(line(machine, args)?),
        ("int", [value]) => match value {
            Int(_) => value.clone(),
            Float(f) if f.is_finite() => Int(f.floor() as i64),
            Bool(b) => Int(i64::from(*b)),
            Text(text) => whole(text).map_or(Undefined, Int),
            _ => Undefined,
        },
        ("float", [value]) => match value {
            Float(_) => value.clone(),
            Int(i) => Float(*i as f64),
            Bool(b) => Float(f64::from(u8::from(*b))),
            Text(text) => String::from_utf8_lossy(text).parse().map_or(Undefined, Float),
            _ => Undefined,
        },
        ("string", [value]) => match value {
            Text(_) => value.clone(),
            Int(_) | Bool(_) => Value::text(&value.show(0)),
            Float(f) => Value::text(&format!("{f:.6}")),
            _ => Undefined,
        },
        ("bool", [value]) => match value {
            Bool(_) => value.clone(),
            Int(i) => Bool(*i != 0),
            Float(f) => Bool(*f != 0.0),
            Text(text) => match text.as_slice() {
                b"1" | b"t" | b"T" | b"TRUE" | b"true" | b"True" => Bool(true),
                b"0" | b"f" | b"F" | b"FALSE" | b"false" | b"False" => Bool(false),
                _ => Undefined,
            },
            _ => Undefined,
        },
        ("compare", [left, right]) => match order(left, right) {
            Some(Some(Ordering::Less)) => Int(-1),
            Some(Some(Ordering::Equal)) => Int(0),
            Some(Some(Ordering::Greater)) => Int(1),
            _ => return Err("compare needs two of one kind".into()),
        },
        _ => return Err(format!("{name} with these arguments")),
    })
}

fn whole(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let magnitude = integer(text.strip_prefix(['-', '+']).unwrap_or(text))?;
    i64::try_from(if text.starts_with('-') { -magnitude } else { magnitude }).ok()
}

fn range(args: &[Value]) -> Outcome<Value> {
    let mut numbers = Vec::new();
    for arg in args {
        match arg {
            Value::Undefined => return Ok(Value::Undefined),
            Value::Int(i) => numbers.push(i128::from(*i)),
            Value::Float(f) if f.fract() == 0.0 => numbers.push(i128::from(*f as i64)),
            other => return Err(format!("range with {}", other.kind())),
        }
    }
    let (mut at, end, step) = match numbers[..] {
        [end] => (0, end, 1),
        [start, end] => (start, end, 1),
        [start, end, step] if step != 0 => (start, end, step),
        _ => return Err("range with these arguments".into()),
    };
    let mut made = Vec::new();
    while (step > 0 && at < end) || (step < 0 && at > end) {
        made.push(Value::Int(at as i64));
        at += step;
        if made.len() > 100_000 {
            return Err(super::machine::TOO_MUCH.into());
        }
    }
    Ok(Value::list(made))
}

fn line(machine: &mut Machine<'_>, args: &[Value]) -> Outcome<String> {
    let mut words = Vec::new();
    for arg in args {
        settle(machine, arg, 0)?;
        words.push(arg.show(0));
    }
    Ok(words.join(" "))
}

/// Forces every rule inside a value.
pub(crate) fn settle(machine: &mut Machine<'_>, value: &Value, depth: usize) -> Outcome<()> {
    if depth > 400 {
        return Err(super::machine::TOO_MUCH.into());
    }
    let value = machine.force(value.clone())?;
    for (_, inner) in value.pairs().unwrap_or_default() {
        settle(machine, &inner, depth + 1)?;
    }
    Ok(())
}
