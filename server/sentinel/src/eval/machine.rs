//! The machine's state: arena, bounds, scopes, what was printed and which rules were forced.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use bumpalo::Bump;
use regex::bytes::Regex;
use serde_json::Value as Json;

use super::{Outcome, fault};
use crate::http::Door;
use crate::import::{Hosts, Link};
use crate::limits::Limits;
use crate::syntax::ast::Program;
use crate::value::{Frozen, Objects, Shelf, Value};

/// The names of a scope and the scope around it.
pub(crate) struct Frame<'h> {
    pub(crate) slots: &'h [Cell<Value<'h>>],
    pub(crate) parent: Option<&'h Frame<'h>>,
}

impl<'h> Frame<'h> {
    pub(crate) fn new(bump: &'h Bump, size: usize, parent: Option<&'h Frame<'h>>) -> &'h Self {
        let slots = bump.alloc_slice_fill_with(size, |_| Cell::new(Value::Unbound));
        bump.alloc(Self { slots, parent })
    }

    pub(crate) fn clear(&self) {
        self.slots.iter().for_each(|slot| slot.set(Value::Unbound));
    }
}

/// A program of the run with what its imports lead to.
pub(crate) struct Unit {
    pub(crate) program: Arc<Program>,
    pub(crate) links: Vec<Link>,
}

/// A forced rule of the policy.
pub(crate) struct RuleRecord<'h> {
    pub(crate) name: &'h str,
    pub(crate) at: u32,
    pub(crate) description: Option<&'h str>,
    pub(crate) value: Value<'h>,
}

/// A member of a module as it was shown.
pub(crate) struct Export<'h> {
    /// The collection itself.
    pub(crate) of: Value<'h>,
    pub(crate) frozen: Frozen<'h>,
    /// The machine's count of changes at that time.
    pub(crate) changes: u64,
}

/// The state of one run.
pub(crate) struct Machine<'h> {
    pub(crate) bump: &'h Bump,
    pub(crate) objects: Shelf<'h>,
    pub(crate) units: &'h [Unit],
    pub(crate) hosts: Hosts<'h>,
    pub(crate) instances: Vec<Option<&'h Frame<'h>>>,
    pub(crate) exports: HashMap<(u32, u16), Export<'h>>,
    /// How often anything that a module showed has changed.
    pub(crate) changes: &'h Cell<u64>,
    pub(crate) params: &'h [(String, Json)],
    pub(crate) globals: &'h [(String, Json)],
    pub(crate) printed: String,
    pub(crate) records: Vec<RuleRecord<'h>>,
    pub(crate) program: u32,
    pub(crate) now: i128,
    pub(crate) depth: usize,
    pub(crate) calls: usize,
    pub(crate) regexes: HashMap<Vec<u8>, Rc<Regex>>,
    pub(crate) limits: &'h Limits,
    pub(crate) door: Option<&'h Door>,
    pub(crate) strict: bool,
    loading: Vec<bool>,
    steps: u64,
    deadline: Option<Instant>,
}

impl<'h> Machine<'h> {
    pub(crate) fn new(
        (bump, objects): (&'h Bump, &'h Objects),
        units: &'h [Unit],
        hosts: Hosts<'h>,
        params: &'h [(String, Json)],
        globals: &'h [(String, Json)],
        limits: &'h Limits,
        now: i128,
    ) -> Self {
        Self {
            bump,
            objects: Shelf::new(objects),
            units,
            hosts,
            instances: units.iter().map(|_| None).collect(),
            exports: HashMap::new(),
            changes: bump.alloc(Cell::new(0)),
            params,
            globals,
            printed: String::new(),
            records: Vec::new(),
            program: 0,
            now,
            depth: 0,
            calls: 0,
            regexes: HashMap::new(),
            limits,
            door: None,
            strict: limits.strict,
            loading: vec![false; units.len()],
            steps: 0,
            deadline: limits.time.and_then(|t| Instant::now().checked_add(t)),
        }
    }

    /// Counts a step; every 1,024 of them looks at the clock and the arena.
    #[inline]
    pub(crate) fn tick(&mut self) -> Outcome<()> {
        self.steps += 1;
        if self.steps & 1023 == 0 { self.check() } else { Ok(()) }
    }

    fn check(&self) -> Outcome<()> {
        if self.steps > self.limits.steps {
            return fault(format!("the policy needs more than {} steps", self.limits.steps));
        }
        if self.deadline.is_some_and(|at| Instant::now() > at) {
            return fault("the policy takes longer than its time limit");
        }
        self.room(0)
    }

    /// Refuses when `more` bytes would exceed the memory bound.
    pub(crate) fn room(&self, more: usize) -> Outcome<()> {
        if self.bump.allocated_bytes().saturating_add(self.objects.bytes()).saturating_add(more) > self.limits.memory {
            return fault(format!("the policy needs more than {} MB of memory", self.limits.memory >> 20));
        }
        Ok(())
    }

    /// Refuses collections nested so deeply that walking them is not safe.
    pub(crate) fn shallow(&self, depth: usize) -> Outcome<()> {
        if depth > 400 { fault("a collection is nested more than 400 levels deep, or contains itself") } else { Ok(()) }
    }

    /// Remembers printed text within the output bound.
    pub(crate) fn print(&mut self, line: &str) -> Outcome<()> {
        if self.printed.len() + line.len() > self.limits.output {
            return fault(format!("the policy prints more than {} KB", self.limits.output >> 10));
        }
        self.printed.push_str(line);
        self.printed.push('\n');
        Ok(())
    }

    /// Runs a program's top level in a fresh file scope; modules run once.
    pub(crate) fn instance(&mut self, number: u32) -> Outcome<&'h Frame<'h>> {
        if let Some(frame) = self.instances[number as usize] {
            return Ok(frame);
        }
        if std::mem::replace(&mut self.loading[number as usize], true) {
            return fault("modules import each other in a circle");
        }
        let unit = &self.units[number as usize];
        for link in &unit.links {
            if let Link::Module(module) = link {
                self.instance(*module)?;
            }
        }
        let program = &*unit.program;
        let frame = Frame::new(self.bump, program.names.len(), None);
        self.instances[number as usize] = Some(frame);
        let outer = std::mem::replace(&mut self.program, number);
        for (name, json) in self.globals {
            if let Some(slot) = program.names.iter().position(|n| **n == **name) {
                frame.slots[slot].set(Frozen::Json(json).thaw(self.bump));
            }
        }
        for (slot, param) in program.params.iter().enumerate() {
            let given = self.params.iter().find(|(name, _)| **name == *param.name.text);
            let value = match (given, &param.default) {
                (Some((_, json)), _) => Frozen::Json(json).thaw(self.bump),
                (None, Some(default)) => self.expr(default, frame)?,
                (None, None) => {
                    let message = format!("requires value for parameter {}", param.name.text);
                    return self.place(param.at, fault(message));
                }
            };
            frame.slots[slot].set(value);
        }
        self.block(&program.body, frame)?;
        self.program = outer;
        Ok(frame)
    }

    /// Gives a fault the place `at` unless it has one.
    pub(crate) fn place<T>(&self, at: u32, outcome: Outcome<T>) -> Outcome<T> {
        outcome.map_err(|mut fault| {
            fault.origin.get_or_insert(crate::value::Origin { program: self.program, at });
            fault
        })
    }
}
