//! The root keys that wrap data keys, in memory: at once, no service has to be asked.

use crate::{Context, DataKey, Error, Result, RootKey, WrappedKey, envelope};
use std::sync::Arc;
use zeroize::Zeroizing;

/// One root key that wraps, and others that still unwrap what they wrapped. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Keyring {
    current: Arc<RootKey>,
    others: Vec<Arc<RootKey>>,
}

impl Keyring {
    /// Wraps with this key; unwraps with it and with the others.
    #[must_use]
    pub fn new(current: Arc<RootKey>, others: Vec<Arc<RootKey>>) -> Self {
        Self { current, others }
    }

    /// The id of the root key that wraps.
    #[must_use]
    pub fn current(&self) -> &str {
        self.current.id()
    }

    /// The root key of this id, if it is here.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<RootKey>> {
        std::iter::once(&self.current).chain(&self.others).find(|root| root.id() == id)
    }

    /// These keys and this one, which wraps from now on if `wraps`.
    #[must_use]
    pub fn with(&self, root: Arc<RootKey>, wraps: bool) -> Self {
        let (current, other) = if wraps { (root, self.current.clone()) } else { (self.current.clone(), root) };
        let mut others = self.others.clone();
        others.retain(|known| known.id() != current.id() && known.id() != other.id());
        if other.id() != current.id() {
            others.push(other);
        }
        Self { current, others }
    }

    /// Wraps a data key for its place.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn wrap(&self, key: &DataKey, context: &Context<'_>) -> Result<WrappedKey> {
        let wrapped = envelope::seal(&self.current.wrapping_key(), context, key.expose())?;
        WrappedKey::new(self.current.id().to_owned(), wrapped).ok_or(Error::Format)
    }

    /// Gives back a data key that was wrapped for this place.
    ///
    /// # Errors
    /// [`Error::UnknownRoot`] when a root key wrapped it that is not here; [`Error::Seal`] when it was changed or wrapped for another place.
    pub fn unwrap(&self, wrapped: &WrappedKey, context: &Context<'_>) -> Result<DataKey> {
        let root = self.get(wrapped.by()).ok_or_else(|| Error::UnknownRoot { root: wrapped.by().to_owned() })?;
        let bytes = Zeroizing::new(envelope::open(&root.wrapping_key(), context, wrapped.wrapped())?);
        bytes.as_slice().try_into().map(DataKey::from_bytes).map_err(|_| Error::Format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Context<'static> = Context { table: "data_keys", id: "ws-1", organization: "org-1" };

    fn root(byte: u8) -> Arc<RootKey> {
        Arc::new(RootKey::from_bytes(&[byte; 32]))
    }

    fn ring(current: u8, others: &[u8]) -> Keyring {
        Keyring::new(root(current), others.iter().copied().map(root).collect())
    }

    #[test]
    fn a_rotated_keyring_unwraps_what_the_old_one_wrapped() {
        let key = DataKey::generate().unwrap();
        let old = ring(1, &[]).wrap(&key, &PLACE).unwrap();
        let rotated = ring(1, &[]).with(root(2), true);
        assert_eq!((rotated.current(), rotated.get(old.by()).is_some()), (root(2).id(), true));
        let again = rotated.wrap(&rotated.unwrap(&old, &PLACE).unwrap(), &PLACE).unwrap();
        assert_eq!(again.by(), rotated.current());
        assert_eq!(ring(2, &[]).unwrap(&again, &PLACE).unwrap().expose(), key.expose());
        let error = ring(2, &[]).unwrap(&old, &PLACE).unwrap_err();
        assert!(error.to_string().contains(old.by()), "{error}");
    }

    #[test]
    fn another_key_is_added_once_and_the_current_one_stays() {
        let ring = ring(1, &[]).with(root(2), false).with(root(2), false);
        assert_eq!((ring.current(), ring.others.len()), (root(1).id(), 1));
        let ring = ring.with(root(2), true);
        assert_eq!((ring.current(), ring.others.len()), (root(2).id(), 1));
        assert!(ring.get(root(1).id()).is_some() && ring.get(root(3).id()).is_none());
    }

    #[test]
    fn refused_at_another_place_or_altered() {
        let ring = ring(1, &[2]);
        let wrapped = ring.wrap(&DataKey::generate().unwrap(), &PLACE).unwrap();
        let elsewhere = Context { id: "ws-2", ..PLACE };
        assert!(matches!(ring.unwrap(&wrapped, &elsewhere), Err(Error::Seal)));
        let renamed = WrappedKey::new(root(2).id().to_owned(), wrapped.wrapped().to_vec()).unwrap();
        assert!(matches!(ring.unwrap(&renamed, &PLACE), Err(Error::Seal)));
        let stored = wrapped.to_bytes();
        for length in 0..stored.len() {
            let cut = WrappedKey::from_bytes(&stored[..length]).and_then(|wrapped| ring.unwrap(&wrapped, &PLACE));
            assert!(cut.is_err(), "{length}");
        }
    }
}
