//! RE2 patterns for the `regex` crate: ASCII classes, literal bracket contents, `\Q…\E` and `\C`.

use regex::bytes::{Regex, RegexBuilder};

/// Compiles an RE2 pattern; the message of a failure is for people.
pub(crate) fn compile(pattern: &[u8]) -> Result<Regex, String> {
    let pattern = std::str::from_utf8(pattern).map_err(|_| "the pattern is not UTF-8".to_owned())?;
    let translated = translate(pattern);
    RegexBuilder::new(&translated).size_limit(16 << 20).nest_limit(250).build().map_err(|e| {
        format!("the pattern {pattern:?} is not valid: {}", e.to_string().lines().last().unwrap_or_default())
    })
}

fn class(letter: char) -> Option<(&'static str, bool)> {
    Some(match letter {
        'd' => ("0-9", false),
        'D' => ("0-9", true),
        's' => (r"\t\n\f\r ", false),
        'S' => (r"\t\n\f\r ", true),
        'w' => ("0-9A-Za-z_", false),
        'W' => ("0-9A-Za-z_", true),
        _ => return None,
    })
}

fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('Q') => {
                    let mut quoted = String::new();
                    while let Some(c) = chars.next() {
                        if c == '\\' && chars.peek() == Some(&'E') {
                            chars.next();
                            break;
                        }
                        quoted.push(c);
                    }
                    out.push_str(&regex::escape(&quoted));
                }
                Some('C') if !in_class => out.push_str("(?s-u:.)"),
                Some(b @ ('b' | 'B')) if !in_class => {
                    out.push_str("(?-u:\\");
                    out.push(b);
                    out.push(')');
                }
                Some(letter) => match class(letter) {
                    Some((set, negated)) => {
                        out.push_str(if negated { "[^" } else { "[" });
                        out.push_str(set);
                        out.push(']');
                    }
                    None => {
                        out.push('\\');
                        out.push(letter);
                    }
                },
                None => out.push('\\'),
            },
            '[' if in_class && chars.peek() == Some(&':') => out.push('['),
            '[' if in_class => out.push_str(r"\["),
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(c);
            }
            '-' if in_class && chars.peek() == Some(&'-') => out.push_str(r"\-"),
            '[' => {
                in_class = true;
                out.push('[');
                if chars.peek() == Some(&'^') {
                    chars.next();
                    out.push('^');
                }
                if chars.peek() == Some(&']') {
                    chars.next();
                    out.push_str(r"\]");
                }
            }
            ']' if in_class => {
                if out.ends_with(':')
                    && out[..out.len() - 1].rfind("[:").is_some_and(|at| {
                        out[at + 2..out.len() - 1].chars().all(|c| c.is_ascii_alphabetic() || c == '^')
                    })
                {
                    out.push(']');
                } else {
                    in_class = false;
                    out.push(']');
                }
            }
            other => out.push(other),
        }
    }
    out
}
