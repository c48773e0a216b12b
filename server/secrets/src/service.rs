//! Wrapping root keys: by a master key that lies here, or by a key service outside.

use crate::{Error, Result, RootKey, WrappedKey};
use futures::future::BoxFuture;

/// Which root key of which site: a service that can binds what it wraps to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The site's id.
    pub site: &'a str,
    /// The root key's id.
    pub root: &'a str,
}

/// What wraps root keys: the local master key, AWS KMS, Azure Key Vault, Vault transit.
pub trait KeyService: Send + Sync + std::fmt::Debug {
    /// What an operator knows it as, for messages: `the key file /etc/terrane/master.key`.
    fn name(&self) -> String;

    /// The only root key of a site from before there were any, if this may be its master key.
    fn first_root(&self) -> Option<RootKey> {
        None
    }

    /// Wraps a root key of this site. The answer names the master key: by its id, its ARN, its address.
    ///
    /// # Errors
    /// When the service does not answer or refuses, or the system gives no random bytes.
    fn wrap<'a>(&'a self, key: &'a RootKey, site: &'a str) -> BoxFuture<'a, Result<WrappedKey>>;

    /// Gives back the root key that was wrapped for this place. Call [`open_root`], which looks whether it is the right one.
    ///
    /// # Errors
    /// When the service does not answer or refuses, or another master key wrapped it.
    fn unwrap<'a>(&'a self, wrapped: &'a WrappedKey, place: Place<'a>) -> BoxFuture<'a, Result<RootKey>>;
}

/// The root key of this place. Since its id follows from it, no service can give back another one, by mistake or on purpose.
///
/// # Errors
/// As [`KeyService::unwrap`], and [`Error::OtherRoot`] when it is another one.
pub async fn open_root(service: &dyn KeyService, wrapped: &WrappedKey, place: Place<'_>) -> Result<RootKey> {
    let root = service.unwrap(wrapped, place).await?;
    if root.id() == place.root {
        return Ok(root);
    }
    Err(Error::OtherRoot { service: service.name(), root: place.root.to_owned() })
}
