//! Expressions of operators, by precedence.

use super::ast::{Binary, Expr, ExprKind};
use super::parser::{Parsed, Parser};
use super::token::Kind;

impl Parser<'_> {
    pub(super) fn expr(&mut self) -> Parsed<Expr> {
        self.nested(|p| p.binary(1))
    }

    fn binary(&mut self, floor: u8) -> Parsed<Expr> {
        let mut left = self.unary()?;
        while let Some((op, level, len)) = self.operator() {
            if level < floor {
                break;
            }
            for _ in 0..len {
                self.advance();
            }
            let (at, word) = (left.at, self.peek(0));
            let is = matches!(op, Binary::Equal | Binary::NotEqual) && self.peek_back_is_word();
            if is && word.1 == Kind::Ident && matches!(word.0, "empty" | "defined") {
                self.advance();
                let height = left.height;
                let (empty, negated) = (word.0 == "empty", op == Binary::NotEqual);
                left = self.node(at, height, ExprKind::Test { operand: Box::new(left), empty, negated })?;
                continue;
            }
            let right = self.binary(level + 1)?;
            let height = left.height.max(right.height);
            left = self.node(at, height, ExprKind::Binary(op, Box::new((left, right))))?;
        }
        Ok(left)
    }

    fn peek_back_is_word(&self) -> bool {
        let token = self.tokens[self.at - 1];
        token.kind == Kind::Keyword
    }

    fn operator(&self) -> Option<(Binary, u8, usize)> {
        if !matches!(self.kind(), Kind::Keyword | Kind::Punct) {
            return None;
        }
        Some(match self.lexeme() {
            "*" => (Binary::Mul, 6, 1),
            "/" => (Binary::Div, 6, 1),
            "%" => (Binary::Rem, 6, 1),
            "+" => (Binary::Add, 5, 1),
            "-" => (Binary::Sub, 5, 1),
            // `else:` begins a clause of a case.
            "else" if self.peek(1).0 == ":" => return None,
            "else" => (Binary::Else, 4, 1),
            "==" => (Binary::Equal, 3, 1),
            "!=" => (Binary::NotEqual, 3, 1),
            "<" => (Binary::Less, 3, 1),
            "<=" => (Binary::LessEqual, 3, 1),
            ">" => (Binary::Greater, 3, 1),
            ">=" => (Binary::GreaterEqual, 3, 1),
            "is" if self.peek(1) == ("not", Kind::Keyword) => (Binary::NotEqual, 3, 2),
            "is" => (Binary::Equal, 3, 1),
            "matches" => (Binary::Matches, 3, 1),
            "contains" => (Binary::Contains, 3, 1),
            "in" => (Binary::In, 3, 1),
            "not" => match self.peek(1).0 {
                "matches" => (Binary::NotMatches, 3, 2),
                "contains" => (Binary::NotContains, 3, 2),
                "in" => (Binary::NotIn, 3, 2),
                _ => return None,
            },
            "and" => (Binary::And, 2, 1),
            "or" => (Binary::Or, 1, 1),
            "xor" => (Binary::Xor, 1, 1),
            _ => return None,
        })
    }
}
