//! A data directory, a server in memory and a runner between them.

use crate::{
    archive::slug,
    fake::{Fake, Shared},
};
use protocol::{Category, Engine, Job, Lease, Limits, Options as PlanOptions, Outcome, Phase, Variable};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use tempfile::TempDir;
use terrane_runner::{Executor, Options, Runner, Stop, docker};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The engine that these tests stand on.
pub(crate) const VERSION: &str = "1.11.4";

pub(crate) struct Rig {
    pub(crate) data: TempDir,
    pub(crate) server: Shared,
    pub(crate) options: Options,
    next: AtomicU32,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(Fake::new())
    }

    pub(crate) fn with(fake: Fake) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut options = Options::new(data.path());
        options.supervisor = (PathBuf::from(env!("CARGO_BIN_EXE_terrane-runner")), vec!["supervise".into()]);
        options.search = std::env::split_paths(env!("PATH")).collect();
        options.slots = 1;
        Self { data, server: Arc::new(fake), options, next: AtomicU32::new(0) }
    }

    /// One that executes in containers of the engine that the tests were given; nothing when they were told to do without.
    pub(crate) fn docker() -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "the tests' own setting")]
        let host = std::env::var("TERRANE_TEST_DOCKER").unwrap_or_default();
        if host == "off" {
            return None;
        }
        assert!(!host.is_empty(), "TERRANE_TEST_DOCKER is not set: run these tests by `make test`");
        Some(Self::on(host))
    }

    /// One that executes in containers of this engine.
    pub(crate) fn on(host: String) -> Self {
        let mut rig = Self::new();
        let options = docker::Options { host, pull: docker::Pull::Never, ..docker::Options::default() };
        rig.options.executor = Executor::Docker(Box::new(options));
        rig
    }

    /// The settings of containers.
    pub(crate) fn containers(&mut self) -> &mut docker::Options {
        match &mut self.options.executor {
            Executor::Docker(options) => options,
            Executor::Process => panic!("there are no containers"),
        }
    }

    /// Puts a program of ours in the place of an engine.
    pub(crate) fn engine(&self, version: &str, program: &str) {
        use std::os::unix::fs::PermissionsExt;
        let directory = self.options.engines.join(version);
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("terraform");
        std::fs::write(&path, program).unwrap();
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    pub(crate) fn configuration(&self, files: &[(&str, &str)]) {
        *self.server.slug.lock().unwrap() = slug(files);
    }

    pub(crate) fn job(&self, phase: Phase) -> Job {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let name = if phase == Phase::Apply { "apply" } else { "plan" };
        Job {
            lease: Lease { phase_id: format!("{name}-{number:016}"), fence: 1, seconds: 60, agent: "agent-1".into() },
            phase,
            run_id: "run-1".into(),
            organization: "acme".into(),
            workspace: "prod".into(),
            engine: Engine::Terraform,
            version: VERSION.into(),
            working_directory: String::new(),
            cli_workspace: "prod".into(),
            options: PlanOptions::default(),
            variables: Vec::new(),
            address: "https://localhost:8443".into(),
            token: "a-token".to_owned().into(),
            limits: Limits { phase_seconds: 600, grace_seconds: 60, state_bytes: 256 << 20 },
            environment: Vec::new(),
            files: Vec::new(),
            vault: Vec::new(),
            hooks: Vec::new(),
            counts: protocol::Counts::default(),
            mirrored: Vec::new(),
            image: None,
            test: None,
        }
    }

    /// Starts a runner in the background.
    pub(crate) async fn start(&self) -> (CancellationToken, JoinHandle<()>) {
        let runner = Runner::new(Arc::clone(&self.server), self.options.clone()).await.unwrap();
        let drain = CancellationToken::new();
        let stop = Stop { drain: drain.clone(), ..Stop::default() };
        (drain, tokio::spawn(async move { runner.run(stop).await.unwrap() }))
    }

    /// Executes a job and says how it ended.
    pub(crate) async fn execute(&self, job: Job) -> Outcome {
        self.server.offer(job);
        let (drain, running) = self.start().await;
        self.server.until_ended().await;
        drain.cancel();
        running.await.unwrap();
        self.server.said().outcome.clone().unwrap()
    }

    /// Plans and applies; panics where the plan fails.
    pub(crate) async fn whole(&self, change: impl Fn(&mut Job)) -> (Outcome, Outcome) {
        let mut outcomes = Vec::new();
        for phase in [Phase::Plan, Phase::Apply] {
            let mut job = self.job(phase);
            change(&mut job);
            outcomes.push(self.execute(job).await);
            assert!(!matches!(outcomes[0], Outcome::Failed { .. }), "{outcomes:?} {}", self.server.log());
        }
        (outcomes[0].clone(), outcomes[1].clone())
    }

    /// Where the root module of a job lies while it executes.
    pub(crate) fn module(&self, job: &Job) -> PathBuf {
        let Lease { phase_id, fence, .. } = &job.lease;
        self.data.path().canonicalize().unwrap().join(format!("runs/{phase_id}.{fence}/w/c"))
    }

    /// Names that are left in the directory of runs.
    pub(crate) fn left(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.options.directory).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != "known" && name != "ca.pem").collect()
    }
}

pub(crate) fn variable(key: &str, value: &str, category: Category, hcl: bool) -> Variable {
    Variable { key: key.into(), value: value.to_owned().into(), category, hcl }
}
