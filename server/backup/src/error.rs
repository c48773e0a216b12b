//! Why a backup was not made or not restored.

/// The result of an operation on backups.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a backup was not made or not restored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing of ours in the place.
    #[error("there are no backups in the place of --backup; name the one that terrane backup wrote to")]
    NoPlace,
    /// Nothing opens the backups that are there.
    #[error(
        "the object terrane-backups is gone from the place of --backup, and backups are there: without it nothing opens them. Put it back from a copy of \
         the place, or name a new place"
    )]
    Headless,
    /// The place holds backups of another site.
    #[error(
        "the place of --backup holds the backups of another site ({other}; this one is {site}): give each site a place of its own"
    )]
    Foreign {
        /// Whose it is.
        other: String,
        /// Who wants to write there.
        site: String,
    },
    /// No such backup is there, or it was never finished.
    #[error("there is no finished backup {0} in the place of --backup; terrane backup list tells which there are")]
    NoBackup(String),
    /// None is there.
    #[error("there is no finished backup in the place of --backup yet")]
    NoBackups,
    /// The key of the place does not open.
    #[error(
        "the backups were sealed for another master key, or it does not do its part: name the one that the site had with --master-key, or with \
         --old-master-key beside a new one"
    )]
    Key(#[source] secrets::Error),
    /// A part of a backup is not what was written.
    #[error(
        "{part} of the backups is damaged: {problem}; nothing was restored from it. An older backup may still be whole"
    )]
    Damaged {
        /// Which object.
        part: String,
        /// What is wrong with it.
        problem: String,
    },
    /// It was written by a later program.
    #[error(
        "the backup has the format {0}, which this build does not know; use the Terrane that wrote it, or a later one"
    )]
    Format(u32),
    /// Another backup, or somebody who pruned, took away what this one stands on.
    #[error(
        "{0} of this backup is gone again: somebody prunes the place while a backup is made. It is no backup; make another one"
    )]
    Pruned(String),
    /// Two made the place at once.
    #[error(
        "another first backup was made into this place at the same time: it stands, this one is none; make another one"
    )]
    Twice,
    /// Rows went away faster than they could be copied.
    #[error(
        "objects vanished while they were copied, {0} times in a row; try again when fewer workspaces are being deleted"
    )]
    Restless(u32),
    /// The database of the site.
    #[error("reading the database")]
    Store(#[from] store::Error),
    /// The database that is to be filled.
    #[error("filling the database")]
    Load(#[from] store::copy::LoadError),
    /// The object store of the site, or the place.
    #[error("{doing}")]
    Objects {
        /// What was being done.
        doing: &'static str,
        /// What the store said.
        source: objects::Error,
    },
    /// Reading or writing a stream.
    #[error("{doing}")]
    Stream {
        /// What was being done.
        doing: &'static str,
        /// What went wrong.
        source: std::io::Error,
    },
}

pub(crate) fn objects(doing: &'static str) -> impl Fn(objects::Error) -> Error {
    move |source| Error::Objects { doing, source }
}

pub(crate) fn damaged(part: &str, problem: impl std::fmt::Display) -> Error {
    Error::Damaged { part: part.to_owned(), problem: problem.to_string() }
}
