//! Engines that misbehave, and people who change their mind.

use crate::{fake::Fake, rig::Rig};
use protocol::{Job, Outcome, Phase, Wish};

/// A program that does as an engine would, but for what is given for `plan` and `apply`.
fn engine(work: &str) -> String {
    format!(
        "#!/bin/sh\ncase $1 in\ninit) mkdir -p .terraform; echo '{{}}' > .terraform/terraform.tfstate;;\nshow|providers) echo '{{}}';;\n\
         plan|apply)\nfor a; do case $a in -out=*) echo plan > ${{a#-out=}};; esac; done\n{work}\n;;\nesac\n"
    )
}

const FAKE: &str = "9.9.9";

fn rig(work: &str) -> Rig {
    let rig = Rig::new();
    rig.engine(FAKE, &engine(work));
    rig.configuration(&[("main.tf", "")]);
    rig
}

fn job(rig: &Rig, phase: Phase) -> Job {
    Job { version: FAKE.into(), ..rig.job(phase) }
}

/// Executes the job, and says `wish` as soon as the log holds `text`.
async fn wish_when(rig: &Rig, job: Job, text: &str, wishes: &[Wish]) -> Outcome {
    rig.server.offer(job);
    let (drain, running) = rig.start().await;
    rig.server.until_logged(text).await;
    for wish in wishes {
        rig.server.wish.send_replace(*wish);
    }
    rig.server.until_ended().await;
    drain.cancel();
    running.await.unwrap();
    let said = rig.server.said();
    assert_eq!(said.log.last(), Some(&3), "every ending ends the log");
    said.outcome.clone().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_with_its_code_and_its_words() {
    let rig = rig("echo it went wrong >&2; exit 1");
    let outcome = rig.execute(job(&rig, Phase::Plan)).await;
    let Outcome::Failed { reason, exit_code } = outcome else { panic!("{outcome:?}") };
    assert_eq!(exit_code, Some(1));
    assert!(reason.contains("plan failed with exit code 1"), "{reason}");
    assert!(rig.server.log().contains("it went wrong"), "{}", rig.server.log());
    assert_eq!(rig.server.said().log.last(), Some(&3));
    assert_eq!(rig.left(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_init_shows_what_it_said() {
    let rig = Rig::new();
    rig.configuration(&[("main.tf", "module \"m\" { source = \"./missing\" }\n")]);
    let outcome = rig.execute(rig.job(Phase::Plan)).await;
    assert!(matches!(outcome, Outcome::Failed { exit_code: Some(1), .. }), "{outcome:?}");
    assert!(rig.server.log().contains("Unreadable module directory"), "{}", rig.server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_engine_is_told_apart() {
    let rig = rig("echo going; ulimit -t 1; while :; do :; done");
    let outcome = rig.execute(job(&rig, Phase::Plan)).await;
    let Outcome::Failed { reason, exit_code: None } = outcome else { panic!("{outcome:?}") };
    assert!(reason.contains("killed by signal"), "{reason}");
    assert!(rig.server.log().contains("killed by signal"), "{}", rig.server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absent_engine_says_what_can_be_had() {
    let rig = rig("");
    let mut job = job(&rig, Phase::Plan);
    job.version = "~> 7.0".into();
    let outcome = rig.execute(job).await;
    let Outcome::Failed { reason, .. } = outcome else { panic!("{outcome:?}") };
    assert!(reason.contains("~> 7.0") && reason.contains("9.9.9") && reason.contains("1.11.4"), "{reason}");
    assert!(rig.server.log().contains("can be had"), "{}", rig.server.log());
    assert_eq!(rig.server.said().log.last(), Some(&3));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_reaches_the_engine_and_a_child_that_ignores_it_goes_with_it() {
    let rig = rig("trap 'echo interrupted; exit 1' INT; (trap '' INT; sleep 300) & echo running; wait");
    let outcome = wish_when(&rig, job(&rig, Phase::Plan), "running", &[Wish::Interrupt]).await;
    assert_eq!(outcome, Outcome::Canceled { killed: false });
    assert!(rig.server.log().contains("interrupted"), "{}", rig.server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_ignores_the_interrupt_is_killed_after_the_grace() {
    let rig = rig("trap '' INT TERM; echo running; sleep 300; sleep 300");
    let mut job = job(&rig, Phase::Apply);
    job.limits.grace_seconds = 1;
    let outcome = wish_when(&rig, job, "running", &[Wish::Interrupt]).await;
    assert_eq!(outcome, Outcome::Canceled { killed: true });
    assert!(rig.server.log().contains("resources may exist"), "{}", rig.server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_cancel_does_not_wait_for_the_grace() {
    let rig = rig("trap '' INT TERM; echo running; sleep 300; sleep 300");
    let outcome = wish_when(&rig, job(&rig, Phase::Apply), "running", &[Wish::Interrupt, Wish::Kill]).await;
    assert_eq!(outcome, Outcome::Canceled { killed: true });
    assert_eq!(rig.left(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_long_is_interrupted() {
    let rig = rig("trap 'exit 1' INT; echo running; sleep 300 & wait");
    let mut job = job(&rig, Phase::Plan);
    job.limits.phase_seconds = 1;
    let outcome = rig.execute(job).await;
    let Outcome::Failed { reason, .. } = outcome else { panic!("{outcome:?}") };
    assert!(reason.contains("longer than the 1 seconds"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_lease_ends_the_phase() {
    let rig = rig("trap 'exit 1' INT; echo running; sleep 300 & wait");
    let outcome = wish_when(&rig, job(&rig, Phase::Apply), "running", &[Wish::Lost]).await;
    let Outcome::Failed { reason, .. } = outcome else { panic!("{outcome:?}") };
    assert!(reason.contains("lease"), "{reason}");
    assert_eq!(rig.left(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_prolonged_for_as_long_as_the_phase_takes() {
    let rig = rig("echo running; while ! [ -e go ]; do sleep 0.05; done");
    let mut job = job(&rig, Phase::Plan);
    job.lease.seconds = 3;
    let go = rig.module(&job).join("go");
    rig.server.offer(job);
    let (drain, running) = rig.start().await;
    rig.server.until_logged("running").await;
    while rig.server.said().renewals < 4 {
        tokio::task::yield_now().await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    std::fs::write(go, "").unwrap();
    rig.server.until_ended().await;
    drain.cancel();
    running.await.unwrap();
    assert!(matches!(rig.server.said().outcome, Some(Outcome::Planned { .. })), "{:?}", rig.server.said().outcome);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_says_hello_again_keeps_what_it_prepares() {
    let mut rig = rig("echo running");
    rig.options.slots = 2;
    rig.server.open.send_replace(false);
    let job = job(&rig, Phase::Plan);
    let lease = job.lease.clone();
    rig.server.offer(job);
    let (drain, running) = rig.start().await;
    // Its directory is there, and says nothing of it yet.
    rig.server.asked.subscribe().wait_for(|asked| *asked == 1).await.unwrap();
    rig.server.forget_runner();
    while rig.server.said().hellos.len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(rig.server.said().hellos[1].holding, [lease], "what is not held has died");
    rig.server.open.send_replace(true);
    rig.server.until_ended().await;
    drain.cancel();
    running.await.unwrap();
    let said = rig.server.said();
    assert!(matches!(said.outcome, Some(Outcome::Planned { .. })), "{:?}", said.outcome);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_sent_on_in_constant_memory() {
    const LINES: u64 = 100 << 20;
    const LINE: u64 = 100 << 20;
    let mut fake = Fake::new();
    fake.forget_log = true;
    let rig = Rig::with(fake);
    rig.engine(
        FAKE,
        &engine(&format!("yes '0123456\u{2}\u{3}89abcdef' | head -c {LINES}; head -c {LINE} /dev/zero | tr '\\0' x")),
    );
    rig.configuration(&[("main.tf", "")]);
    let before = resident();
    rig.server.offer(job(&rig, Phase::Plan));
    let (drain, running) = rig.start().await;
    let mut most = 0;
    let mut grown = rig.server.grown.subscribe();
    let mut ended = rig.server.ended.subscribe();
    loop {
        tokio::select! {
            _ = grown.changed() => most = most.max(resident()),
            _ = ended.wait_for(|ended| *ended) => break,
        }
    }
    drain.cancel();
    running.await.unwrap();
    let said = rig.server.said();
    assert!(matches!(said.outcome, Some(Outcome::Planned { .. })), "{:?}", said.outcome);
    assert!(said.log_end > LINES + LINE, "{}", said.log_end);
    assert!(said.largest_chunk <= 64 << 10);
    assert!(most < before + (16 << 20), "{before} -> {most}");
}

/// Bytes of this process that are in memory.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}
