//! Hashes of the plaintext, made while it flows by.

use md5::{Digest, Md5};
use ring::digest;

/// Which hashes of the plaintext are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Digests {
    /// MD5, by which terraform compares states.
    pub md5: bool,
    /// SHA-256.
    pub sha256: bool,
}

pub(crate) struct Hashing {
    md5: Option<Md5>,
    sha256: Option<digest::Context>,
}

impl Hashing {
    pub(crate) fn new(wanted: Digests) -> Self {
        Self { md5: wanted.md5.then(Md5::new), sha256: wanted.sha256.then(|| digest::Context::new(&digest::SHA256)) }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
    }

    pub(crate) fn finish(self) -> (Option<[u8; 16]>, Option<[u8; 32]>) {
        let sha256 = |context: digest::Context| context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes");
        (self.md5.map(|md5| md5.finalize().into()), self.sha256.map(sha256))
    }
}
