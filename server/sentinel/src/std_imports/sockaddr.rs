//! `sockaddr`.

use std::net::IpAddr;

use super::utf8;
use crate::builtin::exactly;
use crate::eval::{Outcome, fault};
use crate::value::{Native, Value};

pub(super) fn function(name: &str) -> Option<Native> {
    Some(match name {
        "is_contained" => |_, args, _| {
            let [outer, inner] = exactly(args, "is_contained")?;
            let ((a, outer), (b, inner)) = (network(outer)?, network(inner)?);
            let contained = match (a, b) {
                (IpAddr::V4(a), IpAddr::V4(b)) => {
                    inner >= outer && head4(a.to_bits(), outer) == head4(b.to_bits(), outer)
                }
                (IpAddr::V6(a), IpAddr::V6(b)) => {
                    inner >= outer && head6(a.to_bits(), outer) == head6(b.to_bits(), outer)
                }
                _ => false,
            };
            Ok(Value::Bool(contained))
        },
        "is_equal" => |_, args, _| {
            let [a, b] = exactly(args, "is_equal")?;
            Ok(Value::Bool(network(a)? == network(b)?))
        },
        "is_ipv4" => |_, args, _| {
            let [a] = exactly(args, "is_ipv4")?;
            Ok(Value::Bool(network(a).is_ok_and(|(a, _)| a.is_ipv4())))
        },
        "is_ipv6" => |_, args, _| {
            let [a] = exactly(args, "is_ipv6")?;
            Ok(Value::Bool(network(a).is_ok_and(|(a, _)| a.is_ipv6())))
        },
        _ => return None,
    })
}

fn head4(bits: u32, len: u8) -> u32 {
    bits.checked_shr(32 - u32::from(len)).unwrap_or(0)
}

fn head6(bits: u128, len: u8) -> u128 {
    bits.checked_shr(128 - u32::from(len)).unwrap_or(0)
}

fn network(value: Value<'_>) -> Outcome<(IpAddr, u8)> {
    let text = utf8(value, "sockaddr")?;
    let (address, len) = text.split_once('/').map_or((text.as_str(), None), |(a, l)| (a, Some(l)));
    let Ok(address) = address.parse::<IpAddr>() else { return fault(format!("{text:?} is not an address")) };
    let most = if address.is_ipv4() { 32 } else { 128 };
    match len.map_or(Ok(most), str::parse) {
        Ok(len) if len <= most => Ok((address, len)),
        _ => fault(format!("{text:?} is not a network")),
    }
}
