//! A runner in a network of its own, which is cut: for a moment, for longer than a lease lasts, and for good.

use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};
use terrane_tests::network::{Cut, Ground};
use terrane_tests::process::eventually;
use terrane_tests::{Database, Runner, Server, Slug, Stage, Version, settings};

use crate::configurations::{ONE, RUNNING, SLOW};
use crate::crash::LONG;
use crate::runners::{pool, reason, workspace};
use crate::trial;

type Play = fn(&mut Stage, &Ground);

/// Servers that execute nothing; a lease so short that a story can outlast it.
const FLAGS: &[&str] = &["--runner", "off", "--apply-lease", "15s"];
/// Longer than such a lease, whatever looks after it, and a slow machine.
const LATE: Duration = Duration::from_secs(120);

pub(crate) fn trials() -> Vec<Trial> {
    if settings::without("networks") {
        return Vec::new();
    }
    let stories: [(&str, Play, &'static [&'static str]); 5] = [
        ("a_short_cut_ends_nothing", a_short_cut_ends_nothing, &["--runner", "off"]),
        (
            "an_apply_that_ended_while_it_was_cut_off_is_applied",
            an_apply_that_ended_while_it_was_cut_off_is_applied,
            &["--runner", "off", "--apply-lease", "30s"],
        ),
        ("a_long_cut_ends_the_apply_and_keeps_its_state", a_long_cut_ends_the_apply_and_keeps_its_state, FLAGS),
        ("a_cut_for_good_says_so_until_somebody_knows", a_cut_for_good_says_so_until_somebody_knows, FLAGS),
        (
            "a_plan_that_is_cut_off_is_made_again_elsewhere",
            a_plan_that_is_cut_off_is_made_again_elsewhere,
            &["--runner", "off", "--apply-lease", "15s", "--hook-pre-plan", "printf 'now-%s\\n' running; sleep 6"],
        ),
    ];
    let each = |database: Database| {
        stories.map(|(name, play, flags)| {
            trial(format!("{database}::partition::{name}"), move || {
                let ground = Ground::lay();
                let mut server = Server::prepare(database, flags);
                server.stand_at(ground.address());
                server.restart();
                let mut stage = Stage::on(server, Version::V1_11_4);
                play(&mut stage, &ground);
                stage.leave();
            })
        })
    };
    Database::ALL.into_iter().flat_map(each).collect()
}

/// A runner on an island of its own, the pool of which executes a workspace.
fn set(stage: &Stage, ground: &Ground) -> (Runner, String, String) {
    let (own, token, _) = pool(stage, "own");
    let id = workspace(stage, &own);
    (start(stage, ground, &token, "islander"), id, token)
}

fn start(stage: &Stage, ground: &Ground, token: &str, name: &str) -> Runner {
    let mut runner = Runner::prepare(&stage.server, token, name).on(ground.island());
    runner.restart();
    runner
}

fn queue(stage: &Stage, workspace: &str, configuration: &str) -> String {
    let slug = Slug::pack(&[("main.tf", configuration)]);
    stage.queue(workspace, &stage.uploaded(workspace, false, &slug), &json!({}))
}

fn recovers(stage: &Stage, run: &str) {
    eventually("the run to say that its runner is lost", LATE, || {
        reason(stage, run).starts_with("recovering: its runner islander was not heard of").then_some(())
    });
    assert_eq!(stage.run(run)["attributes"]["status"], "applying");
}

fn whole(stage: &Stage, run: &Value) {
    let log = stage.log(run, "apply");
    assert!(log.contains("after-all") && log.contains("Apply complete!"), "a part of the log is lost: {log}");
    assert_eq!(log.matches(RUNNING).count(), 1, "the apply ran twice, or its log is doubled: {log}");
    let state = String::from_utf8(stage.state("app").expect("a state")).expect("UTF-8");
    assert!(state.contains("\"long\""), "{state}");
}

/// Nothing of terraform is at work any more for this runner.
fn engine_is_gone(runner: &Runner) {
    eventually("the engine to be ended", LATE, || {
        let left = terrane_tests::process::that_name(runner.folder());
        let mut lines = left.into_iter().map(terrane_tests::process::command_line);
        (!lines.any(|line| line.contains("terraform"))).then_some(())
    });
}

fn a_short_cut_ends_nothing(stage: &mut Stage, ground: &Ground) {
    let (runner, id, _) = set(stage, ground);
    let run = queue(stage, &id, &LONG.replace("sleep 3", "sleep 12"));
    stage.logs_say(&run, "apply", RUNNING);
    for cut in [Cut::Pulled, Cut::OneWay] {
        runner.island().cut(cut);
        std::thread::sleep(Duration::from_secs(3));
        runner.island().mend();
        std::thread::sleep(Duration::from_secs(1));
    }
    let run = stage.reaches(&run, &["applied"]);
    whole(stage, &run);
}

fn an_apply_that_ended_while_it_was_cut_off_is_applied(stage: &mut Stage, ground: &Ground) {
    let (runner, id, _) = set(stage, ground);
    let run = queue(stage, &id, &LONG.replace("sleep 3", "sleep 1"));
    stage.logs_say(&run, "apply", RUNNING);
    runner.island().cut(Cut::OneWay);
    // It ends in time, and nobody hears of it.
    engine_is_gone(&runner);
    recovers(stage, &run);
    runner.island().mend();
    let run = stage.reaches(&run, &["applied"]);
    whole(stage, &run);
}

fn a_long_cut_ends_the_apply_and_keeps_its_state(stage: &mut Stage, ground: &Ground) {
    let (runner, id, _) = set(stage, ground);
    let run = queue(stage, &id, SLOW);
    stage.logs_say(&run, "apply", RUNNING);
    runner.island().cut(Cut::Pulled);
    recovers(stage, &run);
    engine_is_gone(&runner);
    assert_eq!(stage.workspace("app")["attributes"]["locked"], true, "whoever sees it from here cannot know");
    runner.island().mend();
    let run = stage.reaches(&run, &["errored"]);
    let why = run["attributes"]["reason"].as_str().unwrap_or_default();
    assert!(why.contains("the lease could not be prolonged") || why.contains("nobody prolonged the lease"), "{why}");
    let state = String::from_utf8(stage.state("app").expect("the last state")).expect("UTF-8");
    assert!(state.contains("\"quick\""), "{state}");
    let next = queue(stage, &id, ONE);
    stage.reaches(&next, &["applied"]);
}

fn a_cut_for_good_says_so_until_somebody_knows(stage: &mut Stage, ground: &Ground) {
    let (runner, id, token) = set(stage, ground);
    let run = queue(stage, &id, SLOW);
    stage.logs_say(&run, "apply", RUNNING);
    runner.island().cut(Cut::OneWay);
    recovers(stage, &run);
    let next = queue(stage, &id, ONE);
    let waits = reason(stage, &next);
    assert!(!waits.is_empty(), "a run that waits for a lost one says nothing");
    let other = start(stage, ground, &token, "other");
    engine_is_gone(&runner);
    let _ = stage.act(&run, "cancel").is(&[202]);
    eventually("the run to be forced", Duration::from_secs(60), || {
        (stage.act(&run, "force-cancel").is(&[202, 409]).status == 202).then_some(())
    });
    let run = stage.reaches(&run, &["canceled"]);
    let why = run["attributes"]["reason"].as_str().unwrap_or_default();
    assert!(why.contains("owner forced its end while its runner was lost"), "{why}");
    stage.reaches(&next, &["applied"]);
    drop((runner, other));
}

fn a_plan_that_is_cut_off_is_made_again_elsewhere(stage: &mut Stage, ground: &Ground) {
    let (runner, id, token) = set(stage, ground);
    let run = queue(stage, &id, ONE);
    stage.logs_say(&run, "plan", RUNNING);
    runner.island().cut(Cut::Pulled);
    let other = start(stage, ground, &token, "other");
    let run = stage.reaches(&run, &["applied"]);
    let log = stage.log(&run, "plan");
    assert_eq!(log.matches(RUNNING).count(), 1, "the log is of one attempt alone: {log}");
    // The one that was cut off comes back, and has nothing to say any more.
    runner.island().mend();
    let next = queue(stage, &id, ONE);
    stage.reaches(&next, &["planned_and_finished"]);
    eventually("the runner to lay its plan down", LATE, || {
        let mut left = std::fs::read_dir(runner.data().join("runs")).expect("the runs").flatten();
        (!left.any(|entry| entry.file_name().to_string_lossy().starts_with("plan-"))).then_some(())
    });
    drop(other);
}
