//! The evaluator: scopes, files, statements and rules.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value as Json;

use super::standard::{HOST, PATHS};
use super::tree::{Expr, File, Stmt};
use super::value::{Outcome, Value};

/// Names with their values; the innermost comes first.
pub(crate) struct Scope {
    pub(super) names: RefCell<Vec<(String, Value)>>,
    parent: Option<Rc<Scope>>,
    /// The imports of the file, by name.
    imports: Vec<(String, String)>,
    /// Whether this belongs to the policy itself and not to a module.
    policy: bool,
}

impl Scope {
    pub(super) fn inside(parent: &Rc<Self>) -> Rc<Self> {
        let (names, imports) = (RefCell::default(), Vec::new());
        Rc::new(Self { names, parent: Some(Rc::clone(parent)), imports, policy: parent.policy })
    }

    /// A binding of this scope alone.
    pub(crate) fn own(&self, name: &str) -> Option<Value> {
        self.names.borrow().iter().find(|n| n.0 == name).map(|n| n.1.clone())
    }

    /// All bindings of this scope alone.
    pub(crate) fn all(&self) -> Vec<(String, Value)> {
        self.names.borrow().clone()
    }

    fn bind(&self, name: &str, value: Value) {
        let mut names = self.names.borrow_mut();
        match names.iter_mut().find(|n| n.0 == name) {
            Some(found) => found.1 = value,
            None => names.push((name.to_owned(), value)),
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<Value> {
        self.own(name).or_else(|| self.parent.as_ref()?.find(name))
    }

    pub(super) fn import(&self, name: &str) -> Option<String> {
        match &self.parent {
            Some(parent) => parent.import(name),
            None => self.imports.iter().find(|i| i.1 == name).map(|i| i.0.clone()),
        }
    }

    /// Gives the nearest scope that has the name the value.
    fn replace(&self, name: &str, value: &Value) -> bool {
        if self.own(name).is_some() {
            self.bind(name, value.clone());
            return true;
        }
        self.parent.as_ref().is_some_and(|parent| parent.replace(name, value))
    }
}

/// What stands behind an import path.
pub(crate) enum Source {
    Module(File),
    Static(Json),
    Members(Json),
}

/// How a block ended.
pub(crate) enum Flow {
    Next,
    Break,
    Continue,
    Return(Value),
}

/// One evaluation.
pub(crate) struct Machine<'s> {
    pub(crate) sources: &'s BTreeMap<String, Source>,
    pub(crate) params: &'s [(String, Json)],
    pub(crate) globals: &'s [(String, Json)],
    pub(crate) now: i128,
    pub(crate) printed: Vec<String>,
    /// Rules of the policy in the order they were done.
    pub(crate) rules: Vec<(String, Value)>,
    pub(crate) modules: BTreeMap<String, Option<Rc<Scope>>>,
    pub(crate) steps: usize,
    pub(crate) depth: usize,
    pub(crate) calls: usize,
}

/// What an evaluation says when it was too much for this interpreter; such a comparison means nothing.
pub(crate) const TOO_MUCH: &str = "too much for the reference";

impl Machine<'_> {
    /// Runs a file's top level.
    pub(crate) fn run(&mut self, file: &File, policy: bool) -> Outcome<Rc<Scope>> {
        let (names, imports) = (RefCell::default(), file.imports.clone());
        let scope = Rc::new(Scope { names, parent: None, imports, policy });
        for (path, _) in &file.imports {
            let known = self.sources.contains_key(path) || self.part(path).is_some();
            let provided = PATHS.contains(&path.as_str()) || HOST.contains(&path.as_str());
            if !known && !provided {
                return Err(format!("the import {path} is not known"));
            }
        }
        for (path, _) in &file.imports {
            if let Some(Source::Module(_)) = self.sources.get(path) {
                self.module(path)?;
            }
        }
        for (name, json) in self.globals {
            scope.bind(name, Value::from_json(json));
        }
        for (name, default) in &file.params {
            if !policy {
                return Err("a module has no params".into());
            }
            let given = self.params.iter().find(|p| p.0 == *name);
            let value = match (given, default) {
                (Some((_, json)), _) => Value::from_json(json),
                (None, Some(default)) => self.value(default, &scope)?,
                (None, None) => return Err(format!("requires value for parameter {name}")),
            };
            scope.bind(name, value);
        }
        self.block(&file.body, &scope)?;
        Ok(scope)
    }

    fn module(&mut self, path: &str) -> Outcome<Rc<Scope>> {
        match self.modules.get(path) {
            Some(Some(scope)) => return Ok(Rc::clone(scope)),
            Some(None) => return Err("modules import each other in a circle".into()),
            None => {}
        }
        let Some(Source::Module(file)) = self.sources.get(path) else { return Err(format!("no module {path}")) };
        self.modules.insert(path.to_owned(), None);
        let scope = self.run(file, false)?;
        self.modules.insert(path.to_owned(), Some(Rc::clone(&scope)));
        Ok(scope)
    }

    /// What a path leads to inside static data.
    pub(super) fn part(&self, path: &str) -> Option<&Json> {
        let (name, rest) = path.split_once('/')?;
        let Some(Source::Static(json)) = self.sources.get(name) else { return None };
        rest.split('/').try_fold(json, |json, step| json.get(step))
    }

    pub(super) fn step(&mut self) -> Outcome<()> {
        self.steps += 1;
        if self.steps > 2_000_000 { Err(TOO_MUCH.into()) } else { Ok(()) }
    }

    pub(super) fn block(&mut self, body: &[Stmt], scope: &Rc<Scope>) -> Outcome<Flow> {
        for stmt in body {
            match self.statement(stmt, scope)? {
                Flow::Next => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, stmt: &Stmt, scope: &Rc<Scope>) -> Outcome<Flow> {
        self.step()?;
        match stmt {
            Stmt::Expr(expr) => {
                self.lazily(expr, scope)?;
            }
            Stmt::Assign(name, sign, expr) => {
                let mut value = match (expr, sign.as_str()) {
                    // `b = a` leaves the rule behind a alone.
                    (Expr::Name(source), "=") => self.read(source, scope)?,
                    _ => self.lazily(expr, scope)?,
                };
                if let Value::Import(_) = value {
                    return Err("an import is no value".into());
                }
                if let (Value::Rule(rule), Expr::Rule(_)) = (&value, expr)
                    && scope.policy
                {
                    *rule.name.borrow_mut() = Some(name.clone());
                }
                if sign != "=" {
                    let old = self.read(name, scope)?;
                    let old = self.force(old)?;
                    let new = self.force(value)?;
                    value = super::operate::arithmetic(&sign[..1], &old, &new)?;
                }
                if !scope.replace(name, &value) {
                    scope.bind(name, value);
                }
            }
            Stmt::SetIndex(base, key, sign, expr) => {
                let mut value = self.value(expr, scope)?;
                let base = self.value(base, scope)?;
                let key = self.value(key, scope)?;
                if sign != "=" {
                    let old = self.index(&base, &key)?;
                    value = super::operate::arithmetic(&sign[..1], &old, &value)?;
                }
                match &base {
                    Value::Map(_) if key.key().is_some() => base.insert(&key, value),
                    Value::List(items) => {
                        let position = super::operate::position(&key, items.borrow().len())?;
                        items.borrow_mut()[position.ok_or("the index is outside the list")?] = value;
                    }
                    _ => return Err("this has no elements to assign".into()),
                }
            }
            Stmt::If(arms, otherwise) => {
                for (condition, body) in arms {
                    match self.value(condition, scope)? {
                        Value::Bool(true) => return self.block(body, scope),
                        Value::Bool(false) | Value::Undefined => {}
                        other => return Err(format!("if {}", other.kind())),
                    }
                }
                if let Some(body) = otherwise {
                    return self.block(body, scope);
                }
            }
            Stmt::For(over, names, body) => {
                let over = self.value(over, scope)?;
                let pairs = over.pairs().ok_or(format!("for over {}", over.kind()))?;
                for pair in pairs {
                    let inner = Scope::inside(scope);
                    bind(&inner, names, &over, pair);
                    match self.block(body, &inner)? {
                        Flow::Next | Flow::Continue => {}
                        Flow::Break => break,
                        done @ Flow::Return(_) => return Ok(done),
                    }
                }
            }
            Stmt::Case(subject, clauses, otherwise) => {
                let subject = match subject {
                    Some(subject) => self.value(subject, scope)?,
                    None => Value::Bool(true),
                };
                for (values, body) in clauses {
                    for value in values {
                        let value = self.value(value, scope)?;
                        if self.equal(&subject, &value)? == Some(true) {
                            return self.block(body, scope);
                        }
                    }
                }
                if let Some(body) = otherwise {
                    return self.block(body, scope);
                }
            }
            Stmt::Break => return Ok(Flow::Break),
            Stmt::Continue => return Ok(Flow::Continue),
            Stmt::Return(None) => return Ok(Flow::Return(Value::Undefined)),
            Stmt::Return(Some(expr)) => return Ok(Flow::Return(self.lazily(expr, scope)?)),
        }
        Ok(Flow::Next)
    }

    /// The value of a rule, computed once; anything else as it is.
    pub(crate) fn force(&mut self, value: Value) -> Outcome<Value> {
        let Value::Rule(rule) = &value else { return Ok(value) };
        if let Some(done) = &*rule.done.borrow() {
            return Ok(done.clone());
        }
        if rule.running.replace(true) {
            return Err("a rule needs its own value".into());
        }
        let mut result = None;
        if let Some(when) = &rule.code.when {
            match self.value(when, &rule.scope)? {
                Value::Bool(true) => {}
                Value::Bool(false) => result = Some(Value::Bool(true)),
                Value::Undefined => result = Some(Value::Undefined),
                other => return Err(format!("when {}", other.kind())),
            }
        }
        let result = match result {
            Some(result) => result,
            None => self.value(&rule.code.body, &rule.scope)?,
        };
        if result.kind() == "func" {
            return Err("the value of a rule is a function".into());
        }
        *rule.done.borrow_mut() = Some(result.clone());
        if let Some(name) = &*rule.name.borrow() {
            self.rules.push((name.clone(), result.clone()));
        }
        Ok(result)
    }

    pub(super) fn member(&mut self, path: &str, word: &str) -> Outcome<Value> {
        match self.sources.get(path) {
            Some(Source::Members(json)) => Ok(json.get(word).map_or(Value::Undefined, Value::from_json)),
            Some(Source::Static(json)) => Ok(json.get(word).map_or(Value::Undefined, Value::from_json)),
            Some(Source::Module(_)) => {
                let found = self.module(path)?.own(word).unwrap_or(Value::Undefined);
                let value = self.force(found)?;
                Ok(copy(&value))
            }
            None => super::standard::member(path, word, self.now),
        }
    }
}

/// A list or map with everything in it anew.
fn copy(value: &Value) -> Value {
    match value {
        Value::List(items) => Value::list(items.borrow().iter().map(copy).collect()),
        Value::Map(pairs) => Value::map(pairs.borrow().iter().map(|(k, v)| (k.clone(), copy(v))).collect()),
        other => other.clone(),
    }
}

pub(super) fn bind(scope: &Scope, names: &[String], over: &Value, (key, value): (Value, Value)) {
    match (names, over) {
        ([one], Value::Map(_)) => scope.bind(one, key),
        ([one], _) => scope.bind(one, value),
        _ => {
            scope.bind(&names[0], key);
            // The same name twice: what comes first is found first.
            scope.names.borrow_mut().push((names[1].clone(), value));
        }
    }
}
