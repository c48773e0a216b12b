//! `terrane`: the server and its commands.

use clap::Parser;
use std::process::ExitCode;
use terrane::{cli::Cli, commands, tls};

/// States are read and indexed in many small pieces: the system's own allocator takes a fifth of that time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tls::install();
    commands::run(Cli::parse())
}
