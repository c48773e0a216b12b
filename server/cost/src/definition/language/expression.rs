//! The expressions of the definition files: attribute paths, arithmetic, conditions and a few named functions.

use rust_decimal::Decimal;

use super::lexer::{Lexer, Token};

/// One expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    Null,
    Bool(bool),
    Number(Decimal),
    /// A string with `{…}` holes.
    Template(Vec<Piece>),
    /// `root.field[0].other`: a variable, a built-in, or an attribute of the resource.
    Path(Vec<Step>),
    List(Vec<Expression>),
    Not(Box<Expression>),
    Negate(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
    /// `condition ? yes : no`
    Choose(Box<Expression>, Box<Expression>, Box<Expression>),
    Call(String, Vec<Expression>),
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece {
    Text(String),
    Hole(Expression),
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    Field(String),
    Index(usize),
}

/// Binary operators, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operator {
    Or,
    And,
    Equal,
    Differs,
    Less,
    AtMost,
    More,
    AtLeast,
    In,
    Otherwise,
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Operator {
    fn of(token: &Token) -> Option<Self> {
        Some(match token {
            Token::Symbol("||") => Self::Or,
            Token::Symbol("&&") => Self::And,
            Token::Symbol("==") => Self::Equal,
            Token::Symbol("!=") => Self::Differs,
            Token::Symbol("<") => Self::Less,
            Token::Symbol("<=") => Self::AtMost,
            Token::Symbol(">") => Self::More,
            Token::Symbol(">=") => Self::AtLeast,
            Token::Word(word) if word == "in" => Self::In,
            Token::Symbol("??") => Self::Otherwise,
            Token::Symbol("+") => Self::Add,
            Token::Symbol("-") => Self::Subtract,
            Token::Symbol("*") => Self::Multiply,
            Token::Symbol("/") => Self::Divide,
            _ => return None,
        })
    }

    fn strength(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Equal | Self::Differs | Self::Less | Self::AtMost | Self::More | Self::AtLeast | Self::In => 3,
            Self::Add | Self::Subtract => 4,
            Self::Multiply | Self::Divide => 5,
            Self::Otherwise => 6,
        }
    }
}

impl Expression {
    /// Reads one whole expression.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { lexer: Lexer::new(text)?, depth: 0 };
        let expression = parser.choose()?;
        match parser.lexer.peek() {
            None => Ok(expression),
            Some(token) => Err(format!("`{text}`: unexpected {token:?}")),
        }
    }

    /// Reads a string with holes, without its quotes.
    pub(crate) fn template(text: &str) -> Result<Self, String> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some(open) = rest.find('{') {
            let close = closing(&rest[open..]).ok_or_else(|| format!("`{text}`: a `{{` is not closed"))? + open;
            if open > 0 {
                pieces.push(Piece::Text(rest[..open].to_owned()));
            }
            pieces.push(Piece::Hole(Self::parse(&rest[open + 1..close])?));
            rest = &rest[close + 1..];
        }
        if !rest.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self::Template(pieces))
    }
}

fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 1 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Definitions are ours, but a slip in one must not overflow the stack.
const DEPTH: usize = 64;

struct Parser {
    lexer: Lexer,
    depth: usize,
}

impl Parser {
    fn choose(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("an expression nests too deep".into());
        }
        let condition = self.binary(1)?;
        let expression = if self.lexer.take_symbol("?") {
            let yes = self.choose()?;
            self.lexer.expect(":")?;
            let no = self.choose()?;
            Expression::Choose(condition.into(), yes.into(), no.into())
        } else {
            condition
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn binary(&mut self, weakest: u8) -> Result<Expression, String> {
        let mut left = self.unary()?;
        while let Some(operator) = self.lexer.peek().and_then(Operator::of).filter(|o| o.strength() >= weakest) {
            self.lexer.next();
            let right = self.binary(operator.strength() + 1)?;
            left = Expression::Binary(operator, left.into(), right.into());
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expression, String> {
        if self.lexer.take_symbol("!") {
            return Ok(Expression::Not(self.unary()?.into()));
        }
        if self.lexer.take_symbol("-") {
            return Ok(Expression::Negate(self.unary()?.into()));
        }
        self.primary()
    }

    fn primary(&mut self) -> Result<Expression, String> {
        match self.lexer.next() {
            Some(Token::Number(number)) => Ok(Expression::Number(number)),
            Some(Token::Text(text)) => Expression::template(&text),
            Some(Token::Symbol("(")) => {
                let inner = self.choose()?;
                self.lexer.expect(")")?;
                Ok(inner)
            }
            Some(Token::Symbol("[")) => Ok(Expression::List(self.arguments("]")?)),
            Some(Token::Word(word)) => match word.as_str() {
                "null" => Ok(Expression::Null),
                "true" => Ok(Expression::Bool(true)),
                "false" => Ok(Expression::Bool(false)),
                _ if self.lexer.take_symbol("(") => Ok(Expression::Call(word, self.arguments(")")?)),
                _ => self.path(word),
            },
            other => Err(format!("expected a value, found {other:?}")),
        }
    }

    fn arguments(&mut self, end: &'static str) -> Result<Vec<Expression>, String> {
        let mut arguments = Vec::new();
        while !self.lexer.take_symbol(end) {
            if !arguments.is_empty() {
                self.lexer.expect(",")?;
            }
            arguments.push(self.choose()?);
        }
        Ok(arguments)
    }

    fn path(&mut self, root: String) -> Result<Expression, String> {
        let mut steps = vec![Step::Field(root)];
        loop {
            if self.lexer.take_symbol(".") {
                match self.lexer.next() {
                    Some(Token::Word(word)) => steps.push(Step::Field(word)),
                    other => return Err(format!("expected a field name, found {other:?}")),
                }
            } else if self.lexer.take_symbol("[") {
                match self.lexer.next() {
                    Some(Token::Number(number)) => {
                        let index = number.try_into().map_err(|_| "an index must be a whole number".to_owned())?;
                        steps.push(Step::Index(index));
                    }
                    other => return Err(format!("expected an index, found {other:?}")),
                }
                self.lexer.expect("]")?;
            } else {
                return Ok(Expression::Path(steps));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binds_as_one_expects() {
        let read = |text| Expression::parse(text).unwrap();
        assert_eq!(read("1 + 2 * 3"), read("1 + (2 * 3)"));
        assert_eq!(read("a ?? 1 + 2"), read("(a ?? 1) + 2"));
        assert_eq!(read("a == 1 && b || c"), read("((a == 1) && b) || c"));
        assert_eq!(read("a ? b : c ? d : e"), read("a ? b : (c ? d : e)"));
        assert!(Expression::parse("1 +").is_err());
        assert!(Expression::parse("a b").is_err());
        assert!(Expression::parse(&"(".repeat(10_000)).is_err());
    }

    #[test]
    fn templates_have_holes() {
        let Expression::Template(pieces) = Expression::template("a/{b.c}/{lower(d)}").unwrap() else { panic!() };
        assert_eq!(pieces.len(), 4);
        assert!(Expression::template("a/{b").is_err());
    }
}
