//! The server as issuer of identities: each phase of a run may prove to a cloud which run of which workspace it is, instead of carrying a key.

mod claims;
mod keys;
mod provide;
mod providers;
mod settings;
mod subject;

pub use keys::PublicKey;
pub(crate) use providers::Provided;
pub(crate) use subject::Subject;
