//! What every connection that the server opens itself has in common.

use super::{
    key::{Key, Problem},
    sources::Sources,
};
use std::path::PathBuf;

const CA_BUNDLE: Key = Key::new(
    "ca-bundle",
    "FILE",
    "PEM certificates of authorities to trust beside the system's, in the server and in runs [default: none]",
);

/// All settings of this section.
pub(super) const KEYS: [Key; 1] = [CA_BUNDLE];

/// The section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbound {
    /// More authorities to trust.
    pub ca_bundle: Option<PathBuf>,
}

impl Outbound {
    /// Reads the section.
    pub(super) fn read(sources: &mut Sources) -> Result<Self, Problem> {
        Ok(Self { ca_bundle: sources.find(&CA_BUNDLE)? })
    }
}
