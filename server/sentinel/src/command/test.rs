//! `policy test`.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::write;
use crate::case::{self, Status};
use crate::limits::Limits;

/// What `policy test` is asked.
#[derive(Debug, Clone, Default)]
pub struct Test {
    /// Policies and directories; the current directory when empty.
    pub paths: Vec<PathBuf>,
    /// A regular expression for the policies to test; behind a `/`, one for their cases.
    pub only: Option<String>,
    /// Whether open questions of the documentation end a policy instead of being answered.
    pub strict: bool,
    /// Write JSON.
    pub json: bool,
    /// Write JUnit XML to this file.
    pub junit: Option<PathBuf>,
    /// Add which rules were never evaluated.
    pub coverage: bool,
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
        let limits = Limits { strict: self.strict, ..Limits::default() };
        let mut reports = Vec::new();
        for path in &paths {
            for policy in case::policies(path)? {
                let policy = policy.strip_prefix("./").map(Path::to_owned).unwrap_or(policy);
                let name = policy.file_stem().unwrap_or_default().to_string_lossy();
                if only_policy.as_ref().is_some_and(|only| !only.is_match(&name)) {
                    continue;
                }
                reports.push(case::test_policy(&policy, now, &limits, &wanted));
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
