//! A witness outside the server: every apply runs a process whose command line holds its number. Who ran how often, and beside whom, is
//! read from the process table, not from what the server says of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use terrane_tests::process;

use crate::shared::Shared;

/// When a process ran, in hundredths of a second since the machine was started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Execution {
    /// The number of its apply.
    pub(crate) number: u64,
    began: u64,
    seen: u64,
}

/// Everything that was witnessed.
pub(crate) struct Testimony(Vec<Execution>);

impl Testimony {
    /// How many applies were executed.
    pub(crate) fn executed(&self) -> BTreeSet<u64> {
        self.0.iter().map(|execution| execution.number).collect()
    }

    /// Applies that were executed more than once.
    pub(crate) fn twice(&self) -> Vec<u64> {
        let mut times = BTreeMap::<u64, usize>::new();
        self.0.iter().for_each(|execution| *times.entry(execution.number).or_default() += 1);
        times.into_iter().filter(|&(_, times)| times > 1).map(|(number, _)| number).collect()
    }

    /// Pairs of applies of one workspace that ran at the same time; `workspace` tells whose a number is.
    pub(crate) fn at_once(&self, workspace: impl Fn(u64) -> Option<usize>) -> Vec<(u64, u64)> {
        let mut pairs = Vec::new();
        for (at, one) in self.0.iter().enumerate() {
            for other in &self.0[at + 1..] {
                let together = one.began <= other.seen && other.began <= one.seen;
                if together && workspace(one.number) == workspace(other.number) {
                    pairs.push((one.number, other.number));
                }
            }
        }
        pairs
    }
}

/// What the command line of every apply of this process begins with, after the seconds.
fn mark() -> String {
    format!("{:07}", std::process::id())
}

/// The command of an apply: it lasts somewhat longer than so many seconds, and the digits at its end are its number.
pub(crate) fn command(seconds: u32, number: u64) -> String {
    format!("exec sleep {seconds}.5{}{number:06}", mark())
}

/// The numbers of the applies that run at this moment.
pub(crate) fn running() -> BTreeSet<u64> {
    look().into_keys().map(|(number, _)| number).collect()
}

/// Waits until an apply runs, but no longer than `patience`: under kills there may be none for a while.
pub(crate) fn await_apply(patience: Duration) {
    let began = Instant::now();
    while running().is_empty() && began.elapsed() < patience {
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Watches until everything has ended.
pub(crate) fn start(shared: &Arc<Shared>) -> JoinHandle<Testimony> {
    let shared = Arc::clone(shared);
    std::thread::spawn(move || {
        let mut seen = BTreeMap::new();
        while !shared.has_ended() {
            let now = hundredths();
            for ((number, pid), began) in look() {
                seen.entry((number, pid)).or_insert(Execution { number, began, seen: now }).seen = now;
            }
            // A small part of the life of what is watched: none is missed.
            std::thread::sleep(Duration::from_millis(100));
        }
        Testimony(seen.into_values().collect())
    })
}

/// Each number that runs, with the process that runs it, and when that began.
fn look() -> BTreeMap<(u64, u32), u64> {
    let processes = std::fs::read_dir("/proc").expect("read /proc").flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mark = mark();
    ids.filter_map(|pid| {
        let line = process::command_line(pid);
        let (_, digits) = line.strip_prefix("sleep ")?.split_once(".5")?;
        let number = digits.strip_prefix(&mark)?.parse().ok()?;
        Some(((number, pid), process::began(pid)?))
    })
    .collect()
}

fn hundredths() -> u64 {
    let uptime = std::fs::read_to_string("/proc/uptime").expect("read /proc/uptime");
    let seconds = uptime.split(' ').next().expect("the uptime");
    seconds.replace('.', "").parse().expect("the uptime is a number")
}
