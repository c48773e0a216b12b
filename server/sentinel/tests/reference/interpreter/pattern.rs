//! RE2 by way of another library: its ASCII classes, its literal quotes and its plain class bodies are spelled out.

use super::value::{Outcome, Value};

/// `text matches pattern`.
pub(crate) fn matches(text: &Value, pattern: &Value) -> Outcome<bool> {
    let (Value::Text(text), Value::Text(pattern)) = (text, pattern) else {
        return Err(format!("{} matches {}", text.kind(), pattern.kind()));
    };
    let pattern: Vec<char> = String::from_utf8_lossy(pattern).chars().collect();
    let regex = regex::bytes::Regex::new(&translated(&pattern)).map_err(|e| e.to_string())?;
    Ok(regex.is_match(text))
}

/// Where `end` begins at or behind `from`; the end of the pattern when it does not.
fn find(pattern: &[char], from: usize, end: [char; 2]) -> usize {
    (from..pattern.len()).find(|at| pattern[*at..].starts_with(&end)).unwrap_or(pattern.len())
}

fn translated(pattern: &[char]) -> String {
    let (mut out, mut at, mut class) = (String::new(), 0, false);
    while at < pattern.len() {
        let next = pattern.get(at + 1).copied();
        let (piece, length) = match (pattern[at], next) {
            ('\\', Some('Q')) => {
                let end = find(pattern, at + 2, ['\\', 'E']);
                let literal: String = pattern[at + 2..end].iter().collect();
                (regex::escape(&literal), end + 2 - at)
            }
            ('\\', Some('d')) => (ascii("0-9", class), 2),
            ('\\', Some('w')) => (ascii("0-9A-Za-z_", class), 2),
            ('\\', Some('s')) => (ascii(r"\t\n\f\r ", class), 2),
            ('\\', Some('D')) => ("[^0-9]".into(), 2),
            ('\\', Some('W')) => ("[^0-9A-Za-z_]".into(), 2),
            ('\\', Some('S')) => (r"[^\t\n\f\r ]".into(), 2),
            ('\\', Some(kind @ ('b' | 'B'))) if !class => (format!(r"(?-u:\{kind})"), 2),
            ('\\', Some(other)) => (format!("\\{other}"), 2),
            ('[', Some(':')) if class => {
                let end = find(pattern, at, [':', ']']);
                (pattern[at..end].iter().collect::<String>() + ":]", end + 2 - at)
            }
            ('[', _) if !class => {
                class = true;
                let negated = next == Some('^');
                let first = at + 1 + usize::from(negated);
                let bracket = pattern.get(first) == Some(&']');
                let open = format!("[{}{}", if negated { "^" } else { "" }, if bracket { "\\]" } else { "" });
                (open, first + usize::from(bracket) - at)
            }
            (']', _) if class => {
                class = false;
                ("]".into(), 1)
            }
            (c @ ('[' | '&' | '~'), _) if class => (format!("\\{c}"), 1),
            (c, _) => (c.to_string(), 1),
        };
        out += &piece;
        at += length;
    }
    out
}

fn ascii(body: &str, class: bool) -> String {
    if class { body.to_owned() } else { format!("[{body}]") }
}
