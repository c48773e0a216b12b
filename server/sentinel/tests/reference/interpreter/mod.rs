//! A second interpreter of the language, written to be read and not to be fast: own lexer, own parser, a walk over the tree.
//! It knows nothing of the engine; a test reads these files and says so.

mod builtin;
mod collections;
mod decimal;
mod encoding;
mod expression;
mod instant;
mod lexer;
mod machine;
mod operate;
mod parser;
mod pattern;
mod standard;
mod tree;
mod value;
mod version;
mod walk;

use std::collections::BTreeMap;

use serde_json::Value as Json;

pub(crate) use machine::{Source, TOO_MUCH};
pub(crate) use parser::parse;
use value::Value;

/// Whether a path is that of a standard import.
pub(crate) fn is_standard(path: &str) -> bool {
    standard::PATHS.contains(&path)
}

/// How a policy ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Pass,
    Fail,
    Undefined,
    Error,
}

/// Everything an evaluation shows.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) ending: Ending,
    /// Why it is an error.
    pub(crate) error: Option<String>,
    /// The value of main.
    pub(crate) main: Option<Json>,
    /// Rules of the policy in the order they were evaluated.
    pub(crate) rules: Vec<(String, Option<Json>)>,
    /// Plain values of names of the policy.
    pub(crate) names: BTreeMap<String, Json>,
    pub(crate) printed: String,
}

/// A policy with what it is given.
pub(crate) struct Policy<'p> {
    pub(crate) source: &'p [u8],
    pub(crate) sources: BTreeMap<String, Source>,
    pub(crate) params: Vec<(String, Json)>,
    pub(crate) globals: Vec<(String, Json)>,
    /// Nanoseconds since 1970.
    pub(crate) now: i128,
}

impl Policy<'_> {
    /// Runs the policy.
    pub(crate) fn evaluate(&self) -> Outcome {
        let mut made = Outcome {
            ending: Ending::Error,
            error: None,
            main: None,
            rules: Vec::new(),
            names: BTreeMap::new(),
            printed: String::new(),
        };
        let mut machine = machine::Machine {
            sources: &self.sources,
            params: &self.params,
            globals: &self.globals,
            now: self.now,
            printed: Vec::new(),
            rules: Vec::new(),
            modules: BTreeMap::new(),
            steps: 0,
            depth: 0,
            calls: 0,
        };
        let finished = parse(self.source).and_then(|file| machine.run(&file, true)).and_then(|scope| {
            let main = scope.own("main").ok_or("the policy has no main")?;
            let main = machine.force(main)?;
            builtin::settle(&mut machine, &main, 0)?;
            Ok((scope, main))
        });
        made.printed = machine.printed.join("\n");
        match finished {
            Err(error) => made.error = Some(error),
            Ok((scope, main)) => {
                made.ending = ending(&main);
                made.main = main.to_json(false);
                for (name, value) in scope.all() {
                    if matches!(value, Value::Rule(_)) {
                        continue;
                    }
                    if let Some(json) = json(&mut machine, &value, &mut made.error) {
                        made.names.insert(name, json);
                    }
                }
            }
        }
        for (name, value) in machine.rules.clone() {
            let json = json(&mut machine, &value, &mut made.error);
            made.rules.push((name, json));
        }
        made
    }
}

/// The JSON of a value whose rules can be forced; otherwise the error says why there is none.
fn json(machine: &mut machine::Machine<'_>, value: &Value, error: &mut Option<String>) -> Option<Json> {
    match builtin::settle(machine, value, 0) {
        Ok(()) => value.to_json(false),
        Err(why) => {
            *error = Some(why);
            None
        }
    }
}

fn ending(main: &Value) -> Ending {
    let pass = match main {
        Value::Bool(b) => *b,
        Value::Text(text) => text.is_empty(),
        Value::Int(i) => *i == 0,
        Value::Float(f) => *f == 0.0,
        Value::List(items) => items.borrow().is_empty(),
        Value::Map(pairs) => pairs.borrow().is_empty(),
        Value::Undefined => return Ending::Undefined,
        _ => return Ending::Error,
    };
    if pass { Ending::Pass } else { Ending::Fail }
}
