//! Runs: create, confirm, discard, cancel, and what each step does to the rest.

pub(crate) mod advance;
mod create;
mod decide;
mod read;

pub use create::New;
pub(crate) use read::is_over;
pub use read::{Phases, Waiting};
