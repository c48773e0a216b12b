//! The key service that is nothing but a master key at hand.

use crate::{Context, Error, KeyService, MasterKey, Place, Result, RootKey, WrappedKey, envelope};
use futures::future::{BoxFuture, FutureExt as _, ready};
use zeroize::Zeroizing;

/// Wraps root keys with a master key from a file or a setting.
#[derive(Debug)]
pub struct LocalMaster {
    key: MasterKey,
    name: String,
}

impl LocalMaster {
    /// Wraps with this key, which an operator knows by this name.
    #[must_use]
    pub fn new(key: MasterKey, name: String) -> Self {
        Self { key, name }
    }

    fn wrap_now(&self, key: &RootKey, site: &str) -> Result<WrappedKey> {
        let context = Context { table: "root_keys", id: key.id(), organization: site };
        let wrapped = envelope::seal(&self.key.key().wrapping_key(), &context, key.expose())?;
        WrappedKey::new(self.key.id().to_owned(), wrapped).ok_or(Error::Format)
    }

    fn unwrap_now(&self, wrapped: &WrappedKey, Place { site, root }: Place<'_>) -> Result<RootKey> {
        if wrapped.by() != self.key.id() {
            return Err(Error::OtherMaster {
                root: root.to_owned(),
                wanted: wrapped.by().to_owned(),
                given: self.key.id().to_owned(),
            });
        }
        let context = Context { table: "root_keys", id: root, organization: site };
        let bytes = Zeroizing::new(envelope::open(&self.key.key().wrapping_key(), &context, wrapped.wrapped())?);
        bytes.as_slice().try_into().map(RootKey::from_bytes).map_err(|_| Error::Format)
    }
}

impl KeyService for LocalMaster {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn first_root(&self) -> Option<RootKey> {
        Some(RootKey::from(&self.key))
    }

    fn wrap<'a>(&'a self, key: &'a RootKey, site: &'a str) -> BoxFuture<'a, Result<WrappedKey>> {
        ready(self.wrap_now(key, site)).boxed()
    }

    fn unwrap<'a>(&'a self, wrapped: &'a WrappedKey, place: Place<'a>) -> BoxFuture<'a, Result<RootKey>> {
        ready(self.unwrap_now(wrapped, place)).boxed()
    }
}
