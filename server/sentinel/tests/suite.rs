//! The language suite: trees of policies whose cases all pass, all fail or all end in an error; `suite/README.md` says how to read them.
#![expect(clippy::unwrap_used, reason = "a tree that cannot be read fails the test")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use terrane_sentinel::case::{CaseReport, PolicyReport, Status, policies, test_policy};
use terrane_sentinel::check::{self, Checked};
use terrane_sentinel::command::Test;
use terrane_sentinel::config::{Configuration, PolicyEntry};
use terrane_sentinel::{Limits, Program, Run};

/// What the suite holds at least; a case that is lost is to be noticed.
const CASES: usize = 400;

fn group(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite").join(name)
}

/// The directories of a group, one for each topic.
fn topics(name: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(group(name)).unwrap();
    let mut found: Vec<_> = entries.map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    found.sort();
    assert!(!found.is_empty(), "{name} has no topics");
    found
}

fn reports(name: &str) -> Vec<PolicyReport> {
    let policies = topics(name).into_iter().flat_map(|topic| policies(&topic).unwrap());
    policies.map(|policy| test_policy(&policy, NOW, &Limits::default(), &|_| true)).collect()
}

/// 2019-11-16T01:20:30Z: what `time.now` is in the suite.
const NOW: i128 = 1_573_867_230_000_000_000;

/// Every case of a group that came out differently.
fn deviations(name: &str, wanted: impl Fn(&CaseReport) -> Result<(), String>) -> Vec<String> {
    let mut found = Vec::new();
    for policy in reports(name) {
        if policy.cases.is_empty() {
            found.push(format!("{}: no cases", policy.path));
        }
        for case in policy.cases.values() {
            if let Err(why) = wanted(case) {
                found.push(format!("{}: {why}", case.path));
            }
        }
    }
    found
}

#[test]
fn every_case_of_pass_passes() {
    let mut out = Vec::new();
    let test = Test { paths: topics("pass"), ..Test::default() };
    let code = test.execute(NOW, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let rest: Vec<_> = text.lines().filter(|l| !l.trim_start().starts_with("PASS - ")).collect();
    assert!(code == 0 && rest.is_empty(), "{}", rest.join("\n"));
}

#[test]
fn every_case_of_fail_fails() {
    let found = deviations("fail", |case| match (case.status, case.report.as_ref()) {
        (Status::Fail, Some(report)) if report.error.is_none() => Ok(()),
        (status, _) => Err(format!("wanted FAIL, got {} {:?}", status.as_str(), case.errors)),
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The line of source that an error names: errors begin with `FILE:LINE:COLUMN`.
fn line_of(error: &str) -> Option<String> {
    let (file, rest) = error.split_once(".sentinel:")?;
    let line: usize = rest.split(':').next()?.parse().ok()?;
    let text = std::fs::read_to_string(format!("{file}.sentinel")).ok()?;
    text.lines().nth(line - 1).map(str::to_owned)
}

#[test]
fn every_case_of_error_is_an_error_at_the_place_it_names() {
    let found = deviations("error", |case| {
        if case.status != Status::Error {
            return Err(format!("wanted ERROR, got {}", case.status.as_str()));
        }
        let error = case.errors.join("\n");
        if error.contains("engine failed") || error.contains("parser failed") {
            return Err(error);
        }
        let text = std::fs::read_to_string(&case.path).unwrap();
        let Some(place) = text.lines().find_map(|l| l.split_once("The error lies at: ")) else { return Ok(()) };
        match line_of(&error) {
            Some(line) if line.contains(place.1.trim_end_matches("\",")) => Ok(()),
            line => Err(format!("wanted an error at {:?}, got it at {line:?}: {error}", place.1)),
        }
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_suite_is_whole() {
    let groups = ["pass", "fail", "error"];
    let count = |name| reports(name).iter().map(|p| p.cases.len()).sum::<usize>();
    let counts = groups.map(count);
    assert!(counts.iter().sum::<usize>() >= CASES, "pass, fail, error: {counts:?}");
    for name in groups {
        for topic in topics(name) {
            let tests = std::fs::read_dir(topic.join("test")).unwrap();
            for directory in tests.map(|e| e.unwrap().path()).filter(|p| p.is_dir()) {
                let stem = directory.file_name().unwrap().to_string_lossy().into_owned();
                let policy = topic.join(format!("{stem}.sentinel"));
                assert!(policy.is_file(), "{} has no policy", directory.display());
            }
        }
    }
}

/// The named policies of `enforcement/sentinel.hcl`, evaluated with their params.
fn checked(names: &[&str]) -> Vec<Checked> {
    let directory = group("enforcement");
    let text = std::fs::read(directory.join("sentinel.hcl")).unwrap();
    let configuration = Configuration::parse("sentinel.hcl", &text).unwrap();
    let chosen = configuration.policies.iter().filter(|p| names.contains(&p.name.as_str()));
    let evaluate = |policy: &PolicyEntry| {
        let source = std::fs::read(directory.join(policy.source.as_deref().unwrap())).unwrap();
        let mut run = Run::new(Arc::new(Program::parse(&policy.name, &source).unwrap()));
        run.params = policy.params.clone().into_iter().collect();
        Checked { name: policy.name.clone(), enforcement: policy.enforcement, report: run.evaluate() }
    };
    chosen.map(evaluate).collect()
}

#[test]
fn enforcement_levels_decide_what_a_refusal_means() {
    // Names, whether the run goes on, whether it may be overridden, failures: advisory, soft, hard.
    for (names, goes_on, overridable, failed) in [
        (&["allowing"][..], true, false, [0, 0, 0]),
        (&["allowing", "advised"], true, false, [1, 0, 0]),
        (&["silent"], true, false, [1, 0, 0]),
        (&["overridable"], false, true, [0, 1, 0]),
        (&["overridable", "advised", "silent"], false, true, [2, 1, 0]),
        (&["strict"], false, false, [0, 0, 1]),
        (&["strict", "overridable", "allowing"], false, false, [0, 1, 1]),
    ] {
        let result = check::result(&checked(names), 7);
        let found = ["advisory-failed", "soft-failed", "hard-failed"].map(|name| result[name].as_u64().unwrap());
        assert_eq!((result["result"].as_bool(), found), (Some(goes_on), failed), "{names:?}");
        assert_eq!(result["sentinel"]["can-override"].as_bool(), Some(overridable), "{names:?}");
        assert_eq!(result["passed"].as_u64().unwrap() + failed.iter().sum::<u64>(), names.len() as u64, "{names:?}");
        assert_eq!(result["total-failed"].as_u64(), Some(failed.iter().sum()), "{names:?}");
    }
}

#[test]
fn prints_are_lines_of_words() {
    let policy = group("pass/printing/print.sentinel");
    let report = test_policy(&policy, NOW, &Limits::default(), &|_| true);
    let printed = &report.cases["all.hcl"].report.as_ref().unwrap().printed;
    // Text is bare in front and quoted inside; what short circuit skips does not print, and a rule prints once.
    let line = |word| format!("said {word} [\"{word}\", \"text\"] {{\"k\": null}} undefined");
    assert_eq!(*printed, [line("once"), line("in a rule")].join("\n"));
}
