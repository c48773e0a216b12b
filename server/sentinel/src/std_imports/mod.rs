//! The standard imports.

mod base64;
mod collection;
mod decimal;
pub(crate) mod http;
mod json;
mod lists;
mod maps;
pub(crate) mod number;
mod sockaddr;
mod strings;
pub(crate) mod time;
pub(crate) mod version;

use crate::builtin::exactly;
use crate::eval::{Machine, Outcome, fault};
use crate::unsettled::Unsettled;
use crate::value::{Native, Object, Origin, Value};

/// The language level this engine implements, as `runtime.version` tells it.
pub(crate) const LANGUAGE: &str = "0.41.0";

/// A standard import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standard {
    Base64,
    Collection,
    Lists,
    Maps,
    Decimal,
    Http,
    Json,
    Runtime,
    Sockaddr,
    Strings,
    Time,
    Types,
    Units,
    Version,
}

impl Standard {
    /// The import a path names.
    pub(crate) fn of(path: &str) -> Option<Self> {
        Some(match path {
            "base64" => Self::Base64,
            "collection" => Self::Collection,
            "collection/lists" => Self::Lists,
            "collection/maps" => Self::Maps,
            "decimal" => Self::Decimal,
            "http" => Self::Http,
            "json" => Self::Json,
            "runtime" => Self::Runtime,
            "sockaddr" => Self::Sockaddr,
            "strings" => Self::Strings,
            "time" => Self::Time,
            "types" => Self::Types,
            "units" => Self::Units,
            "version" => Self::Version,
            _ => return None,
        })
    }
}

/// A member of a standard import.
pub(crate) fn member<'h>(machine: &mut Machine<'h>, import: Standard, name: &str) -> Outcome<Option<Value<'h>>> {
    let native: Option<Native> = match import {
        Standard::Base64 => base64::function(name),
        Standard::Collection => collection::function(name),
        Standard::Lists => lists::function(name),
        Standard::Maps => maps::function(name),
        Standard::Decimal if name == "nan" => return Ok(Some(decimal::value(machine, number::Number::nan()))),
        Standard::Decimal => decimal::function(name),
        Standard::Http => return Ok(http::member(machine, name)),
        Standard::Json => json::function(name),
        Standard::Runtime => return Ok((name == "version").then_some(Value::Str(LANGUAGE.as_bytes()))),
        Standard::Sockaddr => sockaddr::function(name),
        Standard::Strings => strings::function(name),
        Standard::Time => return Ok(time::member(machine, name)),
        Standard::Types => (name == "type_of").then_some(type_of as Native),
        Standard::Units => {
            let power = ["kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte"].iter().position(|n| *n == name);
            return Ok(power.map(|p| Value::Int(1 << (10 * (p + 1)))));
        }
        Standard::Version => version::function(name),
    };
    Ok(native.map(Value::Native))
}

/// A member of an object of a standard import.
pub(crate) fn object_member<'h>(
    machine: &mut Machine<'h>,
    object: &'h Object,
    name: &str,
) -> Outcome<Option<Value<'h>>> {
    match object {
        Object::Decimal(number) => decimal::object_member(machine, object, number, name),
        Object::Client(client) => Ok(http::client_member(machine, object, client, name)),
        Object::Request(draft) => Ok(http::request_member(machine, object, draft, name)),
        Object::Time(instant) => Ok(time::object_member(machine, object, instant, name)),
        Object::Version(version) => Ok(version::object_member(machine, object, version, name)),
    }
}

fn type_of<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], _: Origin) -> Outcome<Value<'h>> {
    let [value] = exactly(args, "type_of")?;
    if let Value::Func(_) | Value::Native(_) | Value::Bound(..) = value {
        machine.unsettled(Unsettled::FunctionType)?;
    }
    Ok(Value::Str(value.type_name().as_bytes()))
}

/// A string argument.
pub(crate) fn text<'h>(value: Value<'h>, whose: &str) -> Outcome<&'h [u8]> {
    match value {
        Value::Str(text) => Ok(text),
        other => fault(format!("{whose} needs a string, not {}", other.type_name())),
    }
}

/// A string argument as UTF-8; anything else in it is replaced.
pub(crate) fn utf8(value: Value<'_>, whose: &str) -> Outcome<String> {
    text(value, whose).map(|t| String::from_utf8_lossy(t).into_owned())
}
