//! `terrane-runner`: executes phases of runs on a machine of its own, for a server elsewhere.

use clap::Parser;
use std::{ffi::OsString, process::ExitCode};
use terrane_runner::command::{self, Arguments};

/// Claims phases of runs from a Terrane server and executes them on this machine.
#[derive(Debug, Parser)]
#[command(name = "terrane-runner", version, max_term_width = 120)]
struct Cli {
    #[command(flatten)]
    run: Arguments,
}

fn main() -> ExitCode {
    // What the runner starts by itself to watch over one phase: no command for people.
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|word| word == "supervise") {
        terrane_runner::supervise::main(&words.collect::<Vec<OsString>>());
    }
    match command::start(Cli::parse().run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "a person reads it at the terminal")]
fn tell(line: &str) {
    eprintln!("terrane-runner: {line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_started_as_the_help_says() {
        assert!(Cli::try_parse_from(["terrane-runner", "--server", "https://terrane.example.com"]).is_ok());
        assert!(Cli::try_parse_from(["terrane-runner", "--slots", "2"]).is_err(), "for no server");
    }
}
