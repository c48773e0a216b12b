//! Imports while a policy runs.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::eval::{Machine, Outcome, fault};
use crate::std_imports::Standard;
use crate::terraform::Host;
use crate::unsettled::Unsettled;
use crate::value::{Frozen, Key, Value};

/// What an import declaration of a program leads to.
#[derive(Clone)]
pub(crate) enum Link {
    Standard(Standard),
    Module(u32),
    /// A JSON document bound as a plain value.
    Static(Arc<Json>),
    /// Mock data: the members of an object.
    Members(Arc<Json>),
    Host(Host),
}

/// The same, as a value of the run.
#[derive(Clone, Copy)]
pub(crate) enum Import<'h> {
    Standard(Standard),
    Module(u32),
    Members(&'h Json),
    Host(Host),
}

/// What the host gives the run: documents, and the views built over them so far.
#[derive(Default)]
pub(crate) struct Hosts<'h> {
    pub(crate) plan: Option<&'h Json>,
    pub(crate) run: Option<&'h Json>,
    pub(crate) views: HashMap<(Host, &'h str), Option<Frozen<'h>>>,
}

impl<'h> Machine<'h> {
    /// The value an import's name has.
    pub(crate) fn import(&mut self, number: u16) -> Outcome<Value<'h>> {
        Ok(Value::Import(match &self.units[self.program as usize].links[usize::from(number)] {
            Link::Static(json) => return Ok(Frozen::Json(json).thaw(self.bump)),
            Link::Standard(standard) => Import::Standard(*standard),
            Link::Module(module) => Import::Module(*module),
            Link::Members(json) => Import::Members(json),
            Link::Host(host) => Import::Host(*host),
        }))
    }

    /// A member of an import; `None` when there is none.
    pub(crate) fn member(&mut self, import: Import<'h>, name: &'h str) -> Outcome<Option<Value<'h>>> {
        match import {
            Import::Standard(standard) => crate::std_imports::member(self, standard, name),
            Import::Module(module) => self.export(module, name),
            Import::Members(json) => {
                Ok(Frozen::Json(json).get(self.bump, Key::Str(name.as_bytes())).map(|f| f.thaw(self.bump)))
            }
            Import::Host(host) => {
                if let Some(value) = crate::terraform::member(host, name) {
                    return Ok(Some(value));
                }
                Ok(self.view(host, name)?.map(|v| v.thaw(self.bump)))
            }
        }
    }

    /// The view behind a member of a host import, built when it is first asked for.
    pub(crate) fn view(&mut self, host: Host, name: &'h str) -> Outcome<Option<Frozen<'h>>> {
        if let Some(view) = self.hosts.views.get(&(host, name)) {
            return Ok(*view);
        }
        if let Host::FirstPlan | Host::FirstState | Host::FirstConfiguration = host {
            self.unsettled(Unsettled::FirstGeneration)?;
        }
        let document = if host == Host::Run { self.hosts.run } else { self.hosts.plan };
        let Some(document) = document else {
            return fault(format!("there is no document behind this import, so {name} cannot be read"));
        };
        let view = crate::terraform::view(self.bump, host, document, name);
        self.hosts.views.insert((host, name), view);
        Ok(view)
    }
}
