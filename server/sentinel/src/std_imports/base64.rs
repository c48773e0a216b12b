//! `base64`.

use base64::Engine;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::text;
use crate::builtin::exactly;
use crate::eval::{Machine, Outcome, fault};
use crate::value::{Native, Value};

pub(super) fn function(name: &str) -> Option<Native> {
    Some(match name {
        "encode" => |machine, args, _| encode(machine, args, &STANDARD),
        "decode" => |machine, args, _| decode(machine, args, &STANDARD),
        "urlencode" => |machine, args, _| encode(machine, args, &URL_SAFE),
        "urldecode" => |machine, args, _| decode(machine, args, &URL_SAFE),
        _ => return None,
    })
}

fn encode<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], engine: &GeneralPurpose) -> Outcome<Value<'h>> {
    let [value] = exactly(args, "base64")?;
    Ok(Value::text(machine.bump, &engine.encode(text(value, "base64")?)))
}

fn decode<'h>(machine: &mut Machine<'h>, args: &[Value<'h>], engine: &GeneralPurpose) -> Outcome<Value<'h>> {
    let [value] = exactly(args, "base64")?;
    match engine.decode(text(value, "base64")?) {
        Ok(bytes) => Ok(Value::Str(machine.bump.alloc_slice_copy(&bytes))),
        Err(error) => fault(format!("the text is not base64: {error}")),
    }
}
