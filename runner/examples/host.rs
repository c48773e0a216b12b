//! A process that hosts a runner against a server in memory, for the tests that kill it. What the server holds of the log goes to standard output.
//!
//! `host DATA SUPERVISOR PATH [ENGINE]`, with the job (once), the configuration and the artifacts of an earlier phase in `DATA/in`.
#![expect(clippy::unwrap_used, reason = "the test that started it sees whatever goes wrong")]

#[path = "../tests/phases/fake.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod fake;

use protocol::Artifact;
use std::{io::Write, path::Path, sync::Arc};
use terrane_runner::{Executor, Options, Runner, Stop, docker};

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let data = Path::new(&arguments[1]);
    let mut options = Options::new(data);
    options.supervisor = (arguments[2].clone().into(), vec!["supervise".into()]);
    options.search = std::env::split_paths(&arguments[3]).collect();
    if let Some(host) = arguments.get(4).cloned() {
        let containers = docker::Options { host, pull: docker::Pull::Never, ..docker::Options::default() };
        options.executor = Executor::Docker(Box::new(containers));
    }
    let input = data.join("in");
    let server = Arc::new(fake::Fake::new());
    *server.slug.lock().unwrap() = std::fs::read(input.join("slug")).unwrap();
    if let Ok(plan) = std::fs::read(input.join("plan")) {
        server.said().artifacts.insert(Artifact::Plan, plan);
    }
    if let Ok(job) = std::fs::read(input.join("job")) {
        std::fs::remove_file(input.join("job")).unwrap();
        server.offer(serde_json::from_slice(&job).unwrap());
    }
    let runner = Runner::new(Arc::clone(&server), options).await.unwrap();
    tokio::spawn(runner.run(Stop::default()));
    let mut grown = server.grown.subscribe();
    let mut shown = 0;
    loop {
        grown.changed().await.unwrap();
        let new = server.said().log[shown..].to_vec();
        shown += new.len();
        let mut output = std::io::stdout().lock();
        output.write_all(&new).unwrap();
        output.flush().unwrap();
    }
}
