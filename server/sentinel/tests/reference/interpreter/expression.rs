//! Expressions: one function for each level of precedence.

use std::rc::Rc;

use super::lexer::Token;
use super::parser::{Parsed, Parser, name_of, returns};
use super::tree::{Expr, Func, Quantifier, Rule};

impl Parser {
    pub(super) fn func(&mut self) -> Parsed<Expr> {
        self.expect("(")?;
        let mut params: Vec<String> = Vec::new();
        while !self.eat(")") {
            let name = self.name()?;
            if params.contains(&name) && name != "_" {
                return Err(format!("two parameters {name}"));
            }
            params.push(name);
            if !self.eat(",") {
                self.expect(")")?;
                break;
            }
        }
        let outer = (std::mem::replace(&mut self.in_loop, false), std::mem::replace(&mut self.in_func, true));
        let body = self.block()?;
        (self.in_loop, self.in_func) = outer;
        if !returns(&body) {
            return Err("a function without return".into());
        }
        Ok(Expr::Func(Rc::new(Func { params, body })))
    }

    /// The body of a rule or quantifier.
    fn braced(&mut self) -> Parsed<Expr> {
        self.expect("{")?;
        let body = self.expr()?;
        if self.peek() == Some(&Token::End) {
            self.at += 1;
        }
        self.expect("}")?;
        Ok(body)
    }

    pub(super) fn expr(&mut self) -> Parsed<Expr> {
        self.chain(&["or", "xor"], |p| p.chain(&["and"], |p| p.comparison()))
    }

    /// Operators of one level, associating to the left.
    fn chain(&mut self, words: &[&str], next: impl Fn(&mut Self) -> Parsed<Expr>) -> Parsed<Expr> {
        let mut left = next(self)?;
        'more: loop {
            for word in words {
                // `else:` begins a clause of a case.
                if *word == "else" && self.is_ahead(1, ":") {
                    continue;
                }
                if self.eat(word) {
                    left = Expr::Binary((*word).to_owned(), Box::new(left), Box::new(next(self)?));
                    continue 'more;
                }
            }
            return Ok(left);
        }
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let recovery =
            |p: &mut Self| p.chain(&["else"], |p| p.chain(&["+", "-"], |p| p.chain(&["*", "/", "%"], |p| p.unary())));
        let mut left = recovery(self)?;
        loop {
            let mut op = String::new();
            if self.eat("is") {
                let negated = self.eat("not");
                if let Some(test) = ["empty", "defined"].into_iter().find(|t| self.eat(t)) {
                    left = self.behind_test(Expr::Test(Box::new(left), test, negated))?;
                    continue;
                }
                op.push_str(if negated { "!=" } else { "==" });
            } else if self.is("not") && ["in", "contains", "matches"].iter().any(|w| self.is_ahead(1, w)) {
                self.at += 1;
                op.push_str("not ");
            }
            if op.is_empty() || op == "not " {
                let words = ["==", "!=", "<=", ">=", "<", ">", "contains", "matches", "in"];
                match words.into_iter().find(|w| self.eat(w)) {
                    Some(word) => op.push_str(word),
                    None => return Ok(left),
                }
            }
            left = Expr::Binary(op, Box::new(left), Box::new(recovery(self)?));
        }
    }

    /// What binds tighter than a test may follow it all the same: `x is empty else y`.
    fn behind_test(&mut self, mut left: Expr) -> Parsed<Expr> {
        loop {
            let operators = ["else", "+", "-", "*", "/", "%"];
            let Some(word) = operators.into_iter().find(|w| self.is(w) && !(*w == "else" && self.is_ahead(1, ":")))
            else {
                return Ok(left);
            };
            self.at += 1;
            let right = match word {
                "else" => self.chain(&["+", "-"], |p| p.chain(&["*", "/", "%"], |p| p.unary()))?,
                "+" | "-" => self.chain(&["*", "/", "%"], |p| p.unary())?,
                _ => self.unary()?,
            };
            left = Expr::Binary(word.to_owned(), Box::new(left), Box::new(right));
        }
    }

    fn unary(&mut self) -> Parsed<Expr> {
        for word in ["-", "+", "!", "not"] {
            if self.eat(word) {
                if let (Some(Token::Int(i)), "-") = (self.peek().cloned(), word)
                    && i == 1 << 63
                {
                    self.at += 1;
                    return Ok(Expr::Int(i64::MIN));
                }
                return Ok(Expr::Unary(if word == "not" { "!" } else { word }, Box::new(self.unary()?)));
            }
        }
        let mut made = self.operand()?;
        loop {
            if self.eat(".") {
                let Some(Token::Word(word)) = self.peek().cloned() else { return Err("wanted a selector".into()) };
                self.at += 1;
                made = Expr::Select(Box::new(made), word);
            } else if self.eat("(") {
                made = Expr::Call(Box::new(made), self.items(")")?);
            } else if self.eat("[") {
                let low = if self.is(":") { None } else { Some(Box::new(self.expr()?)) };
                if self.eat(":") {
                    let high = if self.is("]") { None } else { Some(Box::new(self.expr()?)) };
                    made = Expr::Slice(Box::new(made), low, high);
                } else {
                    made = Expr::Index(Box::new(made), low.ok_or("an empty index")?);
                }
                self.expect("]")?;
            } else {
                return Ok(made);
            }
        }
    }

    fn items(&mut self, close: &str) -> Parsed<Vec<Expr>> {
        let mut items = Vec::new();
        while !self.eat(close) {
            items.push(self.expr()?);
            if !self.eat(",") {
                self.expect(close)?;
                break;
            }
        }
        Ok(items)
    }

    fn operand(&mut self) -> Parsed<Expr> {
        if self.eat("(") {
            let inner = self.expr()?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.eat("[") {
            return Ok(Expr::List(self.items("]")?));
        }
        if self.eat("{") {
            let mut items = Vec::new();
            while !self.eat("}") {
                let key = self.expr()?;
                self.expect(":")?;
                items.push((key, self.expr()?));
                if !self.eat(",") {
                    self.expect("}")?;
                    break;
                }
            }
            return Ok(Expr::Map(items));
        }
        if self.eat("func") {
            return self.func();
        }
        if self.eat("rule") {
            let when = if self.eat("when") { Some(self.expr()?) } else { None };
            return Ok(Expr::Rule(Rc::new(Rule { when, body: self.braced()? })));
        }
        for word in ["all", "any", "filter", "map"] {
            if self.eat(word) {
                let over = self.expr()?;
                let names = self.loop_names()?;
                let body = self.braced()?;
                return Ok(Expr::Quantifier(Box::new(Quantifier { word: word.to_owned(), over, names, body })));
            }
        }
        let made = match self.peek().cloned() {
            Some(Token::Int(i)) => Expr::Int(i64::try_from(i).map_err(|_| "a number out of range")?),
            Some(Token::Float(f)) => Expr::Float(f),
            Some(Token::Text(text)) => Expr::Text(text),
            Some(Token::Word(word)) => match word.as_str() {
                "true" | "false" => Expr::Bool(word == "true"),
                "null" => Expr::Null,
                "undefined" => Expr::Undefined,
                _ if name_of(&word) => Expr::Name(word),
                _ => return Err(format!("wanted an expression, found {word}")),
            },
            other => return Err(format!("wanted an expression, found {other:?}")),
        };
        self.at += 1;
        Ok(made)
    }
}

pub(super) fn literal(expr: &Expr) -> bool {
    match expr {
        Expr::Null | Expr::Bool(_) | Expr::Int(_) | Expr::Float(_) | Expr::Text(_) => true,
        Expr::Unary("-" | "+", inner) => matches!(**inner, Expr::Int(_) | Expr::Float(_)),
        Expr::List(items) => items.iter().all(literal),
        Expr::Map(items) => items.iter().all(|(k, v)| literal(k) && literal(v)),
        _ => false,
    }
}
