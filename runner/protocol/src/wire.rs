//! What a runner elsewhere and its server say to each other about the runner itself, over HTTPS under `/api/runner/`.
//!
//! Every request carries `Authorization: Bearer` with the token of a pool, or of the site; after [`Hello`] also [`AGENT`] and [`SESSION`];
//! those about a phase carry [`FENCE`]. Bodies are JSON, but for files and logs, which are their own bytes. A refusal is a [`Refusal`].

use crate::{Image, Lease, Outcome, Wish};
use serde::{Deserialize, Serialize};

/// The oldest version of the protocol that this build still understands.
pub const OLDEST: u32 = 1;
/// Header: the agent's id, as [`Enlisted`] told it.
pub const AGENT: &str = "terrane-agent";
/// Header: which start of the agent is speaking, as [`Enlisted`] told it.
pub const SESSION: &str = "terrane-session";
/// Header: the fencing token of the lease under which a phase is spoken of.
pub const FENCE: &str = "terrane-fence";
/// The longest that a server holds a request open, in seconds: less than the minute after which proxies cut an idle connection.
pub const HOLD: u64 = 50;

/// What a runner says first, and again after it was away: `POST enlist`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The versions of the protocol that it speaks.
    pub speaks: Speaks,
    /// What it calls itself.
    pub name: String,
    /// The version of its program.
    pub version: String,
    /// How many phases it executes at once.
    pub slots: u16,
    /// Who it was before, if it was.
    pub agent: Option<String>,
    /// What it still executes, or has not handed in. Whatever else the server holds as leased to it has died.
    pub holding: Vec<Lease>,
}

/// A range of versions of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Speaks {
    /// The oldest.
    pub from: u32,
    /// The newest.
    pub to: u32,
}

impl Speaks {
    /// What this build speaks.
    pub const OURS: Self = Self { from: OLDEST, to: crate::VERSION };

    /// The newest version that both speak.
    pub fn common(self, other: Self) -> Option<u32> {
        let newest = self.to.min(other.to);
        (newest >= self.from.max(other.from)).then_some(newest)
    }
}

/// The answer to [`Hello`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enlisted {
    /// The version that is spoken from now on.
    pub protocol: u32,
    /// Who the runner is.
    pub agent: String,
    /// Which start of it this is.
    pub session: i64,
}

/// Asks for a phase: `POST claim`. Answered with a [`Job`](crate::Job) as soon as there is one, or with 204 after [`HOLD`] seconds without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// A name that the runner has never given to another claim. Asked again with it, the server gives the same job again if the first answer was
    /// lost; `POST release` with it hands back what is not begun.
    pub claim: String,
}

/// Tells that a phase is begun: `POST phases/ID/started`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The exact version of the engine.
    pub version: String,
    /// The image it is in, where the phase is executed in a container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
}

/// Waits until something else than this is wished: `POST phases/ID/wish`. Answered after [`HOLD`] seconds at the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Than {
    /// What the runner heard last.
    pub than: Wish,
}

/// The answer to a renewal and to [`Than`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wished {
    /// What the server wishes.
    pub wish: Wish,
}

/// The answer to `POST phases/ID/adopt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// How many bytes of the log the server has; none when the lease is lost.
    pub log_end: Option<u64>,
}

/// Ends a phase: `POST phases/ID/finish`, after its files were put under `phases/ID/artifacts/KIND`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finish {
    /// How it ended.
    pub outcome: Outcome,
}

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What the runner is to do about it.
    pub kind: Kind,
    /// For a person.
    pub message: String,
}

/// What a runner is to do about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The lease is over: end the phase.
    Lost,
    /// Ask again later.
    Unavailable,
    /// Do not ask again.
    Refused,
    /// The server does not know the agent (any more): say [`Hello`] again.
    Unknown,
    /// Another start of the same agent has taken its place: stop.
    Superseded,
}
