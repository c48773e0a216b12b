//! How fast a queue is handed out to runners that wait for it.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use serde_json::json;
use terrane_tests::{Database, Server, Slug, Stage, Version};

use crate::figures::{Figure, ms};

const VERSION: Version = Version::V1_11_4;
/// So many runs wait, and so many slots.
const RUNS: usize = 120;

/// The figures of one database.
pub(crate) fn figures(database: Database) -> Vec<Figure> {
    let folder = tempfile::Builder::new().prefix("tt-engines-").tempdir().expect("a folder");
    let program = folder.path().join(VERSION.number()).join("terraform");
    std::fs::create_dir_all(program.parent().expect("a folder")).expect("an engines directory");
    // An engine that does nothing, as long as it is let: what is measured is the queue.
    std::fs::write(&program, "#!/bin/sh\nexec sleep 600\n").expect("an engine");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("an engine that executes");
    let engines = folder.path().to_str().expect("a path of letters").to_owned();
    let slots = (RUNS + 1).to_string();
    // One run takes the only room: all others are queued while every other slot waits.
    let flags = ["--runner-slots", &slots, "--engines", &engines, "--organization-concurrency", "1"];
    let stage = Stage::on(Server::start_with(database, &flags), VERSION);
    fill(&stage, RUNS + 1);
    assert_eq!(executing(&stage), 1, "one has the room");
    let began = Instant::now();
    make_room(&stage, RUNS + 1);
    while executing(&stage) <= RUNS {
        assert!(began.elapsed() < Duration::from_secs(60), "{} of {RUNS} were handed out", executing(&stage));
        std::thread::sleep(Duration::from_millis(5));
    }
    vec![Figure::new("120 queued runs to 120 idle slots: all handed out after", ms(began.elapsed()), "< 1000 ms")]
}

/// Queues a run in each of so many workspaces.
pub(crate) fn fill(stage: &Stage, runs: usize) {
    let slug = Slug::pack(&[("main.tf", "")]);
    for number in 0..runs {
        let workspace =
            stage.create_workspace(&format!("queued-{number}"), json!({ "terraform-version": VERSION.number() }));
        let configuration = stage.uploaded(&workspace, true, &slug);
        let _ = stage.queue(&workspace, &configuration, &json!({}));
    }
}

/// Lets so many runs execute at once.
pub(crate) fn make_room(stage: &Stage, runs: usize) {
    let more = json!({ "data": { "attributes": { "run-limit": runs } } });
    let _ = stage.api().patch("admin/organizations/acme", &more).is(&[200]);
}

/// How many phases execute.
pub(crate) fn executing(stage: &Stage) -> usize {
    let capacity = stage.api().get("organizations/acme/capacity").is(&[200]).data();
    usize::try_from(capacity["attributes"]["running"].as_u64().expect("a number")).expect("a count")
}
