//! Root keys wrapped by a key of AWS KMS, or of any server that speaks as it does.
//!
//! Each is bound to its site and its id by the encryption context, which KMS also writes into its trail. Credentials come by the library's own
//! chain, unless some are given: environment, profile, web identity, the role of the container or machine.

mod error;
mod kms;

pub use aws::Credential;
pub use kms::{Kms, Options};
