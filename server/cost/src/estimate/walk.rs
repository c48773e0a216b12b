//! Comparing values and walking into them, one step of a path at a time.

use super::value::{Gap, Value, below};
use crate::definition::Step;
use crate::node::Node;

/// Null equals what is not set; nothing can be said of what is unknown.
pub(super) fn same(left: &Value<'_>, right: &Value<'_>) -> Result<bool, Gap> {
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

pub(super) fn first<'v>(value: &Value<'v>) -> Option<Value<'v>> {
    match value {
        Value::List(items) => items.first().cloned(),
        Value::Node(Node::List(items), unknown) => {
            items.first().map(|item| Value::of(Some(item), below(*unknown, 0), String::new))
        }
        _ => None,
    }
}

pub(super) fn field<'v>(value: &Value<'v>, step: &Step, whole: &[Step]) -> Value<'v> {
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

pub(super) fn display(steps: &[Step]) -> String {
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
