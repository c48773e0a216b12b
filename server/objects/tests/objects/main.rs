//! Blobs and the stores that keep them.
#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod blobs;
mod contract;
mod deltas;
mod filesystem;
