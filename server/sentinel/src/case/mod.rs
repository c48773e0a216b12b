//! Test trees: for `DIR/foo.sentinel`, every file of `DIR/test/foo` is a case.

mod load;
mod report;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::config::Configuration;
use crate::limits::Limits;
use crate::report::{Report, Verdict};
use crate::run::Run;
use crate::syntax::ast::Program;

pub(crate) use load::{bind, local, read};
pub(crate) use report::trace;
pub use report::{coverage, json, junit, text};

/// How a case, or a policy with all its cases, came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// A policy without cases.
    Unknown,
    /// As expected.
    Pass,
    /// Not as expected.
    Fail,
    /// The policy did not run to its end.
    Error,
}

impl Status {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "?",
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Error => "ERROR",
        }
    }
}

/// A case that was run.
#[derive(Debug, Clone)]
pub struct CaseReport {
    /// The case file.
    pub path: String,
    /// How it came out.
    pub status: Status,
    /// Why it is an error.
    pub errors: Vec<String>,
    /// Expected and found values of rules that differ.
    pub differences: Vec<Difference>,
    /// What the policy gave, when it ran.
    pub report: Option<Report>,
    /// Whether the case file has the legacy form.
    pub legacy: bool,
    /// How long it took.
    pub duration: Duration,
}

/// A rule that is not as a case expects it.
#[derive(Debug, Clone)]
pub struct Difference {
    /// The rule.
    pub rule: String,
    /// What the case expects.
    pub expected: Json,
    /// What it is; `None` for undefined or never evaluated.
    pub found: Option<Json>,
    /// Whether the rule was evaluated.
    pub evaluated: bool,
}

/// A policy with its cases.
#[derive(Debug, Clone)]
pub struct PolicyReport {
    /// The policy file.
    pub path: String,
    /// The worst of its cases.
    pub status: Status,
    /// Why the policy cannot be tested at all.
    pub errors: Vec<String>,
    /// Cases by name.
    pub cases: BTreeMap<String, CaseReport>,
    /// Names of the rules the policy assigns.
    pub rules: Vec<String>,
}

/// The policy files under a path: itself, or the `.sentinel` files of a directory. In a directory that has none, the files
/// anywhere below it that have cases.
///
/// # Errors
/// When the path cannot be read.
pub fn policies(path: &Path) -> Result<Vec<PathBuf>, String> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let (mut found, mut directories) = listing(path)?;
    if found.is_empty() {
        while let Some(directory) = directories.pop() {
            let (sources, below) = listing(&directory)?;
            found.extend(sources.into_iter().filter(|source| !case_files(source).is_empty()));
            directories.extend(below);
        }
    }
    found.sort();
    Ok(found)
}

/// Sources and directories in a directory; hidden ones are not looked at, and links not followed.
fn listing(directory: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), String> {
    let entries = std::fs::read_dir(directory).map_err(|e| format!("{}: {e}", directory.display()))?;
    let (mut sources, mut directories) = (Vec::new(), Vec::new());
    for entry in entries.flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            if !entry.file_name().as_encoded_bytes().starts_with(b".") {
                directories.push(path);
            }
        } else if path.extension().is_some_and(|e| e == "sentinel") && path.is_file() {
            sources.push(path);
        }
    }
    Ok((sources, directories))
}

/// Runs the cases of a policy whose names `wanted` accepts. `now` is the time policies see, in nanoseconds since 1970.
#[must_use]
pub fn test_policy(path: &Path, now: i128, limits: &Limits, wanted: &dyn Fn(&str) -> bool) -> PolicyReport {
    let shown = path.display().to_string();
    let mut made = PolicyReport {
        path: shown,
        status: Status::Unknown,
        errors: Vec::new(),
        cases: BTreeMap::new(),
        rules: Vec::new(),
    };
    let policy = read(path);
    match &policy {
        Ok(policy) => made.rules = policy.rule_names(),
        Err(why) => made.errors.push(why.clone()),
    }
    for case in case_files(path) {
        let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if wanted(&name) {
            let report = test_case(policy.as_ref(), &case, now, limits);
            made.status = made.status.max(report.status);
            made.cases.insert(name, report);
        }
    }
    if !made.errors.is_empty() {
        made.status = Status::Error;
    }
    made
}

fn case_files(policy: &Path) -> Vec<PathBuf> {
    let directory = policy.parent().unwrap_or(Path::new("")).join("test").join(policy.file_stem().unwrap_or_default());
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|p| p.is_file() && p.extension().is_some_and(|e| e == "hcl" || e == "json"))
        .collect();
    files.sort();
    files
}

fn test_case(policy: Result<&Arc<Program>, &String>, path: &Path, now: i128, limits: &Limits) -> CaseReport {
    let started = Instant::now();
    let mut made = CaseReport {
        path: path.display().to_string(),
        status: Status::Error,
        errors: Vec::new(),
        differences: Vec::new(),
        report: None,
        legacy: false,
        duration: Duration::ZERO,
    };
    let mut attempt = || -> Result<Status, String> {
        let policy = policy.map_err(Clone::clone)?;
        let source = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let configuration = Configuration::parse(&path.display().to_string(), &source)?;
        made.legacy = configuration.legacy;
        let mut run = Run::new(Arc::clone(policy));
        run.now = now;
        run.limits = limits.clone();
        bind(&mut run, &configuration, path.parent().unwrap_or(Path::new("")))?;
        run.watched = configuration.expected.iter().flat_map(|e| e.keys().cloned()).collect();
        let report = run.evaluate();
        let status = judge(&report, configuration.expected.as_ref(), &mut made.differences);
        if status == Status::Error {
            made.errors.push(error_text(&report));
        }
        made.report = Some(report);
        Ok(status)
    };
    match attempt() {
        Ok(status) => made.status = status,
        Err(why) => made.errors.push(why),
    }
    made.duration = started.elapsed();
    made
}

pub(crate) fn error_text(report: &Report) -> String {
    match &report.error {
        Some((message, Some(at))) => format!("{}:{}:{}: {message}", at.file, at.line, at.column),
        Some((message, None)) => message.clone(),
        None => String::new(),
    }
}

fn judge(report: &Report, expected: Option<&BTreeMap<String, Json>>, out: &mut Vec<Difference>) -> Status {
    if report.verdict == Verdict::Error {
        return Status::Error;
    }
    let Some(expected) = expected else {
        if report.passed() {
            return Status::Pass;
        }
        out.push(Difference {
            rule: "main".into(),
            expected: Json::Bool(true),
            found: report.main.clone(),
            evaluated: true,
        });
        return Status::Fail;
    };
    for (name, wanted) in expected {
        let rule = report.rules.iter().rev().find(|r| r.name == *name);
        let (evaluated, found) = match rule {
            Some(rule) => (true, rule.value.as_ref()),
            None if name == "main" => (true, report.main.as_ref()),
            None => (report.names.contains_key(name), report.names.get(name)),
        };
        if !evaluated || !found.is_some_and(|found| same(found, wanted)) {
            out.push(Difference { rule: name.clone(), expected: wanted.clone(), found: found.cloned(), evaluated });
        }
    }
    if out.is_empty() { Status::Pass } else { Status::Fail }
}

/// Equality of JSON where 1 and 1.0 are one number.
fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, a)| b.get(k).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}
