//! Wrapping data keys: by a master key that lies here, or by a key service outside.

use crate::{Context, DataKey, Error, MasterKey, Result, envelope};
use futures::future::{BoxFuture, FutureExt, ready};
use zeroize::Zeroizing;

/// What wraps data keys: the local master key, AWS KMS, Azure Key Vault, Vault transit.
///
/// To re-wrap after a rotation, unwrap and wrap every key whose [`WrappedKey::master`] is not [`KeyService::current`].
pub trait KeyService: Send + Sync + std::fmt::Debug {
    /// The id of the master key version that [`KeyService::wrap`] uses now.
    fn current(&self) -> &str;

    /// Wraps a data key for its place.
    ///
    /// # Errors
    /// When the service does not answer or refuses, or the system gives no random bytes.
    fn wrap<'a>(&'a self, key: &'a DataKey, context: &'a Context<'a>) -> BoxFuture<'a, Result<WrappedKey>>;

    /// Gives back a data key that was wrapped for this place.
    ///
    /// # Errors
    /// When the service does not answer or refuses, does not have the master key, or the wrapped key belongs to another place.
    fn unwrap<'a>(&'a self, wrapped: &'a WrappedKey, context: &'a Context<'a>) -> BoxFuture<'a, Result<DataKey>>;
}

/// A data key that only a key service can give back, and the id of the master key version that wrapped it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    master: String,
    wrapped: Vec<u8>,
}

/// Version of the stored form: `0x01 | length of the id (1) | id | wrapped`.
const STORED: u8 = 1;

impl WrappedKey {
    /// What a key service made; `None` if the id is longer than 255 bytes.
    #[must_use]
    pub fn new(master: String, wrapped: Vec<u8>) -> Option<Self> {
        u8::try_from(master.len()).is_ok().then_some(Self { master, wrapped })
    }

    /// The id of the master key version that wrapped it.
    #[must_use]
    pub fn master(&self) -> &str {
        &self.master
    }

    /// What the key service made of the key.
    #[must_use]
    pub fn wrapped(&self) -> &[u8] {
        &self.wrapped
    }

    /// The stored form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let length = u8::try_from(self.master.len()).expect("every constructor checks the length");
        let mut bytes = Vec::with_capacity(2 + self.master.len() + self.wrapped.len());
        bytes.extend_from_slice(&[STORED, length]);
        bytes.extend_from_slice(self.master.as_bytes());
        bytes.extend_from_slice(&self.wrapped);
        bytes
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`Error::Format`] when it is not one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let [STORED, length, rest @ ..] = bytes else { return Err(Error::Format) };
        let (master, wrapped) = rest.split_at_checked(usize::from(*length)).ok_or(Error::Format)?;
        let master = std::str::from_utf8(master).map_err(|_| Error::Format)?.to_owned();
        Ok(Self { master, wrapped: wrapped.to_vec() })
    }
}

/// The key service that is nothing but master keys in memory: one that wraps, and retired ones that still unwrap.
#[derive(Debug)]
pub struct LocalKeyService {
    current: MasterKey,
    retired: Vec<MasterKey>,
}

impl LocalKeyService {
    /// Wraps with this key; unwraps with it and with the retired ones.
    #[must_use]
    pub fn new(current: MasterKey, retired: Vec<MasterKey>) -> Self {
        Self { current, retired }
    }

    /// Wraps at once: no service has to be asked.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn wrap_now(&self, key: &DataKey, context: &Context<'_>) -> Result<WrappedKey> {
        let wrapped = envelope::seal(&self.current.wrapping_key(), context, key.expose())?;
        Ok(WrappedKey { master: self.current.id().to_owned(), wrapped })
    }

    /// Unwraps at once: no service has to be asked.
    ///
    /// # Errors
    /// [`Error::UnknownMaster`] when another master key wrapped it; [`Error::Seal`] when it was changed or wrapped for another place.
    pub fn unwrap_now(&self, wrapped: &WrappedKey, context: &Context<'_>) -> Result<DataKey> {
        let master = std::iter::once(&self.current)
            .chain(&self.retired)
            .find(|master| master.id() == wrapped.master)
            .ok_or_else(|| Error::UnknownMaster { master: wrapped.master.clone() })?;
        let bytes = Zeroizing::new(envelope::open(&master.wrapping_key(), context, &wrapped.wrapped)?);
        bytes.as_slice().try_into().map(DataKey::from_bytes).map_err(|_| Error::Format)
    }
}

impl KeyService for LocalKeyService {
    fn current(&self) -> &str {
        self.current.id()
    }

    fn wrap<'a>(&'a self, key: &'a DataKey, context: &'a Context<'a>) -> BoxFuture<'a, Result<WrappedKey>> {
        ready(self.wrap_now(key, context)).boxed()
    }

    fn unwrap<'a>(&'a self, wrapped: &'a WrappedKey, context: &'a Context<'a>) -> BoxFuture<'a, Result<DataKey>> {
        ready(self.unwrap_now(wrapped, context)).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Context<'static> = Context { table: "data_keys", id: "ws-1", organization: "org-1" };

    fn master(byte: u8) -> MasterKey {
        MasterKey::from_bytes(&[byte; 32])
    }

    #[test]
    fn through_the_trait_and_back() {
        let service: Box<dyn KeyService> = Box::new(LocalKeyService::new(master(1), vec![]));
        let key = DataKey::generate().unwrap();
        let wrapped = service.wrap(&key, &PLACE).now_or_never().unwrap().unwrap();
        assert_eq!(wrapped.master(), service.current());
        let stored = WrappedKey::from_bytes(&wrapped.to_bytes()).unwrap();
        assert_eq!(stored, wrapped);
        assert_eq!(service.unwrap(&stored, &PLACE).now_or_never().unwrap().unwrap().expose(), key.expose());
    }

    #[test]
    fn a_rotated_service_unwraps_what_the_old_one_wrapped() {
        let key = DataKey::generate().unwrap();
        let old = LocalKeyService::new(master(1), vec![]).wrap_now(&key, &PLACE).unwrap();
        let rotated = LocalKeyService::new(master(2), vec![master(1)]);
        assert_ne!(old.master(), rotated.current());
        let again = rotated.wrap_now(&rotated.unwrap_now(&old, &PLACE).unwrap(), &PLACE).unwrap();
        assert_eq!(again.master(), rotated.current());
        let without_old = LocalKeyService::new(master(2), vec![]);
        assert_eq!(without_old.unwrap_now(&again, &PLACE).unwrap().expose(), key.expose());
        let error = without_old.unwrap_now(&old, &PLACE).unwrap_err();
        assert!(error.to_string().contains(old.master()), "{error}");
    }

    #[test]
    fn refused_at_another_place_or_altered() {
        let service = LocalKeyService::new(master(1), vec![master(2)]);
        let wrapped = service.wrap_now(&DataKey::generate().unwrap(), &PLACE).unwrap();
        let elsewhere = Context { id: "ws-2", ..PLACE };
        assert!(matches!(service.unwrap_now(&wrapped, &elsewhere), Err(Error::Seal)));
        let renamed = WrappedKey::new(master(2).id().to_owned(), wrapped.wrapped().to_vec()).unwrap();
        assert!(matches!(service.unwrap_now(&renamed, &PLACE), Err(Error::Seal)));
        let stored = wrapped.to_bytes();
        for length in 0..stored.len() {
            let cut =
                WrappedKey::from_bytes(&stored[..length]).and_then(|wrapped| service.unwrap_now(&wrapped, &PLACE));
            assert!(cut.is_err(), "{length}");
        }
        assert!(WrappedKey::new("x".repeat(256), vec![]).is_none());
    }
}
