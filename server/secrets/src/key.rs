//! 256 secret bits: what every key of this crate is made of.

use crate::{Error, Result};
use ring::{
    hkdf,
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
