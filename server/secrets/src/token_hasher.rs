//! What is stored in place of a token.

use crate::{RootKey, Token, key::Key};
use ring::hmac;
use std::fmt;

/// Hashes tokens for look-up: HMAC-SHA256 under a key that is not in the database, so that who steals the database can neither find nor
/// make a token.
pub struct TokenHasher(Key);

const LABEL: &str = "token hash 1";

impl TokenHasher {
    /// Hashes with a key that derives from a root key. Tokens outlive every change of the master key, and every rotation that leaves this root
    /// key alone.
    #[must_use]
    pub fn new(root: &RootKey) -> Self {
        Self(root.key().derive(LABEL))
    }

    /// What to store and to look up.
    #[must_use]
    pub fn hash(&self, token: &Token) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.bytes());
        hmac::sign(&key, token.expose().as_bytes()).as_ref().try_into().expect("HMAC-SHA256 gives 32 bytes")
    }
}

impl fmt::Debug for TokenHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHasher(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TokenKind;

    #[test]
    fn a_hash_is_of_token_and_key() {
        let hasher = |byte| TokenHasher::new(&RootKey::from_bytes(&[byte; 32]));
        let token = Token::generate(TokenKind::User).unwrap();
        let same = Token::parse(token.expose()).unwrap();
        assert_eq!(hasher(1).hash(&token), hasher(1).hash(&same));
        assert_ne!(hasher(1).hash(&token), hasher(2).hash(&token));
        assert_ne!(hasher(1).hash(&token), hasher(1).hash(&Token::generate(TokenKind::User).unwrap()));
    }

    #[test]
    fn stored_hashes_stay_valid() {
        let token = Token::parse("trnu_0123456789ABCDEFGHIJKLMNOPQRSTUV0RBFSj").unwrap();
        let hash = TokenHasher::new(&RootKey::from_bytes(&[1; 32])).hash(&token);
        assert_eq!(&hash[..8], [130, 4, 99, 146, 134, 175, 8, 169]);
    }
}
