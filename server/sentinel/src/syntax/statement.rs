//! Statements, and whether a block always returns.

use super::ast::{Binary, Block, Expr, ExprKind, Name, Scope, Stmt, StmtKind};
use super::parser::{Parsed, Parser};
use super::token::Kind;
use crate::diagnostic::Diagnostic;

/// Whether the block's last statement returns. Loops and cases count when they hold a return: what falls through gives undefined.
pub(super) fn always_returns(block: &Block) -> bool {
    block.stmts.last().is_some_and(|last| match &last.kind {
        StmtKind::Return(_) => true,
        StmtKind::Expr(Expr { kind: ExprKind::Call(callee, _), .. }) => {
            matches!(&callee.kind, ExprKind::Name(name) if *name.text == *"error")
        }
        StmtKind::If { arms, otherwise: Some(other) } => {
            arms.iter().all(|(_, b)| always_returns(b)) && always_returns(other)
        }
        StmtKind::Case { clauses, .. } => clauses.iter().any(|(_, b)| always_returns(b)),
        StmtKind::For { body, .. } => body.stmts.iter().any(|s| match &s.kind {
            StmtKind::Return(_) => true,
            StmtKind::If { arms, .. } => arms.iter().any(|(_, b)| always_returns(b)),
            _ => false,
        }),
        _ => false,
    })
}

impl Parser<'_> {
    pub(super) fn statements(&mut self, ends: impl Fn(&Self) -> bool) -> Parsed<Block> {
        let mut block = Block::default();
        loop {
            self.skip_semis();
            if ends(self) {
                return Ok(block);
            }
            if self.kind() == Kind::Eof {
                return self.unexpected("a closing }");
            }
            let (stmt, height) = self.statement()?;
            block.stmts.push(stmt);
            block.height = block.height.max(height);
            self.end_of_statement()?;
            if !ends(self) && (self.is("}") || self.is("else") || self.is("when")) {
                return self.unexpected("a statement");
            }
        }
    }

    fn statement(&mut self) -> Parsed<(Stmt, u16)> {
        let at = self.offset();
        let word = if self.kind() == Kind::Keyword { self.lexeme() } else { "" };
        let (kind, height) = match word {
            "if" => self.if_statement()?,
            "for" => self.for_statement()?,
            "case" => self.case_statement()?,
            "break" | "continue" => {
                if !self.in_loop {
                    return self.fail_at(at, format!("{word} stands only inside for"));
                }
                self.advance();
                (if word == "break" { StmtKind::Break } else { StmtKind::Continue }, 0)
            }
            "return" => {
                if !self.in_func {
                    return self.fail_at(at, "return stands only inside a function");
                }
                self.advance();
                if self.kind() == Kind::Semi || self.is("}") {
                    (StmtKind::Return(None), 0)
                } else {
                    let value = self.expr()?;
                    let height = value.height;
                    (StmtKind::Return(Some(value)), height)
                }
            }
            "func" if self.peek(1).1 == Kind::Ident => {
                let doc = self.doc_above(at);
                self.advance();
                let name = self.ident("the name of the function")?;
                let func = self.func()?;
                let value = self.node(at, func.body.height, ExprKind::Func(Box::new(func)))?;
                let height = value.height;
                (StmtKind::Assign { name: Name::new(&name), op: None, value, doc }, height)
            }
            _ => self.expr_or_assign(at)?,
        };
        Ok((Stmt { at, kind }, height))
    }

    fn expr_or_assign(&mut self, at: u32) -> Parsed<(StmtKind, u16)> {
        let target = self.expr()?;
        let op = match (self.kind(), self.lexeme()) {
            (Kind::Punct, "=") => None,
            (Kind::Punct, "+=") => Some(Binary::Add),
            (Kind::Punct, "-=") => Some(Binary::Sub),
            (Kind::Punct, "*=") => Some(Binary::Mul),
            (Kind::Punct, "/=") => Some(Binary::Div),
            (Kind::Punct, "%=") => Some(Binary::Rem),
            _ => {
                let height = target.height;
                return Ok((StmtKind::Expr(target), height));
            }
        };
        self.advance();
        let value = self.expr()?;
        let height = target.height.max(value.height);
        let kind = match target.kind {
            ExprKind::Name(name) => StmtKind::Assign { name, op, value, doc: self.doc_above(at) },
            ExprKind::Index(parts) => {
                let (base, key) = *parts;
                StmtKind::SetIndex { base, key, op, value }
            }
            ExprKind::Select(_, word) => {
                return Err(Diagnostic::new(self.file, self.text, at as usize, "a selector cannot be assigned to")
                    .hint(format!("write [\"{word}\"] instead of .{word}")));
            }
            _ => return self.fail_at(at, "this cannot be assigned to"),
        };
        Ok((kind, height))
    }

    fn if_statement(&mut self) -> Parsed<(StmtKind, u16)> {
        let (mut arms, mut otherwise, mut height) = (Vec::new(), None, 0);
        loop {
            self.expect("if", "")?;
            let condition = self.expr()?;
            let block = self.block()?;
            height = height.max(condition.height).max(block.height);
            arms.push((condition, block));
            if !self.eat("else") {
                break;
            }
            if !self.is("if") {
                let block = self.block()?;
                height = height.max(block.height);
                otherwise = Some(block);
                break;
            }
        }
        Ok((StmtKind::If { arms, otherwise }, height))
    }

    fn for_statement(&mut self) -> Parsed<(StmtKind, u16)> {
        self.advance();
        let over = self.expr()?;
        let names = self.loop_names()?;
        let outer = std::mem::replace(&mut self.in_loop, true);
        let body = self.block()?;
        self.in_loop = outer;
        let height = over.height.max(body.height);
        Ok((StmtKind::For { over, names, body, scope: Scope::default() }, height))
    }

    fn case_statement(&mut self) -> Parsed<(StmtKind, u16)> {
        self.advance();
        let subject = if self.is("{") { None } else { Some(self.expr()?) };
        let mut height = subject.as_ref().map_or(0, |s| s.height);
        self.expect("{", "before the clauses")?;
        let (mut clauses, mut otherwise) = (Vec::new(), None);
        self.skip_semis();
        while !self.eat("}") {
            let at = self.offset();
            let mut values = Vec::new();
            let is_else = self.eat("else");
            if !is_else {
                self.expect("when", "or else")?;
                loop {
                    let value = self.expr()?;
                    height = height.max(value.height);
                    values.push(value);
                    if !self.eat(",") {
                        break;
                    }
                }
            }
            self.expect(":", "after the clause")?;
            let block = self.nested(|p| p.statements(|p| p.is("}") || p.is("when") || p.is("else")))?;
            height = height.max(block.height);
            if !is_else {
                clauses.push((values, block));
            } else if otherwise.replace(block).is_some() {
                return self.fail_at(at, "a case has one else");
            }
        }
        Ok((StmtKind::Case { subject, clauses, otherwise }, height))
    }
}
