//! `make torture`: everything that can happen to a server and to what it stands on, on both databases, under clients that write down what they
//! are told ([`history`]) and runs whose processes are watched from outside ([`witness`]). Whatever was acknowledged must be there, once and in
//! order, nothing may be stuck and nothing done twice.
//!
//! `terrane-torture KILLS [PART [SEED]]` plays all parts, or one with all of the kills; `terrane-torture short` plays a little of the most.
//! With TERRANE_TEST_SERVERS=2 there are two servers on Postgres, of which the part `servers` mostly kills one.

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
mod servers;
mod shared;
mod wire;
mod witness;
mod writers;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

use terrane_tests::Database;

use chance::Chance;

/// A part of it: on a database, with so many blows, by these dice; whether all was as it must be.
type Torture = fn(Database, u64, Chance) -> bool;

/// What a part of the torture is.
struct Part {
    name: &'static str,
    torture: Torture,
    /// Which share of all kills is its own, where all parts are played: one of so many.
    share: u64,
    /// How many it deals in the short form; none, where it is left out on that database.
    short: fn(Database) -> u64,
}

const PARTS: [Part; 7] = [
    Part {
        name: "points",
        torture: |database, kills, chance| points::torture(database, kills, 1, chance),
        share: 2,
        short: |_| 1,
    },
    Part { name: "database", torture: database::torture, share: 2, short: |_| 7 },
    // One of each for a bucket and for a container.
    Part {
        name: "objects",
        torture: objects::torture,
        share: 4,
        short: |database| only(database, Database::Postgres, 10),
    },
    Part { name: "disk", torture: disk::torture, share: 4, short: |database| only(database, Database::Sqlite, 10) },
    Part { name: "clock", torture: clock::torture, share: 8, short: |database| only(database, Database::Sqlite, 4) },
    Part { name: "servers", torture: servers::torture, share: 2, short: |_| 3 },
    // It lays networks, for which it has to be root.
    Part { name: "runners", torture: fleet::torture, share: 4, short: |_| 0 },
];

/// The short form plays every so many-th point.
const STEP: usize = 14;

fn only(database: Database, wanted: Database, blows: u64) -> u64 {
    if database == wanted { blows } else { 0 }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let short = arguments.first().is_some_and(|first| first == "short");
    let number = |at: usize| arguments.get(at).map(|text| text.parse::<u64>().expect("KILLS and SEED are numbers"));
    let kills = if short { 0 } else { number(0).unwrap_or(50) };
    let wanted = arguments.get(1).map(String::as_str).filter(|part| !part.is_empty() && *part != "all");
    assert!(wanted.is_none_or(|wanted| PARTS.iter().any(|part| part.name == wanted)), "there is no part {wanted:?}");
    let seed = number(2).unwrap_or(u64::from(std::process::id()));
    let began = Instant::now();
    println!("torture: {}, seed {seed}", if short { "the short form".to_owned() } else { format!("{kills} kills") });
    let mut table = Vec::new();
    for part in PARTS.iter().filter(|part| wanted.is_none_or(|wanted| wanted == part.name)) {
        for database in Database::ALL {
            let blows = match (short, wanted) {
                (true, _) => (part.short)(database),
                (false, Some(_)) => kills,
                (false, None) => kills.div_ceil(part.share),
            };
            // SQLite has no connections: its file is what the disk's part is about.
            if blows == 0 || (part.name == "database" && database == Database::Sqlite) {
                continue;
            }
            let since = Instant::now();
            let torture = || match part.name {
                "points" if short => points::torture(database, blows, STEP, Chance::new(seed)),
                _ => (part.torture)(database, blows, Chance::new(seed)),
            };
            // One that breaks off has failed, and the others are played all the same.
            let good = catch_unwind(AssertUnwindSafe(torture)).unwrap_or(false);
            table.push((part.name, database, since.elapsed().as_secs(), good));
        }
    }
    println!("torture: {} s, seed {seed}", began.elapsed().as_secs());
    for (name, database, seconds, good) in &table {
        println!("  {name:<10} {database:<10} {seconds:>5} s  {}", if *good { "all zeros" } else { "NOT ALL ZEROS" });
    }
    if table.iter().all(|(.., good)| *good) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
