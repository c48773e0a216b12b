//! The form of sealed bytes, and sealing in memory.
//!
//! ```text
//! version 0x01 (1) | random salt (16) | chunk … chunk | last chunk
//! chunk = AES-256-GCM(65,536 bytes of plaintext) + tag (16); the last one holds 0 to 65,536 bytes, none only if there is no plaintext
//! key   = HKDF-SHA256(salt, data key, "terrane sealed 1"): of this blob alone
//! nonce = 7 zero bytes | chunk number (4, big endian) | 1 if last, else 0
//! associated data = SHA-256 of table, id and organization, each with its length
//! ```
//!
//! A chunk that is missing, moved, doubled or of another blob has another nonce or key; a blob that is cut between chunks has no last one.

use crate::{Context, DataKey, Error, Result, key::Key};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, Tag, UnboundKey},
    digest::Digest,
    hkdf,
    rand::{SecureRandom, SystemRandom},
};
use secrecy::SecretString;
use std::mem;
use zeroize::Zeroizing;

/// Bytes of plaintext in every chunk but the last.
pub const CHUNK: usize = 64 * 1024;

pub(crate) const VERSION: u8 = 1;
pub(crate) const SALT: usize = 16;
pub(crate) const HEADER: usize = 1 + SALT;
pub(crate) const TAG: usize = 16;
pub(crate) const SEALED_CHUNK: usize = CHUNK + TAG;

/// The key of one blob, and the number of the chunk that is next.
pub(crate) struct Chunks {
    key: LessSafeKey,
    aad: Digest,
    next: Option<u32>,
}

impl Chunks {
    pub(crate) fn new(key: &Key, salt: &[u8], aad: Digest) -> Self {
        let key = hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
            .extract(key.bytes())
            .expand(&[b"terrane sealed 1"], &AES_256_GCM)
            .map(UnboundKey::from)
            .expect("32 bytes are within what HKDF-SHA256 can give");
        Self { key: LessSafeKey::new(key), aad, next: Some(0) }
    }

    /// Seals one chunk where it lies.
    pub(crate) fn seal(&mut self, chunk: &mut [u8], last: bool) -> Result<Tag> {
        let nonce = self.nonce(last)?;
        self.key.seal_in_place_separate_tag(nonce, Aad::from(self.aad), chunk).map_err(|_| Error::TooLarge)
    }

    /// Opens one chunk where it lies; the plaintext is there only if this is no error.
    pub(crate) fn open(&mut self, chunk: &mut [u8], tag: [u8; TAG], last: bool) -> Result<()> {
        let nonce = self.nonce(last)?;
        self.key
            .open_in_place_separate_tag(nonce, Aad::from(self.aad), Tag::from(tag), chunk, 0..)
            .map(drop)
            .map_err(|_| Error::Seal)
    }

    fn nonce(&mut self, last: bool) -> Result<Nonce> {
        let number = self.next.ok_or(Error::TooLarge)?;
        self.next = number.checked_add(1);
        let mut nonce = [0; 12];
        nonce[7..11].copy_from_slice(&number.to_be_bytes());
        nonce[11] = u8::from(last);
        Ok(Nonce::assume_unique_for_key(nonce))
    }
}

/// Version byte and a new salt.
pub(crate) fn header() -> Result<[u8; HEADER]> {
    let mut header = [VERSION; HEADER];
    SystemRandom::new().fill(&mut header[1..]).map_err(|_| Error::Randomness)?;
    Ok(header)
}

/// The salt of a header, if the version is known.
pub(crate) fn salt(header: &[u8]) -> Result<&[u8]> {
    match header.split_first() {
        Some((&VERSION, salt)) if salt.len() == SALT => Ok(salt),
        _ => Err(Error::Format),
    }
}

/// How long the sealed form of so many bytes is.
#[must_use]
pub fn sealed_len(plaintext: u64) -> u64 {
    HEADER as u64 + plaintext + TAG as u64 * plaintext.div_ceil(CHUNK as u64).max(1)
}

/// Seals a value for its place, in one allocation.
///
/// # Errors
/// When the system gives no random bytes.
pub fn seal(key: &DataKey, context: &Context<'_>, plaintext: &[u8]) -> Result<Vec<u8>> {
    let header = header()?;
    let mut chunks = Chunks::new(key.key(), &header[1..], context.digest());
    let count = plaintext.len().div_ceil(CHUNK).max(1);
    let mut sealed = Vec::with_capacity(HEADER + plaintext.len() + TAG * count);
    sealed.extend_from_slice(&header);
    let mut rest = plaintext;
    loop {
        let (chunk, after) = rest.split_at(rest.len().min(CHUNK));
        let start = sealed.len();
        sealed.extend_from_slice(chunk);
        let tag = chunks.seal(&mut sealed[start..], after.is_empty())?;
        sealed.extend_from_slice(tag.as_ref());
        if after.is_empty() {
            return Ok(sealed);
        }
        rest = after;
    }
}

/// Opens what [`seal`] or a [`crate::Sealer`] sealed, in one allocation.
///
/// # Errors
/// [`Error::Format`] when it is no sealed value; [`Error::Seal`] when it was changed, or sealed with another key or for another place.
pub fn open(key: &DataKey, context: &Context<'_>, sealed: &[u8]) -> Result<Vec<u8>> {
    let (header, mut rest) = sealed.split_at_checked(HEADER).ok_or(Error::Format)?;
    let mut chunks = Chunks::new(key.key(), salt(header)?, context.digest());
    // Chunks that are already open are overwritten again if a later one does not hold.
    let mut plaintext = Zeroizing::new(Vec::with_capacity(rest.len().saturating_sub(TAG)));
    loop {
        let (chunk, after) = rest.split_at(rest.len().min(SEALED_CHUNK));
        let (content, tag) = chunk.split_last_chunk::<TAG>().ok_or(Error::Format)?;
        let start = plaintext.len();
        plaintext.extend_from_slice(content);
        chunks.open(&mut plaintext[start..], *tag, after.is_empty())?;
        if after.is_empty() {
            return Ok(mem::take(&mut *plaintext));
        }
        rest = after;
    }
}

/// Opens a secret that is text, such as a sensitive variable or a forge's token, into a type that is overwritten and cannot be printed.
///
/// # Errors
/// As [`open`], and [`Error::NotText`] when it is not UTF-8.
pub fn open_text(key: &DataKey, context: &Context<'_>, sealed: &[u8]) -> Result<SecretString> {
    let bytes = open(key, context, sealed)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(error) => {
            drop(Zeroizing::new(error.into_bytes()));
            Err(Error::NotText)
        }
    }
}
