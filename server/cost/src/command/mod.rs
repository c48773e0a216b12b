//! The `cost` and `prices` subcommands. The binary mounts them: `Cost(command::Cost)` and `Prices(command::Prices)`,
//! each with `run`; it also brings the network that `prices update` asks through.

mod cost;
mod files;
mod prices;

use std::io;

use crate::catalogue;
pub use cost::{Cost, Format};
pub use prices::Prices;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error("{doing} {path}: {error}")]
    File {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: String,
        /// Why it failed.
        #[source]
        error: io::Error,
    },
    /// The plan is no plan.
    #[error(transparent)]
    Plan(#[from] crate::Error),
    /// The usage file is no usage file.
    #[error(transparent)]
    Usage(#[from] crate::UsageError),
    /// The catalogue is no catalogue.
    #[error(transparent)]
    Catalogue(#[from] catalogue::Error),
    /// A table cannot be used.
    #[error(transparent)]
    Table(#[from] catalogue::TableError),
    /// A vendor's answer cannot be used.
    #[error(transparent)]
    Update(#[from] catalogue::UpdateError),
    /// The overrides cannot be used.
    #[error(transparent)]
    Overrides(#[from] catalogue::OverridesError),
    /// The estimate cannot be written.
    #[error("writing the estimate: {0}")]
    Write(#[from] io::Error),
    /// A catalogue that must not be used.
    #[error("{0} finding(s): the catalogue is not used; see the lines above")]
    Findings(usize),
}
