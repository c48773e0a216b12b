//! Indexes, selectors, slices, and the tests for empty and defined.

use super::{Frame, Machine, Outcome, fault};
use crate::syntax::ast::Expr;
use crate::unsettled::Unsettled;
use crate::value::{Key, List, Value};

/// The position a key names in a list of `len`; negative counts from the end.
pub(super) fn list_position(key: Value<'_>, len: usize) -> Outcome<Option<usize>> {
    let at = match key {
        Value::Int(i) => i,
        Value::Float(f) if f.fract() == 0.0 => f as i64,
        other => return fault(format!("a list is indexed by an int, not a {}", other.type_name())),
    };
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let at = if at < 0 { at.saturating_add(len) } else { at };
    Ok(usize::try_from(at).ok().filter(|_| at < len))
}

impl<'h> Machine<'h> {
    pub(crate) fn index(&mut self, base: Value<'h>, key: Value<'h>, at: u32) -> Outcome<Value<'h>> {
        let undefined = Value::Undefined(Some(self.here(at)));
        match (base, key) {
            (Value::Undefined(_), _) => Ok(base),
            (_, Value::Undefined(_)) => {
                self.unsettled(Unsettled::UndefinedIndex)?;
                Ok(key)
            }
            (Value::Null, _) => Ok(undefined),
            (Value::Map(map), _) => {
                let found = Key::of(key).and_then(|key| map.get(key)).unwrap_or(undefined);
                self.force(found)
            }
            (Value::List(list), _) => {
                if let Value::Float(_) = key {
                    self.unsettled(Unsettled::FloatIndex)?;
                }
                let found = list_position(key, list.len())?.and_then(|at| list.get(at)).unwrap_or(undefined);
                self.force(found)
            }
            (Value::Str(text), _) => {
                self.unsettled(Unsettled::StringIndex)?;
                let found = list_position(key, text.len())?.map(|at| Value::Str(&text[at..=at]));
                Ok(found.unwrap_or(undefined))
            }
            (other, _) => fault(format!("a {} cannot be indexed", other.type_name())),
        }
    }

    pub(super) fn select_expr(
        &mut self,
        base: &'h Expr,
        name: &'h str,
        at: u32,
        frame: &'h Frame<'h>,
    ) -> Outcome<Value<'h>> {
        // Not `value`: an import has members.
        let base = self.expr(base, frame)?;
        let base = self.force(base)?;
        let value = self.select(base, name, at)?;
        self.force(value)
    }

    fn select(&mut self, base: Value<'h>, name: &'h str, at: u32) -> Outcome<Value<'h>> {
        let undefined = Value::Undefined(Some(self.here(at)));
        match base {
            Value::Undefined(_) => Ok(base),
            Value::Null => Ok(undefined),
            Value::Map(map) => Ok(map.get(Key::Str(name.as_bytes())).unwrap_or(undefined)),
            Value::Import(import) => Ok(self.member(import, name)?.unwrap_or(undefined)),
            Value::Object(object) => Ok(crate::std_imports::object_member(self, object, name)?.unwrap_or(undefined)),
            other => fault(format!("a {} has no member {name}", other.type_name())),
        }
    }

    pub(super) fn slice(
        &mut self,
        base: Value<'h>,
        low: Option<Value<'h>>,
        high: Option<Value<'h>>,
        at: u32,
    ) -> Outcome<Value<'h>> {
        let undefined = Value::Undefined(Some(self.here(at)));
        let len = match base {
            Value::Undefined(_) => return Ok(base),
            Value::Null => return Ok(undefined),
            Value::List(list) => list.len(),
            Value::Str(text) => text.len(),
            other => return fault(format!("a {} cannot be sliced", other.type_name())),
        };
        let mut bounds = [0, len];
        for (bound, given) in bounds.iter_mut().zip([low, high]) {
            match given {
                None => {}
                Some(value @ Value::Undefined(_)) => return Ok(value),
                Some(Value::Int(i)) => match usize::try_from(i) {
                    Ok(i) => *bound = i,
                    Err(_) => return Ok(undefined),
                },
                Some(Value::Float(f)) if f.fract() == 0.0 && f >= 0.0 => *bound = f as usize,
                Some(other) => return fault(format!("a slice needs ints, not a {}", other.type_name())),
            }
        }
        let [low, high] = bounds;
        if low > high || high > len {
            return Ok(undefined);
        }
        Ok(match base {
            Value::List(list) => Value::List(List::owned(self.bump, list.items()[low..high].iter().copied())),
            Value::Str(text) => Value::Str(&text[low..high]),
            _ => undefined,
        })
    }

    pub(super) fn test(
        &mut self,
        operand: &'h Expr,
        empty: bool,
        negated: bool,
        frame: &'h Frame<'h>,
    ) -> Outcome<Value<'h>> {
        let value = self.value(operand, frame)?;
        let undefined = matches!(value, Value::Undefined(_));
        if !empty {
            return Ok(Value::Bool(undefined == negated));
        }
        let is_empty = match value {
            Value::Undefined(_) => return Ok(value),
            Value::Str(text) => text.is_empty(),
            Value::List(list) => list.len() == 0,
            Value::Map(map) => map.len() == 0,
            other => return fault(format!("{} is neither empty nor not", other.type_name())),
        };
        Ok(Value::Bool(is_empty != negated))
    }
}
