//! Drives the commands of this crate by themselves, until and beside the `terrane` binary.

#![expect(clippy::print_stderr, reason = "a program reports its failure on standard error")]

use std::io;
use std::process::ExitCode;

use clap::Parser;
use terrane_cost::command::{Cost, Prices};

#[derive(Parser)]
enum Command {
    /// Costs of plans and states
    #[command(subcommand)]
    Cost(Cost),
    /// The price catalogue
    #[command(subcommand)]
    Prices(Prices),
}

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    let done = match Command::parse() {
        Command::Cost(command) => command.run(&mut out),
        Command::Prices(command) => command.run(&mut out),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
