//! The master key that lies here: in a file, or in a setting.

use crate::{Result, key::Key, key_file};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use std::{fmt, path::Path};
use zeroize::Zeroizing;

/// What the text form starts with, for people and secret scanners.
const PREFIX: &str = "trnk_";

/// Length of the text form.
pub(crate) const TEXT_LEN: usize = PREFIX.len() + 43;

/// The 256-bit key that wraps the root keys, where no service outside does.
///
/// Who loses it loses everything that was sealed, unless the root keys are in escrow. Its text form is `trnk_` and 43 characters of base64url.
pub struct MasterKey {
    key: Key,
    id: String,
}

impl MasterKey {
    /// A new random key.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate() -> Result<Self> {
        Key::generate().map(Self::new)
    }

    /// The key with these bytes. The caller overwrites its own copy.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self::new(Key::copy_of(bytes))
    }

    /// The key that a text form stands for, as a setting or a file holds it; white space around it does not matter.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let encoded = text.trim().strip_prefix(PREFIX)?;
        // The decoder wants room for a whole last group of four characters.
        let mut bytes = Zeroizing::new([0; 33]);
        let written = BASE64_URL_SAFE_NO_PAD.decode_slice(encoded, bytes.as_mut_slice()).ok()?;
        if written != 32 {
            return None;
        }
        let mut key = Key::zeros();
        key.bytes_mut().copy_from_slice(&bytes[..32]);
        Some(Self::new(key))
    }

    /// Reads the key from its file.
    ///
    /// # Errors
    /// When the file is missing, is readable by others than its owner, or holds no key.
    pub fn load(path: &Path) -> Result<Self> {
        key_file::load(path)
    }

    /// Reads the key from its file, or makes a new key and its file (mode 0600) if there is none. Of several that do so at the same time,
    /// one makes the key and all return it. When this returns, the file is on disk.
    ///
    /// Where sealed values already exist use [`MasterKey::load`]: a new key does not open them.
    ///
    /// # Errors
    /// When the folder is missing, the file cannot be written, is readable by others than its owner, or holds no key.
    pub fn load_or_create(path: &Path) -> Result<Self> {
        key_file::load_or_create(path)
    }

    /// Names this key without telling it: 16 hexadecimal digits, the same for the same key everywhere.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The text form, for who keeps it.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(TEXT_LEN));
        text.push_str(PREFIX);
        BASE64_URL_SAFE_NO_PAD.encode_string(self.key.bytes(), &mut text);
        text
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    fn new(key: Key) -> Self {
        let id = key.id();
        Self { key, id }
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let key = MasterKey::generate().unwrap();
        let text = key.to_text();
        assert_eq!(text.len(), TEXT_LEN);
        assert_eq!(MasterKey::parse(&format!(" {}\n", *text)).unwrap().key.bytes(), key.key.bytes());
        for wrong in
            ["", "trnk_", &text[1..], &text[..text.len() - 1], &format!("{}A", *text), &text.replace("trnk_", "trnu_")]
        {
            assert!(MasterKey::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_id_is_of_the_key() {
        let key = MasterKey::from_bytes(&[7; 32]);
        assert_eq!(key.id(), MasterKey::from_bytes(&[7; 32]).id());
        assert_ne!(key.id(), MasterKey::from_bytes(&[8; 32]).id());
        assert_eq!(key.id().len(), 16);
        assert_eq!(format!("{key:?}"), format!("MasterKey({})", key.id()));
    }
}
