//! A witness outside the server: every apply runs a process whose command line holds its number. Who ran how often is read from
//! the process table, not from what the server says of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use terrane_tests::process;

use crate::shared::Shared;

/// The command of an apply: it lasts a second and a half, and the digits behind that are its number.
pub(crate) fn command(number: u64) -> String {
    format!("exec sleep 1.5{number:06}")
}

/// The numbers of the applies that run at this moment.
pub(crate) fn running() -> BTreeSet<u64> {
    look().into_iter().map(|(number, _)| number).collect()
}

/// Waits until an apply runs, but no longer than `patience`: under kills there may be none for a while.
pub(crate) fn await_apply(patience: Duration) {
    let began = Instant::now();
    while running().is_empty() && began.elapsed() < patience {
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Watches until everything has ended, and tells how many processes each number had.
pub(crate) fn start(shared: &Arc<Shared>) -> JoinHandle<BTreeMap<u64, usize>> {
    let shared = Arc::clone(shared);
    std::thread::spawn(move || {
        let mut seen = BTreeSet::new();
        while !shared.has_ended() {
            seen.extend(look());
            // A tenth of the life of what is watched: none is missed.
            std::thread::sleep(Duration::from_millis(150));
        }
        let mut times = BTreeMap::new();
        for (number, _) in seen {
            *times.entry(number).or_default() += 1;
        }
        times
    })
}

/// Each number that runs, with the process that runs it.
fn look() -> Vec<(u64, u32)> {
    let processes = std::fs::read_dir("/proc").expect("read /proc").flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter_map(|pid| {
        let line = process::command_line(pid);
        let number = line.strip_prefix("sleep 1.5")?.parse().ok()?;
        Some((number, pid))
    })
    .collect()
}
