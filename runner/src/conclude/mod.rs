//! Turns what a supervisor left into how the phase ended.

mod judge;
mod test;

use crate::{
    lease::Cause,
    phase::{Conclusion, Execution, Record},
    plan,
    server::{Error, Server},
    supervise::spec::{Exit, name},
};
use protocol::{Engine, Outcome, Phase};
use std::{io, path::Path};

/// The name of an engine as the first line of a log has it.
pub(crate) fn product(engine: Engine) -> &'static str {
    match engine {
        Engine::Terraform => "Terraform",
        Engine::Tofu => "OpenTofu",
    }
}

/// How the phase ended.
pub(crate) async fn conclude<S: Server>(execution: &Execution<S>, record: &Record, exit: Option<Exit>) -> Conclusion {
    let Some(exit) = exit else {
        if execution.keeper.order().cause() == Some(Cause::Wish) {
            // A signal that comes before the supervisor listens ends it.
            return Conclusion { outcome: Outcome::Canceled { killed: true }, artifacts: Vec::new() };
        }
        // A supervisor announces itself before it starts anything: without that nothing has begun, nor will it, since its directory is
        // taken away before the server hears of this.
        let announced =
            [name::SUPERVISOR, name::CONTAINER].iter().any(|name| execution.layout.root().join(name).exists());
        if !record.phase.acts() || !announced {
            let reason = "the phase ended with its runner before it was done".to_owned();
            return Conclusion::unfinished(reason);
        }
        return Conclusion::failed(
            "the supervisor of the phase was killed, and the engine with it; start the run again",
            None,
        );
    };
    if exit.succeeded < record.steps {
        let cause = execution.keeper.order().cause();
        let outcome = match test::failed(execution, record, &exit, cause).await {
            Some(tested) => tested,
            None => ended_early(record, &exit, cause),
        };
        return Conclusion { outcome, artifacts: Vec::new() };
    }
    match record.phase {
        Phase::Plan => match judge::planned(execution, record).await {
            Ok(conclusion) => conclusion,
            Err(_) if execution.keeper.order().cause() == Some(Cause::Wish) => {
                Conclusion { outcome: Outcome::Canceled { killed: false }, artifacts: Vec::new() }
            }
            // Files are missing that the phase left: an earlier runner died while it looked at them.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let reason = format!("the plan was made but its files are gone: {error}");
                Conclusion::unfinished(reason)
            }
            Err(error) => Conclusion::failed(format!("the plan was made but cannot be read: {error}"), None),
        },
        Phase::Apply => {
            let (log, json) = (execution.layout.log(), record.json_log);
            let counts = tokio::task::spawn_blocking(move || plan::applied(&log, json)).await;
            let counts = counts.map_err(io::Error::other).flatten().unwrap_or_default();
            Conclusion { outcome: Outcome::Applied { counts }, artifacts: Vec::new() }
        }
        Phase::Test => Conclusion { outcome: test::passed(execution).await, artifacts: Vec::new() },
    }
}

fn ended_early(record: &Record, exit: &Exit, cause: Option<Cause>) -> Outcome {
    let engine = record.engine.file_name().unwrap_or_default().to_string_lossy();
    let name = record.names.get(exit.succeeded).cloned().unwrap_or_else(|| engine.clone().into_owned());
    let failed = |reason: String| Outcome::Failed { reason, exit_code: exit.code };
    if let Some(reason) = &exit.unstarted {
        return failed(format!("{name} could not be started: {reason}"));
    }
    if let Some(limit) = exit.memory.filter(|_| cause.is_none()) {
        let limit = limit >> 20;
        return failed(format!(
            "{engine} was ended because the phase used up the memory of its container ({limit} MiB); give containers more with --container-memory, or split the configuration"
        ));
    }
    if let Some(limit) = exit.room {
        let limit = limit >> 20;
        return failed(format!(
            "{engine} failed and the work directory of its container is full ({limit} MiB); give containers more room with --container-work-size"
        ));
    }
    if let (Some(reason), None) = (&exit.files, cause) {
        return failed(format!(
            "the runner could not write the files of the phase ({reason}), so {engine} was interrupted; make room on its machine and start the run again"
        ));
    }
    let hard =
        if exit.killed { "; it had to be killed, so look for resources that the state does not know" } else { "" };
    if record.phase == Phase::Plan
        && (exit.abandoned || cause == Some(Cause::Lease) && (exit.interrupted || exit.killed))
    {
        return Outcome::Unfinished {
            reason: "the server was out of its runner's reach for longer than a lease lasts".to_owned(),
        };
    }
    if exit.abandoned {
        return failed(format!("nobody prolonged the lease, so {engine} was ended{hard}"));
    }
    match cause {
        Some(Cause::Wish) if exit.interrupted || exit.killed => return Outcome::Canceled { killed: exit.killed },
        Some(Cause::TimeOut) if exit.interrupted || exit.killed => {
            let seconds = record.limits.phase_seconds;
            return failed(format!("it took longer than the {seconds} seconds that a phase may take{hard}"));
        }
        Some(Cause::Lease) if exit.interrupted || exit.killed => {
            return failed(format!("the lease could not be prolonged, so {engine} was ended{hard}"));
        }
        _ => {}
    }
    if let Some(reason) = &exit.lost {
        let reason = format!("the container of the phase is gone: {reason}");
        return match record.phase {
            Phase::Plan if exit.memory.is_none() => Outcome::Unfinished { reason },
            Phase::Test => failed(format!("{reason}; look for resources that the test made")),
            _ => failed(format!("{reason}; the last whole state is kept, so look for resources that it does not know")),
        };
    }
    if (exit.interrupted || exit.killed) && record.phase == Phase::Plan {
        Outcome::Unfinished { reason: format!("{name} was ended because its runner stopped") }
    } else if exit.interrupted || exit.killed {
        failed(format!("{name} was ended because the server stopped; start the run again{hard}"))
    } else if let Some(signal) = exit.signal {
        let left = match record.phase {
            Phase::Test => "look for resources that the test made",
            _ if record.through_api => {
                "the last state that it sent is kept, so look for resources of its last 20 seconds"
            }
            _ => "the last whole state is kept",
        };
        failed(format!("{name} was killed by signal {signal} (9 is often a lack of memory); {left}"))
    } else {
        failed(format!("{name} failed with exit code {}; the log says why", exit.code.unwrap_or(-1)))
    }
}

/// How an apply ended whose last state the server does not take: whatever the engine did, nobody may take the state that is there for the result.
pub(crate) fn without_state(conclusion: Conclusion, error: &Error, kept: &Path) -> Conclusion {
    if let Outcome::Applied { .. } = conclusion.outcome {
        let kept = kept.display();
        return Conclusion::failed(
            format!(
                "everything was applied, but the new state could not be stored: {error}; it is kept in {kept} on the runner's machine: push it \
                 from there before the next run"
            ),
            None,
        );
    }
    conclusion
}

/// What the log ends with when the engine did not say it.
pub(crate) fn last_words(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed { exit_code: Some(_), .. }
        | Outcome::Planned { .. }
        | Outcome::Applied { .. }
        | Outcome::Tested { .. }
        | Outcome::Unfinished { .. } => None,
        Outcome::Failed { reason, .. } => Some(format!("\nError: {reason}\n")),
        Outcome::Canceled { killed: false } => Some("\nThe run was canceled.\n".to_owned()),
        Outcome::Canceled { killed: true } => Some(
            "\nThe run was canceled and the engine killed: resources may exist that the state does not know.\n"
                .to_owned(),
        ),
    }
}
