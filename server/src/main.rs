//! `terrane`: the server and its commands.

use clap::Parser;
use std::process::ExitCode;
use terrane::{cli::Cli, commands, tls};

fn main() -> ExitCode {
    tls::install();
    commands::run(Cli::parse())
}
