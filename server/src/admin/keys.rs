//! What is said of the keys of a site: on the admin socket, and to whoever wants it as JSON.

use serde::{Deserialize, Serialize};

/// How it stands with the keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Keys {
    /// The site's id.
    pub site: String,
    /// The master key, as the operator named it.
    pub master: String,
    /// Whether it wrapped a key and unwrapped it again just now.
    pub answers: bool,
    /// What went wrong, if it did not.
    pub trouble: Option<String>,
    /// Whether a rotation has begun and not ended.
    pub rotating: bool,
    /// Every root key, newest first.
    pub roots: Vec<Root>,
}

/// A root key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Root {
    /// Its id.
    pub id: String,
    /// `tokens` or `data`.
    pub purpose: String,
    /// `current`, `former` or `retired`.
    pub stage: String,
    /// The master key that wrapped it.
    pub master: String,
    /// How many data keys it wraps.
    pub wraps: u64,
    /// Since when, RFC 3339.
    pub created_at: String,
    /// When it was last put into an escrow, RFC 3339.
    pub escrowed_at: Option<String>,
    /// Since when nothing is wrapped by it, RFC 3339.
    pub retired_at: Option<String>,
}

/// How far a rotation is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rotation {
    /// The root key that wraps from now on.
    pub root: String,
    /// Whether it was made by this call; otherwise an unfinished rotation went on.
    pub begun: bool,
    /// How many keys were wrapped again by this call.
    pub moved: u64,
    /// How many keys other root keys still wrap.
    pub left: u64,
    /// How many of those cannot be unwrapped.
    pub broken: u64,
}
