//! What an evaluation gave, and how it reads as text.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// A place in a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The file.
    pub file: String,
    /// Byte offset.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

/// A rule that was evaluated.
#[derive(Debug, Clone)]
pub struct RuleReport {
    /// The name it was assigned to.
    pub name: String,
    /// The comment above the assignment.
    pub description: Option<String>,
    /// Where the assignment starts.
    pub position: Position,
    /// Its value; `None` for undefined.
    pub value: Option<Json>,
}

/// What the policy decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// `main` allows.
    Pass,
    /// `main` refuses.
    Fail,
    /// `main` is undefined: refused.
    Undefined,
    /// The policy did not get to a decision: refused.
    Error,
}

/// What an evaluation gave.
#[derive(Debug, Clone)]
pub struct Report {
    /// The decision.
    pub verdict: Verdict,
    /// Why there is none, with the place.
    pub error: Option<(String, Option<Position>)>,
    /// Where the undefined value of `main` came from.
    pub undefined_at: Option<Position>,
    /// Value of `main`; `None` for undefined or missing.
    pub main: Option<Json>,
    /// Rules in the order they were first evaluated.
    pub rules: Vec<RuleReport>,
    /// Values of the watched names that are plain data.
    pub names: BTreeMap<String, Json>,
    /// The first comment of the policy.
    pub description: Option<String>,
    /// What was printed, one line for each call.
    pub printed: String,
}

impl Report {
    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Error,
            error: Some((message.into(), None)),
            undefined_at: None,
            main: None,
            rules: Vec::new(),
            names: BTreeMap::new(),
            description: None,
            printed: String::new(),
        }
    }

    /// The report as text: the verdict, the description, and each evaluated rule with its value, `main` first.
    #[must_use]
    pub fn text(&self, policy: &str) -> String {
        let word = match self.verdict {
            Verdict::Pass => "Pass",
            Verdict::Fail | Verdict::Undefined => "Fail",
            Verdict::Error => "Error",
        };
        let mut out = format!("{word} - {policy}\n");
        let at = |p: &Position| format!("{}:{}:{}", p.file, p.line, p.column);
        if let Some(description) = self.description.as_deref().filter(|d| !d.is_empty()) {
            out.push_str(&format!("\nDescription:\n  {}\n", description.replace('\n', "\n  ")));
        }
        if let Some((message, place)) = &self.error {
            out.push_str(&format!("\n{}{message}\n", place.as_ref().map(|p| at(p) + ": ").unwrap_or_default()));
        }
        if self.verdict == Verdict::Undefined {
            let place = self.undefined_at.as_ref().map(|p| format!("; it first appears at {}", at(p)));
            out.push_str(&format!("\nmain is undefined{}\n", place.unwrap_or_default()));
        }
        if !self.printed.is_empty() {
            out.push_str(&format!("\nPrint messages:\n\n{}\n", self.printed));
        }
        let mut rules: Vec<_> = self.rules.iter().collect();
        rules.sort_by_key(|r| r.name != "main");
        for rule in rules {
            out.push_str(&format!("\n{} - Rule \"{}\"\n", at(&rule.position), rule.name));
            if let Some(description) = &rule.description {
                out.push_str(&format!("  Description:\n    {}\n", description.replace('\n', "\n    ")));
            }
            let value = rule.value.as_ref().map_or("undefined".to_owned(), |v| format!("{v:#}"));
            let lines: Vec<_> = value.lines().collect();
            let shown = lines[..lines.len().min(40)].join("\n    ");
            let more = if lines.len() > 40 { "\n    …" } else { "" };
            out.push_str(&format!("\n  Value:\n    {shown}{more}\n"));
        }
        out
    }

    /// Whether the policy allows.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.verdict == Verdict::Pass
    }
}
