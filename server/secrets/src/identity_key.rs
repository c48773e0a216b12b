//! The key that signs the identities of runs: RS256, because that is what every cloud verifies.
//!
//! `ring` signs in constant time but cannot make RSA keys; `rsa` makes them and does nothing else here.

use crate::{Error, Result};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use getrandom::SysRng;
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    rsa::{KeyPair, PublicKeyComponents},
    signature,
};
use rsa::{PrivateKey, pkcs8::EncodePrivateKey as _};
use secrecy::SecretString;
use std::fmt;
use zeroize::Zeroizing;

/// What every verifier accepts; stronger keys only make each signature slower.
const BITS: usize = 2048;

/// A private key, and the name that tokens call it by.
pub struct IdentityKey {
    pair: KeyPair,
    id: String,
}

/// What a verifier needs of a key: the fields of a JWK, in base64url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// `kid`
    pub id: String,
    /// `n`
    pub modulus: String,
    /// `e`
    pub exponent: String,
}

impl IdentityKey {
    /// A new key, as PKCS #8. Takes a good part of a second: call it where nobody waits.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate() -> Result<Zeroizing<Vec<u8>>> {
        let failed = |error: &dyn fmt::Display| Error::IdentityKey(error.to_string());
        let key = PrivateKey::new(&mut SysRng, BITS).map_err(|error| failed(&error))?;
        let bytes = key.to_pkcs8_der().map_err(|error| failed(&error))?;
        Ok(Zeroizing::new(bytes.as_bytes().to_vec()))
    }

    /// The key of this PKCS #8.
    ///
    /// # Errors
    /// [`Error::IdentityKey`] when it is none.
    pub fn from_pkcs8(bytes: &[u8]) -> Result<Self> {
        let pair = KeyPair::from_pkcs8(bytes).map_err(|error| Error::IdentityKey(error.to_string()))?;
        let id = components(&pair).id;
        Ok(Self { pair, id })
    }

    /// The half that anybody may have.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        components(&self.pair)
    }

    /// A JSON Web Token that says this (a JSON object).
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn sign(&self, claims: &[u8]) -> Result<SecretString> {
        let header = format!(r#"{{"typ":"JWT","alg":"RS256","kid":"{}"}}"#, self.id);
        let mut token = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let mut signed = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signed)
            .map_err(|_| Error::Randomness)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(&signed, &mut token);
        Ok(token.into())
    }
}

/// The key's name is its thumbprint (RFC 7638): the same key has the same name everywhere.
fn components(pair: &KeyPair) -> PublicKey {
    let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(pair.public());
    let (modulus, exponent) = (URL_SAFE_NO_PAD.encode(n), URL_SAFE_NO_PAD.encode(e));
    let canonical = format!(r#"{{"e":"{exponent}","kty":"RSA","n":"{modulus}"}}"#);
    let id = URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()));
    PublicKey { id, modulus, exponent }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityKey({}, …)", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn what_it_signs_is_verified_by_its_public_half() {
        let key = IdentityKey::from_pkcs8(&IdentityKey::generate().unwrap()).unwrap();
        let token = key.sign(br#"{"sub":"me"}"#).unwrap();
        let (signed, signature) = token.expose_secret().rsplit_once('.').unwrap();
        let public = key.public();
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let verifier = signature::RsaPublicKeyComponents { n: decode(&public.modulus), e: decode(&public.exponent) };
        let check = |message: &str| {
            verifier.verify(&signature::RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &decode(signature))
        };
        check(signed).unwrap();
        check(&format!("{signed}x")).unwrap_err();
        assert_eq!(decode(signed.split_once('.').unwrap().1), br#"{"sub":"me"}"#);
        assert!(!format!("{key:?}").contains(&public.modulus));
    }

    #[test]
    fn the_name_is_the_thumbprint_of_the_standard() {
        // RFC 7638, section 3.1.
        let modulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let canonical = format!(r#"{{"e":"AQAB","kty":"RSA","n":"{modulus}"}}"#);
        assert_eq!(
            URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes())),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
    }

    #[test]
    fn bytes_that_are_no_key_are_refused() {
        assert!(matches!(IdentityKey::from_pkcs8(b"key"), Err(Error::IdentityKey(_))));
    }
}
