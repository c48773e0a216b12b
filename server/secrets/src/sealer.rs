//! Sealing what does not fit in memory.

use crate::{
    Context, DataKey, Result,
    envelope::{self, CHUNK, Chunks},
};
use std::fmt;
use zeroize::Zeroizing;

/// Seals a stream piece by piece; the result is what [`crate::seal`] makes of the whole. It holds at most one chunk.
pub struct Sealer {
    chunks: Chunks,
    header: Option<[u8; envelope::HEADER]>,
    /// Plaintext of the chunk that is not sealed yet. A full one waits too: it may turn out to be the last.
    pending: Zeroizing<Vec<u8>>,
}

impl Sealer {
    /// Begins a blob for its place.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new(key: &DataKey, context: &Context<'_>) -> Result<Self> {
        let header = envelope::header()?;
        let chunks = Chunks::new(key.key(), &header[1..], context.digest());
        // All of it at once: a growing buffer would leave copies of the plaintext behind.
        Ok(Self { chunks, header: Some(header), pending: Zeroizing::new(Vec::with_capacity(CHUNK)) })
    }

    /// Takes more plaintext and appends what could be sealed to `sealed`.
    ///
    /// # Errors
    /// When the blob is larger than 256 TiB.
    pub fn update(&mut self, mut plaintext: &[u8], sealed: &mut Vec<u8>) -> Result<()> {
        while !plaintext.is_empty() {
            if self.pending.len() == CHUNK {
                self.seal_pending(false, sealed)?;
            }
            let (now, later) = plaintext.split_at(plaintext.len().min(CHUNK - self.pending.len()));
            self.pending.extend_from_slice(now);
            plaintext = later;
        }
        Ok(())
    }

    /// Ends the blob and appends its last chunk to `sealed`.
    ///
    /// # Errors
    /// When the blob is larger than 256 TiB.
    pub fn finish(mut self, sealed: &mut Vec<u8>) -> Result<()> {
        self.seal_pending(true, sealed)
    }

    fn seal_pending(&mut self, last: bool, sealed: &mut Vec<u8>) -> Result<()> {
        if let Some(header) = self.header.take() {
            sealed.extend_from_slice(&header);
        }
        let tag = self.chunks.seal(&mut self.pending, last)?;
        sealed.extend_from_slice(&self.pending);
        sealed.extend_from_slice(tag.as_ref());
        self.pending.clear();
        Ok(())
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}
