//! 256 secret bits: what every key of this crate is made of.

use crate::{DataKey, Error, Result};
use ring::{
    digest, hkdf,
    rand::{SecureRandom, SystemRandom},
};
use secrecy::{ExposeSecret, ExposeSecretMut, SecretBox};

/// 256 bits on the heap, so that moving them leaves no copy behind; overwritten when dropped.
pub(crate) struct Key(SecretBox<[u8; 32]>);

impl Key {
    pub(crate) fn generate() -> Result<Self> {
        let mut key = Self::zeros();
        SystemRandom::new().fill(key.bytes_mut()).map_err(|_| Error::Randomness)?;
        Ok(key)
    }

    pub(crate) fn copy_of(bytes: &[u8; 32]) -> Self {
        let mut key = Self::zeros();
        key.bytes_mut().copy_from_slice(bytes);
        key
    }

    /// Another key that follows from this one and the label, but tells nothing of it.
    pub(crate) fn derive(&self, label: &str) -> Self {
        let mut key = Self::zeros();
        hkdf::Salt::new(hkdf::HKDF_SHA256, b"terrane")
            .extract(self.bytes())
            .expand(&[label.as_bytes()], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(key.bytes_mut()))
            .expect("32 bytes are within what HKDF-SHA256 can give");
        key
    }

    /// The key that others are wrapped with; never this one itself, which has other uses.
    pub(crate) fn wrapping_key(&self) -> DataKey {
        self.derive("data key wrapping 1").into()
    }

    /// Names this key without telling it: 16 hexadecimal digits, the same for the same key everywhere.
    pub(crate) fn id(&self) -> String {
        let digest = digest::digest(&digest::SHA256, self.derive("master key id 1").bytes());
        digest.as_ref()[..8].iter().fold(String::with_capacity(16), |mut id, byte| {
            for nibble in [byte >> 4, byte & 15] {
                id.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
            }
            id
        })
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }

    /// For filling in; never for changing a key that is in use.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8; 32] {
        self.0.expose_secret_mut()
    }

    pub(crate) fn zeros() -> Self {
        Self(SecretBox::new(Box::new([0; 32])))
    }
}
