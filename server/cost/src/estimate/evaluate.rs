//! Evaluating expressions of a definition for one resource on one side of the change.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;

use rust_decimal::Decimal;

use super::functions;
use super::value::{Gap, Value, below, short};
use crate::catalogue::{Catalogue, Price};
use crate::definition::{Definition, Expression, Operator, Piece, Step};
use crate::node::Node;
use crate::plan::{Side, World};

/// A name in scope: its value, and whether the value came from the usage file without a default to fall back on.
pub(crate) struct Binding<'v> {
    pub(crate) name: &'v str,
    pub(crate) value: Value<'v>,
    pub(crate) used: bool,
}

/// The attributes that names without a binding mean.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'v> {
    pub(crate) node: &'v Node<'v>,
    pub(crate) unknown: &'v Node<'v>,
}

pub(crate) struct Evaluator<'v, 'a> {
    pub(crate) world: &'v World<'a>,
    pub(crate) catalogue: &'v Catalogue,
    pub(crate) prices: &'v Known,
    pub(crate) definition: &'v Definition,
    pub(crate) at: usize,
    pub(crate) side: Side,
    pub(crate) subject: Subject<'v>,
    pub(crate) usage: Option<&'v Node<'v>>,
    pub(crate) hours: Decimal,
    pub(crate) region: Option<&'v str>,
    pub(crate) scope: Vec<Binding<'v>>,
    /// Where the names of the current fragment begin; it does not see its includer's.
    pub(crate) base: usize,
    /// Whether usage was read since this was last reset.
    pub(crate) used: bool,
    /// Resources that names of this definition lead to: a name is used often and followed once.
    pub(crate) followed: Vec<(&'v str, Vec<usize>)>,
    /// The last price looked up, for its source and date.
    pub(crate) price: Option<Price>,
}

impl<'v> Evaluator<'v, '_> {
    pub(crate) fn evaluate(&mut self, expression: &'v Expression) -> Value<'v> {
        match expression {
            Expression::Null => Value::Void(Gap::Unset("null".into())),
            Expression::Bool(value) => Value::Bool(*value),
            Expression::Number(number) => Value::Number(*number),
            Expression::Template(pieces) => self.template(pieces),
            Expression::Path(steps) => self.path(steps),
            Expression::List(items) => Value::List(items.iter().map(|item| self.evaluate(item)).collect()),
            Expression::Not(inner) => match self.evaluate(inner).holds() {
                Ok(held) => Value::Bool(!held),
                Err(gap) => Value::Void(gap),
            },
            Expression::Negate(inner) => match self.evaluate(inner).number() {
                Ok(number) => Value::Number(-number),
                Err(gap) => Value::Void(gap),
            },
            Expression::Choose(condition, yes, no) => match self.evaluate(condition).holds() {
                Ok(true) => self.evaluate(yes),
                Ok(false) => self.evaluate(no),
                Err(gap) => Value::Void(gap),
            },
            Expression::Binary(operator, left, right) => self.binary(*operator, left, right),
            Expression::Call(name, arguments) => match functions::call(self, name, arguments) {
                Ok(value) => value,
                Err(gap) => Value::Void(gap),
            },
        }
    }

    fn template(&mut self, pieces: &'v [Piece]) -> Value<'v> {
        if let [Piece::Text(text)] = pieces {
            return Value::Text(Cow::Borrowed(text));
        }
        let mut whole = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => whole.push_str(text),
                Piece::Hole(expression) => match self.evaluate(expression).text() {
                    Ok(text) => whole.push_str(&text),
                    Err(gap) => return Value::Void(gap),
                },
            }
        }
        Value::Text(Cow::Owned(whole))
    }

    fn path(&mut self, steps: &'v [Step]) -> Value<'v> {
        let (Some(Step::Field(root)), rest) = (steps.first(), steps.get(1..).unwrap_or_default()) else {
            return Value::Void(Gap::Invalid("a path begins with a name".into()));
        };
        if let Some(binding) = self.scope[self.base..].iter().rev().find(|binding| binding.name == root) {
            self.used |= binding.used;
            let (value, from_usage) = (binding.value.clone(), binding.used);
            return match self.descend(value, rest, steps) {
                // What a part of the usage does not say is usage that nobody gave.
                Value::Void(Gap::Unset(path)) if from_usage && !rest.is_empty() => Value::Void(Gap::Usage(path)),
                found => found,
            };
        }
        match root.as_str() {
            "hours" => return Value::Number(self.hours),
            "region" => return self.region.map_or(Value::Void(Gap::Region), |region| Value::Text(region.into())),
            "address" => return Value::Text(Cow::Owned(self.world.resources[self.at].address.to_string())),
            "type" => return Value::Text(Cow::Owned(self.world.resources[self.at].kind.to_string())),
            "usage" => return self.usage(rest, steps),
            "self" => return self.descend(Value::Node(self.subject.node, Some(self.subject.unknown)), rest, steps),
            _ => {}
        }
        if let Some((_, found)) = self.followed.iter().find(|(name, _)| name == root) {
            return self.resources(found.clone(), rest, steps);
        }
        if let Some(reference) = self.definition.references.iter().find(|reference| reference.name == *root) {
            let named = |path: &String| self.world.named_by(self.at, path, &reference.types, self.side);
            let found: Vec<usize> = reference.paths.iter().flat_map(named).collect();
            self.followed.push((root, found.clone()));
            return self.resources(found, rest, steps);
        }
        if let Some(back) = self.definition.backs.iter().find(|back| back.name == *root) {
            let found = self.world.naming(self.at, &back.kind, &back.attribute, self.side);
            self.followed.push((root, found.clone()));
            return self.resources(found, rest, steps);
        }
        self.descend(Value::Node(self.subject.node, Some(self.subject.unknown)), steps, steps)
    }

    fn resources(&mut self, found: Vec<usize>, rest: &'v [Step], whole: &'v [Step]) -> Value<'v> {
        if found.is_empty() {
            return Value::Void(Gap::Unset(display(whole)));
        }
        self.descend(Value::List(found.into_iter().map(Value::Resource).collect()), rest, whole)
    }

    fn usage(&mut self, rest: &'v [Step], whole: &'v [Step]) -> Value<'v> {
        let found = match self.usage {
            Some(usage) => self.descend(Value::Node(usage, None), rest, whole),
            None => Value::Void(Gap::Unset(String::new())),
        };
        match found {
            Value::Void(_) => Value::Void(Gap::Usage(display(whole).trim_start_matches("usage.").to_owned())),
            found => {
                self.used = true;
                found
            }
        }
    }

    fn descend(&self, mut value: Value<'v>, steps: &'v [Step], whole: &'v [Step]) -> Value<'v> {
        for step in steps {
            // A block stands in a list of one; its fields are meant without an index.
            if matches!(step, Step::Field(_)) {
                while let Some(first) = first(&value) {
                    value = first;
                }
            }
            value = match (&value, step) {
                (Value::Resource(at), Step::Field(name)) => {
                    let resource = &self.world.resources[*at];
                    if name == "resource_address" {
                        value = Value::Text(Cow::Owned(resource.address.to_string()));
                        continue;
                    }
                    let whole_resource = Value::Node(resource.kept(self.side), Some(resource.kept_unknown(self.side)));
                    field(&whole_resource, step, whole)
                }
                _ => field(&value, step, whole),
            };
        }
        value
    }

    fn binary(&mut self, operator: Operator, left: &'v Expression, right: &'v Expression) -> Value<'v> {
        let outcome = match operator {
            Operator::Otherwise => {
                let before = self.used;
                return match self.evaluate(left) {
                    Value::Void(Gap::Invalid(what)) => Value::Void(Gap::Invalid(what)),
                    Value::Void(gap) => {
                        self.used = before;
                        match (gap, self.evaluate(right)) {
                            // That the apply will tell says more than that the other is not set.
                            (gap @ Gap::Unknown(_), Value::Void(Gap::Unset(_))) => Value::Void(gap),
                            (_, otherwise) => otherwise,
                        }
                    }
                    found => {
                        self.used = before;
                        found
                    }
                };
            }
            // What is unknown on one side does not matter where the other side decides.
            Operator::And => match (self.evaluate(left).holds(), right) {
                (Ok(false), _) => Ok(Value::Bool(false)),
                (Ok(true), right) => self.evaluate(right).holds().map(Value::Bool),
                (Err(gap), right) => match self.evaluate(right).holds() {
                    Ok(false) => Ok(Value::Bool(false)),
                    _ => Err(gap),
                },
            },
            Operator::Or => match (self.evaluate(left).holds(), right) {
                (Ok(true), _) => Ok(Value::Bool(true)),
                (Ok(false), right) => self.evaluate(right).holds().map(Value::Bool),
                (Err(gap), right) => match self.evaluate(right).holds() {
                    Ok(true) => Ok(Value::Bool(true)),
                    _ => Err(gap),
                },
            },
            Operator::Equal => self.equal(left, right).map(Value::Bool),
            Operator::Differs => self.equal(left, right).map(|same| Value::Bool(!same)),
            Operator::In => {
                let left = self.evaluate(left);
                self.evaluate(right).items().and_then(|items| {
                    for item in items {
                        if same(&left, &item)? {
                            return Ok(Value::Bool(true));
                        }
                    }
                    Ok(Value::Bool(false))
                })
            }
            _ => self.arithmetic(operator, left, right),
        };
        outcome.unwrap_or_else(Value::Void)
    }

    fn equal(&mut self, left: &'v Expression, right: &'v Expression) -> Result<bool, Gap> {
        let (left, right) = (self.evaluate(left), self.evaluate(right));
        same(&left, &right)
    }

    fn arithmetic(
        &mut self,
        operator: Operator,
        left: &'v Expression,
        right: &'v Expression,
    ) -> Result<Value<'v>, Gap> {
        let (left, right) = (self.evaluate(left).number()?, self.evaluate(right).number()?);
        let result = match operator {
            Operator::Add => left.checked_add(right),
            Operator::Subtract => left.checked_sub(right),
            Operator::Multiply => left.checked_mul(right),
            Operator::Divide => left.checked_div(right),
            Operator::Less => return Ok(Value::Bool(left < right)),
            Operator::AtMost => return Ok(Value::Bool(left <= right)),
            Operator::More => return Ok(Value::Bool(left > right)),
            _ => return Ok(Value::Bool(left >= right)),
        };
        result.map(Value::Number).ok_or_else(|| Gap::Invalid("a quantity is out of range".into()))
    }

    /// Looks a price up in the resource's region.
    pub(crate) fn look_up(&mut self, key: &str) -> Result<Decimal, Gap> {
        match self.prices.find(self.catalogue, key, self.region.unwrap_or("*")) {
            Some(price) => {
                let amount = price.amount;
                self.price = Some(price);
                Ok(amount)
            }
            None => match self.region {
                Some(region) => Err(Gap::NoPrice { key: short(key), region: short(region) }),
                None => Err(Gap::Region),
            },
        }
    }
}

/// Prices that this estimate has asked for already: most resources of a plan are of few kinds.
#[derive(Default)]
pub(crate) struct Known {
    by_region: RefCell<HashMap<String, HashMap<String, Option<Price>>>>,
}

impl Known {
    fn find(&self, catalogue: &Catalogue, key: &str, region: &str) -> Option<Price> {
        let mut by_region = self.by_region.borrow_mut();
        if let Some(known) = by_region.get(region).and_then(|prices| prices.get(key)) {
            return known.clone();
        }
        let found = catalogue.find(key, region);
        by_region.entry(region.to_owned()).or_default().insert(key.to_owned(), found.clone());
        found
    }
}

/// Null equals what is not set; nothing can be said of what is unknown.
fn same(left: &Value<'_>, right: &Value<'_>) -> Result<bool, Gap> {
    match (left, right) {
        (Value::Void(Gap::Unset(_) | Gap::Usage(_)), Value::Void(Gap::Unset(_) | Gap::Usage(_))) => Ok(true),
        (Value::Void(gap), other) | (other, Value::Void(gap)) => match (gap, other) {
            (Gap::Unset(_) | Gap::Usage(_), Value::Bool(value)) => Ok(!value),
            (Gap::Unset(_) | Gap::Usage(_), Value::Node(node, _)) => Ok(node.is_blank()),
            (Gap::Unset(_) | Gap::Usage(_), Value::List(items)) => Ok(items.is_empty()),
            (Gap::Unset(_) | Gap::Usage(_), Value::Void(other)) => Err(other.clone()),
            (Gap::Unset(_) | Gap::Usage(_), _) => Ok(false),
            _ => Err(gap.clone()),
        },
        (Value::Number(_), _) | (_, Value::Number(_)) => match (left.number(), right.number()) {
            (Ok(left), Ok(right)) => Ok(left == right),
            _ => Ok(false),
        },
        _ => Ok(left.text()? == right.text()?),
    }
}

fn first<'v>(value: &Value<'v>) -> Option<Value<'v>> {
    match value {
        Value::List(items) => items.first().cloned(),
        Value::Node(Node::List(items), unknown) => {
            items.first().map(|item| Value::of(Some(item), below(*unknown, 0), String::new))
        }
        _ => None,
    }
}

fn field<'v>(value: &Value<'v>, step: &Step, whole: &[Step]) -> Value<'v> {
    match (value, step) {
        (Value::Node(node, unknown), Step::Field(name)) => {
            let inner = match unknown {
                Some(Node::Object(_)) => unknown.and_then(|unknown| unknown.get(name)),
                Some(Node::Bool(true)) => *unknown,
                _ => None,
            };
            Value::of(node.get(name), inner, || display(whole))
        }
        (Value::Node(Node::List(items), unknown), Step::Index(at)) => {
            Value::of(items.get(*at), below(*unknown, *at), || display(whole))
        }
        (Value::List(items), Step::Index(at)) => {
            items.get(*at).cloned().unwrap_or_else(|| Value::Void(Gap::Unset(display(whole))))
        }
        (single, Step::Index(0)) => single.clone(),
        (Value::Void(gap), _) => Value::Void(gap.clone()),
        _ => Value::Void(Gap::Unset(display(whole))),
    }
}

fn display(steps: &[Step]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Field(name) if path.is_empty() => path.push_str(name),
            Step::Field(name) => {
                path.push('.');
                path.push_str(name);
            }
            Step::Index(at) => {
                path.push_str(&format!("[{at}]"));
            }
        }
    }
    path
}
