//! Executes phases of runs: claims one, prepares its work directory, runs the engine behind a wall, sends the log on while it grows and
//! hands back what the engine left.
//!
//! The program that holds a [`Runner`] must call [`supervise::main`] first thing in `main` when it is started with the arguments of
//! [`Options::supervisor`]: each phase runs under such a process, which outlives the runner where the phase is an apply.

mod aside;
mod builtin;
pub mod command;
mod conclude;
pub mod docker;
mod engines;
mod events;
mod executor;
mod hooks;
mod identity;
mod layout;
mod lease;
mod left;
mod log;
mod machine;
pub mod metrics;
mod options;
mod phase;
mod plan;
mod plan_file;
mod prepare;
mod prime;
mod process;
mod provided;
mod providers;
mod remote;
mod runner;
mod server;
pub mod slug;
mod state;
pub mod supervise;
mod through_api;
mod variables;
mod vault;

pub use executor::Executor;
pub use machine::StartError;
pub use options::{Mirror, Options};
pub use remote::{ClientError, Remote};
pub use runner::{Runner, Stop};
pub use server::{Adopted, Download, Error, Package, Server};
