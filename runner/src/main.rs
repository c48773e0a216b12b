//! `terrane-runner`: for now the supervisor of a phase; claiming phases from a distant server comes with its protocol.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next().as_deref().and_then(|first| first.to_str()) {
        Some("supervise") => terrane_runner::supervise::main(&arguments.collect::<Vec<_>>()),
        Some("--version" | "-V") => {
            #[expect(clippy::print_stdout, reason = "this is what was asked for")]
            {
                println!("terrane-runner {}", env!("CARGO_PKG_VERSION"));
            }
            ExitCode::SUCCESS
        }
        _ => {
            #[expect(clippy::print_stderr, reason = "a person reads it at the terminal")]
            {
                eprintln!("usage: terrane-runner --version");
            }
            ExitCode::from(2)
        }
    }
}
