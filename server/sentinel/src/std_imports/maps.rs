//! `collection/maps`: paths of keys joined by dots, list positions, and `*` for every element.

use super::utf8;
use crate::builtin::exactly;
use crate::eval::{Machine, Outcome, fault};
use crate::unsettled::Unsettled;
use crate::value::{Key, List, Map, Native, Origin, Table, Value};

pub(super) fn function(name: &str) -> Option<Native> {
    Some(match name {
        "get" => get,
        "has" => |machine, args, _| {
            let [map, path] = exactly(args, "has")?;
            map_or_fault(map)?;
            let path = parts(path)?;
            Ok(Value::Bool(walk(machine, map, &path)?.is_some()))
        },
        "pick" => pick,
        "set" => |machine, args, _| {
            let [map, path, value] = exactly(args, "set")?;
            map_or_fault(map)?;
            let path = parts(path)?;
            set(machine, map, &path, value)
        },
        "unset" => |machine, args, _| {
            let [map, path] = exactly(args, "unset")?;
            map_or_fault(map)?;
            let path = parts(path)?;
            unset(machine, map, &path)
        },
        "omit" => |machine, args, _| {
            let [mut map, paths] = exactly(args, "omit")?;
            map_or_fault(map)?;
            for path in path_list(paths)? {
                map = unset(machine, map, &path)?;
            }
            Ok(map)
        },
        _ => return None,
    })
}

fn map_or_fault(value: Value<'_>) -> Outcome<()> {
    match value {
        Value::Map(_) | Value::List(_) => Ok(()),
        other => fault(format!("maps needs a map, not {}", other.type_name())),
    }
}

fn parts(path: Value<'_>) -> Outcome<Vec<String>> {
    let parts: Vec<_> = utf8(path, "a path")?.split('.').map(str::to_owned).collect();
    if parts.len() > 200 { fault("a path of more than 200 steps") } else { Ok(parts) }
}

fn path_list(paths: Value<'_>) -> Outcome<Vec<Vec<String>>> {
    let Value::List(list) = paths else { return fault("a list of paths is needed") };
    list.items().into_iter().map(parts).collect()
}

fn child<'h>(machine: &Machine<'h>, value: Value<'h>, step: &str) -> Option<Value<'h>> {
    match value {
        Value::Map(map) => {
            let key = Key::Str(machine.bump.alloc_slice_copy(step.as_bytes()));
            map.get(key).or_else(|| map.get(Key::Int(step.parse().ok()?)))
        }
        Value::List(list) => list.get(step.parse().ok()?),
        _ => None,
    }
}

fn walk<'h>(machine: &mut Machine<'h>, value: Value<'h>, path: &[String]) -> Outcome<Option<Value<'h>>> {
    machine.tick()?;
    let value = machine.force(value)?;
    let Some((step, rest)) = path.split_first() else { return Ok(Some(value)) };
    if let (Value::List(list), "*") = (value, step.as_str()) {
        let mut found = Vec::new();
        for item in list.items() {
            found.extend(walk(machine, item, rest)?);
        }
        return Ok(Some(Value::list(machine.bump, found)));
    }
    match child(machine, value, step) {
        Some(Value::Undefined(_)) | None => Ok(None),
        Some(next) => walk(machine, next, rest),
    }
}

fn get<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], at: Origin) -> Outcome<Value<'h>> {
    let (map, path, default) = match args {
        [map, path] => (*map, *path, Value::Undefined(Some(at))),
        [map, path, default] => (*map, *path, *default),
        _ => return fault("get takes a map, a path and perhaps a default"),
    };
    map_or_fault(map)?;
    let path = parts(path)?;
    Ok(match walk(machine, map, &path)? {
        None | Some(Value::Undefined(_)) => default,
        Some(Value::Null) if args.len() == 3 => {
            machine.unsettled(Unsettled::NullInPath)?;
            Value::Null
        }
        Some(value) => value,
    })
}

fn set<'h>(machine: &mut Machine<'h>, value: Value<'h>, path: &[String], new: Value<'h>) -> Outcome<Value<'h>> {
    machine.tick()?;
    let Some((step, rest)) = path.split_first() else { return Ok(new) };
    match value {
        Value::List(list) => {
            let mut items = list.items();
            let at = step.parse::<usize>().ok();
            for (n, item) in items.iter_mut().enumerate() {
                if step == "*" || at == Some(n) {
                    *item = set(machine, *item, rest, new)?;
                }
            }
            if at == Some(items.len()) {
                items.push(set(machine, Value::undefined(), rest, new)?);
            }
            Ok(Value::List(List::owned(machine.bump, items)))
        }
        other => {
            let mut table = Table::new(machine.bump);
            if let Value::Map(map) = other {
                for (key, item) in map.entries() {
                    table.insert(key, item);
                }
            }
            let key = Key::Str(machine.bump.alloc_slice_copy(step.as_bytes()));
            let inner = child(machine, other, step).unwrap_or_else(Value::undefined);
            table.insert(key, set(machine, inner, rest, new)?);
            Ok(Value::Map(Map::owned(machine.bump, table)))
        }
    }
}

fn unset<'h>(machine: &mut Machine<'h>, value: Value<'h>, path: &[String]) -> Outcome<Value<'h>> {
    machine.tick()?;
    let Some((step, rest)) = path.split_first() else { return Ok(value) };
    match value {
        Value::Map(map) => {
            let mut table = Table::new(machine.bump);
            for (key, item) in map.entries() {
                let named = matches!(key, Key::Str(s) if s == step.as_bytes());
                match (named, rest.is_empty()) {
                    (true, true) => {}
                    (true, false) => table.insert(key, unset(machine, item, rest)?),
                    _ => table.insert(key, item),
                }
            }
            Ok(Value::Map(Map::owned(machine.bump, table)))
        }
        Value::List(list) => {
            let mut items = Vec::new();
            for (n, item) in list.items().into_iter().enumerate() {
                let named = step == "*" || step.parse() == Ok(n);
                match (named, rest.is_empty()) {
                    (true, true) => {}
                    (true, false) => items.push(unset(machine, item, rest)?),
                    _ => items.push(item),
                }
            }
            Ok(Value::List(List::owned(machine.bump, items)))
        }
        other => Ok(other),
    }
}

fn pick<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], _: Origin) -> Outcome<Value<'h>> {
    let [map, paths] = exactly(args, "pick")?;
    map_or_fault(map)?;
    let paths = path_list(paths)?;
    let paths: Vec<&[String]> = paths.iter().map(Vec::as_slice).collect();
    Ok(keep(machine, map, &paths)?.unwrap_or_else(|| Value::map(machine.bump, [])))
}

/// The parts of a value that some path reaches.
fn keep<'h>(machine: &mut Machine<'h>, value: Value<'h>, paths: &[&[String]]) -> Outcome<Option<Value<'h>>> {
    machine.tick()?;
    if paths.iter().any(|p| p.is_empty()) {
        return Ok(Some(value));
    }
    let Some(pairs) = machine.pairs(value) else { return Ok(None) };
    let (mut items, mut table) = (Vec::new(), Table::new(machine.bump));
    for (key, item) in pairs {
        let name = match key {
            Value::Str(s) => String::from_utf8_lossy(s).into_owned(),
            Value::Int(i) => i.to_string(),
            _ => continue,
        };
        let is_list = matches!(value, Value::List(_));
        let reaches = |p: &&&[String]| p.first().is_some_and(|s| *s == name || (is_list && s == "*"));
        let rest: Vec<&[String]> = paths.iter().filter(reaches).map(|p| &p[1..]).collect();
        if rest.is_empty() {
            continue;
        }
        if let Some(kept) = keep(machine, item, &rest)? {
            match Key::of(key) {
                Some(key) if !is_list => table.insert(key, kept),
                _ => items.push(kept),
            }
        }
    }
    Ok(Some(match value {
        Value::List(_) if items.is_empty() => return Ok(None),
        Value::List(_) => Value::list(machine.bump, items),
        _ => Value::Map(Map::owned(machine.bump, table)),
    }))
}
