//! What each resource type costs, as data: one small file per type (or per family of types that are priced alike) in
//! `definitions/`, in a language of lines that reads like a price list. A new type is a new file and a test case.

mod claims;
mod language;
mod library;

pub(crate) use language::{Component, Definition, Expression, Operator, Piece, Statement, Step, Tier};
pub use library::{Check, check, known_free, priced_types};
pub(crate) use library::{Known, find, fragment};
