//! Programs whose every choice is a byte, in the engine and in the slow interpreter of the tests: the same verdict, values, prints and rules.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use terrane_sentinel::{Limits, Program, Run, Verdict};

#[path = "../../tests/reference/generate/mod.rs"]
mod generate;
#[expect(dead_code, reason = "modules and mocks are for the suite")]
#[path = "../../tests/reference/interpreter/mod.rs"]
mod interpreter;

use interpreter::{Ending, Policy, TOO_MUCH};

/// A stack for the tree walk of the slow interpreter.
const STACK: usize = 1 << 30;

fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes.iter();
    let text = generate::program(&mut |below| rest.next().map_or(0, |b| usize::from(*b)) % below.max(1));
    let evaluate = || {
        let policy = Policy {
            source: text.as_bytes(),
            sources: Default::default(),
            params: Vec::new(),
            globals: Vec::new(),
            now: 0,
        };
        policy.evaluate()
    };
    let outcome = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, evaluate);
        thread.expect("a thread").join().expect("an outcome")
    });
    if outcome.error.as_deref() == Some(TOO_MUCH) {
        return;
    }
    let program = Program::parse("p", text.as_bytes()).unwrap_or_else(|problem| panic!("{problem}\n{text}"));
    let mut run = Run::new(Arc::new(program));
    run.watched = outcome.names.keys().cloned().collect();
    run.limits = Limits { depth: 300, ..Limits::default() };
    let report = run.evaluate();
    let ending = match report.verdict {
        Verdict::Pass => Ending::Pass,
        Verdict::Fail => Ending::Fail,
        Verdict::Undefined => Ending::Undefined,
        Verdict::Error => Ending::Error,
    };
    let errors = (&report.error, &outcome.error);
    assert_eq!((ending, &report.main), (outcome.ending, &outcome.main), "{errors:?}\n{text}");
    assert_eq!(report.printed, outcome.printed.trim_end_matches('\n'), "{errors:?}\n{text}");
    let rules: Vec<_> = report.rules.iter().map(|r| (r.name.clone(), r.value.clone())).collect();
    assert_eq!(rules, outcome.rules, "{errors:?}\n{text}");
    if ending != Ending::Error {
        assert_eq!(report.names, outcome.names, "{text}");
    }
});
