//! The resolver: gives names their slots and refuses what can be known wrong before running.

use super::ast::{Block, Expr, ExprKind, Fallback, Name, Program, Scope, Slot, Stmt, StmtKind};
use crate::builtin;
use crate::diagnostic::Diagnostic;

struct Level {
    names: Vec<(Box<str>, bool)>,
    captured: bool,
}

struct Resolver<'p> {
    file: &'p str,
    text: &'p str,
    imports: &'p [super::ast::Import],
    levels: Vec<Level>,
    problem: Option<Diagnostic>,
}

/// Fills in every name of the program; the first problem ends the work.
pub(crate) fn resolve(program: &mut Program) -> Result<(), Diagnostic> {
    let Program { file, text, imports, params, body, names, .. } = program;
    for (at, import) in imports.iter().enumerate() {
        if imports[..at].iter().any(|other| other.name == import.name) {
            let message = format!("the name {} is imported twice", import.name);
            return Err(Diagnostic::new(file, text, import.at as usize, message));
        }
    }
    let mut file_scope = Level { names: Vec::new(), captured: true };
    for param in params.iter() {
        if builtin::find(&param.name.text).is_some() {
            let message = format!("{} is a builtin and cannot be a param", param.name.text);
            return Err(Diagnostic::new(file, text, param.at as usize, message));
        }
        file_scope.names.push((param.name.text.clone(), false));
    }
    declared(body, &mut file_scope.names);
    let mut resolver = Resolver { file, text, imports, levels: vec![file_scope], problem: None };
    for param in params {
        resolver.name(&mut param.name);
        if let Some(default) = &mut param.default {
            resolver.expr(default);
        }
    }
    resolver.block(body);
    if let Some(problem) = resolver.problem {
        return Err(problem);
    }
    let Some(level) = resolver.levels.pop() else { return Ok(()) };
    *names = level.names.into_iter().map(|(name, _)| name).collect();
    Ok(())
}

/// Names a block assigns in its own scope.
fn declared(block: &Block, names: &mut Vec<(Box<str>, bool)>) {
    for stmt in &block.stmts {
        match &stmt.kind {
            StmtKind::Assign { name, .. } if !names.iter().any(|(n, _)| *n == name.text) => {
                names.push((name.text.clone(), false));
            }
            StmtKind::If { arms, otherwise } => {
                arms.iter().for_each(|(_, b)| declared(b, names));
                otherwise.iter().for_each(|b| declared(b, names));
            }
            StmtKind::Case { clauses, otherwise, .. } => {
                clauses.iter().for_each(|(_, b)| declared(b, names));
                otherwise.iter().for_each(|b| declared(b, names));
            }
            _ => {}
        }
    }
}

impl Resolver<'_> {
    fn fail(&mut self, at: u32, message: impl Into<String>) {
        if self.problem.is_none() {
            self.problem = Some(Diagnostic::new(self.file, self.text, at as usize, message));
        }
    }

    fn name(&mut self, name: &mut Name) {
        let import = self.imports.iter().position(|i| i.name == name.text);
        for (up, level) in self.levels.iter().rev().enumerate() {
            if let Some(index) = level.names.iter().position(|(n, _)| *n == name.text) {
                name.slots.push(Slot { up: up as u16, index: index as u16 });
                if level.names[index].1 {
                    return;
                }
            }
        }
        if let Some(index) = import {
            name.fallback = Fallback::Import(index as u16);
        } else if let Some(index) = builtin::find(&name.text) {
            name.fallback = Fallback::Builtin(index);
        } else if name.slots.is_empty() {
            // A global of the configuration may bind it: the file scope keeps a place.
            let up = self.levels.len() - 1;
            let file_scope = &mut self.levels[0].names;
            file_scope.push((name.text.clone(), false));
            name.slots.push(Slot { up: up as u16, index: (file_scope.len() - 1) as u16 });
        }
        if self.levels[0].names.len() > usize::from(u16::MAX) {
            self.fail(0, "more than 65,535 names in one file");
        }
    }

    fn enter(&mut self, names: Vec<(Box<str>, bool)>, walk: impl FnOnce(&mut Self)) -> Scope {
        self.levels.push(Level { names, captured: false });
        walk(self);
        let level = self.levels.pop();
        let scope = level.map_or(Scope::default(), |l| Scope { size: l.names.len() as u16, captured: l.captured });
        if scope.captured
            && let Some(outer) = self.levels.last_mut()
        {
            outer.captured = true;
        }
        scope
    }

    fn capture(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            level.captured = true;
        }
    }

    fn block(&mut self, block: &mut Block) {
        for stmt in &mut block.stmts {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &mut Stmt) {
        match &mut stmt.kind {
            StmtKind::Expr(expr) => self.expr(expr),
            StmtKind::Assign { name, value, .. } => {
                self.expr(value);
                if let ExprKind::Call(callee, _) = &value.kind
                    && let ExprKind::Name(called) = &callee.kind
                    && &*called.text == "append"
                    && called.slots.is_empty()
                {
                    self.fail(stmt.at, "append gives no value; it changes its list in place");
                }
                self.name(name);
                if matches!(name.fallback, Fallback::Import(_)) {
                    self.fail(stmt.at, format!("{} is an import and cannot be assigned", name.text));
                }
            }
            StmtKind::SetIndex { base, key, value, .. } => {
                self.expr(value);
                self.expr(base);
                self.expr(key);
                let mut root = &*base;
                while let ExprKind::Select(inner, _) = &root.kind {
                    root = inner;
                }
                let import = matches!(&root.kind, ExprKind::Name(n) if matches!(n.fallback, Fallback::Import(_)));
                if import && matches!(base.kind, ExprKind::Select(..)) {
                    self.fail(stmt.at, "the value of an import cannot be changed; assign it to a name first");
                }
            }
            StmtKind::If { arms, otherwise } => {
                for (condition, block) in arms {
                    self.expr(condition);
                    self.block(block);
                }
                otherwise.iter_mut().for_each(|b| self.block(b));
            }
            StmtKind::For { over, names, body, scope } => {
                self.expr(over);
                let mut bound: Vec<_> = names.iter().map(|n| (n.clone(), true)).collect();
                declared(body, &mut bound);
                *scope = self.enter(bound, |r| r.block(body));
            }
            StmtKind::Case { subject, clauses, otherwise } => {
                subject.iter_mut().for_each(|s| self.expr(s));
                for (values, block) in clauses {
                    values.iter_mut().for_each(|v| self.expr(v));
                    self.block(block);
                }
                otherwise.iter_mut().for_each(|b| self.block(b));
            }
            StmtKind::Return(Some(value)) => self.expr(value),
            StmtKind::Break | StmtKind::Continue | StmtKind::Return(None) => {}
        }
    }

    fn expr(&mut self, expr: &mut Expr) {
        match &mut expr.kind {
            ExprKind::Name(name) => self.name(name),
            ExprKind::List(items) => items.iter_mut().for_each(|i| self.expr(i)),
            ExprKind::Map(items) => items.iter_mut().for_each(|(k, v)| {
                self.expr(k);
                self.expr(v);
            }),
            ExprKind::Unary(_, inner) | ExprKind::Select(inner, _) | ExprKind::Test { operand: inner, .. } => {
                self.expr(inner);
            }
            ExprKind::Binary(_, pair) | ExprKind::Index(pair) => {
                self.expr(&mut pair.0);
                self.expr(&mut pair.1);
            }
            ExprKind::Slice(parts) => {
                self.expr(&mut parts.0);
                parts.1.iter_mut().for_each(|e| self.expr(e));
                parts.2.iter_mut().for_each(|e| self.expr(e));
            }
            ExprKind::Call(callee, args) => {
                self.expr(callee);
                args.iter_mut().for_each(|a| self.expr(a));
            }
            ExprKind::Func(func) => {
                self.capture();
                let mut bound: Vec<_> = func.params.iter().map(|n| (n.clone(), true)).collect();
                declared(&func.body, &mut bound);
                let body = &mut func.body;
                func.scope = self.enter(bound, |r| r.block(body));
            }
            ExprKind::Rule(rule) => {
                self.capture();
                rule.when.iter_mut().for_each(|w| self.expr(w));
                self.expr(&mut rule.body);
            }
            ExprKind::Quantifier(quantifier) => {
                self.expr(&mut quantifier.over);
                let bound: Vec<_> = quantifier.names.iter().map(|n| (n.clone(), true)).collect();
                let body = &mut quantifier.body;
                quantifier.scope = self.enter(bound, |r| r.expr(body));
            }
            _ => {}
        }
    }
}
