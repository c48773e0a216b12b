//! How a state becomes the current one, in as few goes as that takes.

use super::{
    Resource, StateVersion, close_resources, finalizing, inserting, open_resources,
    resource::{CLOSED, OPENED, closing, opening},
};
use crate::{
    Result, Tx,
    blob::{self, Blob},
    workspace,
};
use domain::time::Time;

/// A state that becomes the current one.
#[derive(Debug, Clone)]
pub struct Append<'a> {
    /// Its version, with the sequence that it gets.
    pub version: &'a StateVersion,
    /// Whether the version is there, and pending.
    pub announced: bool,
    /// Its bytes.
    pub blob: &'a Blob,
    /// The addresses of what is no longer like it was.
    pub closed: &'a [&'a str],
    /// What is like this from now on; each with the shelf on which it stands.
    pub opened: &'a [(&'a Resource, i64)],
    /// Since when it is current.
    pub now: Time,
}

/// Makes a state the current one, if the one before it in the count still is: compare and swap.
pub async fn append(tx: &mut Tx, new: &Append<'_>) -> Result<()> {
    let Append { version, announced, blob: bytes, closed, opened, now } = *new;
    let (id, sequence) = (&version.workspace_id, version.sequence.unwrap_or_default());
    let (ended, to_end) = closed.split_at(closed.len().min(CLOSED));
    let (begun, to_begin) = opened.split_at(opened.len().min(OPENED));
    let mut query = blob::inserting(tx.query(""), bytes).then();
    query = if announced { finalizing(query, version) } else { inserting(query, version) }.then();
    if !ended.is_empty() {
        query = closing(query, id, sequence, ended).then();
    }
    if !begun.is_empty() {
        query = opening(query, version, sequence, begun).then();
    }
    workspace::making_current(query, version, sequence, now).save_with((2 + ended.len() + begun.len()) as u64).await?;
    close_resources(tx, id, sequence, to_end).await?;
    open_resources(tx, version, sequence, to_begin).await
}
