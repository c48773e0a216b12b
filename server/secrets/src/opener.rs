//! Opening what does not fit in memory.

use crate::{
    Context, DataKey, Error, Result,
    envelope::{self, Chunks, HEADER, SEALED_CHUNK, TAG},
    key::Key,
};
use ring::digest::Digest;
use std::fmt;
use zeroize::Zeroizing;

/// Opens a sealed stream piece by piece. It holds at most one chunk.
///
/// Plaintext comes out chunk by chunk, each one proved; only when [`Opener::finish`] succeeds is it proved that none is missing.
pub struct Opener {
    state: State,
    /// What is not opened yet: the header, or a chunk. A full chunk waits too: it may turn out to be the last.
    pending: Zeroizing<Vec<u8>>,
}

enum State {
    Header { key: Key, aad: Digest },
    Chunks(Box<Chunks>),
}

impl Opener {
    /// Begins to open a blob that belongs to this place.
    #[must_use]
    pub fn new(key: &DataKey, context: &Context<'_>) -> Self {
        let state = State::Header { key: Key::copy_of(key.expose()), aad: context.digest() };
        // All of it at once: a growing buffer would leave copies of the plaintext behind.
        Self { state, pending: Zeroizing::new(Vec::with_capacity(SEALED_CHUNK)) }
    }

    /// Takes more sealed bytes and appends what could be opened to `plaintext`. After an error it opens nothing more.
    ///
    /// # Errors
    /// As [`crate::open`].
    pub fn update(&mut self, mut sealed: &[u8], plaintext: &mut Vec<u8>) -> Result<()> {
        while !sealed.is_empty() {
            let room = match &mut self.state {
                State::Header { key, aad } if self.pending.len() == HEADER => {
                    self.state = State::Chunks(Box::new(Chunks::new(key, envelope::salt(&self.pending)?, *aad)));
                    self.pending.clear();
                    SEALED_CHUNK
                }
                State::Header { .. } => HEADER,
                State::Chunks(chunks) if self.pending.len() == SEALED_CHUNK => {
                    open_pending(chunks, &mut self.pending, false, plaintext)?;
                    SEALED_CHUNK
                }
                State::Chunks(_) => SEALED_CHUNK,
            };
            let (now, later) = sealed.split_at(sealed.len().min(room - self.pending.len()));
            self.pending.extend_from_slice(now);
            sealed = later;
        }
        Ok(())
    }

    /// Ends the blob and appends its last chunk to `plaintext`.
    ///
    /// # Errors
    /// As [`crate::open`]; [`Error::Seal`] also when the end of the blob is missing.
    pub fn finish(mut self, plaintext: &mut Vec<u8>) -> Result<()> {
        match &mut self.state {
            State::Header { .. } => Err(Error::Format),
            State::Chunks(chunks) => open_pending(chunks, &mut self.pending, true, plaintext),
        }
    }
}

fn open_pending(chunks: &mut Chunks, pending: &mut Vec<u8>, last: bool, plaintext: &mut Vec<u8>) -> Result<()> {
    let (content, tag) = pending.split_last_chunk_mut::<TAG>().ok_or(Error::Format)?;
    chunks.open(content, *tag, last)?;
    plaintext.extend_from_slice(content);
    pending.clear();
    Ok(())
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opener(…)")
    }
}
