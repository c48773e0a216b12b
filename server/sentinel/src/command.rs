//! The commands over policies, for a program to mount: `test`, `apply`, `fmt` and `mock`. Another policy language joins here by its file extension.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value as Json, json};

use crate::case::{self, Status, error_text};
use crate::config::Configuration;
use crate::limits::Limits;
use crate::run::{Run, Verdict};

/// What `policy test` is asked.
#[derive(Debug, Clone, Default)]
pub struct Test {
    /// Policies and directories; the current directory when empty.
    pub paths: Vec<PathBuf>,
    /// A regular expression for the policies to test; behind a `/`, one for their cases.
    pub only: Option<String>,
    /// Write JSON.
    pub json: bool,
    /// Write JUnit XML to this file.
    pub junit: Option<PathBuf>,
    /// Add which rules were never evaluated.
    pub coverage: bool,
}

/// What `policy apply` is asked.
#[derive(Debug, Clone, Default)]
pub struct Apply {
    /// The policy.
    pub policy: PathBuf,
    /// The configuration; none is read when absent.
    pub config: Option<PathBuf>,
    /// `terraform show -json` of a plan, for the Terraform imports.
    pub plan: Option<PathBuf>,
    /// Parameters as `name=value`.
    pub params: Vec<String>,
    /// Write JSON.
    pub json: bool,
}

impl Test {
    /// Runs the cases; the result is the exit code: 0 only if all passed.
    ///
    /// # Errors
    /// When paths cannot be read or reports cannot be written.
    pub fn execute(&self, now: i128, out: &mut dyn Write) -> Result<u8, String> {
        let paths = if self.paths.is_empty() { vec![PathBuf::from(".")] } else { self.paths.clone() };
        let pattern = |text: &str| regex::Regex::new(text).map_err(|e| format!("--run {text}: {e}"));
        let only = self.only.as_deref().map(|only| match only.split_once('/') {
            Some((policy, case)) => Ok::<_, String>((Some(pattern(policy)?), Some(pattern(case)?))),
            None => Ok((Some(pattern(only)?), None)),
        });
        let (only_policy, only_case) = only.transpose()?.unwrap_or((None, None));
        let wanted = |name: &str| only_case.as_ref().is_none_or(|only| only.is_match(name));
        let mut reports = Vec::new();
        for path in &paths {
            for policy in case::policies(path)? {
                let policy = policy.strip_prefix("./").map(Path::to_owned).unwrap_or(policy);
                let name = policy.file_stem().unwrap_or_default().to_string_lossy();
                if only_policy.as_ref().is_some_and(|only| !only.is_match(&name)) {
                    continue;
                }
                reports.push(case::test_policy(&policy, now, &Limits::default(), &wanted));
            }
        }
        let text = if self.json { format!("{:#}\n", case::json(&reports)) } else { case::text(&reports) };
        write(out, &text)?;
        if self.coverage && !self.json {
            write(out, &case::coverage(&reports))?;
        }
        if let Some(file) = &self.junit {
            std::fs::write(file, case::junit(&reports)).map_err(|e| format!("{}: {e}", file.display()))?;
        }
        Ok(u8::from(reports.iter().any(|r| matches!(r.status, Status::Fail | Status::Error))))
    }
}

impl Apply {
    /// Evaluates the policy; the result is the exit code: 0 pass, 1 fail, 2 undefined, 3 error while running.
    ///
    /// # Errors
    /// When something cannot be read or written: exit code 9.
    pub fn execute(&self, now: i128, out: &mut dyn Write) -> Result<u8, String> {
        let mut run = Run::new(case::read(&self.policy)?);
        run.now = now;
        for param in &self.params {
            let (name, value) = param.split_once('=').ok_or_else(|| format!("{param}: a parameter is name=value"))?;
            run.params.push((name.to_owned(), param_value(value)));
        }
        let mut level = crate::config::Enforcement::default();
        if let Some(config) = &self.config {
            let source = std::fs::read(config).map_err(|e| format!("{}: {e}", config.display()))?;
            let configuration = Configuration::parse(&config.display().to_string(), &source)?;
            let name = self.policy.file_stem().unwrap_or_default().to_string_lossy();
            if let Some(entry) = configuration.policies.iter().find(|p| p.name == name) {
                level = entry.enforcement;
                run.params.extend(entry.params.iter().map(|(k, v)| (k.clone(), v.clone())));
            }
            case::bind(&mut run, &configuration, config.parent().unwrap_or(Path::new("")))?;
        }
        if let Some(plan) = &self.plan {
            let source = std::fs::read(plan).map_err(|e| format!("{}: {e}", plan.display()))?;
            let json: Json = serde_json::from_slice(&source).map_err(|e| format!("{}: {e}", plan.display()))?;
            run.plan = Some(Arc::new(json));
        }
        let started = Instant::now();
        let report = run.evaluate();
        let duration = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let shown = self.policy.display().to_string();
        let error = report.error.as_ref().map(|_| error_text(&report));
        let text = if self.json {
            let policy = json!({
                "policy": shown, "result": report.passed(), "error": error, "enforcement_level": level.as_str(),
                "duration": duration, "trace": case::trace(&report),
            });
            let whole = json!({
                "result": report.passed(), "error": Json::Null, "duration": duration, "policies": [policy],
            });
            format!("{whole:#}\n")
        } else {
            report.text(&shown)
        };
        write(out, &text)?;
        Ok(match report.verdict {
            Verdict::Pass => 0,
            Verdict::Fail => 1,
            Verdict::Undefined => 2,
            Verdict::Error => 3,
        })
    }
}

/// What `policy fmt` is asked.
#[derive(Debug, Clone, Default)]
pub struct Fmt {
    /// Policies and directories.
    pub paths: Vec<PathBuf>,
    /// Only name the files that are laid out differently; the exit code is 1 if there are any.
    pub check: bool,
}

impl Fmt {
    /// Lays the files out; names those that change. The result is the exit code.
    ///
    /// # Errors
    /// When a file cannot be read, parsed or written.
    pub fn execute(&self, out: &mut dyn Write) -> Result<u8, String> {
        let mut changed = false;
        for path in &self.paths {
            for file in case::policies(path)? {
                let shown = file.display().to_string();
                let text = std::fs::read_to_string(&file).map_err(|e| format!("{shown}: {e}"))?;
                let made = crate::format::format(&shown, &text).map_err(|e| e.to_string())?;
                if made != text {
                    changed = true;
                    write(out, &format!("{shown}\n"))?;
                    if !self.check {
                        std::fs::write(&file, made).map_err(|e| format!("{shown}: {e}"))?;
                    }
                }
            }
        }
        Ok(u8::from(changed && self.check))
    }
}

/// What `policy mock` is asked.
#[derive(Debug, Clone, Default)]
pub struct Mock {
    /// `terraform show -json` of a plan.
    pub plan: PathBuf,
    /// Where the files go.
    pub directory: PathBuf,
}

impl Mock {
    /// Writes the files of a mock bundle and names them. The result is the exit code.
    ///
    /// # Errors
    /// When the plan cannot be read or a file cannot be written.
    pub fn execute(&self, out: &mut dyn Write) -> Result<u8, String> {
        let shown = self.plan.display();
        let source = std::fs::read(&self.plan).map_err(|e| format!("{shown}: {e}"))?;
        let plan: Json = serde_json::from_slice(&source).map_err(|e| format!("{shown}: {e}"))?;
        std::fs::create_dir_all(&self.directory).map_err(|e| format!("{}: {e}", self.directory.display()))?;
        for (name, text) in crate::mock::bundle(&plan, None) {
            let file = self.directory.join(name);
            std::fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))?;
            write(out, &format!("{}\n", file.display()))?;
        }
        Ok(0)
    }
}

/// A parameter of the command line: JSON numbers, lists and maps are decoded, anything else is text.
fn param_value(text: &str) -> Json {
    match serde_json::from_str(text) {
        Ok(value @ (Json::Number(_) | Json::Array(_) | Json::Object(_) | Json::String(_))) => value,
        _ => Json::String(text.to_owned()),
    }
}

fn write(out: &mut dyn Write, text: &str) -> Result<(), String> {
    out.write_all(text.as_bytes()).map_err(|e| format!("the output cannot be written: {e}"))
}
