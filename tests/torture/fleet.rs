//! Runners elsewhere under kills and partitions: servers that execute nothing, several runners in networks of their own, applies in
//! several workspaces. Whatever happens to whom, no workspace has two applies at once, none is executed twice, no acknowledged state is lost,
//! and whatever does not go on says why.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use terrane_tests::network::Ground;
use terrane_tests::{Database, ORGANIZATION, Server, Stage, Version};

use crate::chance::Chance;
use crate::chaos::Fleet;
use crate::ledger::{self, Entry};
use crate::shared::Shared;
use crate::witness::{self, Testimony};

/// Pools, each with a token of its own.
const POOLS: usize = 2;
/// Runners of each pool.
const RUNNERS: usize = 2;
/// Workspaces of each pool.
const WORKSPACES: usize = 2;
/// How long a runner may be out of reach while it applies: short, so that partitions that are longer fit into the time.
const FLAGS: [&str; 4] = ["--runner", "off", "--apply-lease", "15s"];

/// Runs the whole on one database; whether everything was as it must be.
pub(crate) fn torture(database: Database, blows: u64, mut chance: Chance) -> bool {
    let ground = Ground::lay();
    let mut server = Server::prepare(database, &FLAGS);
    server.stand_at(ground.address());
    server.restart();
    let mut stage = Stage::on(server, Version::V1_11_4);
    let pools: Vec<(String, String)> = (0..POOLS).map(|number| pool(&stage, &format!("pool-{number}"))).collect();
    let shared = Arc::new(Shared::new(stage.api()));
    let names: Vec<String> = (0..POOLS * WORKSPACES).map(|number| format!("fleet-{number}")).collect();
    let workspace = |(number, name): (usize, &String)| {
        let attributes = json!({
            "auto-apply": true, "terraform-version": stage.version().number(),
            "execution-mode": "agent", "agent-pool-id": pools[number % POOLS].0,
        });
        stage.create_workspace(name, attributes)
    };
    let workspaces: Vec<String> = names.iter().enumerate().map(workspace).collect();
    let tokens: Vec<String> = pools.iter().map(|(_, token)| token.clone()).collect();
    let mut fleet = Fleet::start(ground, &stage, &tokens, RUNNERS);
    let owners = ledger::start(&shared, workspaces);
    let witness = witness::start(&shared);

    let began = Instant::now();
    let mut struck = 0;
    while struck < blows {
        if struck % 2 == 0 {
            witness::await_apply(Duration::from_secs(5));
        }
        std::thread::sleep(Duration::from_millis(chance.between(100, 2_500)));
        fleet.repair(&stage, false);
        struck += u64::from(fleet.strike(&mut stage, &mut chance));
    }
    shared.stop();
    while !fleet.is_well() {
        fleet.repair(&stage, true);
        std::thread::sleep(Duration::from_millis(100));
    }
    let entries: Vec<Entry> = owners.into_iter().flat_map(|owner| owner.join().expect("an owner")).collect();
    fleet.repair(&stage, true);
    shared.end();
    let testimony = witness.join().expect("the witness");
    let locked = names.iter().filter(|name| stage.workspace(name)["attributes"]["locked"] != false).count();

    println!(
        "{database}, {} servers, {} runners: {struck} blows in {:.0} s",
        stage.server.nodes(),
        POOLS * RUNNERS,
        began.elapsed().as_secs_f64()
    );
    let good = report(&fleet, &entries, &testimony, locked);
    if !good {
        println!("  --- the server's log ---\n{}\n{}", stage.server.log(), fleet.logs());
    }
    good
}

fn report(fleet: &Fleet, entries: &[Entry], testimony: &Testimony, locked: usize) -> bool {
    let count = |what: &dyn Fn(&Entry) -> bool| entries.iter().filter(|entry| what(entry)).count();
    let blows: Vec<String> = fleet.blows.iter().map(|(blow, times)| format!("{blow:?} {times}")).collect();
    println!("  {}", blows.join(", "));
    let executed = testimony.executed();
    let applied = count(&|entry| entry.status == "applied");
    println!("  runs {}, executed {}, applied {applied}", entries.len(), executed.len());
    println!(
        "  said that their runner was lost {}: went on by themselves {}, forced {}",
        count(&|entry| entry.recovering),
        count(&|entry| entry.recovering && !entry.forced),
        count(&|entry| entry.forced)
    );
    println!(
        "  executed, ended otherwise, and say why {}",
        count(&|entry| executed.contains(&entry.number) && entry.status != "applied" && !entry.reason.is_empty())
    );
    let whose = |number| entries.iter().find(|entry| entry.number == number).map(|entry| entry.workspace);
    let (at_once, twice) = (testimony.at_once(whose), testimony.twice());
    let unexplained = |entry: &Entry| {
        !entry.stuck && !matches!(entry.status.as_str(), "applied" | "planned_and_finished") && entry.reason.is_empty()
    };
    let zeros = [
        ("two applies of one workspace at once", at_once.len()),
        ("applies executed twice", twice.len()),
        ("lost acknowledged states", count(&|entry| entry.lost)),
        ("stuck without a reason", count(&|entry| entry.stuck)),
        ("ended without a reason", count(&unexplained)),
        ("applied, but never executed", count(&|entry| entry.status == "applied" && !executed.contains(&entry.number))),
        ("stuck locks", locked),
        ("runners that ended by themselves", fleet.deserters.len()),
    ];
    for (what, number) in zeros {
        println!("  {what:<38} {number}");
    }
    for entry in entries.iter().filter(|entry| entry.lost || entry.stuck || unexplained(entry)) {
        println!("  ! {entry:?}");
    }
    println!(
        "  {}",
        if at_once.is_empty() && twice.is_empty() { String::new() } else { format!("! {at_once:?} {twice:?}") }
    );
    fleet.deserters.iter().for_each(|deserter| println!("  ! {deserter}"));
    zeros.iter().all(|(_, number)| *number == 0) && applied > 0
}

/// A pool and the token of its agents.
fn pool(stage: &Stage, name: &str) -> (String, String) {
    let document = json!({ "data": { "type": "agent-pools", "attributes": { "name": name } } });
    let pool = stage.api().post(&format!("organizations/{ORGANIZATION}/agent-pools"), &document).is(&[200]).data();
    let id = pool["id"].as_str().expect("an id").to_owned();
    let document = json!({ "data": { "type": "agent-tokens", "attributes": { "description": "torture" } } });
    let token = stage.api().post(&format!("agent-pools/{id}/authentication-tokens"), &document).is(&[201]).data();
    (id, token["attributes"]["token"].as_str().expect("a token").to_owned())
}
