//! Phases in containers of a real engine.

use crate::{
    adoption::{Host, remember},
    real::ONE,
    rig::{Rig, VERSION},
};
use protocol::{Artifact, Counts, Job, Outcome, Phase};

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_and_its_apply_in_a_container_each() {
    let Some(rig) = Rig::docker() else { return };
    rig.configuration(ONE);
    let planned = rig.execute(rig.job(Phase::Plan)).await;
    let counts = Counts { additions: 1, ..Counts::default() };
    let expected = Outcome::Planned { has_changes: true, counts, generated_configuration: false };
    assert_eq!(planned, expected, "{}", rig.server.log());
    {
        let said = rig.server.said();
        assert_eq!(said.started.as_deref(), Some(VERSION));
        assert!(said.log.starts_with(b"\x02Terraform v1.11.4\non linux_amd64\nInitializing plugins and modules...\n"));
        assert_eq!(said.log.iter().filter(|byte| **byte == 3).count(), 1);
        let plan: serde_json::Value = serde_json::from_slice(&said.artifacts[&Artifact::PlanJson]).unwrap();
        assert_eq!(plan["resource_changes"][0]["address"], "terraform_data.a");
    }
    assert!(rig.server.log().contains("1 to add"), "{}", rig.server.log());
    assert_eq!(rig.left(), [""; 0]);

    let applied = rig.execute(rig.job(Phase::Apply)).await;
    assert_eq!(applied, Outcome::Applied { counts }, "{}", rig.server.log());
    let said = rig.server.said();
    let state: serde_json::Value = serde_json::from_slice(said.states.last().unwrap()).unwrap();
    assert_eq!(state["outputs"]["o"]["value"], "prod");
    assert_eq!(said.log.last(), Some(&3));
    drop(said);
    assert_eq!(rig.left(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_with_other_tools_will_do() {
    let Some(rig) = Rig::docker() else { return };
    rig.configuration(ONE);
    let debian = |job: &mut Job| {
        job.version = "1.15.5".to_owned();
        job.image = Some("terrane.test/debian:1.15.5".to_owned());
    };
    let (_, applied) = rig.whole(debian).await;
    assert!(matches!(applied, Outcome::Applied { .. }), "{applied:?} {}", rig.server.log());
    assert!(rig.server.log().starts_with("\x02Terraform v1.15.5\n"), "{}", rig.server.log());
}

/// Three resources; the second one says that it waits until somebody puts a file beside it.
pub(crate) const WAITING: &str = r#"
resource "terraform_data" "first" {}
resource "terraform_data" "second" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" { command = "echo it-waits-$((2 + 3)); while ! [ -e go ]; do sleep 0.1; done" }
}
resource "terraform_data" "third" {
  depends_on = [terraform_data.second]
}
"#;

/// Each of them leaves in the container what it listened with, and the end is told once.
#[tokio::test(flavor = "multi_thread")]
async fn an_apply_is_adopted_by_one_runner_after_another() {
    let Some(mut rig) = Rig::docker() else { return };
    rig.configuration(&[("main.tf", WAITING)]);
    rig.execute(rig.job(Phase::Plan)).await;
    let job = rig.job(Phase::Apply);
    let mut host = Host::start(&rig, &job, WAITING);
    host.until_logged("it-waits-5");
    let mut readers = Vec::new();
    for _ in 0..4 {
        let reader = loop {
            let reader = rig.inside(&job, "cat .c/reader").await;
            if !reader.is_empty() && !readers.contains(&reader) {
                break reader;
            }
        };
        readers.push(reader);
        host.kill();
        host = Host::again(&rig);
    }
    host.kill();
    rig.server.offer_nothing();
    remember(&rig, &host);
    let (drain, running) = rig.start().await;
    rig.inside(&job, "touch w/c/go").await;
    rig.server.until_ended().await;
    drain.cancel();
    running.await.unwrap();
    let (log, said) = (rig.server.log(), rig.server.said());
    assert!(matches!(said.outcome, Some(Outcome::Applied { .. })), "{:?} {log}", said.outcome);
    let state: serde_json::Value = serde_json::from_slice(said.states.last().unwrap()).unwrap();
    assert_eq!(state["resources"].as_array().unwrap().len(), 3);
}

/// The runner has no place for what comes out, until it has one.
#[tokio::test(flavor = "multi_thread")]
async fn an_apply_whose_files_cannot_be_written_keeps_its_container() {
    let Some(mut rig) = Rig::docker() else { return };
    rig.configuration(&[("main.tf", WAITING)]);
    rig.execute(rig.job(Phase::Plan)).await;
    let job = rig.job(Phase::Apply);
    rig.server.offer(job.clone());
    let (drain, running) = rig.start().await;
    rig.server.until_logged("it-waits-5").await;
    let directory = rig.module(&job).ancestors().nth(2).unwrap().to_owned();
    std::fs::create_dir_all(directory.join("ended/in-the-way")).unwrap();
    rig.inside(&job, "touch w/c/go").await;
    // What cannot be put into its place is there beside it.
    while !directory.join("ended.new").exists() {
        assert!(!*rig.server.ended.borrow(), "{:?}", rig.server.said().outcome);
        tokio::task::yield_now().await;
    }
    std::fs::remove_dir_all(directory.join("ended")).unwrap();
    rig.server.until_ended().await;
    drain.cancel();
    running.await.unwrap();
    let (log, said) = (rig.server.log(), rig.server.said());
    assert!(matches!(said.outcome, Some(Outcome::Applied { .. })), "{:?} {log}", said.outcome);
    let state: serde_json::Value = serde_json::from_slice(said.states.last().unwrap()).unwrap();
    assert_eq!(state["resources"].as_array().unwrap().len(), 3);
    assert_eq!(log.matches("Apply complete").count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_whose_place_was_taken_ends_and_leaves_no_container() {
    let Some(mut rig) = Rig::docker() else { return };
    rig.configuration(ONE);
    rig.server.offer(rig.job(Phase::Plan));
    let (_, running) = rig.start().await;
    rig.server.until_ended().await;
    while rig.count().await == 0 {
        tokio::task::yield_now().await; // until one waits for the next phase
    }
    rig.server.superseded.send_replace(true);
    assert!(running.await.is_err(), "it says why");
    while rig.count().await > 0 {
        tokio::task::yield_now().await; // one that was just being started goes when it has been
    }
}
