//! What can go wrong with a secret, said without the secret.

use std::{error, io, path::PathBuf};

/// The result of an operation on secrets.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a secret could not be made, sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system gave no random bytes.
    #[error("the system's random number generator gave no bytes; nothing was sealed")]
    Randomness,
    /// The blob is larger than its chunk counter can number (256 TiB).
    #[error("a sealed blob holds at most 256 TiB")]
    TooLarge,
    /// The sealed bytes are no sealed value of a version that this program knows.
    #[error(
        "the sealed value is cut short or of an unknown format; restore it from a backup, or use the version of Terrane that wrote it"
    )]
    Format,
    /// The seal does not hold: another key, another place, or changed bytes.
    #[error(
        "the sealed value does not open: it was altered or cut short, or it was sealed with another key or for another place; check that the master key belongs to this database, or restore the value from a backup"
    )]
    Seal,
    /// What was opened as text is not UTF-8.
    #[error("the sealed value opens, but is not text")]
    NotText,
    /// A data key was wrapped by a root key that is not loaded.
    #[error("the data key was wrapped by the root key {root}, which is not loaded")]
    UnknownRoot {
        /// The id of the root key that is needed.
        root: String,
    },
    /// A root key was wrapped by another master key than the one at hand.
    #[error("the root key {root} was wrapped by the master key {wanted}, but this one is {given}")]
    OtherMaster {
        /// The id of the root key.
        root: String,
        /// The master key that wrapped it.
        wanted: String,
        /// The master key at hand.
        given: String,
    },
    /// A key service gave back another key than it was given.
    #[error(
        "{service} gave back another key than the root key {root}: it was altered, or exchanged for another one's; restore it from a backup"
    )]
    OtherRoot {
        /// Which service, as an operator knows it.
        service: String,
        /// The id of the root key that was asked for.
        root: String,
    },
    /// A key service outside could not wrap or unwrap.
    #[error("{doing} a root key with {service}: {problem}")]
    Service {
        /// Which service, as an operator knows it.
        service: String,
        /// `wrapping` or `unwrapping`.
        doing: &'static str,
        /// What it answered, and what to do.
        problem: String,
    },
    /// A passphrase that somebody could guess who has the escrow.
    #[error(
        "the passphrase has {length} characters, and needs at least {shortest}: whoever finds the escrow may try as often as they like"
    )]
    Passphrase {
        /// How many it has.
        length: usize,
        /// How many it needs.
        shortest: usize,
    },
    /// A text that is no escrow.
    #[error("this is no escrow of root keys, or not all of it: it begins with `terrane escrow 1` and ends with `end`")]
    Escrow,
    /// An escrow that does not open.
    #[error("the escrow does not open: the passphrase is another one, or the text was altered")]
    EscrowShut,
    /// A key that signs identities cannot be made, read or used.
    #[error("the key that signs identities cannot be used: {0}")]
    IdentityKey(String),
    /// A stored password hash is not one.
    #[error("the stored password hash cannot be read; reset the password")]
    PasswordHash,
    /// The master key file cannot be used.
    #[error("the master key file {}: {problem}", path.display())]
    KeyFile {
        /// Which file.
        path: PathBuf,
        /// Why not.
        problem: KeyFileProblem,
    },
}

/// What is wrong with a master key file.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileProblem {
    /// Reading or writing failed.
    #[error("{doing}: {error}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        error: io::Error,
    },
    /// Somebody other than its owner may read or write it.
    #[error(
        "its mode is {mode:04o}, so that others than its owner can use it; `chmod 600` it, and change the key if somebody could have read it"
    )]
    Exposed {
        /// The permission bits.
        mode: u32,
    },
    /// It is no regular file.
    #[error("it is not a regular file")]
    NotAFile,
    /// It holds something else than a master key.
    #[error(
        "it does not hold a master key (one line, `trnk_` and 43 characters); restore it from a backup: a new key cannot open what was sealed"
    )]
    Content,
}

/// An error and what lies below it, in one line: the libraries of clouds put what matters at the end.
pub fn causes(error: &(dyn error::Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |&error| error.source());
    let mut texts: Vec<String> = Vec::new();
    for text in chain.map(ToString::to_string) {
        if texts.last().is_none_or(|last| !last.contains(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}
