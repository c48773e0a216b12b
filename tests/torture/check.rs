//! Whether a history could have been: whether the calls on one workspace can be put in one order, each at a moment between its begin and
//! its end, in which every one was told the truth.
//!
//! The server says in which order states became current (the sequence of versions). So no order has to be searched for: each write has its
//! place in the sequence, each read the place of the state that it saw, and what ended before another began must not have a later place.

use std::collections::BTreeMap;
use std::fmt;

use crate::history::{Call, Entry, Told};

/// What is wrong with a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wrong {
    /// A client was told that its state is kept, and it is nowhere.
    Lost,
    /// A state became current twice.
    Doubled,
    /// A client was told that its state is refused, and it became current.
    RefusedAndKept,
    /// A state became current that nobody wrote.
    FromNowhere,
    /// A state became current before one that was acknowledged before it was sent.
    Reordered,
    /// A read showed a state that had been replaced before it began.
    Stale,
    /// A read showed a state before it was written, or one that never became current.
    FromTheFuture,
    /// A read showed an older state than one before it.
    WentBack,
    /// Two clients held the lock at once.
    DoubleLock,
    /// A state became current under the lock of another client.
    PastTheLock,
}

/// A wrong, with the calls that show it.
pub(crate) struct Finding {
    /// What it is.
    pub(crate) wrong: Wrong,
    /// The calls, for people.
    calls: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.wrong, self.calls)
    }
}

fn finding(wrong: Wrong, calls: &[&dyn fmt::Display]) -> Finding {
    Finding { wrong, calls: calls.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ") }
}

/// A call that has its place in the order, and when its client knew what came of it.
struct Placed<'a> {
    entry: &'a Entry,
    /// A write of the n-th version stands at 2n, whoever saw it at 2n + 1.
    place: usize,
    /// Never, where the client was not told: it may have happened at any time since it began.
    known: u64,
}

/// Everything that is wrong with a history after which these states had become current, in this order.
pub(crate) fn check(entries: &[Entry], sequence: &[u64]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut places = BTreeMap::<u64, usize>::new();
    for (at, state) in sequence.iter().enumerate() {
        if let Some(before) = places.insert(*state, at + 1) {
            let places = format!("state {state} is version {before} and version {}", at + 1);
            findings.push(finding(Wrong::Doubled, &[&places]));
        }
    }
    let written = |entry: &Entry, number: u64| matches!(entry.call, Call::Write { state, .. } if state == number);
    for state in places.keys().filter(|state| !entries.iter().any(|entry| written(entry, **state))) {
        findings.push(finding(Wrong::FromNowhere, &[&format!("state {state}")]));
    }
    let mut placed = Vec::new();
    for entry in entries {
        match (&entry.call, &entry.told) {
            (Call::Write { state, .. }, told) => match (places.get(state), told) {
                (Some(_), Told::Refused) => findings.push(finding(Wrong::RefusedAndKept, &[entry])),
                (Some(place), told) => {
                    let known = if *told == Told::Unknown { u64::MAX } else { entry.ended };
                    placed.push(Placed { entry, place: 2 * place, known });
                }
                (None, Told::Done(_)) => findings.push(finding(Wrong::Lost, &[entry])),
                (None, _) => {}
            },
            (Call::Read, Told::Done(state)) => match if *state == 0 { Some(&0) } else { places.get(state) } {
                Some(place) => placed.push(Placed { entry, place: 2 * place + 1, known: entry.ended }),
                None => findings.push(finding(Wrong::FromTheFuture, &[entry])),
            },
            _ => {}
        }
    }
    order(placed, &mut findings);
    locks(entries, &places, &mut findings);
    findings
}

/// What ended before another began has no later place. By the moments of their begins, each call is held against the latest place among
/// those that had ended by then.
fn order(mut placed: Vec<Placed<'_>>, findings: &mut Vec<Finding>) {
    placed.sort_by_key(|call| call.entry.began);
    let mut by_end: Vec<usize> = (0..placed.len()).collect();
    by_end.sort_by_key(|&at| placed[at].known);
    let mut ended = by_end.into_iter().peekable();
    let mut latest: Option<usize> = None;
    for call in &placed {
        while let Some(at) = ended.next_if(|&at| placed[at].known < call.entry.began) {
            if latest.is_none_or(|latest| placed[at].place > placed[latest].place) {
                latest = Some(at);
            }
        }
        let Some(before) = latest.map(|at| &placed[at]).filter(|before| before.place > call.place) else { continue };
        let is_read = |placed: &Placed<'_>| placed.entry.call == Call::Read;
        let wrong = match (is_read(before), is_read(call)) {
            (false, false) => Wrong::Reordered,
            (false, true) => Wrong::Stale,
            (true, true) => Wrong::WentBack,
            (true, false) => Wrong::FromTheFuture,
        };
        findings.push(finding(wrong, &[before.entry, call.entry]));
    }
}

/// A client holds the lock for certain from the moment at which it was told so until it asks to give it back.
fn locks(entries: &[Entry], places: &BTreeMap<u64, usize>, findings: &mut Vec<Finding>) {
    let given = |entry: &Entry, name: &str| matches!(&entry.call, Call::Unlock(of) if of == name);
    let mut held: Vec<(&Entry, u64, u64)> = Vec::new();
    for lock in entries.iter().filter(|entry| matches!(entry.told, Told::Done(_))) {
        let Call::Lock(name) = &lock.call else { continue };
        let back = entries.iter().filter(|entry| given(entry, name) && entry.began >= lock.ended);
        held.push((lock, lock.ended, back.map(|entry| entry.began).min().unwrap_or(u64::MAX)));
    }
    held.sort_by_key(|(_, from, _)| *from);
    for pair in held.windows(2) {
        let ((one, _, until), (other, from, _)) = (pair[0], pair[1]);
        if from < until && one.call != other.call {
            findings.push(finding(Wrong::DoubleLock, &[one, other]));
        }
    }
    for write in entries.iter().filter(|entry| matches!(entry.told, Told::Done(_))) {
        let Call::Write { state, .. } = write.call else { continue };
        let whole = |(lock, from, until): &&(&Entry, u64, u64)| {
            lock.client != write.client && *from < write.began && write.ended < *until
        };
        if places.contains_key(&state)
            && let Some((lock, ..)) = held.iter().find(whole)
        {
            findings.push(finding(Wrong::PastTheLock, &[lock, write]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(client: usize, call: Call, began: u64, ended: u64, told: Told) -> Entry {
        Entry { client, call, began, ended, told }
    }

    fn write(state: u64, began: u64, ended: u64, told: Told) -> Entry {
        entry(usize::try_from(state).unwrap(), Call::Write { state, locked: false }, began, ended, told)
    }

    fn read(began: u64, ended: u64, state: u64) -> Entry {
        entry(90, Call::Read, began, ended, Told::Done(state))
    }

    fn lock(client: usize, began: u64, ended: u64) -> Entry {
        entry(client, Call::Lock(format!("of-{client}")), began, ended, Told::Done(0))
    }

    fn unlock(client: usize, began: u64, ended: u64) -> Entry {
        entry(client, Call::Unlock(format!("of-{client}")), began, ended, Told::Done(0))
    }

    const DONE: Told = Told::Done(0);

    #[track_caller]
    fn says(entries: &[Entry], sequence: &[u64], wrongs: &[Wrong]) {
        let found = check(entries, sequence);
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found.iter().map(|finding| finding.wrong).collect::<Vec<_>>(), wrongs, "{told:?}");
    }

    #[test]
    fn what_could_have_been_is_good() {
        says(&[], &[], &[]);
        says(&[read(0, 1, 0), write(1, 2, 3, DONE), read(4, 5, 1)], &[1], &[]);
        // Either order of two at once, and a read beside a write sees it or does not.
        let at_once = [write(1, 0, 10, DONE), write(2, 1, 9, DONE), read(2, 3, 1), read(4, 5, 2)];
        says(&at_once, &[1, 2], &[]);
        says(&[write(1, 0, 10, DONE), read(1, 2, 0), read(3, 4, 1)], &[1], &[]);
        // Whoever was told nothing may have written, at any later time, or not.
        let unknown = [write(1, 0, 1, Told::Unknown), write(2, 2, 3, DONE)];
        [&[2][..], &[1, 2], &[2, 1]].iter().for_each(|sequence| says(&unknown, sequence, &[]));
        says(&[write(1, 0, 1, Told::Refused), write(2, 2, 3, DONE)], &[2], &[]);
        says(&[lock(1, 0, 1), unlock(1, 5, 7), lock(2, 4, 6), unlock(2, 8, 9)], &[], &[]);
    }

    #[test]
    fn an_acknowledged_write_that_is_nowhere_is_lost() {
        says(&[write(1, 0, 1, DONE), write(2, 2, 3, DONE)], &[2], &[Wrong::Lost]);
    }

    #[test]
    fn a_read_of_what_was_replaced_is_stale() {
        says(&[write(1, 0, 1, DONE), write(2, 2, 3, DONE), read(4, 5, 1)], &[1, 2], &[Wrong::Stale]);
        says(&[write(1, 0, 1, DONE), read(4, 5, 0)], &[1], &[Wrong::Stale]);
    }

    #[test]
    fn a_write_that_happened_twice_is_doubled() {
        says(&[write(1, 0, 1, DONE)], &[1, 1], &[Wrong::Doubled]);
        says(&[write(1, 0, 1, Told::Unknown), write(2, 0, 1, DONE)], &[1, 2, 1], &[Wrong::Doubled]);
    }

    #[test]
    fn a_write_before_an_earlier_one_is_reordered() {
        says(&[write(1, 0, 1, DONE), write(2, 2, 3, DONE)], &[2, 1], &[Wrong::Reordered]);
        // One whose outcome nobody was told did not happen before it was sent either.
        says(&[write(1, 0, 1, DONE), write(2, 2, 3, Told::Unknown)], &[2, 1], &[Wrong::Reordered]);
    }

    #[test]
    fn a_lock_that_two_hold_is_double() {
        says(&[lock(1, 0, 1), lock(2, 2, 3), unlock(1, 4, 5), unlock(2, 6, 7)], &[], &[Wrong::DoubleLock]);
        says(&[lock(1, 0, 1), lock(2, 2, 3)], &[], &[Wrong::DoubleLock]);
    }

    #[test]
    fn a_write_under_the_lock_of_another_is_past_it() {
        let mine = entry(1, Call::Write { state: 1, locked: true }, 2, 3, DONE);
        says(&[lock(1, 0, 1), mine.clone(), unlock(1, 8, 9)], &[1], &[]);
        says(&[lock(1, 0, 1), mine, write(7, 4, 5, DONE), unlock(1, 8, 9)], &[1, 7], &[Wrong::PastTheLock]);
    }

    #[test]
    fn a_refused_write_and_one_of_nobody_do_not_appear() {
        says(&[write(1, 0, 1, Told::Refused)], &[1], &[Wrong::RefusedAndKept]);
        says(&[write(1, 0, 1, DONE)], &[1, 5], &[Wrong::FromNowhere]);
    }

    #[test]
    fn reads_never_go_back_nor_ahead() {
        let unknown = write(2, 2, 3, Told::Unknown);
        let entries = [write(1, 0, 1, DONE), unknown, read(4, 5, 2), read(6, 7, 1)];
        says(&entries, &[1, 2], &[Wrong::WentBack]);
        says(&[read(0, 1, 1), write(1, 2, 3, DONE)], &[1], &[Wrong::FromTheFuture]);
        says(&[write(1, 0, 1, Told::Unknown), read(2, 3, 1)], &[], &[Wrong::FromTheFuture]);
    }
}
