//! Words, numbers, strings and symbols of the definition language.

use std::iter::Peekable;
use std::str::FromStr;
use std::vec::IntoIter;

use rust_decimal::Decimal;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    Word(String),
    Number(Decimal),
    Text(String),
    Symbol(&'static str),
}

/// Longest first, so that `==` is not read as two symbols.
const SYMBOLS: [&str; 22] = [
    "==", "!=", "<=", ">=", "&&", "||", "??", "?", ":", "+", "-", "*", "/", "(", ")", "[", "]", ",", ".", "<", ">", "!",
];

/// Where a string ends; its holes may hold strings of their own.
fn string_end(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            '"' if depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

pub(crate) struct Lexer {
    tokens: Peekable<IntoIter<Token>>,
}

impl Lexer {
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let (mut tokens, mut rest) = (Vec::new(), text.trim_start());
        while let Some(first) = rest.chars().next() {
            let length = if first == '"' {
                let end = string_end(&rest[1..]).ok_or_else(|| format!("`{text}`: a string is not closed"))?;
                tokens.push(Token::Text(rest[1..=end].to_owned()));
                end + 2
            } else if first.is_ascii_digit() {
                let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_').unwrap_or(rest.len());
                let number = Decimal::from_str(&rest[..end].replace('_', ""));
                tokens.push(Token::Number(number.map_err(|_| format!("`{}` is not a number", &rest[..end]))?));
                end
            } else if first.is_ascii_alphabetic() || first == '_' {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..end].to_owned()));
                end
            } else {
                let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
                let symbol = symbol.ok_or_else(|| format!("`{text}`: `{first}` means nothing here"))?;
                tokens.push(Token::Symbol(symbol));
                symbol.len()
            };
            rest = rest[length..].trim_start();
        }
        Ok(Self { tokens: tokens.into_iter().peekable() })
    }

    pub(crate) fn peek(&mut self) -> Option<&Token> {
        self.tokens.peek()
    }

    pub(crate) fn next(&mut self) -> Option<Token> {
        self.tokens.next()
    }

    pub(crate) fn take_symbol(&mut self, symbol: &str) -> bool {
        self.tokens.next_if(|token| matches!(token, Token::Symbol(found) if *found == symbol)).is_some()
    }

    pub(crate) fn expect(&mut self, symbol: &str) -> Result<(), String> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(format!("expected `{symbol}`, found {:?}", self.peek())) }
    }
}
