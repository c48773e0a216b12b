//! `strings`.

use super::{text, utf8};
use crate::builtin::exactly;
use crate::eval::{Machine, Outcome, fault, find};
use crate::value::{Native, Origin, Value, number_text};

pub(super) fn function(name: &str) -> Option<Native> {
    Some(match name {
        "has_prefix" => |_, args, _| {
            let [s, p] = exactly(args, "has_prefix")?;
            Ok(Value::Bool(text(s, "has_prefix")?.starts_with(text(p, "has_prefix")?)))
        },
        "has_suffix" => |_, args, _| {
            let [s, p] = exactly(args, "has_suffix")?;
            Ok(Value::Bool(text(s, "has_suffix")?.ends_with(text(p, "has_suffix")?)))
        },
        "trim_prefix" => |_, args, _| {
            let [s, p] = exactly(args, "trim_prefix")?;
            let (s, p) = (text(s, "trim_prefix")?, text(p, "trim_prefix")?);
            Ok(Value::Str(s.strip_prefix(p).unwrap_or(s)))
        },
        "trim_suffix" => |_, args, _| {
            let [s, p] = exactly(args, "trim_suffix")?;
            let (s, p) = (text(s, "trim_suffix")?, text(p, "trim_suffix")?);
            Ok(Value::Str(s.strip_suffix(p).unwrap_or(s)))
        },
        "to_lower" => |machine, args, _| {
            let [s] = exactly(args, "to_lower")?;
            Ok(Value::text(machine.bump, &utf8(s, "to_lower")?.to_lowercase()))
        },
        "to_upper" => |machine, args, _| {
            let [s] = exactly(args, "to_upper")?;
            Ok(Value::text(machine.bump, &utf8(s, "to_upper")?.to_uppercase()))
        },
        "split" => split,
        "join" => join,
        "replace" => replace,
        "trim" => |machine, args, _| trim(machine, args, true, true),
        "trim_left" => |machine, args, _| trim(machine, args, true, false),
        "trim_right" => |machine, args, _| trim(machine, args, false, true),
        "trim_space" => |_, args, _| {
            let [s] = exactly(args, "trim_space")?;
            let s = text(s, "trim_space")?;
            Ok(Value::Str(std::str::from_utf8(s).map_or(s, |s| s.trim().as_bytes())))
        },
        _ => return None,
    })
}

fn split<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], _: Origin) -> Outcome<Value<'h>> {
    let [value, separator] = exactly(args, "split")?;
    if let Value::List(_) = value {
        return Ok(value);
    }
    let (mut rest, separator) = (text(value, "split")?, text(separator, "split")?);
    let mut parts = Vec::new();
    if separator.is_empty() {
        let whole = String::from_utf8_lossy(rest).into_owned();
        let parts: Vec<_> = whole.chars().map(|c| Value::text(machine.bump, c.encode_utf8(&mut [0; 4]))).collect();
        return Ok(Value::list(machine.bump, parts));
    }
    while let Some(at) = find(rest, separator) {
        parts.push(Value::Str(&rest[..at]));
        rest = &rest[at + separator.len()..];
    }
    parts.push(Value::Str(rest));
    Ok(Value::list(machine.bump, parts))
}

fn join<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], _: Origin) -> Outcome<Value<'h>> {
    fn flatten<'h>(machine: &mut Machine<'h>, value: Value<'h>, out: &mut Vec<String>, depth: usize) -> Outcome<()> {
        machine.tick()?;
        machine.shallow(depth)?;
        match machine.force(value)? {
            Value::List(list) => {
                for item in list.items() {
                    flatten(machine, item, out, depth + 1)?;
                }
            }
            Value::Str(s) => out.push(String::from_utf8_lossy(s).into_owned()),
            Value::Int(i) => out.push(i.to_string()),
            Value::Float(f) => out.push(number_text(f)),
            Value::Bool(b) => out.push(b.to_string()),
            other => return fault(format!("join cannot take a {}", other.type_name())),
        }
        Ok(())
    }
    let [list, separator] = exactly(args, "join")?;
    let separator = utf8(separator, "join")?;
    let Value::List(_) = list else { return fault(format!("join needs a list, not {}", list.type_name())) };
    let mut parts = Vec::new();
    flatten(machine, list, &mut parts, 0)?;
    machine.room(parts.iter().map(|p| p.len() + separator.len()).sum())?;
    Ok(Value::text(machine.bump, &parts.join(&separator)))
}

fn replace<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], _: Origin) -> Outcome<Value<'h>> {
    let (s, old, new, count) = match args {
        [s, old, new] => (*s, *old, *new, usize::MAX),
        [s, old, new, Value::Int(n)] => (*s, *old, *new, usize::try_from(*n).unwrap_or(usize::MAX)),
        _ => return fault("replace takes a string, the old, the new and perhaps a count"),
    };
    let (s, old, new) = (utf8(s, "replace")?, utf8(old, "replace")?, utf8(new, "replace")?);
    machine.room(s.len().saturating_mul(new.len() + 1))?;
    Ok(Value::text(machine.bump, &s.replacen(&old, &new, count)))
}

fn trim<'h>(_: &mut Machine<'h>, args: &[Value<'h>], left: bool, right: bool) -> Outcome<Value<'h>> {
    let [s, set] = exactly(args, "trim")?;
    let (bytes, set) = (text(s, "trim")?, utf8(set, "trim")?);
    let Ok(mut s) = std::str::from_utf8(bytes) else { return Ok(Value::Str(bytes)) };
    if left {
        s = s.trim_start_matches(|c| set.contains(c));
    }
    if right {
        s = s.trim_end_matches(|c| set.contains(c));
    }
    Ok(Value::Str(s.as_bytes()))
}
