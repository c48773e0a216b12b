//! Drives the commands of this crate by themselves, until and beside the `terrane` binary.

#![expect(clippy::print_stderr, reason = "a program reports its failure on standard error")]

use std::io;
use std::process::ExitCode;

use clap::Parser;
use terrane_cost::catalogue::Fetch;
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

/// This program has no network; the `terrane` binary has.
struct Nobody;

impl Fetch for Nobody {
    fn open(&self, _: &str, _: Option<&str>) -> io::Result<Box<dyn io::BufRead>> {
        Err(io::Error::other("this program asks nobody; use `terrane prices update`"))
    }
}

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    let done = match Command::parse() {
        Command::Cost(command) => command.run(&mut out),
        Command::Prices(command) => command.run(&mut out, &Nobody),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
