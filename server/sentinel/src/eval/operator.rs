//! Operators on two values.

use std::cmp::Ordering;
use std::rc::Rc;

use super::{Machine, Outcome, fault};
use crate::syntax::ast::Binary;
use crate::unsettled::Unsettled;
use crate::value::{Key, List, Object, Value};

impl<'h> Machine<'h> {
    pub(super) fn operate(&mut self, op: Binary, left: Value<'h>, right: Value<'h>, at: u32) -> Outcome<Value<'h>> {
        for side in [left, right] {
            if matches!(side, Value::Undefined(_)) {
                return Ok(side);
            }
        }
        let undefined = Value::Undefined(Some(self.here(at)));
        if matches!(op, Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual)
            && order(left, right).is_none()
        {
            self.unsettled(Unsettled::Order)?;
        }
        let known = |answer: Option<bool>, negate: bool| answer.map_or(undefined, |b| Value::Bool(b != negate));
        Ok(match op {
            Binary::Equal => known(self.equal(left, right, 0)?, false),
            Binary::NotEqual => known(self.equal(left, right, 0)?, true),
            Binary::Less => known(order(left, right).map(|o| o == Some(Ordering::Less)), false),
            Binary::LessEqual => known(order(left, right).map(|o| o.is_some_and(Ordering::is_le)), false),
            Binary::Greater => known(order(left, right).map(|o| o == Some(Ordering::Greater)), false),
            Binary::GreaterEqual => known(order(left, right).map(|o| o.is_some_and(Ordering::is_ge)), false),
            Binary::Contains => known(self.contains(left, right)?, false),
            Binary::NotContains => known(self.contains(left, right)?, true),
            Binary::In => known(self.contains(right, left)?, false),
            Binary::NotIn => known(self.contains(right, left)?, true),
            Binary::Matches => Value::Bool(self.matches(left, right)?),
            Binary::NotMatches => Value::Bool(!self.matches(left, right)?),
            Binary::Xor => match (left, right) {
                (Value::Bool(a), Value::Bool(b)) => Value::Bool(a != b),
                _ => return fault("xor needs two bools"),
            },
            _ => return self.arithmetic(op, left, right),
        })
    }

    pub(super) fn arithmetic(&mut self, op: Binary, left: Value<'h>, right: Value<'h>) -> Outcome<Value<'h>> {
        match (left, right) {
            (Value::Undefined(_), _) => Ok(left),
            (_, Value::Undefined(_)) => Ok(right),
            (Value::Int(a), Value::Int(b)) => int(op, a, b),
            (Value::Int(a), Value::Float(b)) => Ok(float(op, a as f64, b)),
            (Value::Float(a), Value::Int(b)) => Ok(float(op, a, b as f64)),
            (Value::Float(a), Value::Float(b)) => Ok(float(op, a, b)),
            (Value::Str(a), Value::Str(b)) if op == Binary::Add => {
                self.room(a.len() + b.len())?;
                Ok(Value::Str(self.bump.alloc_slice_copy(&[a, b].concat())))
            }
            (Value::List(a), Value::List(b)) if op == Binary::Add => {
                self.room((a.len() + b.len()) * size_of::<Value<'_>>())?;
                Ok(Value::List(List::owned(self.bump, a.items().into_iter().chain(b.items()))))
            }
            _ => fault(format!("{} and {} cannot be combined by {op:?}", left.type_name(), right.type_name())),
        }
    }

    /// Equality; nothing when undefined takes part.
    pub(crate) fn equal(&mut self, left: Value<'h>, right: Value<'h>, depth: usize) -> Outcome<Option<bool>> {
        self.tick()?;
        self.shallow(depth)?;
        let (left, right) = (self.force(left)?, self.force(right)?);
        Ok(Some(match (left, right) {
            (Value::Undefined(_), _) | (_, Value::Undefined(_)) => {
                if depth > 0 {
                    self.unsettled(Unsettled::UndefinedElement)?;
                }
                return Ok(None);
            }
            (
                Value::Func(_) | Value::Native(_) | Value::Bound(..),
                Value::Func(_) | Value::Native(_) | Value::Bound(..),
            ) => {
                self.unsettled(Unsettled::FunctionEquality)?;
                false
            }
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => a as f64 == b,
            (Value::Str(a), Value::Str(b)) => a == b,
            (Value::List(a), Value::List(b)) => {
                if a.len() != b.len() {
                    return Ok(Some(false));
                }
                // Read one by one: comparing may force rules, and they may do anything.
                for at in 0..a.len() {
                    let (Some(a), Some(b)) = (a.get(at), b.get(at)) else { break };
                    match self.equal(a, b, depth + 1)? {
                        Some(true) => {}
                        other => return Ok(other),
                    }
                }
                true
            }
            (Value::Map(a), Value::Map(b)) => {
                if a.len() != b.len() {
                    return Ok(Some(false));
                }
                for (key, a) in a.entries() {
                    let Some(b) = b.get(key) else { return Ok(Some(false)) };
                    match self.equal(a, b, depth + 1)? {
                        Some(true) => {}
                        other => return Ok(other),
                    }
                }
                true
            }
            (Value::Object(Object::Decimal(a)), Value::Object(Object::Decimal(b))) => a == b,
            _ => false,
        }))
    }

    /// Membership; nothing when undefined takes part.
    pub(crate) fn contains(&mut self, container: Value<'h>, item: Value<'h>) -> Outcome<Option<bool>> {
        match (container, item) {
            (Value::List(list), _) => {
                let mut at = 0;
                while let Some(element) = list.get(at) {
                    at += 1;
                    match self.equal(element, item, 0)? {
                        Some(false) => {}
                        other => return Ok(other),
                    }
                }
                Ok(Some(false))
            }
            (Value::Map(map), _) => {
                let Some(key) = Key::of(item) else { return Ok(Some(false)) };
                if self.strict && matches!(map.get(key), Some(Value::Undefined(_))) {
                    self.unsettled(Unsettled::UndefinedMember)?;
                }
                Ok(Some(map.has(key)))
            }
            (Value::Str(text), Value::Str(part)) => Ok(Some(find(text, part).is_some())),
            (Value::Str(_), other) => fault(format!("a string cannot contain a {}", other.type_name())),
            (other, _) => fault(format!("{} cannot contain anything", other.type_name())),
        }
    }

    fn matches(&mut self, text: Value<'h>, pattern: Value<'h>) -> Outcome<bool> {
        let (Value::Str(text), Value::Str(pattern)) = (text, pattern) else {
            return fault(format!("matches needs strings, not {} and {}", text.type_name(), pattern.type_name()));
        };
        if let Some(regex) = self.regexes.get(pattern) {
            return Ok(regex.is_match(text));
        }
        let regex = Rc::new(crate::re2::compile(pattern).or_else(fault)?);
        if self.regexes.len() < 1000 {
            self.regexes.insert(pattern.to_vec(), Rc::clone(&regex));
        }
        Ok(regex.is_match(text))
    }
}

/// The offset of `part` in `text`.
pub(crate) fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    match (std::str::from_utf8(text), std::str::from_utf8(part)) {
        (Ok(text), Ok(part)) => text.find(part),
        _ if part.is_empty() => Some(0),
        _ => text.windows(part.len()).position(|window| window == part),
    }
}

/// `None`: not comparable. `Some(None)`: comparable without an order (NaN).
pub(crate) fn order(left: Value<'_>, right: Value<'_>) -> Option<Option<Ordering>> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => Some(Some(a.cmp(&b))),
        (Value::Int(a), Value::Float(b)) => Some((a as f64).partial_cmp(&b)),
        (Value::Float(a), Value::Int(b)) => Some(a.partial_cmp(&(b as f64))),
        (Value::Float(a), Value::Float(b)) => Some(a.partial_cmp(&b)),
        (Value::Str(a), Value::Str(b)) => Some(Some(a.cmp(b))),
        _ => None,
    }
}

fn int<'h>(op: Binary, a: i64, b: i64) -> Outcome<Value<'h>> {
    Ok(Value::Int(match op {
        Binary::Add => a.wrapping_add(b),
        Binary::Sub => a.wrapping_sub(b),
        Binary::Mul => a.wrapping_mul(b),
        Binary::Div if b != 0 => a.wrapping_div(b),
        Binary::Rem if b != 0 => a.wrapping_rem(b),
        _ => return fault("division by zero"),
    }))
}

fn float<'h>(op: Binary, a: f64, b: f64) -> Value<'h> {
    Value::Float(match op {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        _ => a % b,
    })
}
