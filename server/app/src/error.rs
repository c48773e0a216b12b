//! Why a verb did not happen, in words for whoever asked. Every door maps it once to its own form.

use domain::lock::Lock;

/// What a verb answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Something wrong with one attribute of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The attribute, as the API names it (`working-directory`).
    pub attribute: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

/// Why a verb did not happen.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Nobody knows who is asking.
    #[error("authentication is needed: {0}")]
    Unauthorized(String),
    /// It is not there, or the caller may not know that it is.
    #[error("{0} was not found")]
    NotFound(String),
    /// The caller may see it but not do this.
    #[error("{0}")]
    Forbidden(String),
    /// The request is understood and wrong.
    #[error("{}", .0.iter().map(|p| format!("{}: {}", p.attribute, p.detail)).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Problem>),
    /// It does not fit what is there now.
    #[error("{0}")]
    Conflict(String),
    /// Somebody else holds the lock.
    #[error("{message}")]
    Locked {
        /// Who, since when, why.
        message: String,
        /// The lock.
        lock: Box<Lock>,
        /// The lock as a client of `backend "http"` sent it: JSON.
        info: Option<String>,
    },
    /// More bytes than may be.
    #[error("{0}")]
    TooLarge(String),
    /// It may work later.
    #[error("{0}")]
    Unavailable(String),
    /// It is our fault. The text is for the log, not for the caller.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// A request with one bad attribute.
    #[expect(clippy::needless_pass_by_value, reason = "callers hand over texts, ids and errors alike")]
    pub fn invalid(attribute: impl Into<String>, detail: impl ToString) -> Self {
        Self::Invalid(vec![Problem { attribute: attribute.into(), detail: detail.to_string() }])
    }
    /// Something that is not there.
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::NotFound(what.into())
    }
    /// Our fault, while doing something.
    pub fn internal(doing: &str, error: impl std::fmt::Display) -> Self {
        Self::Internal(format!("{doing}: {error}"))
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Contended(_) | store::Error::Slow(_) => {
                Self::Unavailable(format!("too many writers at once ({error}); try again"))
            }
            error if error.is_away() => {
                tracing::error!(%error, "the database is away");
                Self::Unavailable(
                    "the database cannot be used right now, and the server's log says why; try again".into(),
                )
            }
            error @ store::Error::Unknown(_) => {
                tracing::error!(%error, "the database was lost");
                Self::Unavailable(
                    "the database was lost while this was written: it may or may not have happened; look before you do it again".into(),
                )
            }
            error if error.is_unstorable_text() => Self::invalid("", "A text holds the NUL character; leave it out"),
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<domain::run::Refused> for Error {
    fn from(refused: domain::run::Refused) -> Self {
        Self::Conflict(refused.to_string())
    }
}
