//! What clients did and what they were told: the whole history of one workspace, from which a [check](crate::check) says whether it could
//! have been.

use std::fmt;
use std::sync::Mutex;
use std::time::Instant;

/// What a client asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// To make the state of this number the current one; under the lock that it holds, or under none.
    Write {
        /// The state's number: no two writes have the same.
        state: u64,
        /// Whether it says that it holds the lock.
        locked: bool,
    },
    /// What the current state is.
    Read,
    /// To hold the lock under this name.
    Lock(String),
    /// To give the lock of this name back.
    Unlock(String),
}

/// What a client was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// That it is done. The number of the state, where it was read; 0 is none.
    Done(u64),
    /// That it is not, and will not be.
    Refused,
    /// Nothing that it could rely on: no answer, half of one, or a 5xx.
    Unknown,
}

/// One call. Moments are nanoseconds since the history began.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Who called.
    pub(crate) client: usize,
    /// What for.
    pub(crate) call: Call,
    /// Just before the request was sent.
    pub(crate) began: u64,
    /// Just after the answer was read.
    pub(crate) ended: u64,
    /// The answer.
    pub(crate) told: Told,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.began / 1_000, self.ended / 1_000);
        write!(f, "client {} {:?} -> {:?} ({from}..{to} us)", self.client, self.call, self.told)
    }
}

/// The history of one workspace while it grows.
pub(crate) struct History {
    began: Instant,
    entries: Mutex<Vec<Entry>>,
}

impl History {
    /// Nothing happened yet.
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), entries: Mutex::new(Vec::new()) }
    }

    /// Does what a client calls for, and writes it down; what it was told.
    pub(crate) fn call(&self, client: usize, call: Call, request: impl FnOnce() -> Told) -> Told {
        let began = self.now();
        let told = request();
        let entry = Entry { client, call, began, ended: self.now(), told: told.clone() };
        self.entries.lock().expect("no client panics while it writes").push(entry);
        told
    }

    /// Everything that was called.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.entries.lock().expect("no client panics while it writes").clone()
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).expect("less than five hundred years")
    }
}
