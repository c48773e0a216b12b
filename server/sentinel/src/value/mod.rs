//! Values while a policy runs. They live in one arena per run: copying is free, and the arena's size, with the objects beside it, is the memory bound.

mod frozen;
mod json;
mod key;
mod list;
mod map;
mod object;
pub(crate) mod shape;
mod table;
mod text;
mod watch;

use std::cell::Cell;

use bumpalo::Bump;

pub(crate) use frozen::Frozen;
pub(crate) use json::{frozen_number, to_json};
pub(crate) use key::Key;
pub(crate) use list::List;
pub(crate) use map::Map;
pub(crate) use object::{Object, Objects, Shelf};
pub(crate) use table::Table;
pub(crate) use text::{display, number_text};

use watch::Watch;

use crate::eval::{Frame, Machine, Outcome};
use crate::syntax::ast;

/// Where an undefined value first appeared: the program's number and a byte offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) program: u32,
    pub(crate) at: u32,
}

/// A function of the engine. The arguments are never undefined-checked for it.
pub(crate) type Native = for<'h> fn(&mut Machine<'h>, &[Value<'h>], Origin) -> Outcome<Value<'h>>;
/// A method of an object of a standard import.
pub(crate) type Method = for<'h> fn(&mut Machine<'h>, &'h Object, &[Value<'h>], Origin) -> Outcome<Value<'h>>;

/// A value.
#[derive(Clone, Copy)]
pub(crate) enum Value<'h> {
    /// The mark of a slot nothing was assigned to; never seen by a policy.
    Unbound,
    Undefined(Option<Origin>),
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(&'h [u8]),
    List(&'h List<'h>),
    Map(&'h Map<'h>),
    Func(&'h Func<'h>),
    Rule(&'h Rule<'h>),
    Native(Native),
    Object(&'h Object),
    Bound(&'h Object, Method),
    Import(crate::import::Import<'h>),
}

/// A function with the scope it was made in.
pub(crate) struct Func<'h> {
    pub(crate) code: &'h ast::Func,
    pub(crate) frame: &'h Frame<'h>,
    pub(crate) program: u32,
}

/// What has become of a rule.
#[derive(Clone, Copy)]
pub(crate) enum RuleState<'h> {
    New,
    Running,
    Done(Value<'h>),
}

/// A lazy, remembered expression.
pub(crate) struct Rule<'h> {
    pub(crate) code: &'h ast::Rule,
    pub(crate) frame: &'h Frame<'h>,
    pub(crate) program: u32,
    pub(crate) state: Cell<RuleState<'h>>,
    /// The assignment that named it: name, offset, description.
    pub(crate) name: Cell<Option<(&'h str, u32, Option<&'h str>)>>,
}

impl<'h> Value<'h> {
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Unbound | Self::Undefined(_) => "undefined",
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "string",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Func(_) | Self::Native(_) | Self::Bound(..) => "func",
            Self::Rule(_) => "rule",
            Self::Object(_) => "object",
            Self::Import(_) => "import",
        }
    }

    pub(crate) fn undefined() -> Self {
        Self::Undefined(None)
    }

    pub(crate) fn text(bump: &'h Bump, text: &str) -> Self {
        Self::Str(bump.alloc_slice_copy(text.as_bytes()))
    }

    pub(crate) fn list(bump: &'h Bump, items: impl IntoIterator<Item = Self>) -> Self {
        Self::List(List::owned(bump, items))
    }

    pub(crate) fn map(bump: &'h Bump, items: impl IntoIterator<Item = (Key<'h>, Self)>) -> Self {
        let mut table = Table::new(bump);
        for (key, value) in items {
            table.insert(key, value);
        }
        Self::Map(Map::owned(bump, table))
    }
}
