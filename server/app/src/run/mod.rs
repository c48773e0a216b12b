//! Runs: create, confirm, discard, cancel, and what each step does to the rest.

pub(crate) mod advance;
mod comment;
pub(crate) mod create;
mod decide;
mod read;
mod waiting;

pub use create::New;
pub use read::Phases;
pub(crate) use read::{is_over, with_workspaces};
pub use waiting::Waiting;
