//! The keys between the master key and all others: few, kept wrapped by the master key, in memory while a server runs. So a key service is
//! asked at the start and at a rotation only, and no request waits for it.

use crate::{DataKey, MasterKey, Result, key::Key};
use std::fmt;

/// A 256-bit key that wraps data keys, or that token hashes and signatures derive from.
pub struct RootKey {
    key: Key,
    id: String,
}

impl RootKey {
    /// A new random key.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate() -> Result<Self> {
        Key::generate().map(Self::new)
    }

    /// The key with these bytes, as a key service gave them back. The caller overwrites its own copy.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self::new(Key::copy_of(bytes))
    }

    /// Names this key without telling it: 16 hexadecimal digits, the same for the same key everywhere.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The bytes, for a key service to wrap. They go nowhere else.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.key.bytes()
    }

    /// The key that data keys are wrapped with; never the root key itself, which has other uses.
    pub(crate) fn wrapping_key(&self) -> DataKey {
        self.key.wrapping_key()
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    fn new(key: Key) -> Self {
        let id = key.id();
        Self { key, id }
    }
}

/// What a local master key was before there were root keys: the only one. A site from then goes on with it, under the same id.
impl From<&MasterKey> for RootKey {
    fn from(master: &MasterKey) -> Self {
        Self::from_bytes(master.key().bytes())
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RootKey({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_of_the_key_and_is_that_of_the_master_key_it_was() {
        let key = RootKey::from_bytes(&[7; 32]);
        assert_ne!(key.id(), RootKey::from_bytes(&[8; 32]).id());
        let master = MasterKey::from_bytes(&[7; 32]);
        assert_eq!(RootKey::from(&master).id(), master.id());
        assert_eq!(key.id(), master.id());
        assert_eq!(format!("{key:?}"), format!("RootKey({})", key.id()));
    }
}
