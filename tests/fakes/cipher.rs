//! What a fake wraps keys with: real encryption, so that what is altered or of another key does not open.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};

/// Encrypts under a key that belongs to this name.
pub(crate) fn encrypt(name: &str, plaintext: &[u8]) -> Vec<u8> {
    let mut nonce = [0; 12];
    SystemRandom::new().fill(&mut nonce).expect("random bytes");
    let mut sealed = plaintext.to_vec();
    let nonce_of = Nonce::assume_unique_for_key(nonce);
    key(name).seal_in_place_append_tag(nonce_of, Aad::empty(), &mut sealed).expect("it is short");
    [nonce.as_slice(), &sealed].concat()
}

/// Decrypts what was encrypted under the same name.
pub(crate) fn decrypt(name: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<12>()?;
    let mut sealed = sealed.to_vec();
    let opened = key(name).open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut sealed).ok()?;
    Some(opened.to_vec())
}

fn key(name: &str) -> LessSafeKey {
    let digest = ring::digest::digest(&ring::digest::SHA256, name.as_bytes());
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, digest.as_ref()).expect("32 bytes"))
}
