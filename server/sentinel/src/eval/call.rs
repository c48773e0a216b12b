//! Calls, and reading imports.

use super::stmt::Flow;
use super::{Export, Frame, Machine, Outcome, fault};
use crate::syntax::ast::Expr;
use crate::unsettled::Unsettled;
use crate::value::{Frozen, Func, Origin, Value};

impl<'h> Machine<'h> {
    pub(super) fn call_expr(
        &mut self,
        callee: &'h Expr,
        args: &'h [Expr],
        at: u32,
        frame: &'h Frame<'h>,
    ) -> Outcome<Value<'h>> {
        let callee = self.value(callee, frame)?;
        if matches!(callee, Value::Undefined(_)) {
            return Ok(callee);
        }
        let origin = self.here(at);
        if let Value::Func(func) = callee
            && func.code.params.len() == args.len()
        {
            let inner = Frame::new(self.bump, func.code.scope.size.into(), Some(func.frame));
            for (slot, arg) in inner.slots.iter().zip(args) {
                slot.set(self.value(arg, frame)?);
            }
            return self.enter(func, inner, origin);
        }
        let mut values = Vec::with_capacity(args.len());
        for arg in args {
            values.push(self.value(arg, frame)?);
        }
        self.call(callee, &values, origin)
    }

    /// Runs a function's body in the frame that holds its arguments.
    fn enter(&mut self, func: &'h Func<'h>, frame: &'h Frame<'h>, origin: Origin) -> Outcome<Value<'h>> {
        if self.calls >= self.limits.depth {
            return fault(format!("more than {} calls inside each other", self.limits.depth));
        }
        let outer = std::mem::replace(&mut self.program, func.program);
        self.calls += 1;
        let flow = self.block(&func.code.body, frame)?;
        self.calls -= 1;
        self.program = outer;
        Ok(match flow {
            Flow::Return(value) => value,
            _ => {
                self.unsettled(Unsettled::NoReturnValue)?;
                Value::Undefined(Some(origin))
            }
        })
    }

    /// Calls a function value.
    pub(crate) fn call(&mut self, callee: Value<'h>, args: &[Value<'h>], origin: Origin) -> Outcome<Value<'h>> {
        match callee {
            Value::Func(func) => {
                if func.code.params.len() != args.len() {
                    let wanted = func.code.params.len();
                    return fault(format!("the function takes {wanted} arguments, not {}", args.len()));
                }
                let frame = Frame::new(self.bump, func.code.scope.size.into(), Some(func.frame));
                for (slot, value) in frame.slots.iter().zip(args) {
                    slot.set(*value);
                }
                self.enter(func, frame, origin)
            }
            Value::Native(native) => native(self, args, origin),
            Value::Bound(object, method) => method(self, object, args, origin),
            other => fault(format!("a {} cannot be called", other.type_name())),
        }
    }

    /// The members of a module are copied when they are read: each reader gets a view of them as they are now.
    pub(crate) fn export(&mut self, number: u32, name: &str) -> Outcome<Option<Value<'h>>> {
        let frame = self.instance(number)?;
        let program = &self.units[number as usize].program;
        let Some(slot) = program.names.iter().position(|n| **n == *name) else { return Ok(None) };
        let value = match frame.slots[slot].get() {
            Value::Unbound => return Ok(None),
            value => self.force(value)?,
        };
        if !matches!(value, Value::List(_) | Value::Map(_)) {
            return Ok(Some(value));
        }
        let key = (number, slot as u16);
        if let Some(known) = self.exports.get(&key)
            && known.changes == self.changes.get()
            && is_same(known.of, value)
        {
            return Ok(Some(known.frozen.thaw(self.bump)));
        }
        let frozen = self.freeze(value, 0)?;
        self.exports.insert(key, Export { of: value, frozen, changes: self.changes.get() });
        Ok(Some(frozen.thaw(self.bump)))
    }

    fn freeze(&mut self, value: Value<'h>, depth: usize) -> Outcome<Frozen<'h>> {
        self.tick()?;
        self.shallow(depth)?;
        Ok(match value {
            Value::List(list) => {
                list.watch(self.changes);
                let mut items = Vec::new();
                for item in list.items() {
                    items.push(self.freeze(item, depth + 1)?);
                }
                Frozen::list(self.bump, &items)
            }
            Value::Map(map) => {
                map.watch(self.changes);
                let mut items = Vec::new();
                for (key, item) in map.entries() {
                    items.push((key, self.freeze(item, depth + 1)?));
                }
                Frozen::map(self.bump, items)
            }
            other => Frozen::Leaf(other),
        })
    }
}

/// Whether two values are one collection.
fn is_same<'h>(a: Value<'h>, b: Value<'h>) -> bool {
    match (a, b) {
        (Value::List(a), Value::List(b)) => std::ptr::eq(a, b),
        (Value::Map(a), Value::Map(b)) => std::ptr::eq(a, b),
        _ => false,
    }
}
