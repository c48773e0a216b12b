//! The lock of a workspace: one for all doors. A client's lock never ends by itself; a run's lock ends with the run.

use crate::{
    id::{RunId, UserId},
    time::Time,
};

/// Through which door a client took its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// `backend "http"`
    Http,
    /// The TFE API: `cloud` block, `backend "remote"`, browser.
    Cloud,
}

impl Door {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Cloud => "cloud",
        }
    }
    /// Reads its name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Http, Self::Cloud].into_iter().find(|door| door.as_str() == text)
    }
}

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A run, until it ends.
    Run(RunId),
    /// A client, until it unlocks.
    Client {
        /// The door it came through.
        door: Door,
        /// The person whose token it used.
        user: UserId,
        /// The lock's id that the client chose; only `backend "http"` has one.
        id: Option<String>,
    },
}

/// A held lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Who holds it.
    pub holder: Holder,
    /// What the client said why.
    pub reason: String,
    /// Since when.
    pub since: Time,
}

/// Who wants to write a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writer {
    /// A run under its lease.
    Run(RunId),
    /// A person through the TFE API.
    Cloud(UserId),
    /// A client of `backend "http"`, with the lock id of its request if it sent one.
    Http(UserId, Option<String>),
}

/// How a writer stands to the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It holds the lock.
    Holds,
    /// Nobody holds it.
    Free,
    /// Another holds it.
    Barred,
}

/// Judges a writer by the lock: only the holder writes while one is held.
pub fn standing(lock: Option<&Lock>, writer: &Writer) -> Standing {
    let Some(lock) = lock else { return Standing::Free };
    let holds = match (&lock.holder, writer) {
        (Holder::Run(holder), Writer::Run(run)) => holder == run,
        (Holder::Client { door: Door::Cloud, user, .. }, Writer::Cloud(writer)) => user == writer,
        (Holder::Client { door: Door::Http, user, id }, Writer::Http(writer, given)) => user == writer && id == given,
        _ => false,
    };
    if holds { Standing::Holds } else { Standing::Barred }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(n: u8) -> UserId {
        UserId::new(&[n; 32])
    }
    fn held(holder: Holder) -> Lock {
        Lock { holder, reason: String::new(), since: Time::from_micros(0) }
    }

    #[test]
    fn only_the_holder_writes() {
        let run = RunId::new(&[1; 32]);
        let by_run = held(Holder::Run(run.clone()));
        let by_http = held(Holder::Client { door: Door::Http, user: user(1), id: Some("a".into()) });
        let by_cloud = held(Holder::Client { door: Door::Cloud, user: user(1), id: None });
        let http = |u, id: Option<&str>| Writer::Http(user(u), id.map(Into::into));

        assert_eq!(standing(None, &http(1, None)), Standing::Free);
        assert_eq!(standing(Some(&by_run), &Writer::Run(run)), Standing::Holds);
        assert_eq!(standing(Some(&by_run), &Writer::Run(RunId::new(&[2; 32]))), Standing::Barred);
        assert_eq!(standing(Some(&by_run), &Writer::Cloud(user(1))), Standing::Barred);
        assert_eq!(standing(Some(&by_http), &http(1, Some("a"))), Standing::Holds);
        assert_eq!(standing(Some(&by_http), &http(1, Some("b"))), Standing::Barred);
        assert_eq!(standing(Some(&by_http), &http(1, None)), Standing::Barred);
        assert_eq!(standing(Some(&by_http), &http(2, Some("a"))), Standing::Barred);
        assert_eq!(standing(Some(&by_http), &Writer::Cloud(user(1))), Standing::Barred);
        assert_eq!(standing(Some(&by_cloud), &Writer::Cloud(user(1))), Standing::Holds);
        assert_eq!(standing(Some(&by_cloud), &Writer::Cloud(user(2))), Standing::Barred);
    }
}
