//! Drives the commands until a program mounts them: `policy test|apply|fmt|mock …`.

#![expect(clippy::print_stderr, reason = "a command says what went wrong")]
#![expect(clippy::disallowed_methods, reason = "a command line is where the time comes in")]

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use terrane_sentinel::command::{Apply, Fmt, Mock, Test};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i128::try_from(d.as_nanos()).unwrap_or(0));
    let verb = args.next().unwrap_or_default();
    let (mut test, mut apply, mut fmt) = (Test::default(), Apply::default(), Fmt::default());
    let mut mock = Mock { directory: "testdata".into(), ..Mock::default() };
    while let Some(arg) = args.next() {
        let mut value = || args.next().unwrap_or_default();
        match arg.as_str() {
            "--json" => (test.json, apply.json) = (true, true),
            "--check" => fmt.check = true,
            "--out" => mock.directory = value().into(),
            "--coverage" => test.coverage = true,
            "--run" => test.only = Some(value()),
            "--junit" => test.junit = Some(value().into()),
            "--config" => apply.config = Some(value().into()),
            "--plan" => apply.plan = Some(value().into()),
            "--param" => apply.params.push(value()),
            path => {
                test.paths.push(path.into());
                fmt.paths.push(path.into());
                mock.plan = path.into();
                apply.policy = path.into();
            }
        }
    }
    let mut out = std::io::stdout().lock();
    let (outcome, failure) = match verb.as_str() {
        "test" => (test.execute(now, &mut out), 1),
        "apply" => (apply.execute(now, &mut out), 9),
        "fmt" => (fmt.execute(&mut out), 9),
        "mock" => (mock.execute(&mut out), 9),
        _ => (Err("usage: policy test|apply|fmt|mock PATH…".to_owned()), 9),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(failure)
        }
    }
}
