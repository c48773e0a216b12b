//! A key that only another one can give back.

use crate::{Error, Result};

/// A wrapped key, and the id of the key that wrapped it: a data key and its root key, a root key and its master key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    by: String,
    wrapped: Vec<u8>,
}

/// Version of the stored form: `0x01 | length of the id (1) | id | wrapped`.
const STORED: u8 = 1;

impl WrappedKey {
    /// What was made of a key; `None` if the id is longer than 255 bytes.
    #[must_use]
    pub fn new(by: String, wrapped: Vec<u8>) -> Option<Self> {
        u8::try_from(by.len()).is_ok().then_some(Self { by, wrapped })
    }

    /// The id of the key that wrapped it.
    #[must_use]
    pub fn by(&self) -> &str {
        &self.by
    }

    /// What was made of the key.
    #[must_use]
    pub fn wrapped(&self) -> &[u8] {
        &self.wrapped
    }

    /// What the stored form of every key begins with that this one wrapped.
    #[must_use]
    pub fn prefix(by: &str) -> Vec<u8> {
        let length = u8::try_from(by.len()).unwrap_or(u8::MAX);
        [&[STORED, length], by.as_bytes()].concat()
    }

    /// The stored form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Self::prefix(&self.by);
        bytes.extend_from_slice(&self.wrapped);
        bytes
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`Error::Format`] when it is not one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let [STORED, length, rest @ ..] = bytes else { return Err(Error::Format) };
        let (by, wrapped) = rest.split_at_checked(usize::from(*length)).ok_or(Error::Format)?;
        let by = std::str::from_utf8(by).map_err(|_| Error::Format)?.to_owned();
        Ok(Self { by, wrapped: wrapped.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_and_read_again() {
        let wrapped = WrappedKey::new("a-key".to_owned(), vec![1, 2, 3]).unwrap();
        let bytes = wrapped.to_bytes();
        assert_eq!(bytes, [&[1, 5], b"a-key".as_slice(), &[1, 2, 3]].concat());
        assert!(bytes.starts_with(&WrappedKey::prefix("a-key")) && !bytes.starts_with(&WrappedKey::prefix("a-kez")));
        assert_eq!(WrappedKey::from_bytes(&bytes).unwrap(), wrapped);
        for wrong in [&b""[..], b"\x01", b"\x02\x01a", b"\x01\x09short", b"\x01\x01\xff"] {
            assert!(WrappedKey::from_bytes(wrong).is_err(), "{wrong:?}");
        }
        assert!(WrappedKey::new("x".repeat(256), vec![]).is_none());
    }
}
