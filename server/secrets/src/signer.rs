//! Values that a client carries and cannot change: upload and download addresses, state of a sign-in.

use crate::{RootKey, key::Key};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::hmac;
use std::fmt;

/// Signs and verifies short values, as text that fits into the path of an address.
///
/// ```text
/// base64url( 0x01 | payload | mac (32)                      )   for ever
/// base64url( 0x02 | expires (8, big endian) | payload | mac )   until then
/// mac = HMAC-SHA256(key, length of purpose (8) | purpose | all before the mac)
/// ```
///
/// The payload is not hidden.
pub struct Signer(Key);

const LABEL: &str = "signature 1";
const FOR_EVER: u8 = 1;
const UNTIL: u8 = 2;
const MAC: usize = 32;

/// Why a signed value is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It is no signed value, was altered, or was signed for another purpose or with another key.
    #[error("the address is not one that this server gave out for this purpose; copy it whole, or ask for a new one")]
    Invalid,
    /// Its time is over.
    #[error("the address is no longer valid; ask for a new one")]
    Expired,
}

impl Signer {
    /// Signs with a key that derives from a root key. What is signed outlives every change of the master key, and every rotation that leaves
    /// this root key alone.
    #[must_use]
    pub fn new(root: &RootKey) -> Self {
        Self(root.key().derive(LABEL))
    }

    /// Signs a payload for one purpose. `expires` is in microseconds since 1970; from that moment on it is refused.
    #[must_use]
    pub fn sign(&self, purpose: &str, payload: &[u8], expires: Option<i64>) -> String {
        let mut bytes = Vec::with_capacity(9 + payload.len() + MAC);
        match expires {
            None => bytes.push(FOR_EVER),
            Some(expires) => {
                bytes.push(UNTIL);
                bytes.extend_from_slice(&expires.to_be_bytes());
            }
        }
        bytes.extend_from_slice(payload);
        let mac = hmac::sign(&self.key(), &message(purpose, &bytes));
        bytes.extend_from_slice(mac.as_ref());
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The payload of what was signed for this purpose. `now` is in microseconds since 1970.
    ///
    /// # Errors
    /// When it was not signed for this purpose with this key, was altered, or its time is over.
    pub fn verify(&self, purpose: &str, text: &str, now: i64) -> Result<Vec<u8>, SignatureError> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| SignatureError::Invalid)?;
        let (signed, mac) = bytes.split_last_chunk::<MAC>().ok_or(SignatureError::Invalid)?;
        hmac::verify(&self.key(), &message(purpose, signed), mac).map_err(|_| SignatureError::Invalid)?;
        match signed {
            [FOR_EVER, payload @ ..] => Ok(payload.to_vec()),
            [UNTIL, rest @ ..] => {
                let (expires, payload) = rest.split_first_chunk::<8>().ok_or(SignatureError::Invalid)?;
                if now >= i64::from_be_bytes(*expires) { Err(SignatureError::Expired) } else { Ok(payload.to_vec()) }
            }
            _ => Err(SignatureError::Invalid),
        }
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.0.bytes())
    }
}

fn message(purpose: &str, signed: &[u8]) -> Vec<u8> {
    [&(purpose.len() as u64).to_be_bytes(), purpose.as_bytes(), signed].concat()
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn signer(byte: u8) -> Signer {
        Signer::new(&RootKey::from_bytes(&[byte; 32]))
    }

    #[test]
    fn good_until_it_is_over() {
        let text = signer(1).sign("upload", b"cv-1", Some(100));
        assert_eq!(signer(1).verify("upload", &text, 99).unwrap(), b"cv-1");
        assert_eq!(signer(1).verify("upload", &text, 100), Err(SignatureError::Expired));
        let text = signer(1).sign("upload", b"cv-1", None);
        assert_eq!(signer(1).verify("upload", &text, i64::MAX).unwrap(), b"cv-1");
    }

    #[test]
    fn of_one_purpose_and_one_key() {
        let text = signer(1).sign("upload", b"cv-1", None);
        assert_eq!(signer(1).verify("download", &text, 0), Err(SignatureError::Invalid));
        assert_eq!(signer(1).verify("uploa", &text, 0), Err(SignatureError::Invalid));
        assert_eq!(signer(2).verify("upload", &text, 0), Err(SignatureError::Invalid));
    }

    proptest! {
        #[test]
        fn any_payload_comes_back_and_any_flip_is_seen(
            payload in prop::collection::vec(any::<u8>(), 0..200), expires: Option<i64>, at: prop::sample::Index, bit in 0..8_u8,
        ) {
            let text = signer(1).sign("test", &payload, expires);
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
            let now = expires.map_or(0, |expires| expires.saturating_sub(1));
            if expires != Some(i64::MIN) {
                prop_assert_eq!(signer(1).verify("test", &text, now), Ok(payload));
            }
            let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(&text).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let forged = BASE64_URL_SAFE_NO_PAD.encode(bytes);
            prop_assert_eq!(signer(1).verify("test", &forged, now), Err(SignatureError::Invalid));
        }

        #[test]
        fn arbitrary_text_is_refused(text in "\\PC{0,80}|[A-Za-z0-9_-]{0,120}") {
            prop_assert_eq!(signer(1).verify("test", &text, 0), Err(SignatureError::Invalid));
        }
    }
}
