//! Reads a piece of a state as it is compared: numbers exactly as they are written, and not more than memory is meant to hold.

use serde_json::{Value, value::RawValue};

/// So many parts of one piece are read: each is some hundred bytes in memory, however short it is written.
pub(super) const PARTS: usize = 100_000;
/// Before the digits of a number that no machine number holds.
const MARK: &str = "\u{0}number ";
/// The same as it is written in JSON.
const WRITTEN: &str = "\"\\u0000number ";
/// Every number that is written shorter is held exactly.
const EXACT: usize = 15;

/// The value; nothing if it has too many parts, or is nested deeper than is read.
pub(super) fn read(raw: &RawValue) -> Option<Value> {
    let text = raw.get();
    let bytes = text.as_bytes();
    let (mut parts, mut at, mut copied) = (0, 0, 0);
    let mut marked = String::new();
    while let Some(byte) = bytes.get(at) {
        let start = at;
        at += 1;
        match byte {
            b'"' => {
                while let Some(inside) = bytes.get(at) {
                    at += if *inside == b'\\' { 2 } else { 1 };
                    if *inside == b'"' {
                        break;
                    }
                }
            }
            b',' | b'[' | b'{' => parts += 1,
            b'-' | b'0'..=b'9' => {
                let rest = bytes[at..].iter().take_while(|b| b.is_ascii_digit() || b"+-.eE".contains(b));
                at += rest.count();
                let number = &text[start..at];
                if number.len() > EXACT && number.parse::<i64>().is_err() && number.parse::<u64>().is_err() {
                    marked.extend([&text[copied..start], WRITTEN, number, "\""]);
                    copied = at;
                }
            }
            _ => {}
        }
    }
    if parts > PARTS {
        return None;
    }
    if copied == 0 {
        return serde_json::from_str(text).ok();
    }
    marked.push_str(&text[copied..]);
    serde_json::from_str(&marked).ok()
}

/// The value as it is shown: the digits of a number that no machine number holds are a text.
pub(super) fn unmark(mut value: Value) -> Value {
    match &mut value {
        Value::String(text) => {
            if let Some(number) = text.strip_prefix(MARK) {
                *text = number.to_owned();
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|part| *part = unmark(part.take())),
        Value::Object(map) => map.values_mut().for_each(|part| *part = unmark(part.take())),
        _ => {}
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        read(&RawValue::from_string(text.to_owned()).unwrap()).unwrap()
    }

    #[test]
    fn numbers_are_read_to_their_last_digit() {
        let whole = value(r#"{"a": [18446744073709551617, 1.5], "b\"1234567890123456789012": -9223372036854775807}"#);
        assert_ne!(
            whole,
            value(r#"{"a": [18446744073709551616, 1.5], "b\"1234567890123456789012": -9223372036854775807}"#)
        );
        let shown = unmark(whole);
        assert_eq!(shown["a"], serde_json::json!(["18446744073709551617", 1.5]));
        assert_eq!(shown["b\"1234567890123456789012"], serde_json::json!(-9_223_372_036_854_775_807_i64));
        assert_ne!(value("0.12345678901234567890"), value("0.12345678901234567891"));
        assert_eq!(value("\"12345678901234567890123\""), "12345678901234567890123");
    }

    #[test]
    fn what_has_too_many_parts_is_not_read() {
        let list = |parts: usize| RawValue::from_string(format!("[{}1]", "1,".repeat(parts - 1))).unwrap();
        assert!(read(&list(PARTS)).is_some());
        assert!(read(&list(PARTS + 1)).is_none());
        let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
        assert!(read(&RawValue::from_string(deep).unwrap()).is_none());
    }
}
