//! Characters to tokens. One pass over a vector of characters, one string per token: slow and plain.

/// A token. Words keep their text; whether one is a keyword is the parser's matter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    Word(String),
    /// Wide enough for the magnitude of the smallest int, which only a minus sign makes valid.
    Int(i128),
    Float(f64),
    Text(Vec<u8>),
    Sign(&'static str),
    End,
}

const SIGNS: [&str; 27] = [
    "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%=", "+", "-", "*", "/", "%", "<", ">", "=", "!", "(", ")", "[",
    "]", "{", "}", ",", ".", ":",
];

const NEVER_LAST: [&str; 23] = [
    "all", "any", "as", "case", "default", "else", "filter", "for", "func", "if", "import", "map", "param", "rule",
    "when", "and", "contains", "in", "is", "matches", "not", "or", "xor",
];

/// All tokens, with an `End` for every semicolon, written or not.
pub(crate) fn tokens(source: &str) -> Result<Vec<Token>, String> {
    let characters: Vec<char> = source.trim_start_matches('\u{feff}').chars().collect();
    let mut found: Vec<Token> = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let rest = &characters[at..];
        let starts = |text: &str| text.chars().enumerate().all(|(n, c)| rest.get(n) == Some(&c));
        if rest[0] == '\n' {
            end_line(&mut found);
            at += 1;
        } else if [' ', '\t', '\r'].contains(&rest[0]) {
            at += 1;
        } else if rest[0] == '#' || starts("//") {
            at += rest.iter().position(|c| *c == '\n').unwrap_or(rest.len());
        } else if starts("/*") {
            let length = (2..rest.len()).find(|n| rest[*n..].starts_with(&['*', '/'])).ok_or("an open comment")?;
            if rest[..length].contains(&'\n') {
                end_line(&mut found);
            }
            at += length + 2;
        } else if rest[0] == ';' {
            found.push(Token::End);
            at += 1;
        } else if rest[0] == '`' {
            let length = rest[1..].iter().position(|c| *c == '`').ok_or("an open raw string")?;
            let text: String = rest[1..=length].iter().filter(|c| **c != '\r').collect();
            found.push(Token::Text(text.into_bytes()));
            at += length + 2;
        } else if rest[0] == '"' {
            let (text, length) = quoted(rest)?;
            found.push(Token::Text(text));
            at += length;
        } else if rest[0].is_ascii_digit() || (rest[0] == '.' && rest.get(1).is_some_and(char::is_ascii_digit)) {
            let (token, length) = number(rest)?;
            found.push(token);
            at += length;
        } else if rest[0].is_alphabetic() || rest[0] == '_' {
            let is_part = |c: &&char| c.is_alphabetic() || **c == '_' || c.is_numeric();
            let word: String = rest.iter().take_while(is_part).collect();
            at += word.chars().count();
            found.push(Token::Word(word));
        } else {
            let sign = SIGNS.iter().find(|s| starts(s)).ok_or(format!("the character {:?}", rest[0]))?;
            found.push(Token::Sign(sign));
            at += sign.len();
        }
    }
    end_line(&mut found);
    Ok(found)
}

/// A line end is a semicolon behind what can end a statement.
fn end_line(found: &mut Vec<Token>) {
    let selector = found.len() > 1 && found[found.len() - 2] == Token::Sign(".");
    let ends = match found.last() {
        None | Some(Token::End) => false,
        Some(Token::Word(word)) => selector || !NEVER_LAST.contains(&word.as_str()),
        Some(Token::Int(_) | Token::Float(_) | Token::Text(_)) => true,
        Some(Token::Sign(sign)) => [")", "]", "}"].contains(sign),
    };
    if ends {
        found.push(Token::End);
    }
}

fn quoted(rest: &[char]) -> Result<(Vec<u8>, usize), String> {
    let mut bytes = Vec::new();
    let mut at = 1;
    loop {
        let c = *rest.get(at).ok_or("an open string")?;
        at += 1;
        match c {
            '"' => return Ok((bytes, at)),
            '\n' => return Err("an open string".into()),
            '\\' => {}
            c => {
                bytes.extend(c.to_string().into_bytes());
                continue;
            }
        }
        let kind = *rest.get(at).ok_or("an open string")?;
        let mut digits = |count: usize, skip: usize, base: u32| {
            let text: String = rest.iter().skip(at + skip).take(count).collect();
            at += skip + count;
            let fine = text.len() == count && text.chars().all(|c| c.is_digit(base));
            if fine {
                u32::from_str_radix(&text, base).map_err(|e| e.to_string())
            } else {
                Err("a bad escape".to_owned())
            }
        };
        match kind {
            'u' | 'U' => {
                let code = digits(if kind == 'u' { 4 } else { 8 }, 1, 16)?;
                let c = char::from_u32(code).ok_or("no code point")?;
                bytes.extend(c.to_string().into_bytes());
            }
            'x' => bytes.push(u8::try_from(digits(2, 1, 16)?).map_err(|e| e.to_string())?),
            '0'..='7' => bytes.push(u8::try_from(digits(3, 0, 8)?).map_err(|e| e.to_string())?),
            _ => {
                let simple =
                    [('a', 7), ('b', 8), ('f', 12), ('n', 10), ('r', 13), ('t', 9), ('v', 11), ('\\', 92), ('"', 34)];
                let (_, byte) = simple.iter().find(|s| s.0 == kind).ok_or("a bad escape")?;
                bytes.push(*byte);
                at += 1;
            }
        }
    }
}

fn number(rest: &[char]) -> Result<(Token, usize), String> {
    let count = |from: usize, base: u32| rest[from.min(rest.len())..].iter().take_while(|c| c.is_digit(base)).count();
    let text = |length: usize| rest[..length].iter().collect::<String>();
    if rest[0] == '0' && rest.get(1).is_some_and(|c| *c == 'x' || *c == 'X') {
        let length = 2 + count(2, 16);
        return whole(&text(length), rest.get(length)).map(|i| (Token::Int(i), length));
    }
    let mut length = count(0, 10);
    let mut float = false;
    if rest.get(length) == Some(&'.') {
        float = true;
        length += 1;
        length += count(length, 10);
    }
    if rest.get(length).is_some_and(|c| *c == 'e' || *c == 'E') {
        let sign = usize::from(rest.get(length + 1).is_some_and(|c| *c == '+' || *c == '-'));
        let digits = count(length + 1 + sign, 10);
        if digits > 0 {
            float = true;
            length += 1 + sign + digits;
        }
    }
    if !float {
        return whole(&text(length), rest.get(length)).map(|i| (Token::Int(i), length));
    }
    if rest.get(length).is_some_and(|c| c.is_alphabetic() || *c == '_') {
        return Err("a number runs into a word".into());
    }
    text(length).parse().map(|f| (Token::Float(f), length)).map_err(|_| "a bad number".into())
}

fn whole(text: &str, next: Option<&char>) -> Result<i128, String> {
    if next.is_some_and(|c| c.is_alphabetic() || *c == '_') {
        return Err("a number runs into a word".into());
    }
    integer(text).ok_or(format!("the number {text}"))
}

/// An integer literal: `0x` is hexadecimal, a leading 0 octal. The result is at most 2^63, which only a minus sign makes valid.
pub(crate) fn integer(text: &str) -> Option<i128> {
    let lower = text.to_lowercase();
    let (digits, base) = match (lower.strip_prefix("0x"), lower.strip_prefix('0')) {
        (Some(hex), _) => (hex, 16),
        (None, Some(octal)) if !octal.is_empty() => (octal, 8),
        _ => (lower.as_str(), 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
        return None;
    }
    i128::from_str_radix(digits, base).ok().filter(|i| *i <= 1 << 63)
}
