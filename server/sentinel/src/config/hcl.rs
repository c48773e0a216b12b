//! The part of HCL that configurations use: blocks, attributes, literals, collections, heredocs.

use serde_json::{Map, Value as Json};

use super::{Block, Body};
use crate::diagnostic::Diagnostic;

const MAX_NESTING: usize = 100;

pub(super) fn parse(file: &str, text: &str) -> Result<Body, Diagnostic> {
    let mut reader = Reader { file, text, at: 0, nesting: 0 };
    let body = reader.body()?;
    if reader.at < text.len() { reader.fail("this does not belong here") } else { Ok(body) }
}

struct Reader<'s> {
    file: &'s str,
    text: &'s str,
    at: usize,
    nesting: usize,
}

impl Reader<'_> {
    fn fail<T>(&self, message: impl Into<String>) -> Result<T, Diagnostic> {
        Err(Diagnostic::new(self.file, self.text, self.at, message))
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Skips blanks and comments; line ends too when `lines`.
    fn space(&mut self, lines: bool) {
        loop {
            let rest = self.rest();
            let line = rest.find('\n').unwrap_or(rest.len());
            if rest.starts_with('#') || rest.starts_with("//") {
                self.at += line;
            } else if rest.starts_with("/*") {
                self.at += rest.find("*/").map_or(rest.len(), |n| n + 2);
            } else {
                match rest.chars().next() {
                    Some(c) if c.is_whitespace() && (lines || c != '\n') => self.at += c.len_utf8(),
                    _ => return,
                }
            }
        }
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        self.at += if found { text.len() } else { 0 };
        found
    }

    fn word(&mut self) -> Option<String> {
        let rest = self.rest();
        let fits =
            |(n, c): &(usize, char)| c.is_alphabetic() || *c == '_' || (*n > 0 && (c.is_alphanumeric() || *c == '-'));
        let len = rest.char_indices().find(|c| !fits(c)).map_or(rest.len(), |(n, _)| n);
        let word = rest[..len].to_owned();
        self.at += len;
        (len > 0).then_some(word)
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Diagnostic>) -> Result<T, Diagnostic> {
        if self.nesting >= MAX_NESTING {
            return self.fail("this is nested too deeply");
        }
        self.nesting += 1;
        let outcome = read(self);
        self.nesting -= 1;
        outcome
    }

    fn body(&mut self) -> Result<Body, Diagnostic> {
        let mut body = Body::default();
        loop {
            self.space(true);
            match self.peek() {
                None | Some('}') => return Ok(body),
                _ => {}
            }
            let name = if self.peek() == Some('"') {
                self.string()?
            } else {
                let Some(word) = self.word() else { return self.fail("a block or an attribute is expected") };
                word
            };
            self.space(false);
            if self.eat("=") {
                self.space(false);
                let value = self.nested(Self::value)?;
                if body.attributes.insert(name.clone(), value).is_some() {
                    return self.fail(format!("{name} is set twice"));
                }
            } else {
                body.blocks.push(self.block(name)?);
            }
            self.space(false);
            self.eat(",");
            self.space(false);
            if !matches!(self.peek(), None | Some('\n' | '}')) {
                return self.fail("the end of the line is expected");
            }
        }
    }

    fn block(&mut self, kind: String) -> Result<Block, Diagnostic> {
        let mut labels = Vec::new();
        loop {
            self.space(false);
            match self.peek() {
                Some('"') => labels.push(self.string()?),
                Some('{') => break,
                _ => match self.word() {
                    Some(word) => labels.push(word),
                    None => return self.fail("a label or { is expected"),
                },
            }
        }
        self.eat("{");
        let body = self.nested(Self::body)?;
        if !self.eat("}") {
            return self.fail("the block is not closed by }");
        }
        Ok(Block { kind, labels, body })
    }

    fn value(&mut self) -> Result<Json, Diagnostic> {
        match self.peek() {
            Some('"') => self.string().map(Json::String),
            Some('[') => self.list(),
            Some('{') => self.object(),
            Some('<') => self.heredoc(),
            Some(c) if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') => self.number(),
            _ => match self.word().as_deref() {
                Some("true") => Ok(Json::Bool(true)),
                Some("false") => Ok(Json::Bool(false)),
                Some("null") => Ok(Json::Null),
                _ => self.fail("a literal value is expected"),
            },
        }
    }

    fn number(&mut self) -> Result<Json, Diagnostic> {
        let rest = self.rest();
        let len =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'))).unwrap_or(rest.len());
        let text = rest[..len].trim_start_matches('+');
        let number = text.parse::<i64>().map(Json::from).ok();
        let number =
            number.or_else(|| text.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Json::Number));
        match number {
            Some(number) => {
                self.at += len;
                Ok(number)
            }
            None => self.fail("this is not a number"),
        }
    }

    fn list(&mut self) -> Result<Json, Diagnostic> {
        self.eat("[");
        let mut items = Vec::new();
        loop {
            self.space(true);
            if self.eat("]") {
                return Ok(Json::Array(items));
            }
            items.push(self.nested(Self::value)?);
            self.space(true);
            if !self.eat(",") && self.peek() != Some(']') {
                return self.fail("a comma or ] is expected");
            }
        }
    }

    fn object(&mut self) -> Result<Json, Diagnostic> {
        self.eat("{");
        let mut members = Map::new();
        loop {
            self.space(true);
            if self.eat("}") {
                return Ok(Json::Object(members));
            }
            let name = match self.peek() {
                Some('"') => self.string()?,
                Some('(') => {
                    self.eat("(");
                    self.space(true);
                    let name = self.string()?;
                    self.space(true);
                    if !self.eat(")") {
                        return self.fail(") is expected");
                    }
                    name
                }
                Some(c) if c.is_ascii_digit() || c == '-' => self.number()?.to_string(),
                _ => match self.word() {
                    Some(word) => word,
                    None => return self.fail("a key is expected"),
                },
            };
            self.space(false);
            if self.peek() == Some('{') {
                // A block inside an object: the older syntax of nested data.
                let value = self.nested(Self::object)?;
                members.insert(name, value);
            } else {
                if !self.eat("=") && !self.eat(":") {
                    return self.fail("= is expected");
                }
                self.space(true);
                let value = self.nested(Self::value)?;
                members.insert(name, value);
            }
            self.space(true);
            self.eat(",");
        }
    }

    fn string(&mut self) -> Result<String, Diagnostic> {
        let start = self.at;
        if !self.eat("\"") {
            return self.fail("a string is expected");
        }
        let mut out = String::new();
        loop {
            let Some(c) = self.peek() else { return self.fail("a string is not closed") };
            self.at += c.len_utf8();
            match c {
                '"' => return Ok(out),
                '\n' => {
                    self.at = start;
                    return self.fail("a string is not closed on its line");
                }
                '$' | '%' if self.rest().starts_with(c) && self.rest()[1..].starts_with('{') => {
                    self.at += 1;
                    out.push(c);
                }
                '\\' => {
                    let Some(escape) = self.peek() else { return self.fail("a string is not closed") };
                    self.at += escape.len_utf8();
                    match escape {
                        'n' => out.push('\n'),
                        'r' => out.push('\r'),
                        't' => out.push('\t'),
                        '"' | '\\' => out.push(escape),
                        'u' | 'U' => {
                            let len = if escape == 'u' { 4 } else { 8 };
                            let code = self.rest().get(..len).and_then(|d| u32::from_str_radix(d, 16).ok());
                            let Some(c) = code.and_then(char::from_u32) else {
                                return self.fail("this escape is not known");
                            };
                            self.at += len;
                            out.push(c);
                        }
                        _ => return self.fail("this escape is not known"),
                    }
                }
                c => out.push(c),
            }
        }
    }

    fn heredoc(&mut self) -> Result<Json, Diagnostic> {
        if !self.eat("<<") {
            return self.fail("a literal value is expected");
        }
        let indented = self.eat("-");
        let Some(end) = self.word() else { return self.fail("the name of the heredoc is expected") };
        self.space(false);
        if !self.eat("\n") {
            return self.fail("the end of the line is expected");
        }
        let mut lines = Vec::new();
        loop {
            let rest = self.rest();
            if rest.is_empty() {
                return self.fail(format!("the heredoc is not closed by {end}"));
            }
            let len = rest.find('\n').unwrap_or(rest.len());
            let line = rest[..len].trim_end_matches('\r').to_owned();
            if line.trim() == end {
                self.at += len;
                break;
            }
            self.at += (len + 1).min(rest.len());
            lines.push(line);
        }
        if indented {
            let filled = lines.iter().filter(|l| !l.trim().is_empty());
            let cut = filled.map(|l| l.len() - l.trim_start_matches([' ', '\t']).len()).min().unwrap_or(0);
            for line in &mut lines {
                *line = line.get(cut..).unwrap_or_default().to_owned();
            }
        }
        Ok(Json::String(lines.iter().map(|l| format!("{l}\n")).collect()))
    }
}
