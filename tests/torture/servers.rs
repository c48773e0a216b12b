//! Servers are killed at random moments while states are written and applies run. What they acknowledged must be there, what ran must be
//! finished, nothing may be stuck and nothing done twice.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use terrane_tests::process::eventually;
use terrane_tests::{Database, Stage, Version};

use crate::chance::Chance;
use crate::clients::{Clients, Size};
use crate::points::examine;
use crate::report::Report;
use crate::shared::Shared;
use crate::{applies, witness, writers};

/// Workspaces that only get states, each from a writer of its own.
const WRITERS: usize = 8;
/// Workspaces that only get runs, one after another.
const APPLIERS: usize = 3;
/// How long everything that was begun may take to come to its end after the last kill.
const PATIENCE: Duration = Duration::from_secs(180);
/// What a run says whose plan was lost too often.
const GIVEN_UP: &str = "nothing was changed; start the run again";
/// After so many kills there are other clients on other workspaces: a history that is too long is slow to read back.
const CHAPTER: u64 = 20;

/// Runs the whole on one database; whether everything was as it must be.
pub(crate) fn torture(database: Database, kills: u64, mut chance: Chance) -> bool {
    let mut report = Report::default();
    let mut stage = Stage::set(database, Version::V1_11_4);
    let shared = Arc::new(Shared::new(stage.api()));
    let writers = writers::start(&shared, &stage, WRITERS);
    let appliers = applies::start(&shared, &stage, APPLIERS);
    let witness = witness::start(&shared);
    let clients = |stage: &Stage, chapter: u64| Clients::start(stage, &format!("clients-{chapter}"), 1, 3, Size::Small);
    let mut chapter = clients(&stage, 0);

    let began = Instant::now();
    let mut running_at_a_kill = BTreeSet::new();
    for kill in 0..kills {
        // Every second kill is to hit an apply that runs; the others hit whatever goes on.
        if kill.is_multiple_of(2) {
            witness::await_apply(Duration::from_secs(10));
        }
        std::thread::sleep(Duration::from_millis(chance.between(30, 1_400)));
        running_at_a_kill.extend(witness::running());
        let victim = usize::try_from(chance.between(0, stage.server.nodes() as u64 - 1)).expect("a small number");
        // Of several servers mostly one is killed, while the others go on; every fifth time all of them.
        let all = kill % 5 == 4;
        if all {
            stage.server.kill();
        } else {
            stage.server.node_mut(victim).kill();
        }
        let down = Instant::now();
        if all {
            stage.server.restart();
        } else {
            stage.server.node_mut(victim).start();
        }
        report.most("slowest start (ms)", down.elapsed().as_millis());
        report.count("kills", 1);
        if kill % CHAPTER == CHAPTER - 1 {
            let ended = std::mem::replace(&mut chapter, clients(&stage, kill + 1));
            report.take("clients", &ended.end(&stage));
            println!("  {database}, servers: {} of {kills} kills", kill + 1);
        }
    }

    report.take("clients", &chapter.end(&stage));
    shared.stop();
    let writes: Vec<_> = writers.into_iter().map(|writer| writer.join().expect("a writer")).collect();
    let applies: Vec<_> = appliers.into_iter().flat_map(|applier| applier.join().expect("an applier")).collect();
    let (stuck_runs, stuck_locks) = (stuck_runs(&stage), stuck_locks(&stage));
    shared.end();
    let testimony = witness.join().expect("the witness");

    let lost =
        writes.iter().map(|writes| writes.lost).sum::<u64>() + applies.iter().filter(|apply| apply.lost).count() as u64;
    let executed = testimony.executed();
    // A plan whose process died with its server begins again, a few times: whoever kills often enough ends it, and is told so.
    let (given_up, failed): (Vec<_>, Vec<_>) = applies
        .iter()
        .filter(|apply| !apply.finished)
        .partition(|apply| apply.told.contains(GIVEN_UP) && !executed.contains(&apply.number));
    let unfinished = failed.iter().filter(|apply| running_at_a_kill.contains(&apply.number)).count() as u64;
    let (running, twice) = (running_at_a_kill.len() as u64, testimony.twice());
    report.count("acknowledged writes", writes.iter().map(|writes| writes.acknowledged).sum());
    report.count("applies", applies.len() as u64);
    report.count("applies that were executed", executed.len() as u64);
    report.count("runs whose plan was killed too often", given_up.len() as u64);
    report.count("applies running at a kill", running);
    report.count("of them adopted and finished", running - unfinished);
    report.zero("lost acknowledged states", lost, || "a writer or an applier misses a state".to_owned());
    report.zero("stuck runs", stuck_runs, || "runs have not ended".to_owned());
    report.zero("stuck locks", stuck_locks, || "workspaces stay locked".to_owned());
    report.zero("applies executed twice", twice.len() as u64, || format!("{twice:?}"));
    report.zero("runs that failed", failed.len() as u64, || {
        failed.iter().map(|apply| apply.told.as_str()).collect::<Vec<_>>().join("\n      ")
    });
    report.zero("tortures without an apply at a kill", u64::from(running == 0), || "nothing was proved".to_owned());
    examine(&stage.server, "at the end", &mut report);
    let servers = stage.server.nodes();
    let good = report.print(&format!("{database}, {servers} servers: {:.0} s", began.elapsed().as_secs_f64()));
    if !good {
        let log = stage.server.log();
        println!("  --- the end of the server's log ---");
        let told = |line: &&str| line.contains("WARN") || line.contains("ERROR");
        log.lines().filter(told).for_each(|line| println!("  {line}"));
    }
    good
}

/// Runs that have not ended long after everything stopped.
fn stuck_runs(stage: &Stage) -> u64 {
    let deadline = Instant::now() + PATIENCE;
    let unfinished = || -> usize {
        (0..APPLIERS).map(|number| applies::unfinished(&stage.api(), &applies::workspace(number))).sum()
    };
    eventually("the runs to be counted", PATIENCE * 2, || {
        let left = unfinished();
        (left == 0 || Instant::now() > deadline).then_some(left as u64)
    })
}

/// Workspaces that are still locked after everything stopped.
fn stuck_locks(stage: &Stage) -> u64 {
    let names = (0..APPLIERS).map(applies::workspace).chain((0..WRITERS).map(writers::workspace));
    names.filter(|name| stage.workspace(name)["attributes"]["locked"] != false).count() as u64
}
