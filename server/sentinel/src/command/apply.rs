//! `policy apply`: one policy, or all of a configuration.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value as Json, json};

use super::{read_json, write};
use crate::case::{self, error_text};
use crate::config::{Configuration, Enforcement, PolicyEntry};
use crate::http::Door;
use crate::report::{Report, Verdict};
use crate::run::Run;

/// What `policy apply` is asked.
#[derive(Debug, Clone, Default)]
pub struct Apply {
    /// The policy; all policies of the configuration when absent.
    pub policy: Option<PathBuf>,
    /// The configuration; none is read when absent.
    pub config: Option<PathBuf>,
    /// `terraform show -json` of a plan, for the Terraform imports.
    pub plan: Option<PathBuf>,
    /// The members of `tfrun`, as JSON.
    pub run: Option<PathBuf>,
    /// Parameters as `name=value`.
    pub params: Vec<String>,
    /// The way out for the `http` import; without one it opens no connection.
    pub http: Option<Door>,
    /// Whether open questions of the documentation end a policy instead of being answered.
    pub strict: bool,
    /// Write JSON.
    pub json: bool,
}

/// A policy that was evaluated.
struct Outcome {
    shown: String,
    level: Enforcement,
    report: Report,
    /// In nanoseconds.
    duration: u64,
}

impl Apply {
    /// Evaluates; the result is the exit code of the worst policy: 0 pass, 1 fail, 2 undefined, 3 error while running.
    ///
    /// # Errors
    /// When something cannot be read or written: exit code 9.
    pub fn execute(&self, now: i128, out: &mut dyn Write) -> Result<u8, String> {
        let mut base = Base { now, http: self.http.clone(), strict: self.strict, ..Base::default() };
        for param in &self.params {
            let (name, value) = param.split_once('=').ok_or_else(|| format!("{param}: a parameter is name=value"))?;
            base.params.push((name.to_owned(), param_value(value)));
        }
        if let Some(config) = &self.config {
            let source = std::fs::read(config).map_err(|e| format!("{}: {e}", config.display()))?;
            base.configuration = Configuration::parse(&config.display().to_string(), &source)?;
            base.directory = config.parent().unwrap_or(Path::new("")).to_owned();
        }
        base.plan = self.plan.as_deref().map(read_json).transpose()?.map(Arc::new);
        base.run = self.run.as_deref().map(read_json).transpose()?.map(Arc::new);
        let outcomes = match &self.policy {
            Some(policy) => {
                let name = policy.file_stem().unwrap_or_default().to_string_lossy();
                let known = base.configuration.policies.iter().find(|p| p.name == name).cloned();
                vec![base.evaluate(policy, &known.unwrap_or_default())?]
            }
            None => base.all()?,
        };
        let text = if self.json { format!("{:#}\n", whole(&outcomes)) } else { text(&outcomes) };
        write(out, &text)?;
        Ok(outcomes.iter().map(|o| code(o.report.verdict)).max().unwrap_or(0))
    }
}

/// What all policies of a set share.
#[derive(Default)]
struct Base {
    now: i128,
    params: Vec<(String, Json)>,
    configuration: Configuration,
    directory: PathBuf,
    plan: Option<Arc<Json>>,
    run: Option<Arc<Json>>,
    http: Option<Door>,
    strict: bool,
}

impl Base {
    /// Every policy of the configuration; a mandatory one that refuses is the last, unless all are asked for.
    fn all(&self) -> Result<Vec<Outcome>, String> {
        if self.configuration.policies.is_empty() {
            return Err("there is nothing to apply: name a policy, or a configuration with policies".into());
        }
        let to_the_end = self.configuration.features.get("apply-all").is_some_and(|on| *on == Json::Bool(true));
        let mut outcomes = Vec::new();
        for entry in &self.configuration.policies {
            let source = entry.source.clone().unwrap_or_else(|| format!("{}.sentinel", entry.name));
            let outcome = self.evaluate(&case::local(&source, &self.directory)?, entry)?;
            let last = !outcome.report.passed() && entry.enforcement != Enforcement::Advisory && !to_the_end;
            outcomes.push(outcome);
            if last {
                break;
            }
        }
        Ok(outcomes)
    }

    fn evaluate(&self, policy: &Path, entry: &PolicyEntry) -> Result<Outcome, String> {
        let mut run = Run::new(case::read(policy)?);
        run.now = self.now;
        // The first one found is taken: the command line, then the policy's own, then the configuration's.
        run.params.clone_from(&self.params);
        run.params.extend(entry.params.iter().map(|(k, v)| (k.clone(), v.clone())));
        case::bind(&mut run, &self.configuration, &self.directory)?;
        run.plan.clone_from(&self.plan);
        run.run.clone_from(&self.run);
        run.http.clone_from(&self.http);
        run.limits.strict = self.strict;
        let started = Instant::now();
        let report = run.evaluate();
        let duration = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Ok(Outcome { shown: policy.display().to_string(), level: entry.enforcement, report, duration })
    }
}

fn code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass => 0,
        Verdict::Fail => 1,
        Verdict::Undefined => 2,
        Verdict::Error => 3,
    }
}

fn whole(outcomes: &[Outcome]) -> Json {
    let policies: Vec<_> = outcomes
        .iter()
        .map(|o| {
            let error = o.report.error.as_ref().map(|_| error_text(&o.report));
            json!({
                "policy": o.shown, "result": o.report.passed(), "error": error, "enforcement_level": o.level.as_str(),
                "duration": o.duration, "trace": case::trace(&o.report),
            })
        })
        .collect();
    let duration = outcomes.iter().map(|o| o.duration).fold(0, u64::saturating_add);
    let result = outcomes.iter().all(|o| o.report.passed());
    json!({ "result": result, "error": Json::Null, "duration": duration, "policies": policies })
}

fn text(outcomes: &[Outcome]) -> String {
    outcomes.iter().map(|o| o.report.text(&o.shown)).collect::<Vec<_>>().join("\n")
}

/// A parameter of the command line: JSON numbers, lists and maps are decoded, anything else is text.
fn param_value(text: &str) -> Json {
    match serde_json::from_str(text) {
        Ok(value @ (Json::Number(_) | Json::Array(_) | Json::Object(_) | Json::String(_))) => value,
        _ => Json::String(text.to_owned()),
    }
}
