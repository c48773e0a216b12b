//! The lexer: tokens with byte spans, and the semicolons that line ends stand for.

use crate::diagnostic::Diagnostic;

/// What a token is. Literals keep their text in the source; the parser decodes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ident,
    Keyword,
    Int,
    Float,
    Str,
    RawStr,
    /// Operators and brackets; the text tells which.
    Punct,
    Semi,
    Eof,
}

/// A token: its kind and where its text lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) at: u32,
    pub(crate) end: u32,
}

const KEYWORDS: [&str; 26] = [
    "all", "any", "as", "break", "case", "continue", "default", "else", "filter", "for", "func", "if", "import", "map",
    "param", "return", "rule", "when", "and", "contains", "in", "is", "matches", "not", "or", "xor",
];
const PUNCTUATION: [&str; 28] = [
    "+=", "-=", "*=", "/=", "%=", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "<", ">", "=", "!", "(", ")", "[",
    "]", "{", "}", ",", ".", ":", ";",
];
/// Larger sources are refused: offsets are 32 bits and nobody writes such a policy.
const MAX_SOURCE: usize = 256 << 20;

pub(crate) fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

/// A comment's span; doc comments are found among them.
pub(crate) type Comment = (u32, u32);

/// All tokens of a text, ended by `Eof`, and its comments.
pub(crate) fn lex(file: &str, text: &str) -> Result<(Vec<Token>, Vec<Comment>), Diagnostic> {
    if text.len() > MAX_SOURCE {
        return Err(Diagnostic::new(file, "", 0, "the source is larger than 256 MB"));
    }
    let mut lexer = Lexer { file, text, bytes: text.as_bytes(), at: 0, tokens: Vec::new(), comments: Vec::new() };
    if text.starts_with('\u{feff}') {
        lexer.at = 3;
    }
    lexer.run()?;
    Ok((lexer.tokens, lexer.comments))
}

struct Lexer<'s> {
    file: &'s str,
    text: &'s str,
    bytes: &'s [u8],
    at: usize,
    tokens: Vec<Token>,
    comments: Vec<Comment>,
}

impl Lexer<'_> {
    fn fail<T>(&self, at: usize, message: impl Into<String>) -> Result<T, Diagnostic> {
        Err(Diagnostic::new(self.file, self.text, at, message))
    }

    fn push(&mut self, kind: Kind, start: usize) {
        self.tokens.push(Token { kind, at: start as u32, end: self.at as u32 });
    }

    fn line_end(&mut self) {
        let Some(last) = self.tokens.last() else { return };
        let text = &self.text[last.at as usize..last.end as usize];
        let ends = match last.kind {
            Kind::Ident | Kind::Int | Kind::Float | Kind::Str | Kind::RawStr => true,
            Kind::Keyword => matches!(text, "break" | "continue" | "return"),
            Kind::Punct => matches!(text, ")" | "]" | "}"),
            Kind::Semi | Kind::Eof => false,
        };
        if ends {
            let at = last.end;
            self.tokens.push(Token { kind: Kind::Semi, at, end: at });
        }
    }

    fn run(&mut self) -> Result<(), Diagnostic> {
        while let Some(&byte) = self.bytes.get(self.at) {
            let start = self.at;
            match byte {
                b'\n' => {
                    self.line_end();
                    self.at += 1;
                }
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'#' => self.line_comment(),
                b'/' if self.bytes.get(start + 1) == Some(&b'/') => self.line_comment(),
                b'/' if self.bytes.get(start + 1) == Some(&b'*') => self.block_comment()?,
                b'"' => self.string()?,
                b'`' => match self.text[start + 1..].find('`') {
                    Some(len) => {
                        self.at = start + len + 2;
                        self.push(Kind::RawStr, start);
                    }
                    None => return self.fail(start, "a raw string is not closed by a back quote"),
                },
                b'0'..=b'9' => self.number()?,
                b'.' if self.bytes.get(start + 1).is_some_and(u8::is_ascii_digit) => self.number()?,
                _ => self.word_or_punctuation()?,
            }
        }
        self.line_end();
        self.push(Kind::Eof, self.at);
        Ok(())
    }

    fn line_comment(&mut self) {
        let start = self.at;
        self.at = self.text[start..].find('\n').map_or(self.bytes.len(), |len| start + len);
        self.comments.push((start as u32, self.at as u32));
    }

    fn block_comment(&mut self) -> Result<(), Diagnostic> {
        let start = self.at;
        let Some(len) = self.text[start + 2..].find("*/") else {
            return self.fail(start, "a block comment is not closed by */");
        };
        self.at = start + len + 4;
        if self.text[start..self.at].contains('\n') {
            self.line_end();
        }
        self.comments.push((start as u32, self.at as u32));
        Ok(())
    }

    fn string(&mut self) -> Result<(), Diagnostic> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                None | Some(b'\n') => return self.fail(start, "a string is not closed on its line"),
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        self.push(Kind::Str, start);
        Ok(())
    }

    fn digits(&mut self, accept: fn(&u8) -> bool) {
        while self.bytes.get(self.at).is_some_and(accept) {
            self.at += 1;
        }
    }

    fn number(&mut self) -> Result<(), Diagnostic> {
        let start = self.at;
        let mut kind = Kind::Int;
        if self.bytes[start] == b'0' && matches!(self.bytes.get(start + 1), Some(b'x' | b'X')) {
            self.at += 2;
            self.digits(u8::is_ascii_hexdigit);
        } else {
            self.digits(u8::is_ascii_digit);
            if self.bytes.get(self.at) == Some(&b'.') {
                kind = Kind::Float;
                self.at += 1;
                self.digits(u8::is_ascii_digit);
            }
            if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
                let sign = usize::from(matches!(self.bytes.get(self.at + 1), Some(b'+' | b'-')));
                if self.bytes.get(self.at + 1 + sign).is_some_and(u8::is_ascii_digit) {
                    kind = Kind::Float;
                    self.at += 1 + sign;
                    self.digits(u8::is_ascii_digit);
                }
            }
        }
        if self.text[self.at..].chars().next().is_some_and(|c| c.is_alphabetic() || c == '_') {
            return self.fail(start, "a number runs into a word");
        }
        self.push(kind, start);
        Ok(())
    }

    fn word_or_punctuation(&mut self) -> Result<(), Diagnostic> {
        let start = self.at;
        let rest = &self.text[start..];
        let len = rest
            .char_indices()
            .find(|(at, c)| !(c.is_alphabetic() || *c == '_' || (*at > 0 && c.is_numeric())))
            .map_or(rest.len(), |(at, _)| at);
        if len > 0 {
            self.at += len;
            let selector = self.tokens.last().is_some_and(|t| self.bytes[t.at as usize] == b'.' && t.end == t.at + 1);
            let kind = if is_keyword(&rest[..len]) && !selector { Kind::Keyword } else { Kind::Ident };
            self.push(kind, start);
            return Ok(());
        }
        for text in PUNCTUATION {
            if rest.starts_with(text) {
                self.at += text.len();
                self.push(if text == ";" { Kind::Semi } else { Kind::Punct }, start);
                return Ok(());
            }
        }
        let found = rest.chars().next().unwrap_or_default();
        self.fail(start, format!("the character {found:?} has no meaning here"))
    }
}
