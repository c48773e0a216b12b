//! `base64`, `json`, `sockaddr`.

use std::net::IpAddr;

use serde_json::Value as Json;

use super::standard::utf8;
use super::value::{Outcome, Value};

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Calls a function of one of the three.
pub(crate) fn call(path: &str, word: &str, args: &[Value]) -> Outcome<Value> {
    match (path, word, args) {
        ("base64", _, [Value::Text(text)]) => {
            let alphabet = if word.starts_with("url") { URL } else { STANDARD };
            let made = if word.ends_with("encode") { encode(text, alphabet) } else { decode(text, alphabet)? };
            Ok(Value::Text(made.into()))
        }
        ("json", "marshal", [value]) => {
            Ok(value.to_json(true).map_or(Value::Undefined, |json| Value::text(&json.to_string())))
        }
        ("json", "valid", [Value::Text(text)]) => Ok(Value::Bool(serde_json::from_slice::<Json>(text).is_ok())),
        ("json", "unmarshal", [Value::Text(text)]) => {
            let json: Json = serde_json::from_slice(text).map_err(|e| e.to_string())?;
            Ok(Value::from_json(&json))
        }
        ("sockaddr", "is_contained", [outer, inner]) => {
            let (outer, inner) = (bits(outer)?, bits(inner)?);
            Ok(Value::Bool(outer.0 == inner.0 && inner.1.starts_with(&outer.1)))
        }
        ("sockaddr", "is_equal", [a, b]) => {
            let text = |v| utf8(v).map(|t| t.split('/').next().and_then(|a| a.parse::<IpAddr>().ok()));
            Ok(Value::Bool(bits(a)? == bits(b)? && text(a)? == text(b)?))
        }
        ("sockaddr", "is_ipv4", [a]) => Ok(Value::Bool(bits(a).is_ok_and(|b| !b.0))),
        ("sockaddr", "is_ipv6", [a]) => Ok(Value::Bool(bits(a).is_ok_and(|b| b.0))),
        _ => Err(format!("{path}.{word} with these arguments")),
    }
}

/// Whether an address is of the sixth version, and the bits of its network.
fn bits(value: &Value) -> Outcome<(bool, Vec<bool>)> {
    let text = utf8(value)?;
    let (address, mask) = text.split_once('/').map_or((text.as_str(), None), |(a, m)| (a, Some(m)));
    let bytes = match address.parse().map_err(|_| "not an address")? {
        IpAddr::V4(a) => a.octets().to_vec(),
        IpAddr::V6(a) => a.octets().to_vec(),
    };
    let mut bits: Vec<bool> = bytes.iter().flat_map(|b| (0..8).rev().map(move |n| b >> n & 1 == 1)).collect();
    if let Some(mask) = mask {
        let mask = mask.parse::<usize>().ok().filter(|m| *m <= bits.len()).ok_or("not a network")?;
        bits.truncate(mask);
    }
    Ok((bytes.len() > 4, bits))
}

fn encode(bytes: &[u8], alphabet: &[u8; 64]) -> Vec<u8> {
    let mut out = Vec::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0u32, |sum, b| sum << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let filled = place <= chunk.len();
            out.push(if filled { alphabet[(group >> (18 - 6 * place) & 63) as usize] } else { b'=' });
        }
    }
    out
}

fn decode(text: &[u8], alphabet: &[u8; 64]) -> Outcome<Vec<u8>> {
    let mut out = Vec::new();
    for (number, chunk) in text.chunks(4).enumerate() {
        let padding = chunk.iter().rev().take_while(|b| **b == b'=').count();
        let last = (number + 1) * 4 >= text.len();
        if chunk.len() < 4 || padding > 2 || (padding > 0 && !last) {
            return Err("not base64".into());
        }
        let mut group = 0u32;
        for byte in &chunk[..4 - padding] {
            let digit = alphabet.iter().position(|a| a == byte).ok_or("not base64")?;
            group = group << 6 | digit as u32;
        }
        group <<= 6 * padding;
        let bytes = [group >> 16, group >> 8 & 255, group & 255].map(|b| b as u8);
        if bytes[3 - padding..].iter().any(|b| *b != 0) {
            return Err("not base64".into());
        }
        out.extend(&bytes[..3 - padding]);
    }
    Ok(out)
}
