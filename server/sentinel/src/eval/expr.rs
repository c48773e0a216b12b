//! Expressions: dispatch, literals, quantifiers, rules.

use std::cell::Cell;

use super::stmt::bind;
use super::{Frame, Machine, Outcome, RuleRecord, fault};
use crate::syntax::ast::{Binary, Expr, ExprKind, Quant, Quantifier, Unary};
use crate::unsettled::Unsettled;
use crate::value::{Func, Key, List, Map, Origin, Rule, RuleState, Table, Value};

/// How deep evaluation may recurse in all; the run's stack is sized for it.
const MAX_DEPTH: usize = 20_000;

impl<'h> Machine<'h> {
    /// The value of an expression with rules forced.
    pub(crate) fn value(&mut self, expr: &'h Expr, frame: &'h Frame<'h>) -> Outcome<Value<'h>> {
        let value = self.expr(expr, frame)?;
        match value {
            Value::Rule(_) => self.force(value),
            Value::Import(_) => {
                let outcome = fault("an import cannot be used as a value");
                self.place(expr.at, outcome)
            }
            _ => Ok(value),
        }
    }

    /// The value of an expression; rules that were just written stay lazy.
    pub(crate) fn expr(&mut self, expr: &'h Expr, frame: &'h Frame<'h>) -> Outcome<Value<'h>> {
        self.tick()?;
        Ok(match &expr.kind {
            ExprKind::Null => Value::Null,
            ExprKind::Undefined => Value::Undefined(Some(self.here(expr.at))),
            ExprKind::Bool(b) => Value::Bool(*b),
            ExprKind::Int(i) => Value::Int(*i),
            ExprKind::Float(f) => Value::Float(*f),
            ExprKind::Str(s) => Value::Str(s),
            ExprKind::Name(name) => {
                let value = self.read(name, expr.at, frame)?;
                if matches!(value, Value::Rule(_)) { self.force(value)? } else { value }
            }
            _ => {
                self.deeper()?;
                let value = self.compound(expr, frame);
                self.depth -= 1;
                self.place(expr.at, value)?
            }
        })
    }

    /// One level deeper; whoever asked comes back up by itself.
    pub(super) fn deeper(&mut self) -> Outcome<()> {
        if self.depth >= MAX_DEPTH {
            return fault("the policy recurses too deeply");
        }
        self.depth += 1;
        Ok(())
    }

    pub(crate) fn here(&self, at: u32) -> Origin {
        Origin { program: self.program, at }
    }

    fn compound(&mut self, expr: &'h Expr, frame: &'h Frame<'h>) -> Outcome<Value<'h>> {
        match &expr.kind {
            ExprKind::List(items) => self.list_literal(items, frame),
            ExprKind::Map(items) => self.map_literal(items, frame),
            ExprKind::Unary(op, operand) => self.unary(*op, operand, frame),
            ExprKind::Binary(op, pair) => self.binary(*op, pair, expr.at, frame),
            ExprKind::Test { operand, empty, negated } => self.test(operand, *empty, *negated, frame),
            ExprKind::Select(base, name) => self.select_expr(base, name, expr.at, frame),
            ExprKind::Index(pair) => {
                let base = self.value(&pair.0, frame)?;
                let key = self.value(&pair.1, frame)?;
                self.index(base, key, expr.at)
            }
            ExprKind::Slice(parts) => {
                let base = self.value(&parts.0, frame)?;
                let low = parts.1.as_ref().map(|e| self.value(e, frame)).transpose()?;
                let high = parts.2.as_ref().map(|e| self.value(e, frame)).transpose()?;
                self.slice(base, low, high, expr.at)
            }
            ExprKind::Call(callee, args) => self.call_expr(callee, args, expr.at, frame),
            ExprKind::Func(code) => Ok(Value::Func(self.bump.alloc(Func { code, frame, program: self.program }))),
            ExprKind::Rule(code) => Ok(Value::Rule(self.bump.alloc(Rule {
                code,
                frame,
                program: self.program,
                state: Cell::new(RuleState::New),
                name: Cell::new(None),
            }))),
            ExprKind::Quantifier(quantifier) => self.quantifier(quantifier, frame),
            _ => fault("this is not an expression"),
        }
    }

    fn list_literal(&mut self, items: &'h [Expr], frame: &'h Frame<'h>) -> Outcome<Value<'h>> {
        let list = List::owned(self.bump, []);
        for item in items {
            let value = self.value(item, frame)?;
            list.push(value);
        }
        Ok(Value::List(list))
    }

    fn map_literal(&mut self, items: &'h [(Expr, Expr)], frame: &'h Frame<'h>) -> Outcome<Value<'h>> {
        let mut table = Table::new(self.bump);
        for (key, value) in items {
            let key_value = self.value(key, frame)?;
            let Some(key) = Key::of(key_value) else {
                let outcome = fault(format!("{} cannot be the key of a map", key_value.type_name()));
                return self.place(key.at, outcome);
            };
            let value = self.expr(value, frame)?;
            if matches!(value, Value::Import(_)) {
                return fault("an import cannot be used as a value");
            }
            if self.strict && table.find(key).is_some() {
                self.unsettled(Unsettled::DuplicateKey)?;
            }
            table.insert(key, value);
        }
        Ok(Value::Map(Map::owned(self.bump, table)))
    }

    fn unary(&mut self, op: Unary, operand: &'h Expr, frame: &'h Frame<'h>) -> Outcome<Value<'h>> {
        let value = self.value(operand, frame)?;
        match (op, value) {
            (_, Value::Undefined(_)) => Ok(value),
            (Unary::Not, Value::Bool(b)) => Ok(Value::Bool(!b)),
            (Unary::Minus, Value::Int(i)) => Ok(Value::Int(i.wrapping_neg())),
            (Unary::Minus, Value::Float(f)) => Ok(Value::Float(-f)),
            (Unary::Plus, Value::Int(_) | Value::Float(_)) => Ok(value),
            (Unary::Not, _) => fault(format!("not needs a bool, not a {}", value.type_name())),
            _ => fault(format!("a sign needs a number, not a {}", value.type_name())),
        }
    }

    fn binary(&mut self, op: Binary, pair: &'h (Expr, Expr), at: u32, frame: &'h Frame<'h>) -> Outcome<Value<'h>> {
        let left = self.value(&pair.0, frame)?;
        match op {
            Binary::Else if !matches!(left, Value::Undefined(_)) => return Ok(left),
            Binary::Else => return self.value(&pair.1, frame),
            Binary::And => {
                return match truth(left, "and")? {
                    Some(true) => {
                        let right = self.value(&pair.1, frame)?;
                        truth(right, "and").map(|_| right)
                    }
                    _ => Ok(left),
                };
            }
            Binary::Or => {
                let first = truth(left, "or")?;
                if first == Some(true) {
                    return Ok(left);
                }
                let right = self.value(&pair.1, frame)?;
                let second = truth(right, "or")?;
                return Ok(if first.is_none() && second != Some(true) { left } else { right });
            }
            _ => {}
        }
        let right = self.value(&pair.1, frame)?;
        if let (Binary::In | Binary::NotIn | Binary::Contains | Binary::Matches, ExprKind::Unary(Unary::Not, _)) =
            (op, &pair.0.kind)
        {
            self.unsettled(Unsettled::LeadingNot)?;
        }
        self.operate(op, left, right, at)
    }

    fn quantifier(&mut self, code: &'h Quantifier, frame: &'h Frame<'h>) -> Outcome<Value<'h>> {
        let over = self.value(&code.over, frame)?;
        if matches!(over, Value::Undefined(_)) {
            self.unsettled(Unsettled::UndefinedQuantifier)?;
            return Ok(over);
        }
        let Some(pairs) = self.pairs(over) else {
            return fault(format!("a quantifier needs a list or a map, not {}", over.type_name()));
        };
        let is_map = matches!(over, Value::Map(_));
        let mut fold = Value::Bool(code.kind == Quant::All);
        let list = List::owned(self.bump, []);
        let mut table = Table::new(self.bump);
        let mut inner = Frame::new(self.bump, code.scope.size.into(), Some(frame));
        for (n, (key, value)) in pairs.into_iter().enumerate() {
            if n > 0 && code.scope.captured {
                inner = Frame::new(self.bump, code.scope.size.into(), Some(frame));
            }
            bind(inner, code.names.len(), is_map, key, value);
            let result = self.value(&code.body, inner)?;
            match code.kind {
                Quant::Map => list.push(result),
                Quant::Filter => match truth(result, "filter")? {
                    None => return Ok(result),
                    Some(false) => {}
                    Some(true) => match Key::of(key) {
                        Some(key) if is_map => table.insert(key, value),
                        _ => list.push(value),
                    },
                },
                Quant::Any => match truth(result, "any")? {
                    Some(true) => return Ok(result),
                    None if matches!(fold, Value::Bool(_)) => fold = result,
                    _ => {}
                },
                Quant::All => match truth(result, "all")? {
                    Some(true) => {}
                    _ => return Ok(result),
                },
            }
        }
        Ok(match code.kind {
            Quant::All | Quant::Any => fold,
            Quant::Filter if is_map => Value::Map(Map::owned(self.bump, table)),
            Quant::Filter | Quant::Map => Value::List(list),
        })
    }

    /// The value of a rule, computed at its first use; other values as they are.
    pub(crate) fn force(&mut self, value: Value<'h>) -> Outcome<Value<'h>> {
        let Value::Rule(rule) = value else { return Ok(value) };
        match rule.state.get() {
            RuleState::Done(value) => return Ok(value),
            RuleState::Running => return fault("a rule needs its own value"),
            RuleState::New => {}
        }
        self.deeper()?;
        rule.state.set(RuleState::Running);
        let outer = std::mem::replace(&mut self.program, rule.program);
        let value = self.rule(rule)?;
        self.depth -= 1;
        self.program = outer;
        rule.state.set(RuleState::Done(value));
        if let (Some((name, at, description)), 0) = (rule.name.get(), rule.program) {
            self.records.push(RuleRecord { name, at, description, value });
        }
        Ok(value)
    }

    fn rule(&mut self, rule: &'h Rule<'h>) -> Outcome<Value<'h>> {
        if let Some(when) = &rule.code.when {
            let condition = self.value(when, rule.frame)?;
            match self.place(when.at, truth(condition, "when"))? {
                Some(true) => {}
                Some(false) => return Ok(Value::Bool(true)),
                None => {
                    self.unsettled(Unsettled::UndefinedWhen)?;
                    return Ok(condition);
                }
            }
        }
        let value = self.value(&rule.code.body, rule.frame)?;
        match value {
            Value::Func(_) | Value::Native(_) | Value::Bound(..) => {
                let outcome = fault("the value of a rule cannot be a function");
                self.place(rule.code.body.at, outcome)
            }
            _ => Ok(value),
        }
    }
}

/// A bool, or nothing for undefined.
pub(crate) fn truth(value: Value<'_>, whose: &str) -> Outcome<Option<bool>> {
    match value {
        Value::Bool(b) => Ok(Some(b)),
        Value::Undefined(_) => Ok(None),
        other => fault(format!("{whose} needs a bool, not a {}", other.type_name())),
    }
}
