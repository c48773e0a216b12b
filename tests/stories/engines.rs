//! Terraforms that misbehave, and one that is not there: strange programs in an engines directory of the story's own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use serde_json::json;
use terrane_tests::{Server, Slug, Stage, Version, process};

use crate::configurations::ONE;
use crate::stories;

stories! {
    NONE:
        an_absent_version_is_named,
        a_flood_of_output_does_not_grow_the_server,
        a_plan_that_hangs_is_ended_by_its_time,
        a_plan_that_ignores_a_cancel_is_killed,
        an_apply_that_ignores_a_cancel_is_forced,
}

/// A version that no terraform will have.
const STRANGE: &str = "99.0.0";

/// A second stage whose engine of [`STRANGE`] runs this script for one of its commands, and is a real one for all others.
fn strange(stage: &Stage, command: &str, script: &str, flags: &[&str]) -> Stage {
    let place = stage.server.folder().join("engines").join(STRANGE);
    fs::create_dir_all(&place).expect("an engines directory");
    let real = Version::V1_11_4.binary();
    let script = format!("#!/bin/sh\ncase \" $* \" in *' {command} '*) {script} ;; esac\nexec \"$0.real\" \"$@\"\n");
    fs::copy(real, place.join("terraform.real")).expect("copy a terraform");
    let program = place.join("terraform");
    fs::write(&program, script).expect("write an engine");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("make it executable");
    let engines = stage.server.folder().join("engines");
    // A strange program in a directory is for the process executor, whatever the other stories are played with.
    let mut all = vec!["--executor", "process", "--engines", engines.to_str().expect("a path of letters")];
    all.extend(flags);
    Stage::on(Server::start_with(stage.server.database(), &all), Version::V1_11_4)
}

fn plan(stage: &Stage, version: &str) -> String {
    let id = stage.create_workspace("app", json!({ "terraform-version": version }));
    stage.queue(&id, &stage.uploaded(&id, true, &Slug::pack(&[("main.tf", ONE)])), &json!({}))
}

fn an_absent_version_is_named(stage: &mut Stage) {
    let run = plan(stage, "1.2.3");
    let run = stage.reaches(&run, &["errored"]);
    let log = stage.log(&run, "plan");
    assert!(log.contains("1.2.3") && log.contains("terraform"), "the log does not say what is missing: {log:?}");
}

fn a_flood_of_output_does_not_grow_the_server(stage: &mut Stage) {
    // One line of 100 MB, then many of 50 bytes: 150 MB.
    let flood = "head -c 100000000 /dev/zero | tr '\\0' x; echo; yes 'a line of just about fifty bytes, as logs have it' | head -c 50000000; exit 1";
    let other = strange(stage, "plan", flood, &[]);
    let before = process::resident_kib(other.server.pid());
    let run = plan(&other, STRANGE);
    let (mut peak, began) = (before, Instant::now());
    while other.run(&run)["attributes"]["status"] != "errored" {
        peak = peak.max(process::resident_kib(other.server.pid()));
        assert!(began.elapsed() < Duration::from_secs(300), "the flood does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(peak < before + 100 * 1024, "the server grew from {before} to {peak} KiB");

    let run = other.run(&run);
    let plan = run["relationships"]["plan"]["data"]["id"].as_str().expect("an id");
    let plan = other.api().get(&format!("plans/{plan}")).is(&[200]).data();
    let url = plan["attributes"]["log-read-url"].as_str().expect("a log").to_owned();
    let anonymous = other.server.api("");
    // What is asked for far inside comes from there, and the end is where it must be.
    let middle = anonymous.get(&format!("{url}?limit=1000&offset=50000000")).is(&[200]).text();
    assert_eq!(middle, "x".repeat(1_000), "of {}", other.log(&run, "plan").chars().take(300).collect::<String>());
    let late = anonymous.get(&format!("{url}?limit=200&offset=149000000")).is(&[200]).text();
    assert!(late.contains("a line of just about fifty bytes"), "{late:?}");
    other.leave();
}

fn a_plan_that_hangs_is_ended_by_its_time(stage: &mut Stage) {
    let other = strange(stage, "plan", HANGING, &["--plan-timeout", "2s"]);
    let run = plan(&other, STRANGE);
    other.reaches(&run, &["errored"]);
    assert_eq!(other.workspace("app")["attributes"]["locked"], false);
    other.leave();
}

/// Lets itself be neither interrupted nor ended.
const HANGING: &str = "trap '' INT TERM; printf 'hang%s\\n' ing; while :; do sleep 1; done";

fn a_plan_that_ignores_a_cancel_is_killed(stage: &mut Stage) {
    let other = strange(stage, "plan", HANGING, &[]);
    let run = plan(&other, STRANGE);
    other.logs_say(&run, "plan", "hanging");
    let _ = other.act(&run, "cancel").is(&[202]);
    // Force comes after patience.
    let _ = other.act(&run, "force-cancel").refuses(&[403, 409, 422]);
    other.reaches(&run, &["canceled"]);
    assert_eq!(other.workspace("app")["attributes"]["locked"], false);
    other.leave();
}

fn an_apply_that_ignores_a_cancel_is_forced(stage: &mut Stage) {
    let other = strange(stage, "apply", HANGING, &[]);
    let id = other.create_workspace("app", json!({ "auto-apply": true, "terraform-version": STRANGE }));
    let run = other.queue(&id, &other.uploaded(&id, false, &Slug::pack(&[("main.tf", ONE)])), &json!({}));
    other.logs_say(&run, "apply", "hanging");
    let _ = other.act(&run, "cancel").is(&[202]);
    // From when on it may be forced is told by the run itself.
    process::eventually("the run to be force-cancelable", Duration::from_secs(90), || {
        (other.run(&run)["attributes"]["actions"]["is-force-cancelable"] == true).then_some(())
    });
    let _ = other.act(&run, "force-cancel").is(&[202]);
    other.reaches(&run, &["canceled"]);
    assert_eq!(other.workspace("app")["attributes"]["locked"], false);
    other.leave();
}
