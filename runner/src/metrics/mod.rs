//! What a runner says of itself to whoever watches machines: counts since its start and what it does now, as Prometheus reads them.

mod counted;
mod listen;

pub use counted::Counted;
pub use listen::serve;

use protocol::{Outcome, Phase};
use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// How phases end.
const OUTCOMES: [&str; 7] = ["planned", "applied", "tested", "failed", "canceled", "unfinished", "lost"];

/// Counts since the runner's start. Nothing in them names a run, a workspace or an organization.
#[derive(Debug, Default)]
pub struct Metrics {
    hellos: AtomicU64,
    claims: AtomicU64,
    adoptions: AtomicU64,
    renewals: AtomicU64,
    failed_renewals: AtomicU64,
    unavailable: AtomicU64,
    log_bytes: AtomicU64,
    states: AtomicU64,
    plans: [AtomicU64; OUTCOMES.len()],
    applies: [AtomicU64; OUTCOMES.len()],
}

/// What a runner does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// How many phases it executes at once at most.
    pub slots: usize,
    /// How many it does.
    pub busy: usize,
    /// Containers that are started and wait for a phase.
    pub warm: usize,
}

fn add(count: &AtomicU64, by: u64) {
    count.fetch_add(by, Relaxed);
}

impl Metrics {
    fn ended(&self, phase: Phase, outcome: &str) {
        let outcomes = if phase == Phase::Plan { &self.plans } else { &self.applies };
        if let Some(at) = OUTCOMES.iter().position(|name| *name == outcome) {
            add(&outcomes[at], 1);
        }
    }

    /// The text that Prometheus reads (format 0.0.4).
    pub fn text(&self, now: Now) -> String {
        let mut text = String::new();
        let mut family = |name: &str, kind: &str, help: &str, samples: &[(String, u64)]| {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "# HELP terrane_runner_{name} {help}\n# TYPE terrane_runner_{name} {kind}");
            for (labels, value) in samples {
                let _ = writeln!(text, "terrane_runner_{name}{labels} {value}");
            }
        };
        let one = |value: u64| [(String::new(), value)];
        let count = |count: &AtomicU64| one(count.load(Relaxed));
        let gauge = |value: usize| one(u64::try_from(value).unwrap_or(u64::MAX));
        family("slots", "gauge", "Phases that it executes at once at most.", &gauge(now.slots));
        family("busy_slots", "gauge", "Phases that it executes now.", &gauge(now.busy));
        family("warm_containers", "gauge", "Containers that are started and wait for a phase.", &gauge(now.warm));
        family("claims_total", "counter", "Phases that the server handed to it.", &count(&self.claims));
        family("adoptions_total", "counter", "Phases of an earlier start that it took over.", &count(&self.adoptions));
        let each = |phase: &'static str, counts: &[AtomicU64]| {
            let sample = |(outcome, count): (&&str, &AtomicU64)| {
                (format!("{{phase=\"{phase}\",outcome=\"{outcome}\"}}"), count.load(Relaxed))
            };
            OUTCOMES.iter().zip(counts).map(sample).collect::<Vec<_>>()
        };
        let phases = [each("plan", &self.plans), each("apply", &self.applies)].concat();
        family("phases_total", "counter", "Phases that ended, and how.", &phases);
        let renewals = [("ok", &self.renewals), ("failed", &self.failed_renewals)];
        let renewals = renewals.map(|(result, count)| (format!("{{result=\"{result}\"}}"), count.load(Relaxed)));
        family("lease_renewals_total", "counter", "Attempts to prolong a lease.", &renewals);
        family("log_bytes_total", "counter", "Bytes of logs that the server took.", &count(&self.log_bytes));
        family("states_total", "counter", "States that the server took.", &count(&self.states));
        family(
            "hellos_total",
            "counter",
            "How often it said hello: once, and at each reconnect.",
            &count(&self.hellos),
        );
        family("unavailable_total", "counter", "Calls that did not reach the server.", &count(&self.unavailable));
        text
    }
}

/// What an outcome is called.
fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Planned { .. } => "planned",
        Outcome::Applied { .. } => "applied",
        Outcome::Tested { .. } => "tested",
        Outcome::Failed { .. } => "failed",
        Outcome::Canceled { .. } => "canceled",
        Outcome::Unfinished { .. } => "unfinished",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_is_counted_under_its_name() {
        let metrics = Metrics::default();
        let outcomes = [
            Outcome::Failed { reason: "it".into(), exit_code: None },
            Outcome::Canceled { killed: true },
            Outcome::Unfinished { reason: "it".into() },
        ];
        for outcome in &outcomes {
            metrics.ended(Phase::Apply, name(outcome));
        }
        metrics.ended(Phase::Plan, "lost");
        let text = metrics.text(Now { slots: 3, busy: 2, warm: 1 });
        for line in [
            "terrane_runner_slots 3",
            "terrane_runner_busy_slots 2",
            "terrane_runner_warm_containers 1",
            "terrane_runner_phases_total{phase=\"apply\",outcome=\"failed\"} 1",
            "terrane_runner_phases_total{phase=\"apply\",outcome=\"canceled\"} 1",
            "terrane_runner_phases_total{phase=\"apply\",outcome=\"unfinished\"} 1",
            "terrane_runner_phases_total{phase=\"apply\",outcome=\"applied\"} 0",
            "terrane_runner_phases_total{phase=\"plan\",outcome=\"lost\"} 1",
            "# TYPE terrane_runner_phases_total counter",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}: {text}");
        }
    }
}
