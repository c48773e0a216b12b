//! The key that seals the values of one workspace or organization.

use crate::{Result, key::Key};
use std::fmt;

/// A 256-bit key that seals values. It is stored only wrapped, see [`crate::Keyring`].
pub struct DataKey(Key);

impl DataKey {
    /// A new random key.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate() -> Result<Self> {
        Key::generate().map(Self)
    }

    /// The key with these bytes, as a keyring gave them back. The caller overwrites its own copy.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Key::copy_of(bytes))
    }

    /// The bytes, for a keyring to wrap. They go nowhere else.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.0.bytes()
    }

    pub(crate) fn key(&self) -> &Key {
        &self.0
    }
}

impl From<Key> for DataKey {
    fn from(key: Key) -> Self {
        Self(key)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}
