//! Operands and what may follow them: selectors, indexes, slices, calls.

use super::ast::{Expr, ExprKind, Func, Name, Quant, Rule, Unary};
use super::literal;
use super::parser::{Parsed, Parser};
use super::token::Kind;
use crate::diagnostic::Diagnostic;

impl Parser<'_> {
    pub(super) fn unary(&mut self) -> Parsed<Expr> {
        let at = self.offset();
        let op = match self.lexeme() {
            "-" if self.is("-") => Unary::Minus,
            "+" if self.is("+") => Unary::Plus,
            "!" if self.is("!") => Unary::Not,
            "not" if self.is("not") => Unary::Not,
            _ => return self.primary(),
        };
        self.advance();
        if op == Unary::Minus
            && self.kind() == Kind::Int
            && let Ok(value @ i64::MIN) = literal::int(self.lexeme(), true)
        {
            self.advance();
            return self.node(at, 0, ExprKind::Int(value));
        }
        let operand = self.nested(Self::unary)?;
        self.node(at, operand.height, ExprKind::Unary(op, Box::new(operand)))
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let mut expr = self.operand()?;
        loop {
            let (at, height) = (expr.at, expr.height);
            if self.eat(".") {
                if !matches!(self.kind(), Kind::Ident | Kind::Keyword) {
                    return self.unexpected("a name after the dot");
                }
                let word = self.lexeme().into();
                self.advance();
                expr = self.node(at, height, ExprKind::Select(Box::new(expr), word))?;
            } else if self.eat("[") {
                expr = self.index_or_slice(expr)?;
            } else if self.is("(") {
                self.advance();
                let args = self.list_until(")")?;
                let height = args.iter().map(|a| a.height).max().unwrap_or(0).max(height);
                expr = self.node(at, height, ExprKind::Call(Box::new(expr), args))?;
            } else {
                return Ok(expr);
            }
        }
    }

    fn index_or_slice(&mut self, base: Expr) -> Parsed<Expr> {
        let at = base.at;
        let low = if self.is(":") { None } else { Some(self.expr()?) };
        let mut height = base.height.max(low.as_ref().map_or(0, |e| e.height));
        if self.eat(":") {
            let high = if self.is("]") { None } else { Some(self.expr()?) };
            height = height.max(high.as_ref().map_or(0, |e| e.height));
            self.expect("]", "after the slice")?;
            return self.node(at, height, ExprKind::Slice(Box::new((base, low, high))));
        }
        self.expect("]", "after the index")?;
        let Some(key) = low else { return self.fail_at(at, "an index needs a key") };
        self.node(at, height, ExprKind::Index(Box::new((base, key))))
    }

    fn list_until(&mut self, close: &str) -> Parsed<Vec<Expr>> {
        let mut items = Vec::new();
        while !self.eat(close) {
            items.push(self.expr()?);
            if !self.eat(",") {
                self.expect(close, "or a comma")?;
                break;
            }
        }
        Ok(items)
    }

    pub(super) fn operand(&mut self) -> Parsed<Expr> {
        let (at, text) = (self.offset(), self.lexeme());
        let leaf = match self.kind() {
            Kind::Int => match literal::int(text, false) {
                Ok(value) => ExprKind::Int(value),
                Err(why) => return self.fail_at(at, why),
            },
            Kind::Float => match text.parse() {
                Ok(value) => ExprKind::Float(value),
                Err(_) => return self.fail_at(at, "this is not a number"),
            },
            Kind::Str => match literal::quoted(text) {
                Ok(value) => ExprKind::Str(value.into()),
                Err((inner, why)) => return Err(Diagnostic::new(self.file, self.text, at as usize + inner, why)),
            },
            Kind::RawStr => ExprKind::Str(text[1..text.len() - 1].replace('\r', "").into_bytes().into()),
            Kind::Ident => match text {
                "true" => ExprKind::Bool(true),
                "false" => ExprKind::Bool(false),
                "null" => ExprKind::Null,
                "undefined" => ExprKind::Undefined,
                _ => ExprKind::Name(Name::new(text)),
            },
            Kind::Keyword => return self.keyword_operand(at, text),
            Kind::Punct => return self.bracketed(at),
            Kind::Semi | Kind::Eof => return self.unexpected("an expression"),
        };
        self.advance();
        self.node(at, 0, leaf)
    }

    fn bracketed(&mut self, at: u32) -> Parsed<Expr> {
        if self.eat("(") {
            let inner = self.expr()?;
            self.expect(")", "to close the bracket")?;
            return Ok(inner);
        }
        if self.eat("[") {
            let items = self.list_until("]")?;
            let height = items.iter().map(|i| i.height).max().unwrap_or(0);
            return self.node(at, height, ExprKind::List(items));
        }
        if !self.eat("{") {
            return self.unexpected("an expression");
        }
        let (mut items, mut height) = (Vec::new(), 0);
        while !self.eat("}") {
            let key = self.expr()?;
            self.expect(":", "between key and value")?;
            let value = self.expr()?;
            height = height.max(key.height).max(value.height);
            items.push((key, value));
            if !self.eat(",") {
                self.expect("}", "or a comma")?;
                break;
            }
        }
        self.node(at, height, ExprKind::Map(items))
    }

    fn keyword_operand(&mut self, at: u32, word: &str) -> Parsed<Expr> {
        let quant = match word {
            "all" => Quant::All,
            "any" => Quant::Any,
            "filter" => Quant::Filter,
            "map" => Quant::Map,
            "func" => {
                self.advance();
                let func = self.func()?;
                let height = func.body.height;
                return self.node(at, height, ExprKind::Func(Box::new(func)));
            }
            "rule" => {
                self.advance();
                let when = if self.eat("when") { Some(self.expr()?) } else { None };
                self.expect("{", "before the body of the rule")?;
                let body = self.braced_expr()?;
                let height = body.height.max(when.as_ref().map_or(0, |w| w.height));
                return self.node(at, height, ExprKind::Rule(Box::new(Rule { when, body })));
            }
            _ => return self.unexpected("an expression"),
        };
        self.advance();
        self.quantifier(at, quant)
    }

    pub(super) fn func(&mut self) -> Parsed<Func> {
        let at = self.offset();
        self.expect("(", "before the parameters")?;
        let mut params: Vec<Box<str>> = Vec::new();
        while !self.eat(")") {
            let name = self.ident("the name of a parameter")?.into();
            if params.contains(&name) && *name != *"_" {
                return self.fail_at(at, format!("the parameter {name} is named twice"));
            }
            params.push(name);
            if !self.eat(",") {
                self.expect(")", "after the parameters")?;
                break;
            }
        }
        let outer = (std::mem::replace(&mut self.in_loop, false), std::mem::replace(&mut self.in_func, true));
        let body = self.block()?;
        (self.in_loop, self.in_func) = outer;
        if !super::statement::always_returns(&body) {
            return Err(Diagnostic::new(self.file, self.text, at as usize, "the function can end without return")
                .hint("end every path of the function with return; return undefined will do"));
        }
        Ok(Func { params, body, scope: super::ast::Scope::default() })
    }
}
