//! Sealed bytes in, plaintext out, a piece at a time.

use crate::{
    Error, Result,
    frame::{self, RAW, ZSTD},
    work::PIECE,
};
use secrets::Opener;
use zstd::stream::raw::{Decoder, InBuffer};

/// Opens and decompresses a stream. However far a piece expands, it gives at most [`PIECE`] and a little at a time.
pub(crate) struct Unpacker {
    /// None when the seal was proved to its end.
    opener: Option<Opener>,
    coder: Coder,
    /// Opened bytes, of which those before `at` are done with.
    frame: Vec<u8>,
    at: usize,
    /// Whether the decoder may hold more than it gave.
    full: bool,
    size: u64,
    limit: u64,
}

enum Coder {
    Undecided,
    Raw,
    Zstd { decoder: Decoder<'static>, ended: bool },
}

impl Unpacker {
    pub(crate) fn new(opener: Opener, limit: u64) -> Self {
        Self { opener: Some(opener), coder: Coder::Undecided, frame: Vec::new(), at: 0, full: false, size: 0, limit }
    }

    /// Whether [`Unpacker::pull`] can give more without more sealed bytes.
    pub(crate) fn has_more(&self) -> bool {
        self.full || self.at < self.frame.len()
    }

    /// Takes sealed bytes; call [`Unpacker::pull`] until there is no more before the next ones.
    pub(crate) fn push(&mut self, sealed: &[u8]) -> Result<()> {
        self.compact();
        let opener = self.opener.as_mut().ok_or(Error::Corrupt)?;
        Ok(opener.update(sealed, &mut self.frame)?)
    }

    /// There are no more sealed bytes: proves that none is missing.
    pub(crate) fn end(&mut self) -> Result<()> {
        self.compact();
        match self.opener.take() {
            Some(opener) => Ok(opener.finish(&mut self.frame)?),
            None => Ok(()),
        }
    }

    /// Gives some plaintext, perhaps none.
    pub(crate) fn pull(&mut self) -> Result<Vec<u8>> {
        if let (Coder::Undecided, Some(format)) = (&self.coder, self.frame.get(self.at)) {
            self.coder = match *format {
                RAW => Coder::Raw,
                ZSTD => Coder::Zstd { decoder: frame::decoder()?, ended: false },
                _ => return Err(Error::Corrupt),
            };
            self.at += 1;
        }
        let mut plaintext = Vec::new();
        match &mut self.coder {
            Coder::Undecided => {}
            Coder::Raw => {
                plaintext.extend_from_slice(&self.frame[self.at..]);
                self.at = self.frame.len();
            }
            Coder::Zstd { ended: true, .. } if self.at < self.frame.len() => return Err(Error::Corrupt),
            Coder::Zstd { ended: true, .. } => self.full = false,
            Coder::Zstd { decoder, ended } => {
                let mut input = InBuffer::around(&self.frame[self.at..]);
                *ended = frame::run(decoder, &mut input, &mut plaintext, PIECE)?;
                self.at += input.pos();
                self.full = !*ended && plaintext.len() == plaintext.capacity();
            }
        }
        self.size += plaintext.len() as u64;
        if self.size > self.limit {
            return Err(Error::TooLarge { limit: self.limit });
        }
        Ok(plaintext)
    }

    /// Whether all has been given and the content is whole.
    pub(crate) fn is_complete(&self) -> bool {
        let whole = matches!(self.coder, Coder::Raw | Coder::Zstd { ended: true, .. });
        whole && self.opener.is_none() && !self.has_more()
    }

    fn compact(&mut self) {
        self.frame.drain(..self.at);
        self.at = 0;
    }
}
