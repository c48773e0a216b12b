//! One phase from its job to its end: prepared, executed under a supervisor, attended until that ends, concluded.

use crate::{
    conclude,
    executor::Body,
    hooks,
    layout::Layout,
    lease,
    lease::{Keeper, Order, ordered, persist},
    log::{self, Tail},
    machine::Machine,
    prepare::{self, Prepared},
    prime,
    providers::Link,
    server::{Error, Server},
    state::{self, Followed},
    supervise::{
        self,
        spec::{Exit, Output, Spec, Step, Wall, boot_milliseconds},
    },
};
use bytes::Bytes;
use protocol::{Artifact, Job, Lease, Limits, Outcome, Phase};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

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
    pub(crate) links: Vec<Link>,
    /// What the server mirrors.
    #[serde(default)]
    pub(crate) mirrored: Vec<String>,
    /// Milliseconds since the machine was started.
    pub(crate) started: u64,
    /// How many steps the supervisor has to do.
    pub(crate) steps: usize,
    /// What each of them is called.
    #[serde(default)]
    pub(crate) names: Vec<String>,
}

/// A phase whose supervisor may run.
pub(crate) struct Execution<S> {
    pub(crate) server: Arc<S>,
    pub(crate) machine: Arc<Machine>,
    pub(crate) layout: Layout,
    pub(crate) lease: Lease,
    pub(crate) keeper: Keeper,
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
}

/// Executes a job that was just claimed.
pub(crate) async fn execute<S: Server>(
    server: Arc<S>,
    machine: Arc<Machine>,
    job: Job,
    uid: u32,
    hand_back: CancellationToken,
) {
    let layout = Layout::new(&machine.options.directory, &job.lease.phase_id);
    let hand_back = (job.phase == Phase::Plan).then_some(hand_back);
    let keeper = Keeper::start(&server, &job.lease, layout.clone(), job.limits, Duration::ZERO, hand_back);
    let execution = Execution { server, machine, layout, lease: job.lease.clone(), keeper };
    execution.execute(&job, uid).await;
}

impl<S: Server> Execution<S> {
    async fn execute(self, job: &Job, uid: u32) {
        fs::remove_dir_all(self.layout.root()).ok();
        if let Err(error) = prepare::directories(&self.layout).and_then(|()| lease::write(&self.layout, &self.lease)) {
            let reason = format!("cannot make {}: {error}", self.layout.root().display());
            tracing::error!(phase = self.lease.phase_id, reason);
            let failed = Conclusion::failed(reason, None);
            self.finish(failed).await;
            return;
        }
        match self.start(job, uid).await {
            Ok((record, body, state)) => self.attend(&record, body, 0, state).await,
            Err(reason) => {
                let conclusion = match self.keeper.order().cause() {
                    Some(lease::Cause::Wish) => {
                        Conclusion { outcome: Outcome::Canceled { killed: false }, artifacts: Vec::new() }
                    }
                    Some(lease::Cause::HandBack) => {
                        let reason = "its runner stopped before it was begun".to_owned();
                        Conclusion { outcome: Outcome::Unfinished { reason }, artifacts: Vec::new() }
                    }
                    _ => Conclusion::failed(reason, None),
                };
                let product = conclude::product(job.engine);
                if !self.layout.log().exists() {
                    fs::write(self.layout.log(), log::preamble(product, &job.version)).ok();
                }
                let (ended, tail) = self.tail(0);
                self.end(conclusion, ended, tail).await;
            }
        }
    }

    /// Prepares the phase and starts its supervisor.
    async fn start(&self, job: &Job, uid: u32) -> Result<(Record, Body, Option<Bytes>), String> {
        let machine = &self.machine;
        let owner = machine.owner(uid);
        let preparing = prepare::prepare(&self.server, machine, job, &self.layout, owner);
        let resolving = machine.resolve(job);
        let mut orders = self.keeper.orders();
        let (executable, prepared) = tokio::select! {
            both = async { tokio::join!(resolving, preparing) } => both,
            () = ordered(&mut orders) => return Err("it ended before it was started".to_owned()),
        };
        let executable = executable.map_err(|failure| failure.to_string())?;
        let version = executable.version.to_string();
        let mut preamble = log::preamble(conclude::product(job.engine), &version);
        let prepared = prepared
            .inspect_err(|_| drop(fs::write(self.layout.log(), &preamble)))
            .map_err(|failure| failure.to_string())?;
        for warning in &prepared.warnings {
            preamble.extend_from_slice(format!("Warning: {warning}\n").as_bytes());
        }
        fs::write(self.layout.log(), preamble).map_err(|error| format!("cannot write the log: {error}"))?;
        machine
            .provide(&executable, &prepared.links)
            .await
            .map_err(|error| format!("the providers cannot be given to a container: {error}"))?;
        let wall = machine.wall(&self.layout, &executable, job, uid, &prepared.links);
        let note = prime::note(self, &wall, &executable.path, &version).await;
        note.and_then(|note| prepare::put_note(&self.layout, &job.working_directory, &note, owner))
            .map_err(|error| format!("cannot set {} up for a local backend: {error}", executable.path.display()))?;
        let mut spec =
            self.spec(job, &prepared, &executable.path, wall.clone()).map_err(|failure| failure.to_string())?;
        if prepared.own_settings {
            spec.steps.iter_mut().for_each(|step| step.environment.retain(|(key, _)| key != "TF_CLI_CONFIG_FILE"));
        }
        let names = hooks::surround(&mut spec.steps, job);
        let record = Record {
            lease: self.lease.clone(),
            phase: job.phase,
            engine: executable.path,
            version: version.clone(),
            working_directory: job.working_directory.clone(),
            cli_workspace: job.cli_workspace.clone(),
            json_log: job.options.json_log,
            refresh_only: job.options.refresh_only,
            limits: job.limits,
            wall,
            links: prepared.links,
            mirrored: job.mirrored.clone(),
            started: boot_milliseconds(),
            steps: spec.steps.len(),
            names,
        };
        supervise::write_whole(self.layout.root(), "phase", &record, false)
            .map_err(|error| format!("cannot write down the phase: {error}"))?;
        let image = record.wall.container.as_ref().map(|inside| inside.image.told());
        if job.phase == Phase::Apply {
            persist(self.patience(), || self.server.started(&self.lease, &version, image.as_ref()))
                .await
                .map_err(|error| format!("the server cannot be told that the apply begins: {error}"))?;
        }
        let body = machine
            .start(&spec, Some(self.keeper.lease_end()))
            .await
            .map_err(|error| format!("the phase cannot be started: {error}"))?;
        Ok((record, body, prepared.state))
    }

    fn spec(&self, job: &Job, prepared: &Prepared, engine: &Path, wall: Wall) -> Result<Spec, prepare::Failure> {
        let machine = &self.machine;
        let inside = machine.inside(&self.layout, &wall);
        let environment =
            prepare::environment(&machine.options, &inside, &prepared.environment, Some(&job.cli_workspace))?;
        let module = inside.layout.module(&job.working_directory);
        let step = |arguments: Vec<String>, output, keep| Step {
            program: engine.to_owned(),
            arguments,
            directory: module.clone(),
            environment: environment.clone(),
            output,
            keep,
        };
        let lock = (module.join(".terraform.lock.hcl"), Layout::LOCK_FILE.to_owned());
        let beneath = Path::new("c").join(&job.working_directory);
        let init = step(vec!["init".into(), "-input=false".into()], Output::Quiet, Some(lock));
        let work = step(arguments(job, &inside.layout), Output::Log, None);
        Ok(Spec {
            directory: self.layout.root().to_owned(),
            steps: if prepared.needs_init { vec![init, work] } else { vec![work] },
            wall,
            survive: job.phase == Phase::Apply,
            grace_seconds: job.limits.grace_seconds,
            abandoned_grace_seconds: machine.options.abandoned_grace_seconds,
            state: (job.phase == Phase::Apply).then(|| beneath.join(state::path(&job.cli_workspace))),
            fetch: match job.phase {
                Phase::Plan => vec!["plan".into(), beneath.join(".terraform/providers")],
                Phase::Apply => Vec::new(),
            },
        })
    }

    /// Sends log and state on until the supervisor ends, and ends the phase.
    pub(crate) async fn attend(self, record: &Record, mut body: Body, log_end: u64, state: Option<Bytes>) {
        let (ended, tail) = self.tail(log_end);
        let (stopped, follower) = self.follow(record, state);
        let started = (record.phase == Phase::Plan).then(|| {
            let (server, lease, version) = (Arc::clone(&self.server), self.lease.clone(), record.version.clone());
            let image = record.wall.container.as_ref().map(|inside| inside.image.told());
            tokio::spawn(async move { server.started(&lease, &version, image.as_ref()).await })
        });
        self.watch(&mut body).await;
        if let Some(started) = started {
            started.await.ok();
        }
        stopped.send_replace(true);
        let kept = match follower {
            Some(follower) => follower.await.unwrap_or_else(|error| Err(Error::Unavailable(error.to_string()))),
            None => Ok(()),
        };
        if let Err(error) = &kept {
            let path = self.layout.state();
            tracing::error!(phase = self.lease.phase_id, %error, path = %path.display(), "the state of an apply could not be sent; it is kept in a file");
        }
        let exit = exit(&self.layout);
        let conclusion = conclude::conclude(&self, record, exit).await;
        let keep = kept.is_err();
        self.end_keeping(conclusion, ended, tail, keep).await;
    }

    fn tail(&self, from: u64) -> (watch::Sender<bool>, tokio::task::JoinHandle<()>) {
        let (ended, receiver) = watch::channel(false);
        let tail = Tail {
            server: Arc::clone(&self.server),
            lease: self.lease.clone(),
            path: self.layout.log(),
            patience: self.patience(),
        };
        let phase = self.lease.phase_id.clone();
        let task = tokio::spawn(async move {
            if let Err(error) = tail.run(from, receiver).await {
                tracing::warn!(phase, %error, "the log is cut");
            }
        });
        (ended, task)
    }

    fn follow(
        &self,
        record: &Record,
        state: Option<Bytes>,
    ) -> (watch::Sender<bool>, Option<tokio::task::JoinHandle<Result<(), Error>>>) {
        let (stopped, receiver) = watch::channel(false);
        if record.phase != Phase::Apply {
            return (stopped, None);
        }
        let module = self.layout.module(&record.working_directory);
        let limit = self.machine.options.state_bytes;
        match Followed::open(&self.server, &self.lease, &self.layout, &module, &record.cli_workspace, state, limit) {
            Ok(followed) => (stopped, Some(tokio::spawn(followed.run(receiver, self.patience())))),
            Err(error) => {
                tracing::error!(phase = self.lease.phase_id, %error, "the state of an apply cannot be followed");
                (stopped, None)
            }
        }
    }

    /// Hands the server's wishes to the supervisor until that has ended.
    async fn watch(&self, body: &mut Body) {
        let mut orders = self.keeper.orders();
        orders.mark_changed(); // an order may have come before anybody listened
        loop {
            tokio::select! {
                () = body.ended() => return,
                changed = orders.changed() => {
                    if changed.is_err() {
                        body.ended().await;
                        return;
                    }
                    let order = *orders.borrow_and_update();
                    match order {
                        Order::GoOn => {}
                        Order::Interrupt(_) => body.interrupt(),
                        Order::Kill(_) => body.kill(),
                    }
                }
            }
        }
    }

    /// How long to go on trying when the server is not reachable.
    fn patience(&self) -> Duration {
        Duration::from_secs(u64::from(self.lease.seconds)) * 2
    }

    async fn end(self, conclusion: Conclusion, ended: watch::Sender<bool>, tail: tokio::task::JoinHandle<()>) {
        self.end_keeping(conclusion, ended, tail, false).await;
    }

    /// The last words to the log, the log to its end, the outcome to the server, the directory away.
    async fn end_keeping(
        self,
        conclusion: Conclusion,
        ended: watch::Sender<bool>,
        tail: tokio::task::JoinHandle<()>,
        keep: bool,
    ) {
        if let Some(words) = conclude::last_words(&conclusion.outcome) {
            let appended = fs::OpenOptions::new()
                .append(true)
                .open(self.layout.log())
                .and_then(|mut log| io::Write::write_all(&mut log, words.as_bytes()));
            if let Err(error) = appended {
                tracing::warn!(phase = self.lease.phase_id, %error, "the log lacks its last words");
            }
        }
        ended.send_replace(true);
        tail.await.ok();
        if keep {
            fs::remove_dir_all(self.layout.work()).ok();
            fs::write(self.layout.unsent(), b"").ok();
        }
        let root = self.layout.root().to_owned();
        if matches!(conclusion.outcome, Outcome::Unfinished { .. }) {
            // Before the server hears of it: from then on the same phase may be executed here again, in the same place.
            fs::remove_dir_all(&root).ok();
            self.finish(conclusion).await;
            return;
        }
        if self.finish(conclusion).await && !keep {
            let removed = tokio::task::spawn_blocking(move || fs::remove_dir_all(root)).await;
            if !matches!(removed, Ok(Ok(()))) {
                tracing::warn!("a work directory could not be removed");
            }
        }
    }

    /// Whether the server has it, or will never want it.
    async fn finish(self, conclusion: Conclusion) -> bool {
        let Conclusion { outcome, artifacts } = conclusion;
        let finished =
            persist(self.patience(), || self.server.finish(&self.lease, outcome.clone(), artifacts.clone())).await;
        match finished {
            Ok(()) => true,
            Err(error @ (Error::Lost { .. } | Error::Refused(_) | Error::Superseded(_))) => {
                tracing::warn!(phase = self.lease.phase_id, %error, "the end of the phase was not wanted");
                true
            }
            Err(error @ (Error::Unavailable(_) | Error::Unknown)) => {
                tracing::error!(phase = self.lease.phase_id, %error, "the end of the phase could not be told; it will be at the next start");
                false
            }
        }
    }
}

/// What the supervisor left.
pub(crate) fn exit(layout: &Layout) -> Option<Exit> {
    serde_json::from_slice(&fs::read(layout.root().join(supervise::spec::name::EXIT)).ok()?).ok()
}

fn arguments(job: &Job, layout: &Layout) -> Vec<String> {
    let plan = layout.work_plan().display().to_string();
    let options = &job.options;
    let verb = match job.phase {
        Phase::Plan => "plan",
        Phase::Apply => "apply",
    };
    let mut arguments = vec![verb.to_owned(), "-input=false".to_owned()];
    let mut flag = |set: bool, text: &str| {
        if set {
            arguments.push(text.to_owned());
        }
    };
    flag(options.json_log, "-json");
    if job.phase == Phase::Apply {
        arguments.push(plan);
        return arguments;
    }
    flag(options.destroy, "-destroy");
    flag(options.no_refresh, "-refresh=false");
    flag(options.refresh_only, "-refresh-only");
    flag(options.generate_config, "-generate-config-out=generated.tf");
    arguments.push(format!("-out={plan}"));
    arguments.extend(options.targets.iter().map(|target| format!("-target={target}")));
    arguments.extend(options.replaces.iter().map(|replace| format!("-replace={replace}")));
    arguments
}
