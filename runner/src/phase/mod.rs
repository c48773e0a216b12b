//! One phase from its job to its end: prepared, executed under a supervisor, attended until that ends, concluded.

mod attend;
mod end;
mod start;

use crate::{
    Stop, conclude,
    layout::Layout,
    lease::{self, Keeper, Patience},
    log,
    machine::Machine,
    prepare,
    server::Server,
    state,
    supervise::spec::Wall,
};
use protocol::{Artifact, Job, Lease, Limits, Outcome, Phase};
use serde::{Deserialize, Serialize};
use std::{fs, path::PathBuf, sync::Arc, time::Duration};

pub(crate) use end::exit;

/// What a runner must know to attend a phase that another process started. Holds no secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) lease: Lease,
    pub(crate) phase: Phase,
    pub(crate) engine: PathBuf,
    pub(crate) version: String,
    pub(crate) working_directory: String,
    pub(crate) cli_workspace: String,
    pub(crate) json_log: bool,
    pub(crate) refresh_only: bool,
    pub(crate) limits: Limits,
    pub(crate) wall: Wall,
    /// Packages of providers that it may have linked to.
    #[serde(default)]
    pub(crate) links: Vec<crate::providers::Link>,
    /// What the server mirrors.
    #[serde(default)]
    pub(crate) mirrored: Vec<String>,
    /// Whether the engine sends its state to the server itself.
    #[serde(default)]
    pub(crate) through_api: bool,
    /// Milliseconds since the machine was started.
    pub(crate) started: u64,
    /// How many steps the supervisor has to do.
    pub(crate) steps: usize,
    /// What each of them is called.
    #[serde(default)]
    pub(crate) names: Vec<String>,
}

impl Record {
    /// The file with a state that the runner sends on, beneath the root module.
    pub(crate) fn state(&self) -> PathBuf {
        if self.through_api { PathBuf::from(state::ERRORED) } else { state::path(&self.cli_workspace) }
    }
}

/// A phase whose supervisor may run.
pub(crate) struct Execution<S> {
    pub(crate) server: Arc<S>,
    pub(crate) machine: Arc<Machine>,
    pub(crate) layout: Layout,
    pub(crate) lease: Lease,
    pub(crate) keeper: Keeper,
    pub(crate) stop: Stop,
}

/// How a phase ended, and what it hands back.
pub(crate) struct Conclusion {
    pub(crate) outcome: Outcome,
    pub(crate) artifacts: Vec<(Artifact, PathBuf)>,
}

impl Conclusion {
    pub(crate) fn failed(reason: impl Into<String>, exit_code: Option<i32>) -> Self {
        Self { outcome: Outcome::Failed { reason: reason.into(), exit_code }, artifacts: Vec::new() }
    }

    pub(crate) fn unfinished(reason: impl Into<String>) -> Self {
        Self { outcome: Outcome::Unfinished { reason: reason.into() }, artifacts: Vec::new() }
    }
}

/// Executes a job that was just claimed.
pub(crate) async fn execute<S: Server>(server: Arc<S>, machine: Arc<Machine>, job: Job, uid: u32, stop: Stop) {
    let layout = Layout::of(&machine.options.directory, &job.lease);
    let hand_back = (!job.phase.acts()).then(|| stop.hand_back.clone());
    let keeper = Keeper::start(&server, &job.lease, layout.clone(), job.limits, Duration::ZERO, hand_back);
    let execution = Execution { server, machine, layout, lease: job.lease.clone(), keeper, stop };
    execution.execute(&job, uid).await;
}

impl<S: Server> Execution<S> {
    async fn execute(self, job: &Job, uid: u32) {
        self.layout.remove().ok();
        if let Err(error) = prepare::directories(&self.layout).and_then(|()| lease::write(&self.layout, &self.lease)) {
            let reason = format!("cannot make {}: {error}", self.layout.root().display());
            tracing::error!(phase = self.lease.phase_id, reason);
            let failed = Conclusion::failed(reason, None);
            self.finish(failed).await;
            return;
        }
        match self.start(job, uid).await {
            Ok((record, body, followed)) => self.attend(&record, body, 0, Ok(followed)).await,
            Err(reason) => {
                let conclusion = match self.keeper.order().cause() {
                    Some(lease::Cause::Wish) => {
                        Conclusion { outcome: Outcome::Canceled { killed: false }, artifacts: Vec::new() }
                    }
                    Some(lease::Cause::HandBack) => Conclusion::unfinished("its runner stopped before it was begun"),
                    Some(lease::Cause::Lease) => {
                        Conclusion::unfinished("the server was out of its runner's reach before it was begun")
                    }
                    _ => Conclusion::failed(reason, None),
                };
                let product = conclude::product(job.engine);
                if !self.layout.log().exists() {
                    fs::write(self.layout.log(), log::preamble(job.phase, product, &job.version)).ok();
                }
                let (ended, tail) = self.tail(0);
                self.end(conclusion, ended, tail, false).await;
            }
        }
    }

    /// How long to go on trying when the server is not reachable.
    fn patience(&self) -> Patience {
        Patience::UntilStopped(Duration::from_secs(u64::from(self.lease.seconds)) * 2, self.stop.drain.clone())
    }
}
