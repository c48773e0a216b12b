//! Tests of modules: how the engine is asked, how its verdict is read, and that one which began is not begun again.

use crate::{
    adoption::{Host, remember},
    rig::Rig,
};
use protocol::{Job, Outcome, Phase, Tally, Test, Verdict, Wish};

const FAKE: &str = "9.9.9";

/// A program that does as an engine would, but for what is given for `test`.
fn rig(work: &str) -> Rig {
    let rig = Rig::new();
    let engine = format!(
        "#!/bin/sh\ncase $1 in\ninit) mkdir -p .terraform; echo '{{}}' > .terraform/terraform.tfstate; echo \"$*\" > asked;;\n\
         test)\n{work}\n;;\n*) echo never; exit 1;;\nesac\n"
    );
    rig.engine(FAKE, &engine);
    rig.configuration(&[("main.tf", "")]);
    rig
}

fn job(rig: &Rig) -> Job {
    Job { version: FAKE.into(), test: Some(Test::default()), ..rig.job(Phase::Test) }
}

/// What the engine says at its end.
fn summary(status: &str) -> String {
    format!(
        "echo '{{\"type\":\"test_summary\",\"test_summary\":{{\"status\":\"{status}\",\"passed\":3,\"failed\":2,\"errored\":1,\"skipped\":0}}}}'"
    )
}

const TALLY: Tally = Tally { passed: 3, failed: 2, errored: 1, skipped: 0 };

#[tokio::test(flavor = "multi_thread")]
async fn the_verdict_is_what_the_last_line_and_the_exit_code_say() {
    let none = Tally::default();
    for (work, verdict, tally) in [
        (summary("pass"), Verdict::Pass, TALLY),
        (summary("skip"), Verdict::Skip, TALLY),
        (summary("fail") + "; exit 1", Verdict::Fail, TALLY),
        (summary("error") + "; exit 1", Verdict::Error, TALLY),
        (summary("pass") + "; exit 1", Verdict::Error, TALLY),
        ("true".to_owned(), Verdict::Skip, none),
    ] {
        let rig = rig(&work);
        let outcome = rig.execute(job(&rig)).await;
        assert_eq!(outcome, Outcome::Tested { verdict, tally }, "{work}");
        assert_eq!(rig.left(), [""; 0]);
    }
    // What failed before anything was tested has no verdict.
    for work in ["exit 1".to_owned(), summary("fail") + "; exit 2"] {
        let rig = rig(&work);
        let outcome = rig.execute(job(&rig)).await;
        assert!(matches!(outcome, Outcome::Failed { .. }), "{work}: {outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn options_reach_the_engine_as_they_are() {
    let rig = rig("cat asked; for argument; do echo \"<$argument>\"; done");
    let filters = vec!["other/a b.tftest.hcl".to_owned(), "$(id)".to_owned()];
    let test = Test { filters, directory: "other".into(), verbose: true, parallelism: Some(3) };
    let outcome = rig.execute(Job { test: Some(test), ..job(&rig) }).await;
    assert!(matches!(outcome, Outcome::Tested { .. }), "{outcome:?}");
    let asked = [
        "init -input=false -test-directory=other",
        "<test>",
        "<-json>",
        "<-no-color>",
        "<-test-directory=other>",
        "<-filter=other/a b.tftest.hcl>",
        "<-filter=$(id)>",
        "<-verbose>",
        "<-parallelism=3>",
    ];
    // Not a line of ours is among them: whoever asks for JSON reads JSON.
    assert_eq!(rig.server.log(), format!("\u{2}{}\n\u{3}", asked.join("\n")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canceled_test_destroys_what_it_made() {
    let rig = rig("trap 'sleep 1; echo destroyed; exit 1' INT; echo made; sleep 300 & wait");
    rig.server.offer(job(&rig));
    let (drain, running) = rig.start().await;
    rig.server.until_logged("made").await;
    rig.server.wish.send_replace(Wish::Interrupt);
    rig.server.until_ended().await;
    drain.cancel();
    running.await.unwrap();
    assert_eq!(rig.server.said().outcome, Some(Outcome::Canceled { killed: false }));
    assert!(rig.server.log().contains("destroyed"), "{}", rig.server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_survives_its_host_and_is_adopted() {
    let rig = rig(&format!("echo it is waiting; while ! [ -e go ]; do sleep 0.02; done; {}", summary("pass")));
    let job = job(&rig);
    let mut host = Host::start(&rig, &job, "");
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
    assert_eq!(rig.server.said().outcome, Some(Outcome::Tested { verdict: Verdict::Pass, tally: TALLY }));
    assert_eq!(rig.server.log().matches("it is waiting").count(), 1, "{}", rig.server.log());
}
