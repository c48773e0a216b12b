//! What a part of the torture found, and the table that it prints: whatever must be zero, and how much was tried.

use std::collections::BTreeMap;

use crate::check::Wrong;

/// What clients saw, and what was found wrong about it.
#[derive(Default)]
pub(crate) struct Verdict {
    /// Writes that were acknowledged.
    pub(crate) acknowledged: u64,
    /// Writes that were refused.
    pub(crate) refused: u64,
    /// Calls of which nobody was told what became of them.
    pub(crate) unknown: u64,
    /// Reads.
    pub(crate) reads: u64,
    /// Locks that were held.
    pub(crate) locks: u64,
    /// Versions that are not what was sent.
    pub(crate) damaged: u64,
    /// Workspaces that stay locked.
    pub(crate) stuck_locks: u64,
    /// Answers that no client should get.
    pub(crate) odd: u64,
    /// What the checker says.
    pub(crate) findings: Vec<(Wrong, String)>,
    /// More about any of it, for people.
    pub(crate) notes: Vec<String>,
}

/// What all of a part found.
#[derive(Default)]
pub(crate) struct Report {
    counts: Vec<(String, u64)>,
    zeros: BTreeMap<String, u64>,
    notes: Vec<String>,
}

impl Report {
    /// Counts something that was tried. None of it is a failure: what nobody tried proves nothing.
    pub(crate) fn count(&mut self, what: &str, number: u64) {
        match self.counts.iter_mut().find(|(known, _)| known == what) {
            Some((_, sum)) => *sum += number,
            None => self.counts.push((what.to_owned(), number)),
        }
    }

    /// Keeps the largest of these numbers.
    pub(crate) fn most(&mut self, what: &str, number: u128) {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        match self.counts.iter_mut().find(|(known, _)| known == what) {
            Some((_, most)) => *most = number.max(*most),
            None => self.counts.push((what.to_owned(), number)),
        }
    }

    /// Counts something that must not be.
    pub(crate) fn zero(&mut self, what: &str, number: u64, why: impl FnOnce() -> String) {
        *self.zeros.entry(what.to_owned()).or_default() += number;
        if number > 0 {
            self.note(why());
        }
    }

    /// Says something at once, and once more at the end.
    pub(crate) fn note(&mut self, note: String) {
        println!("  ! {note}");
        self.notes.push(note);
    }

    /// Takes in what clients saw while `what` was done to them.
    pub(crate) fn take(&mut self, what: &str, verdict: &Verdict) {
        self.count("acknowledged writes", verdict.acknowledged);
        self.count("refused writes", verdict.refused);
        self.count("calls of unknown outcome", verdict.unknown);
        self.count("reads", verdict.reads);
        self.count("locks", verdict.locks);
        let because = |sentence: &str| format!("{what}: {sentence}");
        let of = |wrong: Wrong| verdict.findings.iter().filter(|(found, _)| *found == wrong).count() as u64;
        let kinds = [
            ("lost acknowledged states", &[Wrong::Lost][..]),
            ("states that became current twice", &[Wrong::Doubled]),
            ("refused states that became current", &[Wrong::RefusedAndKept, Wrong::FromNowhere]),
            ("writes out of order", &[Wrong::Reordered]),
            ("wrong reads", &[Wrong::Stale, Wrong::FromTheFuture, Wrong::WentBack]),
            ("locks held by two, or written past", &[Wrong::DoubleLock, Wrong::PastTheLock]),
        ];
        for (name, wrongs) in kinds {
            let number = wrongs.iter().map(|wrong| of(*wrong)).sum();
            let calls = verdict.findings.iter().filter(|(found, _)| wrongs.contains(found)).map(|(_, calls)| calls);
            self.zero(name, number, || because(&calls.take(5).cloned().collect::<Vec<_>>().join("\n      ")));
        }
        self.zero("damaged versions", verdict.damaged, || because("versions are not what was sent"));
        self.zero("stuck locks", verdict.stuck_locks, || because("a workspace stays locked"));
        self.zero("answers out of place", verdict.odd, || because(&verdict.notes.join("\n      ")));
    }

    /// Prints all of it; whether everything that must be zero is, and something was acknowledged.
    pub(crate) fn print(&self, title: &str) -> bool {
        println!("{title}");
        self.counts.iter().for_each(|(what, number)| println!("  {what:<42} {number}"));
        self.zeros.iter().for_each(|(what, number)| println!("  {what:<42} {number}"));
        self.notes.iter().for_each(|note| println!("  ! {note}"));
        let acknowledged = self.counts.iter().any(|(what, number)| what == "acknowledged writes" && *number > 0);
        acknowledged && self.zeros.values().all(|number| *number == 0)
    }
}
