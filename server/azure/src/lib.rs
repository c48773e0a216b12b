//! How this program speaks to Azure: over a connection as all of its, and as whoever Entra says this machine is.
//!
//! A crate of its own, so that a container and a key vault are reached alike, and nobody else compiles against the library of Azure.

mod wire;

pub use wire::{Sign, Wire};

use azure_core::{credentials::TokenCredential, http::ClientOptions};
use azure_identity::{
    ClientAssertionCredentialOptions, ManagedIdentityCredential, ManagedIdentityCredentialOptions,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use std::sync::Arc;

/// Whoever this machine is: a pod with a token of its cluster, or what Azure knows it as.
///
/// # Errors
/// When it is nobody.
pub fn identity(client_options: &ClientOptions) -> azure_core::Result<Arc<dyn TokenCredential>> {
    let pod = WorkloadIdentityCredential::new(Some(WorkloadIdentityCredentialOptions {
        credential_options: ClientAssertionCredentialOptions { client_options: client_options.clone() },
        ..Default::default()
    }));
    if let Ok(pod) = pod {
        return Ok(pod);
    }
    let options = ManagedIdentityCredentialOptions { client_options: client_options.clone(), ..Default::default() };
    Ok(ManagedIdentityCredential::new(Some(options))?)
}
