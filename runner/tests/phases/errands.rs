//! Images that workspaces choose, and what is asked of them.

use crate::rig::Rig;
use protocol::{Outcome, Phase, Wish};

/// Until there are this many containers of the rig's runner: nothing tells of that.
async fn until(rig: &mut Rig, count: usize) {
    while rig.count().await != count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_does_not_answer_leaves_nothing_when_nobody_waits_for_it() {
    let Some(mut rig) = Rig::docker() else { return };
    rig.configuration(crate::real::ONE);
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
