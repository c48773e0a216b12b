//! Why something cannot be had.

/// What the verbs of this crate answer.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something cannot be had. Cheap to clone: everybody who waits for the same thing hears the same.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// It is not mirrored here, or nowhere.
    #[error("{0}")]
    NotFound(String),
    /// Its origin does not answer as it should; it may later.
    #[error("{0}")]
    Unavailable(String),
    /// It came, and is not what was published: it was thrown away.
    #[error("{0}")]
    Refused(String),
    /// A file of ours cannot be written or read.
    #[error("{0}")]
    Io(String),
}

impl Error {
    /// A failure of our own files, while doing something to one of them.
    pub(crate) fn io(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::Io(format!("{doing} {}: {error}", path.display()))
    }
}
