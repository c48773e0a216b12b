//! Objects in a bucket of Amazon S3, or of any server that speaks as it does.
//!
//! A crate of its own, so that what we change in `objects` does not rebuild the library of AWS, and nobody else compiles against it.
//!
//! Credentials come by that library's own chain: environment, profile, web identity, the role of the container or machine. Nothing beyond the
//! plain protocol is asked of the server: no checksums in trailers, no conditional writes.

mod bucket;
mod client;
mod error;
mod options;
mod upload;

pub use aws::Credential;
pub use bucket::S3;
pub use options::{Encryption, Options};
