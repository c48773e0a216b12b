//! The evaluator: one machine per run walks the checked trees within bounds.

mod access;
mod call;
mod expr;
mod machine;
mod operator;
mod stmt;

pub(crate) use machine::{Export, Frame, Machine, RuleRecord, Unit};
pub(crate) use operator::{find, order};

use crate::value::Origin;

/// Why a run stopped.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) origin: Option<Origin>,
}

/// What evaluation gives.
pub(crate) type Outcome<T> = Result<T, Box<Fault>>;

/// A fault without a place yet; the nearest expression supplies it.
pub(crate) fn fault<T>(message: impl Into<String>) -> Outcome<T> {
    Err(Box::new(Fault { message: message.into(), origin: None }))
}
