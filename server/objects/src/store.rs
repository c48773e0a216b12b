//! What an object store has to do: files, S3, Azure Blob.

use crate::{Key, Result};
use bytes::Bytes;
use futures::{future::BoxFuture, stream::BoxStream};
use std::fmt::Debug;

/// An object as [`Store::list`] gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: Key,
    /// Its length in bytes.
    pub size: u64,
    /// When it was put, in microseconds since 1970, by the store's clock.
    pub modified: i64,
}

/// Keeps opaque bytes under keys. Every implementation passes the same tests (`tests/contract`).
pub trait Store: Debug + Send + Sync {
    /// Keeps the content under the key, and returns its length. When this returns, the object is durable; until then, and after an error,
    /// the key holds what it held before. If the future is dropped it does so too, or, at the last moment, holds all of the content. An
    /// error in the content is passed on. Takes constant memory.
    fn put<'a>(&'a self, key: &'a Key, content: BoxStream<'a, Result<Bytes>>) -> BoxFuture<'a, Result<u64>>;

    /// The content under the key, in pieces of at most a few hundred KB.
    /// [`Error::NotFound`](crate::Error::NotFound) comes at once, not in the stream.
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<BoxStream<'static, Result<Bytes>>>>;

    /// Removes the object; one that is not there is removed already.
    fn delete<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<()>>;

    /// All objects whose keys begin with this text (not necessarily whole parts of it), in no particular order. What is put or deleted
    /// meanwhile may be among them or not.
    fn list<'a>(&'a self, prefix: &'a str) -> BoxStream<'a, Result<Entry>>;

    /// Removes what puts that never ended left behind, begun before this moment, in microseconds since 1970. Choose it a day back, so that no
    /// upload that still runs loses its parts. Returns how many there were; a store that forgets them by itself has none.
    fn sweep(&self, before: i64) -> BoxFuture<'_, Result<u64>>;
}
