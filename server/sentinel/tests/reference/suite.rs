//! The suite's cases in both interpreters, as far as they need no Terraform import.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use terrane_sentinel::case::{CaseReport, Status, policies, test_policy};
use terrane_sentinel::config::{Configuration, Source as Configured};
use terrane_sentinel::{Limits, Report};

use super::interpreter::{self, Ending, Outcome, Policy, Source, TOO_MUCH};

/// 2019-11-16T01:20:30Z, as in the suite's own test.
const NOW: i128 = 1_573_867_230_000_000_000;

fn topics() -> Vec<PathBuf> {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite");
    let mut found = Vec::new();
    for group in ["pass", "fail", "error"] {
        let entries = std::fs::read_dir(suite.join(group)).unwrap();
        found.extend(entries.map(|e| e.unwrap().path()).filter(|p| p.is_dir()));
    }
    found.sort();
    found
}

/// The case in the reference; an error when something cannot be read or parsed.
fn evaluate(policy: &Path, case: &Path) -> Result<Outcome, String> {
    let read = |path: &Path| std::fs::read(path).map_err(|e| e.to_string());
    let configuration = Configuration::parse(&case.display().to_string(), &read(case)?)?;
    let directory = case.parent().unwrap();
    let mut sources = BTreeMap::new();
    // A mock replaces an import of the same path.
    for (path, source) in configuration.imports.iter().chain(&configuration.mocks) {
        let made = match source {
            Configured::Module(file) => Source::Module(interpreter::parse(&read(&directory.join(file))?)?),
            Configured::Static(file) => {
                Source::Static(serde_json::from_slice(&read(&directory.join(file))?).map_err(|e| e.to_string())?)
            }
            Configured::Members(json) => Source::Members(json.clone()),
            Configured::Plugin => continue,
        };
        if interpreter::is_standard(path) && !configuration.mocks.contains_key(path) {
            return Err(format!("{path} can only be mocked"));
        }
        sources.insert(path.clone(), made);
    }
    let text = read(policy)?;
    let policy = Policy {
        source: &text,
        sources,
        params: configuration.params.into_iter().collect(),
        globals: configuration.globals.into_iter().collect(),
        now: NOW,
    };
    Ok(policy.evaluate())
}

fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, a)| b.get(k).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// The status that the reference gives the case.
fn judged(outcome: &Result<Outcome, String>, case: &Path) -> Status {
    let Ok(outcome) = outcome else { return Status::Error };
    if outcome.ending == Ending::Error {
        return Status::Error;
    }
    let configuration = Configuration::parse(&case.display().to_string(), &std::fs::read(case).unwrap()).unwrap();
    let Some(expected) = configuration.expected else {
        return if outcome.ending == Ending::Pass { Status::Pass } else { Status::Fail };
    };
    let found = |name: &str| match outcome.rules.iter().rev().find(|r| r.0 == name) {
        Some((_, value)) => value.clone(),
        None if name == "main" => outcome.main.clone(),
        None => outcome.names.get(name).cloned(),
    };
    let all = expected.iter().all(|(name, wanted)| found(name).is_some_and(|value| same(&value, wanted)));
    if all { Status::Pass } else { Status::Fail }
}

fn compared(policy: &Path, case: &CaseReport) -> Result<(), String> {
    let path = Path::new(&case.path);
    let outcome = evaluate(policy, path);
    let status = judged(&outcome, path);
    if case.status != status {
        return Err(format!("the engine: {:?} {:?}; the reference: {status:?} {outcome:?}", case.status, case.errors));
    }
    if let (Some(report), Ok(outcome)) = (&case.report, &outcome) {
        // The names are those that the case lists.
        let report = Report { names: BTreeMap::new(), ..report.clone() };
        let outcome = Outcome { names: BTreeMap::new(), ..outcome.clone() };
        if let Some(why) = super::difference(&report, &outcome) {
            return Err(why);
        }
    }
    Ok(())
}

/// Every case of the suite that needs no Terraform import: how many, and which differ.
pub(crate) fn differences() -> (usize, Vec<String>) {
    let (mut count, mut found) = (0, Vec::new());
    for topic in topics() {
        for policy in policies(&topic).unwrap() {
            let text = String::from_utf8_lossy(&std::fs::read(&policy).unwrap()).into_owned();
            if text.lines().any(|l| l.starts_with("import \"http\"")) {
                continue;
            }
            for case in test_policy(&policy, NOW, &Limits::default(), &|_| true).cases.values() {
                match compared(&policy, case) {
                    Ok(()) => count += 1,
                    Err(why) if why.contains(TOO_MUCH) => found.push(format!("{}: {TOO_MUCH}", case.path)),
                    Err(why) => found.push(format!("{}: {why}", case.path)),
                }
            }
        }
    }
    (count, found)
}
