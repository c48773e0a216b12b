//! Objects in a container of Azure Blob Storage, or of any server that speaks as it does.
//!
//! A crate of its own, so that what we change in `objects` does not rebuild the library of Azure, and nobody else compiles against it.
//!
//! That library takes an address that is signed already (a SAS), or an identity of Entra. From the key of an account we sign ourselves, each hour anew.

mod access;
mod container;
mod error;

pub use access::{Access, Refused};
pub use container::{Azure, Options};
