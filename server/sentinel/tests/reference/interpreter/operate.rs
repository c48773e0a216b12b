//! Operators on values.

use std::cmp::Ordering;

use super::machine::Machine;
use super::value::{Object, Outcome, Value};

/// `+ - * / %`.
pub(crate) fn arithmetic(sign: &str, left: &Value, right: &Value) -> Outcome<Value> {
    use Value::{Float, Int, List, Text, Undefined};
    Ok(match (left, right, sign) {
        (Undefined, ..) | (_, Undefined, _) => Undefined,
        (Int(_), Int(0), "/" | "%") => return Err("division by zero".into()),
        (Int(a), Int(b), _) => Int(match sign {
            "+" => a.wrapping_add(*b),
            "-" => a.wrapping_sub(*b),
            "*" => a.wrapping_mul(*b),
            "/" => a.wrapping_div(*b),
            _ => a.wrapping_rem(*b),
        }),
        (Int(_) | Float(_), Int(_) | Float(_), _) => {
            let (a, b) = (number(left), number(right));
            Float(match sign {
                "+" => a + b,
                "-" => a - b,
                "*" => a * b,
                "/" => a / b,
                _ => a % b,
            })
        }
        (Text(a), Text(b), "+") => {
            if a.len() + b.len() > 1 << 20 {
                return Err(super::machine::TOO_MUCH.into());
            }
            Value::Text([a.as_slice(), b.as_slice()].concat().into())
        }
        (List(a), List(b), "+") => {
            let sum: Vec<_> = a.borrow().iter().chain(b.borrow().iter()).cloned().collect();
            if sum.len() > 100_000 {
                return Err(super::machine::TOO_MUCH.into());
            }
            Value::list(sum)
        }
        _ => return Err(format!("{} {sign} {}", left.kind(), right.kind())),
    })
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Int(i) => *i as f64,
        Value::Float(f) => *f,
        _ => f64::NAN,
    }
}

/// The place an index names in a list of `length`.
pub(crate) fn position(key: &Value, length: usize) -> Outcome<Option<usize>> {
    let index = match key {
        Value::Int(i) => i128::from(*i),
        Value::Float(f) if f.fract() == 0.0 => *f as i128,
        other => return Err(format!("an index of {}", other.kind())),
    };
    let index = if index < 0 { index + length as i128 } else { index };
    Ok(if index >= 0 && index < length as i128 { Some(index as usize) } else { None })
}

/// `x[low:high]`.
pub(crate) fn slice(base: &Value, low: &Option<Value>, high: &Option<Value>) -> Outcome<Value> {
    let length = match base {
        Value::Undefined | Value::Null => return Ok(Value::Undefined),
        Value::List(items) => items.borrow().len(),
        Value::Text(text) => text.len(),
        other => return Err(format!("a slice of {}", other.kind())),
    };
    let mut ends = Vec::new();
    for (given, default) in [(low, 0), (high, length)] {
        ends.push(match given {
            None => default as i128,
            Some(Value::Undefined) => return Ok(Value::Undefined),
            Some(Value::Int(i)) if *i < 0 => return Ok(Value::Undefined),
            Some(Value::Int(i)) => i128::from(*i),
            Some(Value::Float(f)) if f.fract() == 0.0 && *f >= 0.0 => *f as i128,
            Some(other) => return Err(format!("a slice bound of {}", other.kind())),
        });
    }
    if ends[0] > ends[1] || ends[1] > length as i128 {
        return Ok(Value::Undefined);
    }
    let range = ends[0] as usize..ends[1] as usize;
    Ok(match base {
        Value::List(items) => Value::list(items.borrow()[range].to_vec()),
        Value::Text(text) => Value::Text(text[range].to_vec().into()),
        _ => Value::Undefined,
    })
}

/// `None`: not comparable. `Some(None)`: comparable, but without an order.
pub(crate) fn order(left: &Value, right: &Value) -> Option<Option<Ordering>> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => Some(Some(a.cmp(b))),
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            Some(number(left).partial_cmp(&number(right)))
        }
        (Value::Text(a), Value::Text(b)) => Some(Some(a.cmp(b))),
        _ => None,
    }
}

impl Machine<'_> {
    /// Every operator that needs both sides.
    pub(crate) fn operate(&mut self, word: &str, left: &Value, right: &Value) -> Outcome<Value> {
        if matches!(left, Value::Undefined) || matches!(right, Value::Undefined) {
            return Ok(Value::Undefined);
        }
        let answer = match word {
            "+" | "-" | "*" | "/" | "%" => return arithmetic(word, left, right),
            "==" => self.equal(left, right)?,
            "!=" => self.equal(left, right)?.map(|b| !b),
            "<" => order(left, right).map(|o| o == Some(Ordering::Less)),
            ">" => order(left, right).map(|o| o == Some(Ordering::Greater)),
            "<=" => order(left, right).map(|o| matches!(o, Some(Ordering::Less | Ordering::Equal))),
            ">=" => order(left, right).map(|o| matches!(o, Some(Ordering::Greater | Ordering::Equal))),
            "contains" => self.contains(left, right)?,
            "not contains" => self.contains(left, right)?.map(|b| !b),
            "in" => self.contains(right, left)?,
            "not in" => self.contains(right, left)?.map(|b| !b),
            "matches" => Some(super::pattern::matches(left, right)?),
            "not matches" => Some(!super::pattern::matches(left, right)?),
            "xor" => match (left, right) {
                (Value::Bool(a), Value::Bool(b)) => Some(a != b),
                _ => return Err("xor needs bools".into()),
            },
            other => return Err(format!("no operator {other}")),
        };
        Ok(answer.map_or(Value::Undefined, Value::Bool))
    }

    /// Equality; nothing when undefined takes part.
    pub(crate) fn equal(&mut self, left: &Value, right: &Value) -> Outcome<Option<bool>> {
        self.depth += 1;
        if self.depth > 4000 {
            return Err(super::machine::TOO_MUCH.into());
        }
        let (left, right) = (self.force(left.clone())?, self.force(right.clone())?);
        let answer = match (&left, &right) {
            (Value::Undefined, _) | (_, Value::Undefined) => None,
            (Value::Null, Value::Null) => Some(true),
            (Value::Bool(a), Value::Bool(b)) => Some(a == b),
            (Value::Int(a), Value::Int(b)) => Some(a == b),
            (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => Some(number(&left) == number(&right)),
            (Value::Text(a), Value::Text(b)) => Some(a == b),
            (Value::List(a), Value::List(b)) => {
                let (a, b) = (a.borrow().clone(), b.borrow().clone());
                let mut answer = Some(a.len() == b.len());
                for (a, b) in a.iter().zip(&b) {
                    if answer == Some(true) {
                        answer = self.equal(a, b)?;
                    }
                }
                answer
            }
            (Value::Map(a), Value::Map(b)) => {
                let pairs = a.borrow().clone();
                let mut answer = Some(pairs.len() == b.borrow().len());
                for (key, a) in pairs {
                    if answer == Some(true) {
                        answer = match right.get(&key) {
                            Some(b) => self.equal(&a, &b)?,
                            None => Some(false),
                        };
                    }
                }
                answer
            }
            (Value::Object(a), Value::Object(b)) => match (&**a, &**b) {
                (Object::Decimal(a), Object::Decimal(b)) => Some(a.order(b) == Some(Ordering::Equal)),
                _ => Some(false),
            },
            _ => Some(false),
        };
        self.depth -= 1;
        Ok(answer)
    }

    fn contains(&mut self, container: &Value, item: &Value) -> Outcome<Option<bool>> {
        match (container, item) {
            (Value::List(items), _) => {
                let items = items.borrow().clone();
                for element in &items {
                    let answer = self.equal(element, item)?;
                    if answer != Some(false) {
                        return Ok(answer);
                    }
                }
                Ok(Some(false))
            }
            (Value::Map(_), _) => Ok(Some(container.get(item).is_some())),
            (Value::Text(text), Value::Text(part)) => {
                let found = (0..=text.len()).any(|at| text[at..].starts_with(part));
                Ok(Some(found))
            }
            _ => Err(format!("{} contains {}", container.kind(), item.kind())),
        }
    }

    /// `base[key]`, unforced.
    pub(crate) fn index(&mut self, base: &Value, key: &Value) -> Outcome<Value> {
        let found = match (base, key) {
            (Value::Undefined, _) | (_, Value::Undefined) | (Value::Null, _) => None,
            (Value::Map(_), _) => base.get(key),
            (Value::List(items), _) => {
                let items = items.borrow();
                position(key, items.len())?.map(|at| items[at].clone())
            }
            (Value::Text(text), _) => position(key, text.len())?.map(|at| Value::Text(vec![text[at]].into())),
            _ => return Err(format!("an index into {}", base.kind())),
        };
        let found = found.unwrap_or(Value::Undefined);
        self.force(found)
    }
}
