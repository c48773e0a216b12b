//! How patient a store over the network is with it.

use std::time::Duration;

/// For how long what goes wrong is tried again.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long a connection may take to come about.
    pub connect: Duration,
    /// How long the answer to one request may take, its body included where we send one; and how long nothing may come of one that is read.
    pub answer: Duration,
    /// How often one request is sent at most.
    pub attempts: u32,
    /// How long all of them may take.
    pub total: Duration,
}

impl Default for Pace {
    /// Enough for 8 MiB on a line of 3 Mbit/s, and for a server that starts anew.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(30),
            attempts: 5,
            total: Duration::from_secs(120),
        }
    }
}
