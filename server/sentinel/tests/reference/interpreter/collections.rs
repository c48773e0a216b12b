//! `collection`, `collection/lists`, `collection/maps`.

use std::cmp::Ordering;

use super::machine::Machine;
use super::standard::utf8;
use super::value::{Outcome, Value};

/// Calls a function of one of the three.
pub(crate) fn call(machine: &mut Machine<'_>, path: &str, word: &str, args: &[Value]) -> Outcome<Value> {
    match path {
        "collection" => collection(machine, word, args),
        "collection/lists" => lists(machine, word, args),
        _ => maps(machine, word, args),
    }
}

fn collection(machine: &mut Machine<'_>, word: &str, args: &[Value]) -> Outcome<Value> {
    let [items, second] = args else { return Err(format!("{word} takes two arguments")) };
    let mut kept = Vec::new();
    for (key, item) in items.pairs().ok_or(format!("{word} on {}", items.kind()))? {
        if word == "matches" {
            if covers(machine, &item, second)? {
                kept.push(item);
            }
            continue;
        }
        let mut given = vec![item.clone()];
        if matches!(second, Value::Func(code, _) if code.params.len() == 2) {
            given.insert(0, key);
        }
        let answer = machine.call(second, given)?;
        let holds = match machine.force(answer)? {
            Value::Bool(b) => b,
            Value::Undefined => false,
            other => return Err(format!("a predicate gave {}", other.kind())),
        };
        match word {
            "find" if holds => return Ok(item),
            "filter" if holds => kept.push(item),
            "reject" if !holds => kept.push(item),
            _ => {}
        }
    }
    Ok(if word == "find" { Value::Undefined } else { Value::list(kept) })
}

fn covers(machine: &mut Machine<'_>, whole: &Value, partial: &Value) -> Outcome<bool> {
    let (Value::Map(_), Value::Map(pairs)) = (whole, partial) else {
        return Ok(machine.equal(whole, partial)? == Some(true));
    };
    for (key, wanted) in pairs.borrow().clone() {
        match whole.get(&key) {
            Some(found) if covers(machine, &found, &wanted)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

fn lists(machine: &mut Machine<'_>, word: &str, args: &[Value]) -> Outcome<Value> {
    if let ("sort", [Value::List(items), compare]) = (word, args) {
        let mut sorted: Vec<Value> = Vec::new();
        for item in items.borrow().clone() {
            let mut place = sorted.len();
            while place > 0 && compared(machine, compare, &sorted[place - 1], &item)? == Ordering::Greater {
                place -= 1;
            }
            sorted.insert(place, item);
        }
        return Ok(Value::list(sorted));
    }
    let mut given = Vec::new();
    for arg in args {
        match arg {
            Value::List(items) => given.push(items.borrow().clone()),
            other => return Err(format!("{word} with {}", other.kind())),
        }
    }
    let mut kept: Vec<Value> = Vec::new();
    let first = given.first().cloned();
    match (word, first) {
        ("concat", _) => kept = given.concat(),
        ("union", _) => {
            for item in given.concat() {
                if !among(machine, &kept, &item)? {
                    kept.push(item);
                }
            }
        }
        ("difference" | "diff", Some(first)) => {
            for item in first {
                if !among(machine, &given[1..].concat(), &item)? {
                    kept.push(item);
                }
            }
        }
        ("intersection", Some(first)) => {
            for item in first {
                let mut everywhere = !among(machine, &kept, &item)?;
                for other in &given[1..] {
                    everywhere = everywhere && among(machine, other, &item)?;
                }
                if everywhere {
                    kept.push(item);
                }
            }
        }
        ("sum", Some(first)) if given.len() == 1 => {
            let mut sum = 0.0;
            for item in first {
                sum += match item {
                    Value::Int(i) => i as f64,
                    Value::Float(f) => f,
                    other => return Err(format!("the sum of {}", other.kind())),
                };
            }
            return Ok(Value::Float(sum));
        }
        _ => return Err(format!("{word} with these arguments")),
    }
    Ok(Value::list(kept))
}

fn among(machine: &mut Machine<'_>, items: &[Value], item: &Value) -> Outcome<bool> {
    for other in items {
        if machine.equal(other, item)? == Some(true) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn compared(machine: &mut Machine<'_>, compare: &Value, a: &Value, b: &Value) -> Outcome<Ordering> {
    match machine.call(compare, vec![a.clone(), b.clone()])? {
        Value::Int(i) => Ok(i.cmp(&0)),
        Value::Float(f) => Ok(f.partial_cmp(&0.0).unwrap_or(Ordering::Equal)),
        other => Err(format!("a comparison gave {}", other.kind())),
    }
}

fn steps(path: &Value) -> Outcome<Vec<String>> {
    Ok(utf8(path)?.split('.').map(str::to_owned).collect())
}

fn maps(machine: &mut Machine<'_>, word: &str, args: &[Value]) -> Outcome<Value> {
    let (Some(map @ (Value::Map(_) | Value::List(_))), Some(path)) = (args.first(), args.get(1)) else {
        return Err(format!("{word} with these arguments"));
    };
    let paths = |list: &Value| match list {
        Value::List(items) => items.borrow().iter().map(steps).collect::<Outcome<Vec<_>>>(),
        other => Err(format!("paths in {}", other.kind())),
    };
    Ok(match (word, args.len()) {
        ("get", 2 | 3) => {
            let default = args.get(2).cloned().unwrap_or(Value::Undefined);
            walk(machine, map, &steps(path)?)?.unwrap_or(default)
        }
        ("has", 2) => Value::Bool(walk(machine, map, &steps(path)?)?.is_some()),
        ("set", 3) => set(map, &steps(path)?, &args[2]),
        ("unset", 2) => without(map, &steps(path)?),
        ("omit", 2) => paths(path)?.iter().fold(map.clone(), |map, path| without(&map, path)),
        ("pick", 2) => kept(map, &paths(path)?).unwrap_or(Value::map(Vec::new())),
        _ => return Err(format!("{word} with these arguments")),
    })
}

fn child(value: &Value, step: &str) -> Option<Value> {
    match value {
        Value::Map(_) => value.get(&Value::text(step)).or_else(|| value.get(&Value::Int(step.parse().ok()?))),
        Value::List(items) => items.borrow().get(step.parse::<usize>().ok()?).cloned(),
        _ => None,
    }
}

fn walk(machine: &mut Machine<'_>, value: &Value, path: &[String]) -> Outcome<Option<Value>> {
    let value = machine.force(value.clone())?;
    let [step, rest @ ..] = path else { return Ok(Some(value)) };
    if let (Value::List(items), "*") = (&value, step.as_str()) {
        let mut found = Vec::new();
        for item in items.borrow().clone() {
            found.extend(walk(machine, &item, rest)?);
        }
        return Ok(Some(Value::list(found)));
    }
    match child(&value, step) {
        None | Some(Value::Undefined) => Ok(None),
        Some(next) => walk(machine, &next, rest),
    }
}

fn set(value: &Value, path: &[String], new: &Value) -> Value {
    let [step, rest @ ..] = path else { return new.clone() };
    if let Value::List(items) = value {
        let mut items = items.borrow().clone();
        let at = step.parse::<usize>().ok();
        for (n, item) in items.iter_mut().enumerate() {
            if step == "*" || at == Some(n) {
                *item = set(item, rest, new);
            }
        }
        if at == Some(items.len()) {
            items.push(set(&Value::Undefined, rest, new));
        }
        return Value::list(items);
    }
    let made = Value::map(if let Value::Map(pairs) = value { pairs.borrow().clone() } else { Vec::new() });
    let inner = child(value, step).unwrap_or(Value::Undefined);
    made.insert(&Value::text(step), set(&inner, rest, new));
    made
}

fn without(value: &Value, path: &[String]) -> Value {
    let [step, rest @ ..] = path else { return value.clone() };
    let Some(pairs) = value.pairs() else { return value.clone() };
    let is_list = matches!(value, Value::List(_));
    let named = |key: &Value| match key {
        Value::Text(text) => text.as_slice() == step.as_bytes(),
        Value::Int(i) => is_list && (step == "*" || *step == i.to_string()),
        _ => false,
    };
    let mut left = Vec::new();
    for (key, item) in pairs {
        match (named(&key), rest.is_empty()) {
            (true, true) => {}
            (true, false) => left.push((key, without(&item, rest))),
            _ => left.push((key, item)),
        }
    }
    if is_list { Value::list(left.into_iter().map(|p| p.1).collect()) } else { Value::map(left) }
}

/// What some path reaches.
fn kept(value: &Value, paths: &[Vec<String>]) -> Option<Value> {
    if paths.iter().any(Vec::is_empty) {
        return Some(value.clone());
    }
    let is_list = matches!(value, Value::List(_));
    let mut made = Vec::new();
    for (key, item) in value.pairs()? {
        let name = key.show(0);
        let rest: Vec<Vec<String>> =
            paths.iter().filter(|p| p[0] == name || (is_list && p[0] == "*")).map(|p| p[1..].to_vec()).collect();
        if let (false, Some(inner)) = (rest.is_empty(), kept(&item, &rest)) {
            made.push((key, inner));
        }
    }
    match is_list {
        true if made.is_empty() => None,
        true => Some(Value::list(made.into_iter().map(|p| p.1).collect())),
        false => Some(Value::map(made)),
    }
}
