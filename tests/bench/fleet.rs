//! Runners elsewhere that wait for work: how fast a queue is handed out to them, and what they weigh, here and there.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use terrane_tests::process::{eventually, resident_kib};
use terrane_tests::{Database, Runner, Server, Stage, Version};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::figures::{Figure, ms};
use crate::load::{Client, Target};
use crate::queue;

const VERSION: Version = Version::V1_11_4;
/// So many runs wait, and so many runners with a slot each.
const RUNS: usize = 120;
/// So many runners have nothing to do.
const IDLE: usize = 1_000;
/// How long everything may take that is not measured.
const PATIENCE: Duration = Duration::from_secs(60);

/// The figures of one database.
pub(crate) fn figures(database: Database) -> Vec<Figure> {
    let runtime = Runtime::new().expect("a runtime");
    let stage =
        Stage::on(Server::start_with(database, &["--runner", "off", "--organization-concurrency", "1"]), VERSION);
    let token = stage.server.admin(&["runner-token", "create"]);
    let mut figures = vec![idle(&runtime, &stage, &token)];
    figures.extend([handed_out(&runtime, &stage, &token), runner(&stage, &token)]);
    figures
}

fn handed_out(runtime: &Runtime, stage: &Stage, token: &str) -> Figure {
    queue::fill(stage, RUNS + 1);
    let mut claims = waiting(runtime, stage, token, RUNS + 1);
    // One has the only room, and every other run is queued while a runner waits for it.
    eventually("a run to execute", PATIENCE, || (queue::executing(stage) == 1).then_some(()));
    let began = Instant::now();
    queue::make_room(stage, RUNS + 1);
    let answers = runtime.block_on(async {
        let all = futures::future::join_all(claims.iter_mut());
        tokio::time::timeout(PATIENCE, all).await.expect("every run is handed out")
    });
    let answers: Vec<(Value, Instant)> = answers.into_iter().map(|answer| answer.expect("a job")).collect();
    let phases: BTreeSet<&str> =
        answers.iter().map(|(job, _)| job["lease"]["phase_id"].as_str().expect("a phase")).collect();
    assert_eq!(phases.len(), RUNS + 1, "a phase was handed out twice");
    let last = answers.iter().map(|(_, at)| at.saturating_duration_since(began)).max().expect("an answer");
    Figure::new("120 queued runs to 120 runners: all handed out, none twice", ms(last), "< 1000 ms")
}

/// What a claim costs the server that holds it.
fn idle(runtime: &Runtime, stage: &Stage, token: &str) -> Figure {
    settle();
    let before = resident_kib(stage.server.pid());
    let claims = waiting(runtime, stage, token, IDLE);
    settle();
    let grown = resident_kib(stage.server.pid()).saturating_sub(before);
    assert!(claims.iter().all(|claim| !claim.is_finished()), "a claim is not held");
    claims.iter().for_each(JoinHandle::abort);
    Figure::new(
        "1,000 idle runners hold their claims: server's memory each",
        format!("{:.1} KiB", grown as f64 / IDLE as f64),
        "",
    )
}

/// What a runner weighs that has nothing to do.
fn runner(stage: &Stage, token: &str) -> Figure {
    let runner = Runner::start(&stage.server, token);
    eventually("a runner", PATIENCE, || {
        let known = stage.api().get("admin/runners").is(&[200]).data();
        known.as_array()?.iter().any(|agent| agent["attributes"]["name"] == "story").then_some(())
    });
    settle();
    let resident = resident_kib(runner.pid()) as f64 / 1024.0;
    Figure::new("a runner with nothing to do: resident", format!("{resident:.1} MB"), "< 25 MB")
}

/// What was needed for a moment has been given back by then.
fn settle() {
    std::thread::sleep(Duration::from_secs(3));
}

/// So many runners, each with a connection and an open claim of its own; what each claim is answered with, and when.
fn waiting(runtime: &Runtime, stage: &Stage, token: &str, count: usize) -> Vec<JoinHandle<(Value, Instant)>> {
    let server = &stage.server;
    let target = Target::new(&server.host(), &server.certificate(), token);
    runtime.block_on(async {
        let mut claims = Vec::with_capacity(count);
        for number in 0..count {
            let mut client = enlisted(&target, number).await;
            claims.push(tokio::spawn(async move {
                let claim = json!({ "claim": format!("bench-{number}") }).to_string();
                loop {
                    // Nothing is the answer to a claim that was held for as long as a server holds one.
                    let answer = client.ask("POST", "/api/runner/claim", claim.clone()).await;
                    if !answer.is_empty() {
                        return (serde_json::from_slice(&answer).expect("a job"), Instant::now());
                    }
                }
            }));
        }
        claims
    })
}

async fn enlisted(target: &Target, number: usize) -> Client {
    let mut client = target.connect().await;
    let hello = json!({
        "speaks": { "from": 1, "to": 1 }, "name": format!("bench-{number}"), "version": "0", "slots": 1, "agent": null, "holding": [],
    });
    let answer = client.ask("POST", "/api/runner/enlist", hello.to_string()).await;
    let known: Value = serde_json::from_slice(&answer).expect("an agent");
    let agent = known["agent"].as_str().expect("an id").to_owned();
    client.with("terrane-agent", &agent).with("terrane-session", &known["session"].to_string())
}
