//! The time of day, set forth and back by hours under clients and under a run: locks, tokens and leases do not care.

use std::time::{Duration, Instant};

use serde_json::json;
use terrane_tests::time::Wall;
use terrane_tests::{Database, Server, Stage, Version};

use crate::applies;
use crate::blows::{PATIENCE, deal};
use crate::chance::Chance;
use crate::clients::Size;
use crate::points::examine;
use crate::report::Report;
use crate::shared::Shared;

/// How far it is set, in hours.
const STEPS: [i64; 6] = [1, -1, 20, -20, 400, -400];

/// Sets the clock so many times; whether everything was as it must be.
pub(crate) fn torture(database: Database, blows: u64, mut chance: Chance) -> bool {
    let began = Instant::now();
    let mut report = Report::default();
    let mut server = Server::prepare(database, &[]);
    let wall = Wall::hang(&server.folder().join("clock"));
    server.environment(&wall.environment());
    server.restart();
    let mut stage = Stage::on(server, Version::V1_11_4);
    let shared = Shared::new(stage.api());
    let id = stage.create_workspace("applies", json!({ "auto-apply": true, "terraform-version": "1.11.4" }));
    let run = applies::queue(&shared, &id, 5, 1);
    deal(&mut stage, "clock", Size::Small, blows, &mut chance, &mut report, |_, _, number, chance, _| {
        wall.set(STEPS[usize::try_from(number).expect("a small number") % STEPS.len()] * 3600);
        std::thread::sleep(Duration::from_millis(chance.between(100, 900)));
        // It stays so every second time: what follows begins at another time of day.
        if chance.between(0, 1) == 0 {
            wall.set(0);
        }
    });
    let deadline = Instant::now() + PATIENCE;
    let status = || stage.run(&run)["attributes"]["status"].as_str().unwrap_or_default().to_owned();
    while !applies::ended(&status()) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
    let ended = status();
    report.zero("runs that were not applied", u64::from(ended != "applied"), || format!("{run} is {ended}"));
    let lost = applies::state(&shared, &id).as_ref().and_then(applies::number) != Some(1);
    report.zero("lost acknowledged states", u64::from(lost), || format!("{run} was applied"));
    examine(&stage.server, "clock", &mut report);
    let _ = stage.server.stop();
    report.print(&format!("{database}, clock: {:.0} s", began.elapsed().as_secs_f64()))
}
