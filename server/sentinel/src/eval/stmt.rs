//! Statements.

use super::{Frame, Machine, Outcome, fault};
use crate::syntax::ast::{Block, Expr, ExprKind, Fallback, Name, Scope, Stmt, StmtKind};
use crate::unsettled::Unsettled;
use crate::value::{Key, Value};

/// How a block ended.
pub(crate) enum Flow<'h> {
    Next,
    Break,
    Continue,
    Return(Value<'h>),
}

impl<'h> Machine<'h> {
    pub(crate) fn block(&mut self, block: &'h Block, frame: &'h Frame<'h>) -> Outcome<Flow<'h>> {
        self.deeper()?;
        for stmt in &block.stmts {
            let flow = self.stmt(stmt, frame);
            match self.place(stmt.at, flow)? {
                Flow::Next => {}
                other => {
                    self.depth -= 1;
                    return Ok(other);
                }
            }
        }
        self.depth -= 1;
        Ok(Flow::Next)
    }

    fn stmt(&mut self, stmt: &'h Stmt, frame: &'h Frame<'h>) -> Outcome<Flow<'h>> {
        self.tick()?;
        match &stmt.kind {
            StmtKind::Expr(expr) => {
                self.expr(expr, frame)?;
            }
            StmtKind::Assign { name, op, value, doc } => {
                let mut right = match (&value.kind, op) {
                    (ExprKind::Name(source), None) => self.read(source, value.at, frame)?,
                    _ => self.expr(value, frame)?,
                };
                if let Value::Import(_) = right {
                    return fault("an import cannot be used as a value");
                }
                if let (Value::Rule(rule), ExprKind::Rule(_)) = (right, &value.kind) {
                    rule.name.set(Some((&name.text, stmt.at, doc.as_deref())));
                }
                if let Some(op) = op {
                    let left = self.read(name, stmt.at, frame)?;
                    let left = self.force(left)?;
                    let forced = self.force(right)?;
                    if let Value::List(_) = left {
                        self.unsettled(Unsettled::ListAddition)?;
                    }
                    right = self.arithmetic(*op, left, forced)?;
                }
                self.assign(name, right, frame)?;
            }
            StmtKind::SetIndex { base, key, op, value } => {
                let mut right = self.value(value, frame)?;
                let target = self.value(base, frame)?;
                let key = self.value(key, frame)?;
                if let Some(op) = op {
                    let left = self.index(target, key, stmt.at)?;
                    right = self.arithmetic(*op, left, right)?;
                }
                self.set_index(target, key, right)?;
            }
            StmtKind::If { arms, otherwise } => {
                for (condition, block) in arms {
                    if self.condition(condition, frame)? {
                        return self.block(block, frame);
                    }
                }
                if let Some(block) = otherwise {
                    return self.block(block, frame);
                }
            }
            StmtKind::For { over, names, body, scope } => return self.for_loop(over, names.len(), body, *scope, frame),
            StmtKind::Case { subject, clauses, otherwise } => {
                let subject = match subject {
                    Some(subject) => self.value(subject, frame)?,
                    None => Value::Bool(true),
                };
                if let Value::Undefined(_) = subject {
                    self.unsettled(Unsettled::UndefinedCase)?;
                }
                for (values, block) in clauses {
                    for value in values {
                        let value = self.value(value, frame)?;
                        if self.equal(subject, value, 0)? == Some(true) {
                            return self.block(block, frame);
                        }
                    }
                }
                if let Some(block) = otherwise {
                    return self.block(block, frame);
                }
            }
            StmtKind::Break => return Ok(Flow::Break),
            StmtKind::Continue => return Ok(Flow::Continue),
            StmtKind::Return(value) => {
                let value = match value {
                    Some(value) => self.expr(value, frame)?,
                    None => {
                        self.unsettled(Unsettled::NoReturnValue)?;
                        Value::undefined()
                    }
                };
                return Ok(Flow::Return(value));
            }
        }
        Ok(Flow::Next)
    }

    fn condition(&mut self, condition: &'h Expr, frame: &'h Frame<'h>) -> Outcome<bool> {
        match self.value(condition, frame)? {
            Value::Bool(b) => Ok(b),
            Value::Undefined(_) => Ok(false),
            other => {
                let outcome = fault(format!("if needs a bool, not a {}", other.type_name()));
                self.place(condition.at, outcome)
            }
        }
    }

    fn assign(&mut self, name: &Name, value: Value<'h>, frame: &'h Frame<'h>) -> Outcome<()> {
        let mut own = None;
        for slot in &name.slots {
            let mut scope = frame;
            for _ in 0..slot.up {
                let Some(parent) = scope.parent else { break };
                scope = parent;
            }
            let cell = &scope.slots[usize::from(slot.index)];
            own.get_or_insert(cell);
            if !matches!(cell.get(), Value::Unbound) {
                cell.set(value);
                return Ok(());
            }
        }
        match own {
            Some(cell) => cell.set(value),
            None => return fault(format!("{} cannot be assigned", name.text)),
        }
        Ok(())
    }

    /// What a name is bound to; rules are not forced.
    pub(crate) fn read(&mut self, name: &'h Name, at: u32, frame: &'h Frame<'h>) -> Outcome<Value<'h>> {
        for slot in &name.slots {
            let mut scope = frame;
            for _ in 0..slot.up {
                let Some(parent) = scope.parent else { break };
                scope = parent;
            }
            let value = scope.slots[usize::from(slot.index)].get();
            if !matches!(value, Value::Unbound) {
                return Ok(value);
            }
        }
        match name.fallback {
            Fallback::Builtin(number) => Ok(Value::Native(crate::builtin::native(number))),
            Fallback::Import(number) => self.import(number),
            Fallback::Unbound => {
                let outcome = fault(format!("unknown identifier accessed: {}", name.text));
                self.place(at, outcome)
            }
        }
    }

    fn set_index(&mut self, target: Value<'h>, key: Value<'h>, value: Value<'h>) -> Outcome<()> {
        match target {
            Value::Map(map) => match Key::of(key) {
                Some(key) => map.insert(key, value),
                None => return fault(format!("a {} cannot be the key of a map", key.type_name())),
            },
            Value::List(list) => {
                let at = super::access::list_position(key, list.len())?;
                if !at.is_some_and(|at| list.set(at, value)) {
                    return fault("the index is outside the list");
                }
            }
            other => return fault(format!("an element of a {} cannot be assigned", other.type_name())),
        }
        Ok(())
    }

    fn for_loop(
        &mut self,
        over: &'h Expr,
        names: usize,
        body: &'h Block,
        scope: Scope,
        frame: &'h Frame<'h>,
    ) -> Outcome<Flow<'h>> {
        let over_value = self.value(over, frame)?;
        let pairs = match self.pairs(over_value) {
            Some(pairs) => pairs,
            None => {
                let outcome = fault(format!("for needs a list or a map, not {}", over_value.type_name()));
                return self.place(over.at, outcome);
            }
        };
        let is_map = matches!(over_value, Value::Map(_));
        let mut inner = Frame::new(self.bump, scope.size.into(), Some(frame));
        let size = |value| match value {
            Value::List(list) => list.len(),
            Value::Map(map) => map.len(),
            _ => 0,
        };
        let before = size(over_value);
        for (n, (key, value)) in pairs.into_iter().enumerate() {
            if n > 0 {
                if scope.captured {
                    inner = Frame::new(self.bump, scope.size.into(), Some(frame));
                } else {
                    inner.clear();
                }
            }
            bind(inner, names, is_map, key, value);
            match self.block(body, inner)? {
                Flow::Next | Flow::Continue => {}
                Flow::Break => break,
                done @ Flow::Return(_) => return Ok(done),
            }
            if size(over_value) != before {
                self.unsettled(Unsettled::GrowingLoop)?;
            }
        }
        Ok(Flow::Next)
    }

    /// A snapshot of keys and values of a list or map.
    pub(crate) fn pairs(&self, value: Value<'h>) -> Option<Vec<(Value<'h>, Value<'h>)>> {
        match value {
            Value::List(list) => {
                let number = |(n, v): (usize, Value<'h>)| (Value::Int(i64::try_from(n).unwrap_or(i64::MAX)), v);
                Some(list.items().into_iter().enumerate().map(number).collect())
            }
            Value::Map(map) => Some(map.entries().into_iter().map(|(k, v)| (k.value(), v)).collect()),
            _ => None,
        }
    }
}

/// Binds the names of a loop: one name is the value of a list or the key of a map.
pub(super) fn bind<'h>(frame: &Frame<'h>, names: usize, is_map: bool, key: Value<'h>, value: Value<'h>) {
    if names == 2 {
        frame.slots[0].set(key);
        frame.slots[1].set(value);
    } else {
        frame.slots[0].set(if is_map { key } else { value });
    }
}
