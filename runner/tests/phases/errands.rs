//! What is around a phase in a container: images and what is asked of them, the network, containers that wait.

use crate::{engine::Engine, real::ONE, rig::Rig};
use protocol::{Artifact, Job, Outcome, Phase, Wish};

/// Until there are this many containers of the rig's runner: nothing tells of that.
pub(crate) async fn until(rig: &mut Rig, count: usize) {
    while rig.count().await != count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_does_not_answer_leaves_nothing_when_nobody_waits_for_it() {
    let Some(mut rig) = Rig::docker() else { return };
    rig.configuration(ONE);
    let mut job = rig.job(Phase::Plan);
    job.image = Some("terrane.test/endless:1.11.4".to_owned());
    rig.server.offer(job);
    let (drain, running) = rig.start().await;
    until(&mut rig, 1).await;
    rig.server.wish.send_replace(Wish::Interrupt);
    rig.server.until_ended().await;
    assert!(matches!(rig.server.said().outcome, Some(Outcome::Canceled { .. })), "{:?}", rig.server.said().outcome);
    until(&mut rig, 0).await;
    drain.cancel();
    running.await.unwrap();
}

/// Room on the disk of the engine's host, as much as there is.
#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_brings_volumes_is_refused() {
    let Some(rig) = Rig::docker() else { return };
    rig.configuration(ONE);
    let mut job = rig.job(Phase::Plan);
    job.image = Some("terrane.test/volume:1.11.4".to_owned());
    let outcome = rig.execute(job).await;
    let Outcome::Failed { reason, .. } = outcome else { panic!("{outcome:?}") };
    assert!(reason.contains("terrane.test/volume:1.11.4") && reason.contains("volumes (/data)"), "{reason}");
}

/// Its owner has it show another plan than the one that was made.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_not_looked_at_in_an_image_that_its_workspace_chose() {
    let Some(mut rig) = Rig::docker() else { return };
    rig.configuration(ONE);
    let chosen = |rig: &Rig| Job { image: Some("terrane.test/forged:1.11.4".to_owned()), ..rig.job(Phase::Plan) };
    let outcome = rig.execute(chosen(&rig)).await;
    assert!(matches!(outcome, Outcome::Planned { .. }), "{outcome:?} {}", rig.server.log());
    let plan: serde_json::Value = serde_json::from_slice(&rig.server.said().artifacts[&Artifact::PlanJson]).unwrap();
    assert_eq!((&plan["resource_changes"][0]["address"], plan.get("forged")), (&"terraform_data.a".into(), None));

    rig.containers().terraform = "elsewhere.test/terraform:{version}".to_owned();
    let outcome = rig.execute(chosen(&rig)).await;
    let Outcome::Failed { reason, .. } = outcome else { panic!("{outcome:?}") };
    assert!(reason.contains("the site's own image") && reason.contains("elsewhere.test/terraform:1.11.4"), "{reason}");
}

/// One phase after another by the same runner.
async fn planned(rig: &Rig) -> Outcome {
    rig.server.offer(rig.job(Phase::Plan));
    rig.server.until_ended().await;
    rig.server.said().outcome.clone().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_somebody_removed_is_made_again() {
    // Of its own: nobody else's containers are on that network.
    let Some(engine) = Engine::start() else { return };
    let mut rig = Rig::on(engine.address.clone());
    rig.containers().warm = 0;
    rig.configuration(ONE);
    let (drain, running) = rig.start().await;
    let first = planned(&rig).await;
    assert!(matches!(first, Outcome::Planned { .. }), "{first:?} {}", rig.server.log());
    until(&mut rig, 0).await;
    rig.api().remove_network("terrane").await.unwrap();
    let second = planned(&rig).await;
    assert!(matches!(second, Outcome::Planned { .. }), "{second:?} {}", rig.server.log());
    drain.cancel();
    running.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_died_while_it_waited_is_removed() {
    let Some(mut rig) = Rig::docker() else { return };
    rig.configuration(ONE);
    let (drain, running) = rig.start().await;
    planned(&rig).await;
    let dead = loop {
        let waiting = rig.ids("terrane-waiting").await;
        if waiting.len() == 2 {
            break waiting;
        }
    };
    // One of them may be gone by itself: what the first plan used is being removed while another takes its place.
    let mut killed = 0;
    for id in &dead {
        killed += i32::from(rig.api().kill_container(id, None).await.is_ok());
    }
    assert!(killed > 0);
    let second = planned(&rig).await;
    assert!(matches!(second, Outcome::Planned { .. }), "{second:?} {}", rig.server.log());
    while rig.ids("").await.iter().any(|id| dead.contains(id)) {
        tokio::task::yield_now().await;
    }
    drain.cancel();
    running.await.unwrap();
}
