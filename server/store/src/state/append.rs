//! How a state becomes the current one, in as few goes as that takes.

use super::{
    Resource, StateVersion, close_resources, finalizing, inserting, open_resources,
    resource::{closing, opening},
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

/// Up to so many rows of the index are changed together with the rest: each number of them is a text of its own, of which connections keep a few.
const FEW: usize = 8;

/// Makes a state the current one, if the one before it in the count still is: compare and swap.
pub async fn append(tx: &mut Tx, new: &Append<'_>) -> Result<()> {
    let Append { version, announced, blob: bytes, closed, opened, now } = *new;
    let (id, sequence) = (&version.workspace_id, version.sequence.unwrap_or_default());
    let few = |count: usize| if count <= FEW { count } else { 0 };
    let (ended, to_end) = closed.split_at(few(closed.len()));
    let (begun, to_begin) = opened.split_at(few(opened.len()));
    // What is ended is so before anything of the same address begins.
    close_resources(tx, id, sequence, to_end).await?;
    let mut query = blob::inserting(tx.query(""), bytes).then();
    query = if announced { finalizing(query, version) } else { inserting(query, version) }.then();
    if !ended.is_empty() {
        query = closing(query, id, sequence, ended).then();
    }
    if !begun.is_empty() {
        query = opening(query, version, sequence, begun).then();
    }
    let rows = 3 + ended.len() + begun.len();
    workspace::making_current(query, version, sequence, now).save_rows(rows as u64).await?;
    open_resources(tx, version, sequence, to_begin).await
}
