//! Values: shared, counted, compared the long way round. Maps are lists of pairs.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use serde_json::{Map, Number, Value as Json};

use super::decimal::Decimal;
use super::machine::Scope;
use super::tree::{Func, Rule};

/// A value.
#[derive(Clone)]
pub(crate) enum Value {
    Undefined,
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Rc<Vec<u8>>),
    List(Rc<RefCell<Vec<Value>>>),
    Map(Rc<RefCell<Vec<(Value, Value)>>>),
    Func(Rc<Func>, Rc<Scope>),
    Rule(Rc<Lazy>),
    /// A function of the language or of a standard import, by its full name.
    Native(String),
    /// A method with its receiver.
    Method(Rc<Object>, String),
    Object(Rc<Object>),
    Import(String),
}

/// A rule with its state.
pub(crate) struct Lazy {
    pub(crate) code: Rc<Rule>,
    pub(crate) scope: Rc<Scope>,
    pub(crate) running: Cell<bool>,
    pub(crate) done: RefCell<Option<Value>>,
    /// The name it was assigned to, in the policy itself.
    pub(crate) name: RefCell<Option<String>>,
}

/// What some standard imports make.
pub(crate) enum Object {
    Decimal(Decimal),
    Version(super::version::Version),
    Time { nanos: i128, zone: i64 },
}

/// An evaluation error.
pub(crate) type Outcome<T> = Result<T, String>;

impl Value {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(Rc::new(text.as_bytes().to_vec()))
    }

    pub(crate) fn list(items: Vec<Self>) -> Self {
        Self::List(Rc::new(RefCell::new(items)))
    }

    pub(crate) fn map(items: Vec<(Self, Self)>) -> Self {
        let made = Self::Map(Rc::default());
        for (key, value) in items {
            made.insert(&key, value);
        }
        made
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Undefined => "undefined",
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "string",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Func(..) | Self::Native(_) | Self::Method(..) => "func",
            Self::Rule(_) => "rule",
            Self::Object(_) => "object",
            Self::Import(_) => "import",
        }
    }

    /// What may be the key of a map; whole floats are the int that equals them.
    pub(crate) fn key(&self) -> Option<Self> {
        match self {
            Self::Float(f) if f.fract() == 0.0 && f.abs() < 9e15 => Some(Self::Int(*f as i64)),
            Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::Text(_) => Some(self.clone()),
            _ => None,
        }
    }

    fn same_key(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            _ => false,
        }
    }

    /// The value under a key of a map; nothing when there is none.
    pub(crate) fn get(&self, key: &Self) -> Option<Self> {
        let (Self::Map(pairs), Some(key)) = (self, key.key()) else { return None };
        pairs.borrow().iter().find(|p| p.0.same_key(&key)).map(|p| p.1.clone())
    }

    pub(crate) fn insert(&self, key: &Self, value: Self) {
        let (Self::Map(pairs), Some(key)) = (self, key.key()) else { return };
        let mut pairs = pairs.borrow_mut();
        match pairs.iter_mut().find(|p| p.0.same_key(&key)) {
            Some(pair) => pair.1 = value,
            None => pairs.push((key, value)),
        }
    }

    pub(crate) fn remove(&self, key: &Self) {
        if let (Self::Map(pairs), Some(key)) = (self, key.key()) {
            pairs.borrow_mut().retain(|p| !p.0.same_key(&key));
        }
    }

    /// Keys or positions with their values, as they are now.
    pub(crate) fn pairs(&self) -> Option<Vec<(Self, Self)>> {
        match self {
            Self::List(items) => {
                let items = items.borrow();
                Some(items.iter().enumerate().map(|(n, v)| (Self::Int(n as i64), v.clone())).collect())
            }
            Self::Map(pairs) => Some(pairs.borrow().clone()),
            _ => None,
        }
    }

    /// A JSON document as a value.
    pub(crate) fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(b) => Self::Bool(*b),
            Json::Number(n) => match (n.as_i64(), n.as_f64()) {
                (Some(i), _) => Self::Int(i),
                (None, Some(f)) if f.fract() == 0.0 && f.abs() < 9e15 => Self::Int(f as i64),
                (None, f) => Self::Float(f.unwrap_or(f64::NAN)),
            },
            Json::String(s) => Self::text(s),
            Json::Array(items) => Self::list(items.iter().map(Self::from_json).collect()),
            Json::Object(members) => {
                Self::map(members.iter().map(|(k, v)| (Self::text(k), Self::from_json(v))).collect())
            }
        }
    }

    /// The value as JSON; nothing for undefined and functions. Rules must have been forced.
    pub(crate) fn to_json(&self, drop: bool) -> Option<Json> {
        let inner = |v: &Self| match v.to_json(drop) {
            None if !drop => Some(Json::Null),
            other => other,
        };
        Some(match self {
            Self::Null => Json::Null,
            Self::Bool(b) => Json::Bool(*b),
            Self::Int(i) => Json::from(*i),
            Self::Float(f) => Number::from_f64(*f).map_or(Json::Null, Json::Number),
            Self::Text(t) => Json::String(String::from_utf8_lossy(t).into_owned()),
            Self::List(items) => Json::Array(items.borrow().iter().filter_map(inner).collect()),
            Self::Map(pairs) => {
                let mut members = Map::new();
                for (key, value) in pairs.borrow().iter() {
                    if let Some(json) = inner(value) {
                        members.insert(key.show(0), json);
                    }
                }
                Json::Object(members)
            }
            Self::Rule(rule) => return rule.done.borrow().as_ref().and_then(|v| v.to_json(drop)),
            _ => return None,
        })
    }

    /// The value as print shows it.
    pub(crate) fn show(&self, depth: usize) -> String {
        let list = |items: Vec<String>| items.join(", ");
        match self {
            Self::Undefined | Self::Null | Self::Import(_) => self.kind().to_owned(),
            Self::Func(..) | Self::Native(_) | Self::Method(..) => self.kind().to_owned(),
            Self::Bool(b) => b.to_string(),
            Self::Int(i) => i.to_string(),
            Self::Float(f) if f.is_infinite() => if *f > 0.0 { "+Inf" } else { "-Inf" }.to_owned(),
            Self::Float(f) => f.to_string(),
            Self::Text(t) if depth == 0 => String::from_utf8_lossy(t).into_owned(),
            Self::Text(t) => format!("{:?}", String::from_utf8_lossy(t)),
            Self::List(items) => format!("[{}]", list(items.borrow().iter().map(|v| v.show(depth + 1)).collect())),
            Self::Map(pairs) => {
                let pair = |(k, v): &(Self, Self)| format!("{}: {}", k.show(depth + 1), v.show(depth + 1));
                format!("{{{}}}", list(pairs.borrow().iter().map(pair).collect()))
            }
            Self::Rule(rule) => rule.done.borrow().as_ref().map_or("rule".into(), |v| v.show(depth)),
            Self::Object(_) => "object".into(),
        }
    }
}
