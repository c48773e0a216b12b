//! The result of a policy check: the JSON and the text log that API clients read.

use std::fmt::Write;

use serde_json::{Value as Json, json};

use crate::case::{error_text, trace};
use crate::config::Enforcement;
use crate::report::Report;

/// A policy of a check with its outcome.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The policy's name.
    pub name: String,
    /// How strictly a failure counts.
    pub enforcement: Enforcement,
    /// What the evaluation gave.
    pub report: Report,
}

impl Checked {
    fn refused(&self) -> bool {
        !self.report.passed()
    }
}

fn failed(policies: &[Checked], level: Enforcement) -> usize {
    policies.iter().filter(|p| p.refused() && p.enforcement == level).count()
}

/// Whether nothing but advisory policies failed.
#[must_use]
pub fn allowed(policies: &[Checked]) -> bool {
    policies.iter().all(|p| !p.refused() || p.enforcement == Enforcement::Advisory)
}

/// The `result` attribute of a policy check. `duration` is in milliseconds.
#[must_use]
pub fn result(policies: &[Checked], duration: u64) -> Json {
    let [advisory, soft, hard] = [Enforcement::Advisory, Enforcement::SoftMandatory, Enforcement::HardMandatory]
        .map(|level| failed(policies, level));
    let details: Vec<Json> = policies
        .iter()
        .map(|p| {
            json!({
                "policy": p.name,
                "result": p.report.passed(),
                "allowed-failure": p.refused() && p.enforcement == Enforcement::Advisory,
                "error": p.report.error.as_ref().map(|_| error_text(&p.report)),
                "trace": trace(&p.report),
            })
        })
        .collect();
    json!({
        "result": allowed(policies),
        "passed": policies.len() - advisory - soft - hard,
        "total-failed": advisory + soft + hard,
        "hard-failed": hard,
        "soft-failed": soft,
        "advisory-failed": advisory,
        "duration-ms": duration,
        "duration": duration,
        "sentinel": {
            "can-override": hard == 0 && soft > 0,
            "error": Json::Null,
            "result": allowed(policies),
            "policies": details,
        },
    })
}

/// The text log of a policy check.
#[must_use]
pub fn log(policies: &[Checked]) -> String {
    let mut out = format!("Sentinel Result: {}\n\n", allowed(policies));
    out.push_str(if allowed(policies) {
        "The run may go on: no mandatory policy refused it.\n"
    } else {
        "The run is stopped: at least one mandatory policy refused it.\n"
    });
    let _ = writeln!(out, "\n{} policies evaluated.", policies.len());
    for (n, policy) in policies.iter().enumerate() {
        let _ = writeln!(out, "\n## Policy {}: {} ({})\n", n + 1, policy.name, policy.enforcement.as_str());
        let _ = writeln!(out, "Result: {}\n", policy.report.passed());
        out.push_str(&policy.report.text(&policy.name));
    }
    out
}
