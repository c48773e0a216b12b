//! Reports of test runs: JSON, text, JUnit, coverage.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Value as Json, json as object};

use super::{CaseReport, PolicyReport, Status, error_text};
use crate::report::Report;

/// The JSON of a test run.
#[must_use]
pub fn json(policies: &[PolicyReport]) -> Json {
    let mut members = serde_json::Map::new();
    for policy in policies {
        let cases: serde_json::Map<_, _> =
            policy.cases.iter().map(|(name, case)| (name.clone(), case_json(case))).collect();
        members.insert(
            policy.path.clone(),
            object!({
                "path": policy.path, "status": policy.status.as_str(), "errors": list(&policy.errors), "cases": cases,
            }),
        );
    }
    object!({ "policies": members })
}

fn list(errors: &[String]) -> Json {
    if errors.is_empty() { Json::Null } else { object!(errors) }
}

fn case_json(case: &CaseReport) -> Json {
    let detail: serde_json::Map<_, _> = case
        .differences
        .iter()
        .map(|d| (d.rule.clone(), object!({ "expected": d.expected, "actual": d.found, "evaluated": d.evaluated })))
        .collect();
    object!({
        "path": case.path,
        "status": case.status.as_str(),
        "errors": list(&case.errors),
        "trace": case.report.as_ref().map(trace),
        "rule_detail": detail,
        "config_warnings": Json::Null,
        "config_legacy": case.legacy,
        "duration": u64::try_from(case.duration.as_nanos()).unwrap_or(u64::MAX),
    })
}

/// The trace of a run: every rule that was evaluated.
#[must_use]
pub(crate) fn trace(report: &Report) -> Json {
    let mut rules = serde_json::Map::new();
    for rule in &report.rules {
        rules.insert(
            rule.name.clone(),
            object!({
                "desc": rule.description.as_deref().unwrap_or_default(),
                "ident": rule.name,
                "position": {
                    "filename": rule.position.file, "offset": rule.position.offset,
                    "line": rule.position.line, "column": rule.position.column,
                },
                "value": rule.value,
            }),
        );
    }
    let error = report.error.as_ref().map(|_| error_text(report));
    object!({
        "description": report.description.as_deref().unwrap_or_default(),
        "error": error,
        "print": report.printed,
        "result": report.passed(),
        "rules": rules,
    })
}

/// The text of a test run, for people.
#[must_use]
pub fn text(policies: &[PolicyReport]) -> String {
    let mut out = String::new();
    for policy in policies {
        let _ = writeln!(out, "{} - {}", policy.status.as_str(), policy.path);
        if policy.cases.is_empty() && policy.errors.is_empty() {
            out.push_str("  no test cases\n");
        }
        for error in &policy.errors {
            let _ = writeln!(out, "  {}", error.replace('\n', "\n  "));
        }
        for case in policy.cases.values() {
            let _ = writeln!(out, "  {} - {}", case.status.as_str(), case.path);
            for error in &case.errors {
                let _ = writeln!(out, "    {}", error.replace('\n', "\n    "));
            }
            for line in differences(case) {
                let _ = writeln!(out, "    {line}");
            }
        }
    }
    out
}

fn differences(case: &CaseReport) -> impl Iterator<Item = String> {
    case.differences.iter().map(|d| match (&d.found, d.evaluated) {
        (Some(found), _) => format!("rule {:?}: expected {}, got {found}", d.rule, d.expected),
        (None, true) => format!("rule {:?}: expected {}, got undefined", d.rule, d.expected),
        (None, false) => format!("rule {:?}: expected {}, but it was not evaluated", d.rule, d.expected),
    })
}

/// The JUnit XML of a test run.
#[must_use]
pub fn junit(policies: &[PolicyReport]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for policy in policies {
        let count = |status| policy.cases.values().filter(|c| c.status == status).count();
        let (failures, errors) = (count(Status::Fail), count(Status::Error) + policy.errors.len());
        let tests = policy.cases.len().max(policy.errors.len());
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">",
            escape(&policy.path)
        );
        for error in &policy.errors {
            let _ = writeln!(out, "    <testcase name=\"policy\"><error>{}</error></testcase>", escape(error));
        }
        for (name, case) in &policy.cases {
            let seconds = case.duration.as_secs_f64();
            let _ = write!(out, "    <testcase name=\"{}\" time=\"{seconds:.3}\">", escape(name));
            for error in &case.errors {
                let _ = write!(out, "<error>{}</error>", escape(error));
            }
            for line in differences(case) {
                let _ = write!(out, "<failure>{}</failure>", escape(&line));
            }
            out.push_str("</testcase>\n");
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// For each policy the rules no case evaluated.
#[must_use]
pub fn coverage(policies: &[PolicyReport]) -> String {
    let mut out = String::new();
    for policy in policies {
        let reports = policy.cases.values().filter_map(|c| c.report.as_ref());
        let seen: BTreeSet<&str> = reports.flat_map(|r| r.rules.iter().map(|r| r.name.as_str())).collect();
        let missed: Vec<_> = policy.rules.iter().filter(|r| !seen.contains(r.as_str())).map(String::as_str).collect();
        let covered = policy.rules.len() - missed.len();
        let _ = write!(out, "{}: {covered} of {} rules evaluated", policy.path, policy.rules.len());
        let _ = if missed.is_empty() { writeln!(out) } else { writeln!(out, "; never: {}", missed.join(", ")) };
    }
    out
}
