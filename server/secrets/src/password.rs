//! Passwords of people who sign in without an identity provider.

use crate::{Error, Result};
use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::{self, phc::PasswordHash},
};
use secrecy::{ExposeSecret, SecretString};

/// A password that somebody typed.
#[derive(Debug)]
pub struct Password(SecretString);

/// Argon2id with 19 MiB, two passes, one lane: the least that OWASP recommends, so that several sign-ins at once fit into a small machine.
/// A hash carries its own cost: raising this one does not invalidate stored hashes.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

impl Password {
    /// Takes a password; the text is overwritten when this is dropped.
    #[must_use]
    pub fn new(text: impl Into<SecretString>) -> Self {
        Self(text.into())
    }

    /// Its Argon2id hash with a random salt, in PHC form (`$argon2id$v=19$m=19456,t=2,p=1$…`). Takes tens of milliseconds and 19 MiB: run
    /// it off the async threads. For a name that nobody has, call it too and drop the result, so that the answer takes as long.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn hash(&self) -> Result<String> {
        let hash = argon2().hash_password(self.0.expose_secret().as_bytes()).map_err(|_| Error::Randomness)?;
        Ok(hash.to_string())
    }

    /// Whether the hash is of this password. Costs as much as [`Password::hash`].
    ///
    /// # Errors
    /// When the stored hash is not an Argon2 hash in PHC form.
    pub fn verify(&self, hash: &str) -> Result<bool> {
        let hash = PasswordHash::new(hash).map_err(|_| Error::PasswordHash)?;
        match argon2().verify_password(self.0.expose_secret().as_bytes(), &hash) {
            Ok(()) => Ok(true),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(_) => Err(Error::PasswordHash),
        }
    }
}

fn argon2() -> Argon2<'static> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).expect("the cost is within the limits of Argon2");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_wrong_and_unreadable() {
        let password = Password::new("correct horse");
        let hash = password.hash().unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, password.hash().unwrap());
        assert!(password.verify(&hash).unwrap());
        assert!(!Password::new("correct horsf").verify(&hash).unwrap());
        for unreadable in ["", "plain", "$argon2id$", "$md5$abc"] {
            assert!(matches!(password.verify(unreadable), Err(Error::PasswordHash)), "{unreadable}");
        }
        assert!(!format!("{password:?}").contains("horse"));
    }
}
