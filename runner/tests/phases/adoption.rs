//! The process that holds the runner is killed, and another one goes on.

use crate::{archive::slug, rig::Rig};
use protocol::{Artifact, Counts, Job, Outcome, Phase};
use std::{
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use terrane_runner::Executor;

/// Three resources; the second one waits until somebody puts a file beside it.
const WAITING: &str = r#"
resource "terraform_data" "first" {}
resource "terraform_data" "second" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" { command = "echo it is waiting; while ! [ -e go ]; do sleep 0.02; done; echo it goes on" }
}
resource "terraform_data" "third" {
  depends_on = [terraform_data.second]
}
"#;

pub(crate) struct Host {
    child: Child,
    log: Vec<u8>,
}

impl Host {
    pub(crate) fn start(rig: &Rig, job: &Job, configuration: &str) -> Self {
        let data = rig.data.path();
        let input = data.join("in");
        std::fs::create_dir_all(&input).unwrap();
        std::fs::write(input.join("job"), serde_json::to_vec(job).unwrap()).unwrap();
        std::fs::write(input.join("slug"), slug(&[("main.tf", configuration)])).unwrap();
        if let Some(plan) = rig.server.said().artifacts.get(&Artifact::Plan) {
            std::fs::write(input.join("plan"), plan).unwrap();
        }
        Self::again(rig)
    }

    /// One that finds what an earlier one left, and nothing else to do.
    pub(crate) fn again(rig: &Rig) -> Self {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_terrane-runner")).with_file_name("examples").join("host");
        assert!(program.exists(), "build the example `host` first: test the whole package, not this file alone");
        let mut command = Command::new(program);
        command.arg(rig.data.path()).arg(env!("CARGO_BIN_EXE_terrane-runner")).arg(env!("PATH"));
        if let Executor::Docker(containers) = &rig.options.executor {
            command.arg(&containers.host);
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        Self { child, log: Vec::new() }
    }

    /// Reads on until the server has this in the log.
    pub(crate) fn until_logged(&mut self, text: &str) {
        let output = self.child.stdout.as_mut().unwrap();
        let mut buffer = [0; 4096];
        while !String::from_utf8_lossy(&self.log).contains(text) {
            let read = output.read(&mut buffer).unwrap();
            assert!(read > 0, "the host ended: {}", String::from_utf8_lossy(&self.log));
            self.log.extend_from_slice(&buffer[..read]);
        }
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child.stdout.take().unwrap().read_to_end(&mut self.log).unwrap();
    }
}

/// A server that was restarted: it holds of the log what the first one held.
pub(crate) fn remember(rig: &Rig, host: &Host) {
    let mut said = rig.server.said();
    said.log = host.log.clone();
    said.log_end = host.log.len() as u64;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_survives_its_host_and_is_adopted() {
    let rig = Rig::new();
    rig.configuration(&[("main.tf", WAITING)]);
    let planned = rig.execute(rig.job(Phase::Plan)).await;
    assert!(matches!(planned, Outcome::Planned { .. }), "{planned:?}");
    let job = rig.job(Phase::Apply);
    let mut host = Host::start(&rig, &job, WAITING);
    host.until_logged("it is waiting");
    host.kill();

    rig.server.offer_nothing();
    remember(&rig, &host);
    let (drain, running) = rig.start().await;
    while rig.server.said().adopted.is_empty() {
        tokio::task::yield_now().await;
    }
    std::fs::write(rig.module(&job).join("go"), "").unwrap();
    rig.server.until_ended().await;
    drain.cancel();
    running.await.unwrap();
    let log = rig.server.log();
    let said = rig.server.said();
    let counts = Counts { additions: 3, ..Counts::default() };
    assert_eq!(said.outcome, Some(Outcome::Applied { counts }), "{log}");
    assert_eq!(log.matches("it goes on").count(), 2, "once in the command, once said: {log}");
    assert_eq!(log.matches("Terraform v1.11.4").count(), 1, "{log}");
    assert_eq!((said.log.first(), said.log.last()), (Some(&2), Some(&3)));
    let state: serde_json::Value = serde_json::from_slice(said.states.last().unwrap()).unwrap();
    assert_eq!(state["resources"].as_array().unwrap().len(), 3);
    drop(said);
    assert_eq!(rig.left(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_ended_meanwhile_is_concluded() {
    let rig = Rig::new();
    rig.configuration(&[("main.tf", WAITING)]);
    rig.execute(rig.job(Phase::Plan)).await;
    let job = rig.job(Phase::Apply);
    let mut host = Host::start(&rig, &job, WAITING);
    host.until_logged("it is waiting");
    host.kill();
    let directory = rig.module(&job);
    std::fs::write(directory.join("go"), "").unwrap();
    until_gone(&directory);
    rig.server.offer_nothing();
    remember(&rig, &host);
    let (drain, running) = rig.start().await;
    rig.server.until_ended().await;
    drain.cancel();
    running.await.unwrap();
    let said = rig.server.said();
    assert!(matches!(said.outcome, Some(Outcome::Applied { .. })), "{:?}", said.outcome);
    let state: serde_json::Value = serde_json::from_slice(said.states.last().unwrap()).unwrap();
    assert_eq!(state["resources"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_dies_with_its_host() {
    let rig = Rig::new();
    let configuration = "data \"external\" \"x\" {}\n";
    rig.engine("9.9.9", "#!/bin/sh\ncase $1 in\ninit) mkdir -p .terraform; echo {} > .terraform/terraform.tfstate;;\nplan) echo it is waiting; sleep 300; sleep 300;;\nesac\n");
    let mut job = rig.job(Phase::Plan);
    job.version = "9.9.9".into();
    let mut host = Host::start(&rig, &job, configuration);
    host.until_logged("it is waiting");
    host.kill();
    until_gone(&rig.module(&job));
    rig.server.offer_nothing();
    remember(&rig, &host);
    let (drain, running) = rig.start().await;
    rig.server.until_ended().await;
    drain.cancel();
    running.await.unwrap();
    let said = rig.server.said();
    let Some(Outcome::Unfinished { reason }) = &said.outcome else { panic!("{:?}", said.outcome) };
    assert!(reason.contains("its runner stopped"), "{reason}");
    drop(said);
    assert_eq!(rig.left(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_nobody_adopts_ends_with_its_lease() {
    let rig = Rig::new();
    rig.configuration(&[("main.tf", WAITING)]);
    rig.execute(rig.job(Phase::Plan)).await;
    let mut job = rig.job(Phase::Apply);
    job.lease.seconds = 3;
    let mut host = Host::start(&rig, &job, WAITING);
    host.until_logged("it is waiting");
    host.kill();
    until_gone(&rig.module(&job));
    rig.server.offer_nothing();
    remember(&rig, &host);
    let (drain, running) = rig.start().await;
    rig.server.until_ended().await;
    drain.cancel();
    running.await.unwrap();
    let said = rig.server.said();
    let Some(Outcome::Failed { reason, .. }) = &said.outcome else { panic!("{:?}", said.outcome) };
    assert!(reason.contains("nobody prolonged the lease"), "{reason}");
    let state: serde_json::Value = serde_json::from_slice(said.states.last().unwrap()).unwrap();
    assert!(!state["resources"].as_array().unwrap().is_empty(), "what was made is known");
}

/// Waits until the supervisor of a phase has left its exit.
fn until_gone(module: &Path) {
    let exit = module.ancestors().nth(2).unwrap().join("exit");
    while !exit.exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
