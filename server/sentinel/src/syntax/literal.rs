//! Decoding of literal text: numbers and strings.

/// An integer literal (`0x`, leading `0`, decimal). `negative` admits the magnitude of the smallest integer.
pub(crate) fn int(text: &str, negative: bool) -> Result<i64, &'static str> {
    let (digits, radix) = if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        (hex, 16)
    } else if text.len() > 1 && text.starts_with('0') {
        (&text[1..], 8)
    } else {
        (text, 10)
    };
    if digits.is_empty() || !digits.bytes().all(|b| (b as char).is_digit(radix)) {
        return Err("this is not an integer");
    }
    let value = i128::from_str_radix(digits, radix).map_err(|_| "the integer needs more than 64 bits")?;
    let value = if negative { -value } else { value };
    i64::try_from(value).map_err(|_| "the integer needs more than 64 bits")
}

/// The bytes of a quoted string, escapes resolved; on failure the offset within `text` (quotes included) and why.
pub(crate) fn quoted(text: &str) -> Result<Vec<u8>, (usize, &'static str)> {
    let body = text.get(1..text.len().saturating_sub(1)).unwrap_or_default().as_bytes();
    let mut out = Vec::with_capacity(body.len());
    let mut at = 0;
    while at < body.len() {
        if body[at] != b'\\' {
            out.push(body[at]);
            at += 1;
            continue;
        }
        let bad = (at + 1, "this escape is not known");
        let escape = *body.get(at + 1).ok_or(bad)?;
        at += 2;
        let mut code = |len: usize, radix: u32| -> Option<u32> {
            let digits = std::str::from_utf8(body.get(at..at + len)?).ok()?;
            at += len;
            digits.bytes().all(|b| (b as char).is_digit(radix)).then(|| u32::from_str_radix(digits, radix).ok())?
        };
        match escape {
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'\\' | b'"' => out.push(escape),
            b'x' => out.push(code(2, 16).ok_or(bad)? as u8),
            b'u' | b'U' => {
                let code = code(if escape == b'u' { 4 } else { 8 }, 16).ok_or(bad)?;
                let c = char::from_u32(code).ok_or((bad.0, "this code point does not exist"))?;
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            b'0'..=b'7' => {
                at -= 1;
                let digits = std::str::from_utf8(body.get(at..at + 3).ok_or(bad)?).map_err(|_| bad)?;
                at += 3;
                out.push(u32::from_str_radix(digits, 8).ok().and_then(|v| u8::try_from(v).ok()).ok_or(bad)?);
            }
            _ => return Err(bad),
        }
    }
    Ok(out)
}
