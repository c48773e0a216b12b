//! What a runner adds to an engine: plans of one built-in resource, one after another, against a server in memory; prints medians.
//!
//! `measure SUPERVISOR ENGINE [COUNT]`
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a person at a terminal started it and reads it")]

#[path = "../tests/phases/archive.rs"]
mod archive;
#[path = "../tests/phases/fake.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod fake;

use protocol::{Engine, Job, Lease, Limits, Phase};
use std::{path::Path, process::Command, sync::Arc, time::Instant};
use terrane_runner::{Options, Runner, Stop};

const CONFIGURATION: &str = "resource \"terraform_data\" \"a\" {\n  input = \"x\"\n}\n";

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let count = arguments.get(3).map_or(20, |count| count.parse().unwrap());
    let engine = Path::new(&arguments[2]);
    let data = tempfile::tempdir().unwrap();
    println!("init, plan and show alone: {:.1?} ms", median((0..count).map(|_| alone(engine)).collect()));

    let mut options = Options::new(data.path());
    options.supervisor = (arguments[1].clone().into(), vec!["supervise".into()]);
    options.search = vec![engine.parent().unwrap().to_owned()];
    let server = Arc::new(fake::Fake::new());
    *server.slug.lock().unwrap() = archive::slug(&[("main.tf", CONFIGURATION)]);
    let runner = Runner::new(Arc::clone(&server), options).await.unwrap();
    tokio::spawn(runner.run(Stop::default()));
    let (mut first, mut whole) = (Vec::new(), Vec::new());
    for number in 0..=count {
        let job = job(number);
        let start = Instant::now();
        server.offer(job);
        server.grown.subscribe().changed().await.unwrap();
        let began = start.elapsed().as_secs_f64() * 1e3;
        server.until_ended().await;
        if number > 0 {
            first.push(began);
            whole.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    println!("offered to first byte: {:.1} ms; to the end: {:.1} ms", median(first), median(whole));
}

fn alone(engine: &Path) -> [f64; 3] {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("main.tf"), CONFIGURATION).unwrap();
    [&["init", "-input=false"][..], &["plan", "-input=false", "-out=p"], &["show", "-json", "p"]].map(|arguments| {
        let start = Instant::now();
        let mut command = Command::new(engine);
        command
            .args(arguments)
            .env_clear()
            .env("CHECKPOINT_DISABLE", "1")
            .env("HOME", directory.path())
            .current_dir(&directory);
        assert!(command.output().unwrap().status.success());
        start.elapsed().as_secs_f64() * 1e3
    })
}

trait Medianed: Copy {
    type Median;
    fn median(of: Vec<Self>) -> Self::Median;
}

impl Medianed for f64 {
    type Median = f64;
    fn median(mut of: Vec<f64>) -> f64 {
        of.sort_by(f64::total_cmp);
        of[of.len() / 2]
    }
}

impl Medianed for [f64; 3] {
    type Median = [f64; 3];
    fn median(of: Vec<[f64; 3]>) -> [f64; 3] {
        [0, 1, 2].map(|at| f64::median(of.iter().map(|each| each[at]).collect()))
    }
}

fn median<T: Medianed>(of: Vec<T>) -> T::Median {
    T::median(of)
}

fn job(number: u32) -> Job {
    Job {
        test: None,
        lease: Lease { phase_id: format!("plan-{number:016}"), fence: 1, seconds: 60, agent: "agent-1".into() },
        phase: Phase::Plan,
        run_id: "run-1".into(),
        organization: "acme".into(),
        workspace: "prod".into(),
        engine: Engine::Terraform,
        version: "latest".into(),
        working_directory: String::new(),
        cli_workspace: "prod".into(),
        options: protocol::Options::default(),
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
    }
}
