//! `make torture`: the server is killed with SIGKILL at random moments while states are written and applies run, and runners elsewhere are
//! killed and cut off ([`fleet`]), on both databases. `terrane-torture KILLS SEED servers` (or `runners`) does one of the two. With TERRANE_TEST_SERVERS=2 there are two on Postgres, of which mostly one is killed. What it acknowledged must be there, what ran must be finished, nothing may be stuck and nothing done twice.

#![expect(clippy::print_stdout, reason = "what this program is for is what it prints")]

mod applies;
mod blows;
mod chance;
mod chaos;
mod check;
mod clients;
mod clock;
mod database;
mod disk;
mod fleet;
mod history;
mod ledger;
mod objects;
mod points;
mod report;
mod rows;
mod shared;
mod wire;
mod witness;
mod writers;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use terrane_tests::process::eventually;
use terrane_tests::{Database, Stage, Version};

use chance::Chance;
use shared::Shared;

/// Workspaces that only get states, each from a writer of its own.
const WRITERS: usize = 8;
/// Workspaces that only get runs, one after another.
const APPLIERS: usize = 3;
/// How long everything that was begun may take to come to its end after the last kill.
const PATIENCE: Duration = Duration::from_secs(180);

/// A part of it: on a database, with so many blows, by these dice.
type Torture = fn(Database, u64, Chance) -> bool;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).map(|text| text.parse::<u64>().expect("KILLS and SEED are numbers"));
    let kills = number(0).unwrap_or(50);
    let seed = number(1).unwrap_or(u64::from(std::process::id()));
    let part = arguments.get(2).map(String::as_str);
    println!("torture: {kills} kills on each database, of servers and of runners, seed {seed}");
    let parts: [(&str, Torture); 7] = [
        ("points", |database, kills, chance| points::torture(database, kills, 1, chance)),
        ("database", database::torture),
        ("objects", objects::torture),
        ("disk", disk::torture),
        ("clock", clock::torture),
        ("servers", torture),
        ("runners", fleet::torture),
    ];
    let mut good = true;
    for (_, torture) in parts.into_iter().filter(|(name, _)| part.is_none_or(|part| part == *name)) {
        for database in Database::ALL {
            good &= torture(database, kills, Chance::new(seed));
        }
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs the whole on one database; whether everything was as it must be.
fn torture(database: Database, kills: u64, mut chance: Chance) -> bool {
    let mut stage = Stage::set(database, Version::V1_11_4);
    let shared = Arc::new(Shared::new(stage.api()));
    let writers = writers::start(&shared, &stage, WRITERS);
    let appliers = applies::start(&shared, &stage, APPLIERS);
    let witness = witness::start(&shared);

    let began = Instant::now();
    let (mut running_at_a_kill, mut slowest) = (std::collections::BTreeSet::new(), Duration::ZERO);
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
        slowest = slowest.max(down.elapsed());
    }

    shared.stop();
    let writes: Vec<_> = writers.into_iter().map(|writer| writer.join().expect("a writer")).collect();
    let applies: Vec<_> = appliers.into_iter().flat_map(|applier| applier.join().expect("an applier")).collect();
    let stuck_runs = stuck_runs(&stage);
    let stuck_locks = stuck_locks(&stage);
    shared.end();
    let testimony = witness.join().expect("the witness");

    let acknowledged: u64 = writes.iter().map(|writes| writes.acknowledged).sum();
    let lost: u64 =
        writes.iter().map(|writes| writes.lost).sum::<u64>() + applies.iter().filter(|apply| apply.lost).count() as u64;
    let twice = testimony.twice().len();
    let failed = applies.iter().filter(|apply| !apply.finished).count();
    let unfinished =
        applies.iter().filter(|apply| !apply.finished && running_at_a_kill.contains(&apply.number)).count();
    let running = running_at_a_kill.len();
    println!(
        "{database}, {} servers: {kills} kills in {:.0} s, back within {} ms",
        stage.server.nodes(),
        began.elapsed().as_secs_f64(),
        slowest.as_millis()
    );
    println!(
        "  acknowledged state writes {acknowledged}, applies {}, of them executed {}",
        applies.len(),
        testimony.executed().len()
    );
    println!("  lost acknowledged states  {lost}");
    println!("  stuck runs                {stuck_runs}");
    println!("  stuck locks               {stuck_locks}");
    println!("  applies executed twice    {twice}");
    println!("  runs that failed          {failed}");
    println!("  applies running at a kill {running}, adopted and finished {}", running - unfinished);
    let good = lost == 0
        && stuck_runs == 0
        && stuck_locks == 0
        && twice == 0
        && failed == 0
        && acknowledged > 0
        && running > 0;
    if !good {
        let log = stage.server.log();
        println!("  --- the end of the server's log ---");
        log.lines().rev().take(60).collect::<Vec<_>>().into_iter().rev().for_each(|line| println!("  {line}"));
    }
    good
}

/// Runs that have not ended long after everything stopped.
fn stuck_runs(stage: &Stage) -> usize {
    let deadline = Instant::now() + PATIENCE;
    let unfinished = || -> usize {
        (0..APPLIERS).map(|number| applies::unfinished(&stage.api(), &applies::workspace(number))).sum()
    };
    eventually("the runs to be counted", PATIENCE * 2, || {
        let left = unfinished();
        (left == 0 || Instant::now() > deadline).then_some(left)
    })
}

/// Workspaces that are still locked after everything stopped.
fn stuck_locks(stage: &Stage) -> usize {
    let names = (0..APPLIERS).map(applies::workspace).chain((0..WRITERS).map(writers::workspace));
    names.filter(|name| stage.workspace(name)["attributes"]["locked"] != false).count()
}
