//! From the first connection to the last answer.

mod accept;
mod activity;
mod connection;
mod descriptors;
mod shutdown;
mod upload;

pub use accept::serve;
pub use shutdown::Shutdown;

use std::time::Duration;

/// How patient the server is.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a TLS handshake.
    pub handshake: Duration,
    /// From the first byte of a request's head to its last.
    pub head: Duration,
    /// Between two requests on one connection. Longer than the minute that proxies keep theirs for reuse, so that they close first.
    pub idle: Duration,
    /// For a client that neither sends the next bytes of its request nor takes the next ones of its answer.
    pub stall: Duration,
    /// For requests under way once the server is asked to stop.
    pub stop: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(15),
            idle: Duration::from_secs(90),
            stall: Duration::from_secs(60),
            stop: Duration::from_secs(10),
        }
    }
}

#[cfg(test)]
mod tests;
