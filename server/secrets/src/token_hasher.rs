//! What is stored in place of a token.

use crate::{DataKey, MasterKey, Token, key::Key};
use ring::hmac;
use std::fmt;

/// Hashes tokens for look-up: HMAC-SHA256 under a key that is not in the database, so that who steals the database can neither find nor
/// make a token.
pub struct TokenHasher(Key);

const LABEL: &str = "token hash 1";

impl TokenHasher {
    /// Hashes with a key that derives from the master key. All tokens end when the master key changes.
    #[must_use]
    pub fn from_master(key: &MasterKey) -> Self {
        Self(key.key().derive(LABEL))
    }

    /// Hashes with a key that derives from a data key of the whole installation. Tokens outlive a change of the master key, and a key
    /// service outside can be the master.
    #[must_use]
    pub fn from_data_key(key: &DataKey) -> Self {
        Self(key.key().derive(LABEL))
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
        let hasher = |byte| TokenHasher::from_master(&MasterKey::from_bytes(&[byte; 32]));
        let token = Token::generate(TokenKind::User).unwrap();
        let same = Token::parse(token.expose()).unwrap();
        assert_eq!(hasher(1).hash(&token), hasher(1).hash(&same));
        assert_ne!(hasher(1).hash(&token), hasher(2).hash(&token));
        assert_ne!(hasher(1).hash(&token), hasher(1).hash(&Token::generate(TokenKind::User).unwrap()));
    }

    #[test]
    fn stored_hashes_stay_valid() {
        let token = Token::parse("trnu_0123456789ABCDEFGHIJKLMNOPQRSTUV0RBFSj").unwrap();
        let hash = TokenHasher::from_data_key(&DataKey::from_bytes(&[1; 32])).hash(&token);
        assert_eq!(&hash[..8], [130, 4, 99, 146, 134, 175, 8, 169]);
    }
}
