//! The engine against a slow second interpreter: the suite's policies and random programs must come out the same in both.
#![expect(clippy::unwrap_used, reason = "a policy that cannot be read fails the test")]

mod calls;
mod generate;
mod interpreter;
mod suite;

use std::sync::Arc;
use std::time::Duration;

use interpreter::{Ending, Outcome, Policy, TOO_MUCH};
use terrane_sentinel::{Limits, Program, Report, Run, Verdict};

/// A stack for the tree walk of the second interpreter.
const STACK: usize = 1 << 30;

/// How many random programs the test compares; the fuzz target `reference` goes on from there.
const PROGRAMS: u64 = 1500;

/// How many random calls of standard functions.
const CALLS: u64 = 3000;

fn on_a_deep_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(work).unwrap();
    match thread.join() {
        Ok(made) => made,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// What differs between the two, if anything. `names` are looked at beyond main and the rules.
fn difference(report: &Report, outcome: &Outcome) -> Option<String> {
    let ending = match report.verdict {
        Verdict::Pass => Ending::Pass,
        Verdict::Fail => Ending::Fail,
        Verdict::Undefined => Ending::Undefined,
        Verdict::Error => Ending::Error,
    };
    if ending != outcome.ending {
        return Some(format!(
            "the engine: {ending:?} {:?}; the reference: {:?} {:?}",
            report.error, outcome.ending, outcome.error
        ));
    }
    if report.printed != outcome.printed.trim_end_matches('\n') {
        let errors = (&report.error, &outcome.error);
        return Some(format!("printed {:?} and {:?}: {errors:?}", report.printed, outcome.printed));
    }
    let rules: Vec<_> = report.rules.iter().map(|r| (r.name.clone(), r.value.clone())).collect();
    if rules != outcome.rules {
        return Some(format!("rules {rules:?} and {:?}", outcome.rules));
    }
    if ending == Ending::Error {
        return None;
    }
    if report.main != outcome.main {
        return Some(format!("main is {:?} and {:?}", report.main, outcome.main));
    }
    let differing = report.names.iter().find(|(name, value)| outcome.names.get(*name) != Some(value));
    if let Some((name, value)) = differing {
        return Some(format!("{name} is {value} and {:?}", outcome.names.get(name)));
    }
    (report.names.len() != outcome.names.len())
        .then(|| format!("names {:?} and {:?}", report.names.keys(), outcome.names.keys()))
}

fn random(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) as usize % below.max(1)
    }
}

/// The names a generated program may bind: its words of a letter and a number.
fn names(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let is_name =
        |w: &&str| w.chars().skip(1).all(|c| c.is_ascii_digit()) && w.starts_with(|c: char| c.is_ascii_lowercase());
    words.filter(is_name).map(str::to_owned).collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

/// Both on one program: `None` when it was too much for the reference.
fn compare(text: &str) -> Option<Result<Verdict, String>> {
    let policy = Policy {
        source: text.as_bytes(),
        sources: Default::default(),
        params: Vec::new(),
        globals: Vec::new(),
        now: 0,
    };
    let outcome = policy.evaluate();
    if outcome.error.as_deref() == Some(TOO_MUCH) {
        return None;
    }
    let program = match Program::parse("p", text.as_bytes()) {
        Ok(program) => program,
        Err(problem) => return Some(Err(format!("{problem}; the reference: {:?}", outcome.error))),
    };
    let mut run = Run::new(Arc::new(program));
    run.watched = names(text);
    run.limits = Limits { depth: 300, time: Some(Duration::from_secs(60)), ..Limits::default() };
    let report = run.evaluate();
    // `main` is a name like any other in the reference's list.
    let mut outcome = outcome;
    outcome.names.remove("main");
    Some(match difference(&report, &outcome) {
        Some(why) => Err(why),
        None => Ok(report.verdict),
    })
}

#[test]
fn random_programs_come_out_the_same() {
    let (by_verdict, skipped) = on_a_deep_stack(|| {
        let (mut counts, mut skipped) = ([0; 4], 0);
        for seed in 0..PROGRAMS {
            let text = generate::program(&mut random(seed + 1));
            match compare(&text) {
                None => skipped += 1,
                Some(Ok(verdict)) => counts[verdict as usize] += 1,
                Some(Err(why)) => panic!("seed {seed}: {why}\n{text}"),
            }
        }
        (counts, skipped)
    });
    let enough = PROGRAMS as usize / 50;
    assert!(by_verdict.iter().all(|count| *count > enough), "pass, fail, undefined, error: {by_verdict:?}");
    assert!(skipped < enough, "too much for the reference: {skipped}");
}

#[test]
fn the_suite_comes_out_the_same() {
    let (count, found) = on_a_deep_stack(suite::differences);
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(count >= 400, "only {count} cases were compared");
}

/// The reference would prove nothing if it used a part of the engine: its files may name the standard library, themselves and three libraries.
#[test]
fn the_reference_shares_no_module_with_the_engine() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/interpreter");
    let allowed =
        ["std", "super", "serde_json", "num_bigint", "regex", "machine", "parser", "value", "Value", "Decimal"];
    let mut files = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        files += 1;
        for word in ["terrane", "#[path", "include!", "extern crate", "crate::"] {
            assert!(!text.contains(word), "{} contains {word}", path.display());
        }
        let uses =
            text.lines().map(str::trim).filter_map(|l| l.strip_prefix("pub(crate) use ").or(l.strip_prefix("use ")));
        for used in uses {
            let root = used.split([':', ';', ' ']).next().unwrap();
            assert!(allowed.contains(&root), "{} uses {used}", path.display());
        }
    }
    assert!(files >= 10, "the files of the reference were not found: {files}");
}

#[test]
fn calls_of_the_standard_imports_come_out_the_same() {
    let (counts, found) = on_a_deep_stack(|| {
        let (mut counts, mut found) = ([0; 4], Vec::new());
        for seed in 0..CALLS {
            let text = calls::program(&mut random(seed + 1));
            match compare(&text) {
                None => {}
                Some(Ok(verdict)) => counts[verdict as usize] += 1,
                Some(Err(why)) => found.push(format!("{why}: {}", text.lines().rev().nth(2).unwrap_or_default())),
            }
        }
        (counts, found)
    });
    assert!(found.is_empty(), "{} of {CALLS}\n{}", found.len(), found.join("\n"));
    assert!(counts[0] > 300, "too few calls give something: {counts:?}");
}
