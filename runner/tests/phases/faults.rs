//! Engines that go away and images that are of no use: what a run in a container says then.

use crate::{containers::WAITING, engine::Engine, rig::Rig};
use protocol::{Job, Limits, Outcome, Phase};
use std::time::Duration;

fn reason(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Failed { reason, .. } | Outcome::Unfinished { reason } => reason,
        other => panic!("{other:?}"),
    }
}

/// A plan of [`WAITING`], and its apply until that waits.
async fn waiting(rig: &Rig) -> (Job, tokio_util::sync::CancellationToken, tokio::task::JoinHandle<()>) {
    rig.configuration(&[("main.tf", WAITING)]);
    let planned = rig.execute(rig.job(Phase::Plan)).await;
    assert!(matches!(planned, Outcome::Planned { .. }), "{planned:?} {}", rig.server.log());
    let job = rig.job(Phase::Apply);
    rig.server.offer(job.clone());
    let (drain, running) = rig.start().await;
    rig.server.until_logged("it-waits-5").await;
    // What a container has not sent yet goes with it.
    while rig.server.said().states.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (job, drain, running)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_goes_on_when_its_engine_comes_back_with_it() {
    let Some(engine) = Engine::start() else { return };
    let mut rig = Rig::on(engine.address.clone());
    let (job, drain, running) = waiting(&rig).await;
    engine.kill();
    engine.again(&["--live-restore"]);
    rig.inside(&job, "touch /work/w/c/go").await;
    rig.server.until_ended().await;
    drain.cancel();
    running.await.unwrap();
    let (log, said) = (rig.server.log(), rig.server.said());
    assert!(matches!(said.outcome, Some(Outcome::Applied { .. })), "{:?} {log}", said.outcome);
    assert_eq!(log.matches("it-waits-5").count(), 1, "{log}");
    let state: serde_json::Value = serde_json::from_slice(said.states.last().unwrap()).unwrap();
    assert_eq!(state["resources"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn phases_that_end_with_their_engine_say_so() {
    let Some(engine) = Engine::start() else { return };
    let rig = Rig::on(engine.address.clone());
    let (_, drain, running) = waiting(&rig).await;
    engine.kill();
    engine.again(&[]);
    rig.server.until_ended().await;
    drain.cancel();
    running.await.unwrap();
    {
        let said = rig.server.said();
        let outcome = said.outcome.as_ref().unwrap();
        let told = reason(outcome);
        assert!(matches!(outcome, Outcome::Failed { .. }), "{told}");
        assert!(
            told.contains("was restarted, and ended it") && told.contains("the last whole state is kept"),
            "{told}"
        );
        let state: serde_json::Value = serde_json::from_slice(said.states.last().unwrap()).unwrap();
        assert!(!state["resources"].as_array().unwrap().is_empty(), "what was made is known");
    }
    assert!(rig.server.log().contains("was restarted, and ended it"), "{}", rig.server.log());

    // A plan is to be made again.
    let data = "data \"terraform_remote_state\" \"x\" {\n  backend = \"http\"\n  config = { address = \"http://192.0.2.1/\", retry_max = 9 }\n}\n";
    rig.configuration(&[("main.tf", data)]);
    rig.server.offer(rig.job(Phase::Plan));
    let (drain, running) = rig.start().await;
    rig.server.until_logged("Initializing").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    engine.kill();
    engine.again(&[]);
    rig.server.until_ended().await;
    {
        let said = rig.server.said();
        let outcome = said.outcome.as_ref().unwrap();
        assert!(matches!(outcome, Outcome::Unfinished { .. }), "{outcome:?}");
    }

    // One that is not there when a phase comes.
    engine.kill();
    rig.server.offer(rig.job(Phase::Plan));
    rig.server.until_ended().await;
    drain.cancel();
    running.await.unwrap();
    let said = rig.server.said();
    let told = reason(said.outcome.as_ref().unwrap());
    assert!(told.contains(&format!("the container engine {} does not answer", engine.address)), "{told}");
    drop(said);
    engine.again(&[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_for_another_machine_is_told() {
    let Some(rig) = Rig::docker() else { return };
    let mut job = rig.job(Phase::Plan);
    job.image = Some("terrane.test/foreign:{version}".to_owned());
    let outcome = rig.execute(job).await;
    let told = reason(&outcome);
    assert!(told.contains("terrane.test/foreign:1.11.4 cannot be used: it is for arm64"), "{told}");
    assert!(rig.server.log().contains(told), "{}", rig.server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phase_that_takes_too_long_is_told_its_limit() {
    let Some(rig) = Rig::docker() else { return };
    rig.configuration(&[("main.tf", WAITING)]);
    rig.execute(rig.job(Phase::Plan)).await;
    let mut job = rig.job(Phase::Apply);
    job.limits = Limits { phase_seconds: 30, ..job.limits };
    let outcome = rig.execute(job).await;
    let told = reason(&outcome);
    assert!(told.contains("longer than the 30 seconds"), "{told} {}", rig.server.log());
    let said = rig.server.said();
    let state: serde_json::Value = serde_json::from_slice(said.states.last().unwrap()).unwrap();
    assert!(!state["resources"].as_array().unwrap().is_empty(), "what was made is known");
}
