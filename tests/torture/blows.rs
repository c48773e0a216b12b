//! Blows that fall on what a server stands on while clients write: what is common to the parts of the torture that deal them.

use std::time::Duration;

use terrane_tests::Stage;

use crate::chance::Chance;
use crate::clients::{Clients, Size};
use crate::report::Report;

/// How long clients may take to go on once everything is well again.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// After so many blows there are other clients on other workspaces: a history that is too long is slow to read back.
const CHAPTER: u64 = 20;

/// Deals so many blows under clients, and judges what they saw. A blow leaves everything well.
pub(crate) fn deal(
    stage: &mut Stage,
    label: &str,
    size: Size,
    blows: u64,
    chance: &mut Chance,
    report: &mut Report,
    mut blow: impl FnMut(&mut Stage, &Clients, u64, &mut Chance, &mut Report),
) {
    let mut dealt = 0;
    while dealt < blows {
        let clients = Clients::start(stage, &format!("{label}-{dealt}"), 2, 3, size);
        let began = clients.go_on(3, PATIENCE);
        report.zero("clients that did not go on", u64::from(!began), || format!("{label}: at the beginning"));
        for _ in 0..CHAPTER.min(blows - dealt) {
            std::thread::sleep(Duration::from_millis(chance.between(20, 300)));
            blow(stage, &clients, dealt, chance, report);
            dealt += 1;
            report.count("blows", 1);
            let went_on = clients.go_on(2, PATIENCE);
            report.zero("clients that did not go on", u64::from(!went_on), || {
                let log = stage.server.log();
                let tail: Vec<&str> = log.lines().rev().take(15).collect();
                format!("{label}: after blow {dealt}\n{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n"))
            });
        }
        report.take(label, &clients.end(stage));
        println!("  {label}: {dealt} of {blows} blows");
    }
}
