//! The stories: what people do with Terrane, played with real terraform binaries against the real server on both databases.

mod house;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let trials = house::trials();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A trial that fails by a panic, like any test.
fn trial(name: String, play: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        play();
        Ok(())
    })
}
