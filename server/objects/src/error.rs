//! Why a blob could not be kept or given back.

use crate::{InvalidKey, Key};
use std::{error, fmt, io};

/// The result of an operation on blobs.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a blob could not be kept or given back.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no object of that key.
    #[error(
        "there is no object {0} in the object store; it was deleted, or the store is not the one that it was written to"
    )]
    NotFound(Key),
    /// The text is no key of an object.
    #[error(transparent)]
    Key(#[from] InvalidKey),
    /// The object store failed.
    #[error("{doing} object {key} in the object store: {source}")]
    Store {
        /// What was being done.
        doing: &'static str,
        /// To which object, or to all under which prefix.
        key: String,
        /// What the store or the system said.
        source: Box<dyn error::Error + Send + Sync>,
    },
    /// The store is another site's.
    #[error(
        "the object store belongs to the site with the master key {other}, and this one has {owner}: each site needs a place of its own, \
         since it removes what no row of its own points at; if the store is this site's, remove its object terrane-owner"
    )]
    Foreign {
        /// Whose it says it is.
        other: String,
        /// Who wants it.
        owner: String,
    },
    /// What was to be sealed could not be read to its end; nothing was kept.
    #[error("reading what was to be kept: {0}; nothing was kept, send it again")]
    Source(#[source] io::Error),
    /// Sealing or opening failed.
    #[error(transparent)]
    Seal(#[from] secrets::Error),
    /// The blob holds more than its row says, or than may be kept.
    #[error("there are more than the {limit} bytes that were expected at most, and they were not read further")]
    TooLarge {
        /// How many bytes were expected at most.
        limit: u64,
    },
    /// The seal holds, but what is inside is no blob that this program knows.
    #[error(
        "the blob opens, but its format is unknown or its content is incomplete; use the version of Terrane that wrote it"
    )]
    Corrupt,
    /// zstd failed.
    #[error("{doing} a blob: {source}")]
    Compression {
        /// `compressing` or `decompressing`.
        doing: &'static str,
        /// What zstd said.
        source: io::Error,
    },
    /// The server is stopping, or a worker thread died.
    #[error("working on a blob was interrupted: {0}; try again")]
    Interrupted(#[from] tokio::task::JoinError),
}

impl Error {
    /// A failure of an object store, said by its implementation.
    pub fn store(
        doing: &'static str,
        key: &(impl fmt::Display + ?Sized),
        source: impl Into<Box<dyn error::Error + Send + Sync>>,
    ) -> Self {
        Self::Store { doing, key: key.to_string(), source: source.into() }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::other(error)
    }
}
