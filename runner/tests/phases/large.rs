//! Large applies: the engine sends its state by itself, and what it cannot send comes with the runner.

use crate::rig::Rig;
use protocol::{Artifact, Counts, Job, Outcome, Phase};
use std::io::{Cursor, Write};
use zip::{ZipWriter, write::SimpleFileOptions};

const FAKE: &str = "9.9.9";
const STATE: &str = r#"{"version":4,"serial":1,"lineage":"l","resources":[]}"#;

/// Notes down that kind of backend where the configuration names a workspace, and does `work` for an apply.
fn engine(kind: &str, work: &str) -> String {
    format!(
        "#!/bin/sh\ncase $1 in\ninit) mkdir -p .terraform; note='{{}}'\ngrep -q 'name = \"prod\"' main.tf && note='{{\"backend\":{{\"type\":\"{kind}\",\"config\":{{\"token\":null}}}}}}'\n\
         echo \"$note\" > .terraform/terraform.tfstate;;\napply) for file; do :; done\n{work}\n;;\nesac\n"
    )
}

/// A job for an apply of so many changes that it is large whatever its plan weighs.
fn apply(rig: &Rig) -> Job {
    Job { counts: Counts { additions: u32::MAX, ..Counts::default() }, ..rig.job(Phase::Apply) }
}

fn plan() -> Vec<u8> {
    let mut plan = ZipWriter::new(Cursor::new(Vec::new()));
    plan.start_file("tfplan", SimpleFileOptions::default()).unwrap();
    plan.write_all(b"\x08\x03\x6a\x05local").unwrap();
    plan.finish().unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_could_not_be_sent_comes_with_the_runner() {
    let rig = Rig::new();
    let work = format!(
        "grep -c local \"$file\"; env | grep -E '^TF(E_RUN_ID|_FORCE)' | sort; printf '%s' '{STATE}' > errored.tfstate; exit 1"
    );
    rig.engine(FAKE, &engine("cloud", &work));
    // The second is of an apply at home that went wrong: it is uploaded with the configuration, and none of this one's.
    let stale = STATE.replace("\"serial\":1", "\"serial\":9");
    rig.configuration(&[("main.tf", ""), ("errored.tfstate", &stale)]);
    rig.server.said().artifacts.insert(Artifact::Plan, plan());
    let outcome = rig.execute(Job { version: FAKE.into(), ..apply(&rig) }).await;
    assert!(matches!(outcome, Outcome::Failed { exit_code: Some(1), .. }), "{outcome:?}");
    let said = rig.server.said();
    let log = String::from_utf8_lossy(&said.log);
    assert!(log.contains("0\nTFE_RUN_ID=run-1\nTF_FORCE_LOCAL_BACKEND=1\n"), "{log}");
    assert_eq!(said.states, [STATE.as_bytes()]);
    drop(said);
    assert_eq!(rig.left(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_server_is_out_of_its_reach_the_state_goes_through_a_file() {
    let rig = Rig::new();
    rig.configuration(&[("main.tf", "resource \"terraform_data\" \"it\" {}\n")]);
    let change = |job: &mut Job| {
        if job.phase == Phase::Apply {
            job.counts.additions = u32::MAX;
            job.address = "https://localhost:1".into();
        }
    };
    let (_, applied) = rig.whole(change).await;
    assert!(matches!(applied, Outcome::Applied { counts: Counts { additions: 1, .. } }), "{applied:?}");
    let said = rig.server.said();
    let last = said.states.last().expect("a state");
    assert!(String::from_utf8_lossy(last).contains("terraform_data"));
}
