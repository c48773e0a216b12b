//! The disk at its worst: full, broken, cutting writes short, unable to sync or to rename. What was acknowledged is there, what cannot be
//! kept is not acknowledged, and a server whose disk is well again goes on by itself.

use std::time::{Duration, Instant};

use terrane_tests::disk::{Disk, Mood};
use terrane_tests::{Database, Server, Stage, Version};

use crate::blows::deal;
use crate::chance::Chance;
use crate::clients::Size;
use crate::points::examine;
use crate::report::Report;

/// How long a commit that was under way may take to come to its end.
const UNDER_WAY: Duration = Duration::from_millis(400);

/// Within this time clients are told that something is wrong.
const TOLD: Duration = Duration::from_secs(12);

const MOODS: [Mood; 5] = [Mood::Full, Mood::Unsynced, Mood::Broken, Mood::Short, Mood::Nameless];

/// Deals so many blows to the disk; whether everything was as it must be.
pub(crate) fn torture(database: Database, blows: u64, mut chance: Chance) -> bool {
    let began = Instant::now();
    let mut report = Report::default();
    for (size, blows) in [(Size::Small, blows.div_ceil(2)), (Size::Large, blows / 2)] {
        strike(database, size, blows, &mut chance, &mut report);
    }
    report.print(&format!("{database}, disk: {:.0} s", began.elapsed().as_secs_f64()))
}

fn strike(database: Database, size: Size, blows: u64, chance: &mut Chance, report: &mut Report) {
    let mut server = Server::prepare(database, &[]);
    let disk = Disk::lay(&server.folder().join("disk"), &server.data());
    server.environment(&disk.environment());
    server.restart();
    let pid = server.pid();
    let mut stage = Stage::on(server, Version::V1_11_4);
    let label = format!("{size:?}").to_lowercase();
    deal(&mut stage, &label, size, blows, chance, report, |_, clients, number, chance, report| {
        let mood = MOODS[usize::try_from(number).expect("a small number") % MOODS.len()];
        report.count(&format!("{label}: {mood:?}"), 1);
        let unknown = clients.unknown();
        disk.set(mood);
        std::thread::sleep(UNDER_WAY);
        let before = clients.acknowledged();
        std::thread::sleep(Duration::from_millis(chance.between(300, 1_500)));
        // A short one may pass unseen, because writes are tried again for a while; one that stays is told.
        let (refuses, since) = (must_refuse(mood, size, database), Instant::now());
        while refuses && clients.unknown() == unknown && since.elapsed() < TOLD {
            std::thread::sleep(Duration::from_millis(20));
        }
        let meanwhile = clients.acknowledged() - before;
        disk.set(Mood::Good);
        if refuses {
            report.zero("acknowledged and not on disk", meanwhile, || format!("{label}: {meanwhile} under {mood:?}"));
            let felt = clients.unknown() > unknown;
            report.zero("faults that nobody was told of", u64::from(!felt), || format!("{label}: {mood:?}"));
        } else {
            report.count("acknowledged on a bad disk", meanwhile);
        }
    });
    let same = stage.server.node(0).pid() == Some(pid);
    report.zero("servers that had to be started again", u64::from(!same), || label.clone());
    examine(&stage.server, &label, report);
    let _ = stage.server.stop();
}

/// Whether nothing can be kept on such a disk: Postgres has a disk of its own, and only what is large lies on this one.
fn must_refuse(mood: Mood, size: Size, database: Database) -> bool {
    let large = matches!(size, Size::Large | Size::Huge);
    match mood {
        Mood::Full | Mood::Broken | Mood::Unsynced => large || database == Database::Sqlite,
        Mood::Nameless => large,
        Mood::Good | Mood::Short => false,
    }
}
