//! One evaluation of a policy: what goes in, and what comes out.

use std::collections::BTreeMap;
use std::sync::Arc;

use bumpalo::Bump;
use serde_json::Value as Json;

use crate::diagnostic::line_and_column;
use crate::eval::{Fault, Machine, Unit};
use crate::http::Door;
use crate::import::{Hosts, Link};
use crate::limits::Limits;
use crate::report::{Position, Report, RuleReport, Verdict};
use crate::std_imports::Standard;
use crate::syntax::ast::Program;
use crate::terraform::Host;
use crate::value::{Objects, Origin, Value, to_json};

/// What stands behind an import path that the configuration names.
#[derive(Debug, Clone)]
pub enum Provider {
    /// A module: a Sentinel file.
    Module(Arc<Program>),
    /// A JSON document that is a value of its own.
    Static(Arc<Json>),
    /// Mock data: an object whose members the import has.
    Members(Arc<Json>),
}

/// Everything one evaluation needs.
#[derive(Debug, Clone)]
pub struct Run {
    /// The policy.
    pub policy: Arc<Program>,
    /// Mocks, by import path: they replace whatever else has the path.
    pub mocks: BTreeMap<String, Provider>,
    /// Modules and static data, by import path.
    pub imports: BTreeMap<String, Provider>,
    /// Parameter values.
    pub params: Vec<(String, Json)>,
    /// Names bound in every file scope.
    pub globals: Vec<(String, Json)>,
    /// `terraform show -json` of the plan, for the Terraform imports.
    pub plan: Option<Arc<Json>>,
    /// The members of `tfrun`.
    pub run: Option<Arc<Json>>,
    /// The time policies see, in nanoseconds since 1970.
    pub now: i128,
    /// Names of the policy whose plain values the report is to hold.
    pub watched: Vec<String>,
    /// The way out for the `http` import; without one it opens no connection.
    pub http: Option<Door>,
    /// What the policy may use.
    pub limits: Limits,
}

/// The stack of the evaluating thread. Only what is touched takes memory.
const STACK: usize = 256 << 20;

impl Run {
    /// A run of a policy without imports, parameters and documents.
    #[must_use]
    pub fn new(policy: Arc<Program>) -> Self {
        Self {
            policy,
            mocks: BTreeMap::new(),
            imports: BTreeMap::new(),
            params: Vec::new(),
            globals: Vec::new(),
            plan: None,
            run: None,
            now: 0,
            watched: Vec::new(),
            http: None,
            limits: Limits::default(),
        }
    }

    /// Evaluates the policy on a thread of its own with a stack for deep recursion. Never panics on what a policy does.
    #[must_use]
    pub fn evaluate(&self) -> Report {
        let evaluate = || {
            let spawned = std::thread::Builder::new().stack_size(STACK);
            std::thread::scope(|scope| match spawned.spawn_scoped(scope, || self.evaluate_here()) {
                Ok(thread) => thread
                    .join()
                    .unwrap_or_else(|_| Report::error("the engine failed on this policy; please report it")),
                Err(error) => Report::error(format!("no thread could be started to evaluate the policy: {error}")),
            })
        };
        evaluate()
    }

    fn evaluate_here(&self) -> Report {
        let units = match self.link() {
            Ok(units) => units,
            Err(report) => return *report,
        };
        let (bump, objects) = (Bump::new(), Objects::default());
        let hosts = Hosts { plan: self.plan.as_deref(), run: self.run.as_deref(), ..Hosts::default() };
        let mut machine =
            Machine::new((&bump, &objects), &units, hosts, &self.params, &self.globals, &self.limits, self.now);
        machine.door = self.http.as_ref();
        let outcome = machine.instance(0).and_then(|frame| {
            let slot = self.policy.names.iter().position(|n| **n == *"main");
            let main = slot.map_or(Value::Unbound, |slot| frame.slots[slot].get());
            machine.force(main)
        });
        let position = |origin: Option<Origin>| origin.map(|o| position(&units[o.program as usize].program, o.at));
        let mut report = match outcome {
            Ok(main) => {
                let (verdict, error) = verdict(main);
                let mut report = Report { verdict, error: error.map(|e| (e, None)), ..Report::error("") };
                if let Value::Undefined(origin) = main {
                    report.undefined_at = position(origin);
                }
                report.error = report.error.filter(|_| verdict == Verdict::Error);
                report.main = to_json(&mut machine, main, false, 0).ok().flatten();
                report
            }
            Err(fault) => {
                let Fault { message, origin } = *fault;
                let mut report = Report::error(message);
                if let Some((_, at)) = &mut report.error {
                    *at = position(origin);
                }
                report
            }
        };
        report.description = self.policy.description.as_deref().map(str::to_owned);
        report.printed = std::mem::take(&mut machine.printed).trim_end_matches('\n').to_owned();
        for record in std::mem::take(&mut machine.records) {
            report.rules.push(RuleReport {
                name: record.name.to_owned(),
                description: record.description.map(str::to_owned),
                position: crate::run::position(&self.policy, record.at),
                value: to_json(&mut machine, record.value, false, 0).ok().flatten(),
            });
        }
        if let Some(frame) = machine.instances[0] {
            for (name, slot) in self.policy.names.iter().zip(frame.slots) {
                if matches!(slot.get(), Value::Rule(_) | Value::Unbound) || !self.watched.iter().any(|w| **w == **name)
                {
                    continue;
                }
                if let Ok(Some(json)) = to_json(&mut machine, slot.get(), false, 0) {
                    report.names.insert(name.to_string(), json);
                }
            }
        }
        report
    }

    /// Follows the imports of the policy and of its modules.
    fn link(&self) -> Result<Vec<Unit>, Box<Report>> {
        let mut units = vec![Unit { program: Arc::clone(&self.policy), links: Vec::new() }];
        let mut known: BTreeMap<String, u32> = BTreeMap::new();
        let mut next = 0;
        while next < units.len() {
            let program = Arc::clone(&units[next].program);
            if let (Some(param), true) = (program.params.first(), next > 0) {
                let message = format!("a module has no params, so {} cannot be declared", param.name.text);
                return Err(refusal(message, &program, param.at));
            }
            for import in &program.imports {
                let path = &*import.path;
                let given = self.mocks.get(path).or_else(|| self.imports.get(path));
                let link = match given {
                    Some(Provider::Module(module)) => {
                        let number = *known.entry(path.to_owned()).or_insert_with(|| {
                            units.push(Unit { program: Arc::clone(module), links: Vec::new() });
                            (units.len() - 1) as u32
                        });
                        Link::Module(number)
                    }
                    Some(Provider::Static(json)) => Link::Static(Arc::clone(json)),
                    Some(Provider::Members(json)) => Link::Members(Arc::clone(json)),
                    None => match (self.walk_static(path), Host::of(path), Standard::of(path)) {
                        (Some(json), ..) => Link::Static(json),
                        (_, Some(host), _) => Link::Host(host),
                        (_, _, Some(standard)) => Link::Standard(standard),
                        _ => {
                            return Err(refusal(format!("the import {path:?} is not known"), &program, import.at));
                        }
                    },
                };
                units[next].links.push(link);
            }
            next += 1;
        }
        Ok(units)
    }

    /// `import "animals/dogs"`: a path into static data.
    fn walk_static(&self, path: &str) -> Option<Arc<Json>> {
        let (name, rest) = path.split_once('/')?;
        let Some(Provider::Static(json)) = self.imports.get(name) else { return None };
        let found = rest.split('/').try_fold(&**json, |at, step| at.get(step))?;
        Some(Arc::new(found.clone()))
    }
}

fn verdict(main: Value<'_>) -> (Verdict, Option<String>) {
    let pass = match main {
        Value::Bool(b) => b,
        Value::Str(text) => text.is_empty(),
        Value::Int(i) => i == 0,
        Value::Float(f) => f == 0.0,
        Value::List(list) => list.len() == 0,
        Value::Map(map) => map.len() == 0,
        Value::Undefined(_) => return (Verdict::Undefined, None),
        Value::Unbound => return (Verdict::Error, Some("the policy has no main".into())),
        other => return (Verdict::Error, Some(format!("main cannot be a {}", other.type_name()))),
    };
    (if pass { Verdict::Pass } else { Verdict::Fail }, None)
}

fn position(program: &Program, at: u32) -> Position {
    let (line, column) = line_and_column(&program.text, at as usize);
    Position { file: program.file.clone(), offset: at as usize, line, column }
}

/// The report of a policy that cannot be run because of something at `at`.
fn refusal(message: String, program: &Program, at: u32) -> Box<Report> {
    Box::new(Report { error: Some((message, Some(position(program, at)))), ..Report::error("") })
}
