//! Root keys wrapped by a key of Azure Key Vault, or of the transit engine of Vault: two services that are asked in JSON.
//!
//! A crate of its own, so that nobody else compiles against the library of Azure.

mod ask;
mod key_vault;
mod transit;

pub use key_vault::{Application, KeyVault, Options as KeyVaultOptions};
pub use transit::{Options as TransitOptions, Transit};
