//! What the threads of a torture share: a client, the word to stop, and the patience to ask again while the server is down.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use terrane_tests::{Answer, Api};

/// The threads' common ground.
pub(crate) struct Shared {
    /// A client with the owner's token.
    pub(crate) api: Api,
    stopping: AtomicBool,
    ended: AtomicBool,
    numbers: AtomicU64,
}

impl Shared {
    /// Nothing is stopped yet.
    pub(crate) fn new(api: Api) -> Self {
        Self { api, stopping: AtomicBool::new(false), ended: AtomicBool::new(false), numbers: AtomicU64::new(1) }
    }

    /// Nothing new is to be begun.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    /// Whether nothing new is to be begun.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Everything has come to its end: there is nothing left to witness.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
    }

    /// Whether everything has come to its end.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    /// A number that no other apply has.
    pub(crate) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::SeqCst)
    }

    /// Sends a request again and again until the server answers it with one of these statuses. A connection that broke, and
    /// an answer of 5xx, say nothing about whether the request was carried out.
    pub(crate) fn insist(
        &self,
        statuses: &[u16],
        request: impl Fn(&Api) -> reqwest::blocking::RequestBuilder,
    ) -> Answer {
        loop {
            if let Ok(answer) = terrane_tests::api::try_send(request(&self.api))
                && answer.status < 500
            {
                return answer.is(statuses);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
