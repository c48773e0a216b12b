//! `terrane-runner`: executes phases of runs on a machine of its own, for a server elsewhere.

use clap::{Parser, Subcommand};
use std::{ffi::OsString, process::ExitCode};
use terrane_runner::command::{self, Arguments};

/// Claims phases of runs from a Terrane server and executes them on this machine.
#[derive(Debug, Parser)]
#[command(name = "terrane-runner", version, max_term_width = 120, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: Option<Arguments>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch over one phase of a run (the runner starts this itself)
    #[command(hide = true, disable_help_flag = true)]
    Supervise {
        /// What the runner says.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let Some(arguments) = cli.run else {
        return match cli.command {
            Some(Command::Supervise { arguments }) => terrane_runner::supervise::main(&arguments),
            None => {
                tell("what server is it to work for? See terrane-runner --help");
                ExitCode::from(2)
            }
        };
    };
    match command::start(arguments) {
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
