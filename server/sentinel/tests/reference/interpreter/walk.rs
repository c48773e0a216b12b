//! Expressions: a walk over the tree, with names looked up in lists of names.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::machine::{Flow, Machine, Scope, Source, TOO_MUCH, bind};
use super::tree::{Expr, Quantifier};
use super::value::{Lazy, Outcome, Value};

const BUILTINS: [&str; 13] = [
    "append", "delete", "keys", "values", "length", "range", "print", "error", "int", "float", "string", "bool",
    "compare",
];

impl Machine<'_> {
    /// What a name is bound to, unforced.
    pub(super) fn read(&mut self, name: &str, scope: &Rc<Scope>) -> Outcome<Value> {
        if let Some(value) = scope.find(name) {
            return Ok(value);
        }
        if let Some(path) = scope.import(name) {
            return Ok(match (self.sources.get(&path), self.part(&path)) {
                (Some(Source::Static(json)), _) | (None, Some(json)) => Value::from_json(json),
                _ => Value::Import(path),
            });
        }
        if BUILTINS.contains(&name) {
            Ok(Value::Native(name.to_owned()))
        } else {
            Err(format!("unknown identifier {name}"))
        }
    }

    /// The value of an expression, rules forced.
    pub(crate) fn value(&mut self, expr: &Expr, scope: &Rc<Scope>) -> Outcome<Value> {
        let value = self.lazily(expr, scope)?;
        match self.force(value)? {
            Value::Import(_) => Err("an import is no value".into()),
            value => Ok(value),
        }
    }

    /// The value of an expression; a rule that was just written stays lazy.
    pub(super) fn lazily(&mut self, expr: &Expr, scope: &Rc<Scope>) -> Outcome<Value> {
        self.step()?;
        self.depth += 1;
        if self.depth > 4000 {
            return Err(TOO_MUCH.into());
        }
        let made = self.expression(expr, scope);
        self.depth -= 1;
        made
    }

    fn expression(&mut self, expr: &Expr, scope: &Rc<Scope>) -> Outcome<Value> {
        Ok(match expr {
            Expr::Undefined => Value::Undefined,
            Expr::Null => Value::Null,
            Expr::Bool(b) => Value::Bool(*b),
            Expr::Int(i) => Value::Int(*i),
            Expr::Float(f) => Value::Float(*f),
            Expr::Text(t) => Value::Text(Rc::new(t.clone())),
            Expr::Name(name) => {
                let value = self.read(name, scope)?;
                self.force(value)?
            }
            Expr::List(items) => {
                let mut made = Vec::new();
                for item in items {
                    made.push(self.value(item, scope)?);
                }
                Value::list(made)
            }
            Expr::Map(items) => {
                let made = Value::map(Vec::new());
                for (key, value) in items {
                    let key = self.value(key, scope)?;
                    let key = key.key().ok_or("this cannot be a key")?;
                    let value = self.lazily(value, scope)?;
                    if let Value::Import(_) = value {
                        return Err("an import is no value".into());
                    }
                    made.insert(&key, value);
                }
                made
            }
            Expr::Unary(sign, operand) => match (*sign, self.value(operand, scope)?) {
                (_, Value::Undefined) => Value::Undefined,
                ("!", Value::Bool(b)) => Value::Bool(!b),
                ("-", Value::Int(i)) => Value::Int(i.wrapping_neg()),
                ("-", Value::Float(f)) => Value::Float(-f),
                ("+", value @ (Value::Int(_) | Value::Float(_))) => value,
                (sign, value) => return Err(format!("{sign} on {}", value.kind())),
            },
            Expr::Binary(word, left, right) => return self.binary(word, left, right, scope),
            Expr::Test(operand, test, negated) => {
                let value = self.value(operand, scope)?;
                if *test == "defined" {
                    return Ok(Value::Bool(matches!(value, Value::Undefined) == *negated));
                }
                let empty = match &value {
                    Value::Undefined => return Ok(value),
                    Value::Text(t) => t.is_empty(),
                    Value::List(items) => items.borrow().is_empty(),
                    Value::Map(pairs) => pairs.borrow().is_empty(),
                    other => return Err(format!("is empty on {}", other.kind())),
                };
                Value::Bool(empty != *negated)
            }
            Expr::Select(base, word) => {
                // An import may stand in front of a dot.
                let base = self.lazily(base, scope)?;
                let base = self.force(base)?;
                let found = match &base {
                    Value::Undefined | Value::Null => Value::Undefined,
                    Value::Map(_) => base.get(&Value::text(word)).unwrap_or(Value::Undefined),
                    Value::Import(path) => self.member(path, word)?,
                    Value::Object(object) => super::standard::object_member(object, word)?,
                    other => return Err(format!("{} has no members", other.kind())),
                };
                self.force(found)?
            }
            Expr::Index(base, key) => {
                let (base, key) = (self.value(base, scope)?, self.value(key, scope)?);
                let found = self.index(&base, &key)?;
                self.force(found)?
            }
            Expr::Slice(base, low, high) => {
                let base = self.value(base, scope)?;
                let mut bounds = Vec::new();
                for bound in [low, high] {
                    bounds.push(bound.as_ref().map(|b| self.value(b, scope)).transpose()?);
                }
                super::operate::slice(&base, &bounds[0], &bounds[1])?
            }
            Expr::Call(callee, args) => {
                let callee = self.value(callee, scope)?;
                if let Value::Undefined = callee {
                    return Ok(callee);
                }
                let mut values = Vec::new();
                for arg in args {
                    values.push(self.value(arg, scope)?);
                }
                self.call(&callee, values)?
            }
            Expr::Func(code) => Value::Func(Rc::clone(code), Rc::clone(scope)),
            Expr::Rule(code) => Value::Rule(Rc::new(Lazy {
                code: Rc::clone(code),
                scope: Rc::clone(scope),
                running: Cell::new(false),
                done: RefCell::default(),
                name: RefCell::default(),
            })),
            Expr::Quantifier(quantifier) => return self.quantifier(quantifier, scope),
        })
    }

    fn binary(&mut self, word: &str, left: &Expr, right: &Expr, scope: &Rc<Scope>) -> Outcome<Value> {
        let left = self.value(left, scope)?;
        match (word, &left) {
            ("else", Value::Undefined) => return self.value(right, scope),
            ("else", _) => return Ok(left),
            ("and", Value::Undefined | Value::Bool(false)) | ("or", Value::Bool(true)) => return Ok(left),
            ("and" | "or", Value::Bool(_) | Value::Undefined) => {
                let right = self.value(right, scope)?;
                return match (word, &left, &right) {
                    ("or", Value::Undefined, Value::Bool(true)) => Ok(right),
                    (_, Value::Undefined, Value::Bool(_) | Value::Undefined) => Ok(left),
                    (_, _, Value::Bool(_) | Value::Undefined) => Ok(right),
                    _ => Err(format!("{word} on {}", right.kind())),
                };
            }
            ("and" | "or", other) => return Err(format!("{word} on {}", other.kind())),
            _ => {}
        }
        let right = self.value(right, scope)?;
        self.operate(word, &left, &right)
    }

    fn quantifier(&mut self, code: &Quantifier, scope: &Rc<Scope>) -> Outcome<Value> {
        let over = self.value(&code.over, scope)?;
        if let Value::Undefined = over {
            return Ok(over);
        }
        let pairs = over.pairs().ok_or(format!("{} over {}", code.word, over.kind()))?;
        let mut results = Vec::new();
        let mut kept = Vec::new();
        let mut unknown = false;
        for pair in pairs {
            let inner = Scope::inside(scope);
            bind(&inner, &code.names, &over, pair.clone());
            let result = self.value(&code.body, &inner)?;
            match (code.word.as_str(), &result) {
                ("map", _) => results.push(result),
                ("any", Value::Bool(true)) | ("all", Value::Bool(false)) => return Ok(result),
                ("all" | "filter", Value::Undefined) => return Ok(result),
                ("any", Value::Undefined) => unknown = true,
                ("filter", Value::Bool(true)) => kept.push(pair),
                (_, Value::Bool(_)) => {}
                (word, other) => return Err(format!("the body of {word} is {}", other.kind())),
            }
        }
        Ok(match (code.word.as_str(), &over) {
            ("any", _) if unknown => Value::Undefined,
            ("any" | "all", _) => Value::Bool(code.word == "all"),
            ("map", _) => Value::list(results),
            (_, Value::Map(_)) => Value::map(kept),
            _ => Value::list(kept.into_iter().map(|k| k.1).collect()),
        })
    }

    /// Calls anything that can be called.
    pub(crate) fn call(&mut self, callee: &Value, args: Vec<Value>) -> Outcome<Value> {
        match callee {
            Value::Func(code, scope) => {
                if code.params.len() != args.len() {
                    return Err("the wrong number of arguments".into());
                }
                self.calls += 1;
                if self.calls > 300 {
                    return Err("too many calls inside each other".into());
                }
                let inner = Scope::inside(scope);
                for (name, value) in code.params.iter().zip(args) {
                    inner.names.borrow_mut().push((name.clone(), value));
                }
                let flow = self.block(&code.body, &inner)?;
                self.calls -= 1;
                Ok(if let Flow::Return(value) = flow { value } else { Value::Undefined })
            }
            Value::Native(name) if name.contains('.') => super::standard::call(self, name, &args),
            Value::Native(name) => super::builtin::call(self, name, &args),
            Value::Method(object, name) => super::standard::method(object, name, &args),
            other => Err(format!("a call of {}", other.kind())),
        }
    }
}
