//! The standard imports: what is behind a path, and their functions.

use super::builtin::settle;
use super::decimal::Decimal;
use super::machine::Machine;
use super::value::{Object, Outcome, Value};
use super::version::Version;
use super::{collections, encoding, instant};

/// Every import this interpreter knows.
pub(crate) const PATHS: [&str; 13] = [
    "base64",
    "collection",
    "collection/lists",
    "collection/maps",
    "decimal",
    "json",
    "runtime",
    "sockaddr",
    "strings",
    "time",
    "types",
    "units",
    "version",
];

/// Imports that a host provides; here there is none, so they can be named and not read.
pub(crate) const HOST: [&str; 10] = [
    "tfplan",
    "tfplan/v1",
    "tfplan/v2",
    "tfconfig",
    "tfconfig/v1",
    "tfconfig/v2",
    "tfstate",
    "tfstate/v1",
    "tfstate/v2",
    "tfrun",
];

const FUNCTIONS: [(&str, &[&str]); 11] = [
    ("base64", &["encode", "decode", "urlencode", "urldecode"]),
    ("collection", &["filter", "reject", "find", "matches"]),
    ("collection/lists", &["concat", "difference", "diff", "intersection", "union", "sort", "sum"]),
    ("collection/maps", &["get", "has", "pick", "set", "unset", "omit"]),
    ("decimal", &["new", "infinity", "inf", "is_nan", "isnan", "is_infinite", "is_inf", "isinf", "isinfinite"]),
    ("json", &["unmarshal", "marshal", "valid"]),
    ("sockaddr", &["is_contained", "is_equal", "is_ipv4", "is_ipv6"]),
    (
        "strings",
        &[
            "has_prefix",
            "has_suffix",
            "trim_prefix",
            "trim_suffix",
            "to_lower",
            "to_upper",
            "split",
            "join",
            "replace",
            "trim",
            "trim_left",
            "trim_right",
            "trim_space",
        ],
    ),
    ("time", &["load"]),
    ("types", &["type_of"]),
    ("version", &["new"]),
];

/// A member of a standard import.
pub(crate) fn member(path: &str, word: &str, now: i128) -> Outcome<Value> {
    if FUNCTIONS.iter().any(|f| f.0 == path && f.1.contains(&word)) {
        return Ok(Value::Native(format!("{path}.{word}")));
    }
    if HOST.contains(&path) {
        return Err(format!("there is no document behind {path}"));
    }
    Ok(match (path, word) {
        ("runtime", "version") => Value::text("0.41.0"),
        ("units", "kilobyte") => Value::Int(1024),
        ("units", "megabyte") => Value::Int(1024 * 1024),
        ("units", "gigabyte") => Value::Int(1024 * 1024 * 1024),
        ("units", "terabyte") => Value::Int(1024 * 1024 * 1024 * 1024),
        ("units", "petabyte") => Value::Int(1024 * 1024 * 1024 * 1024 * 1024),
        ("decimal", "nan") => object(Object::Decimal(Decimal::Nan)),
        ("time", "now") => object(Object::Time { nanos: now, zone: 0 }),
        ("time", _) => instant::constant(word),
        _ => Value::Undefined,
    })
}

pub(crate) fn object(object: Object) -> Value {
    Value::Object(object.into())
}

/// A member of what an import made: data at once, methods bound.
pub(crate) fn object_member(object: &std::rc::Rc<Object>, word: &str) -> Outcome<Value> {
    let data = match &**object {
        Object::Decimal(decimal) => decimal.data(word),
        Object::Version(version) => version.data(word),
        Object::Time { nanos, zone } => instant::data(*nanos, *zone, word),
    };
    let methods: &[&str] = match &**object {
        Object::Decimal(_) => &super::decimal::METHODS,
        Object::Version(_) => &super::version::METHODS,
        Object::Time { .. } => &["before", "after", "equal", "add", "sub"],
    };
    if methods.contains(&word) {
        return Ok(Value::Method(std::rc::Rc::clone(object), word.to_owned()));
    }
    Ok(data.unwrap_or(Value::Undefined))
}

/// Calls a method.
pub(crate) fn method(receiver: &Object, word: &str, args: &[Value]) -> Outcome<Value> {
    match receiver {
        Object::Decimal(decimal) => decimal.method(word, args),
        Object::Version(version) => version.method(word, args),
        Object::Time { nanos, zone } => instant::method(*nanos, *zone, word, args),
    }
}

/// A string argument.
pub(crate) fn utf8(value: &Value) -> Outcome<String> {
    match value {
        Value::Text(text) => Ok(String::from_utf8_lossy(text).into_owned()),
        other => Err(format!("wanted a string, found {}", other.kind())),
    }
}

/// Calls a function of a standard import.
pub(crate) fn call(machine: &mut Machine<'_>, name: &str, args: &[Value]) -> Outcome<Value> {
    let (path, word) = name.split_once('.').unwrap_or((name, ""));
    for arg in args {
        if matches!(path, "json" | "strings") {
            settle(machine, arg, 0)?;
        }
    }
    match path {
        "types" => match args {
            [value] => Ok(Value::text(value.kind())),
            _ => Err("type_of takes one value".into()),
        },
        "strings" => strings(word, args),
        "base64" | "json" | "sockaddr" => encoding::call(path, word, args),
        "collection" | "collection/lists" | "collection/maps" => collections::call(machine, path, word, args),
        "version" => match args {
            [Value::Object(_)] => Ok(args[0].clone()),
            [value] => Version::parse(&utf8(value)?).map(|v| object(Object::Version(v))),
            _ => Err("version.new takes one value".into()),
        },
        "time" => match args {
            [value] => instant::of(value).map(|(nanos, zone)| object(Object::Time { nanos, zone })),
            _ => Err("time.load takes one value".into()),
        },
        _ => super::decimal::function(word, args),
    }
}

fn strings(word: &str, args: &[Value]) -> Outcome<Value> {
    if let ("split", [Value::List(_), _]) = (word, args) {
        return Ok(args[0].clone());
    }
    if let ("join", [list @ Value::List(_), separator]) = (word, args) {
        let mut parts = Vec::new();
        flatten(list, &mut parts)?;
        return Ok(Value::text(&parts.join(&utf8(separator)?)));
    }
    if let ("replace", [text, old, new, Value::Int(count)]) = (word, args) {
        let count = if *count < 0 { usize::MAX } else { *count as usize };
        return Ok(Value::text(&utf8(text)?.replacen(&utf8(old)?, &utf8(new)?, count)));
    }
    let texts = args.iter().map(utf8).collect::<Outcome<Vec<_>>>()?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    Ok(match (word, texts.as_slice()) {
        ("has_prefix", [s, p]) => Value::Bool(s.starts_with(p)),
        ("has_suffix", [s, p]) => Value::Bool(s.ends_with(p)),
        ("trim_prefix", [s, p]) => Value::text(s.strip_prefix(p).unwrap_or(s)),
        ("trim_suffix", [s, p]) => Value::text(s.strip_suffix(p).unwrap_or(s)),
        ("to_lower", [s]) => Value::text(&s.to_lowercase()),
        ("to_upper", [s]) => Value::text(&s.to_uppercase()),
        ("split", [s, ""]) => Value::list(s.chars().map(|c| Value::text(&c.to_string())).collect()),
        ("split", [s, p]) => Value::list(s.split(p).map(Value::text).collect()),
        ("replace", [s, old, new]) => Value::text(&s.replace(old, new)),
        ("trim", [s, set]) => Value::text(s.trim_matches(|c| set.contains(c))),
        ("trim_left", [s, set]) => Value::text(s.trim_start_matches(|c| set.contains(c))),
        ("trim_right", [s, set]) => Value::text(s.trim_end_matches(|c| set.contains(c))),
        ("trim_space", [s]) => Value::text(s.trim()),
        _ => return Err(format!("strings.{word} with these arguments")),
    })
}

fn flatten(value: &Value, out: &mut Vec<String>) -> Outcome<()> {
    match value {
        Value::List(items) => items.borrow().iter().try_for_each(|item| flatten(item, out)),
        Value::Text(_) | Value::Int(_) | Value::Float(_) | Value::Bool(_) => {
            out.push(value.show(0));
            Ok(())
        }
        other => Err(format!("join with {}", other.kind())),
    }
}
