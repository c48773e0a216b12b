//! Executes phases of runs: claims one, prepares its work directory, runs the engine behind a wall, sends the log on while it grows and
//! hands back what the engine left.

mod server;

pub use server::{Adopted, Download, Error, Server};
