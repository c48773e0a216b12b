//! Plaintext in, sealed bytes out, a piece at a time.

use crate::{
    Digests, Result,
    digests::Hashing,
    frame::{self, INLINE, RAW, ZSTD, compressing},
};
use secrets::Sealer;
use zstd::stream::raw::{Encoder, InBuffer, Operation, OutBuffer};

/// Compresses and seals a stream. Holds back up to [`INLINE`] bytes until it is clear that there are more.
pub(crate) struct Packer {
    coder: Coder,
    frame: Vec<u8>,
    sealer: Sealer,
    hashing: Hashing,
    size: u64,
    inline: bool,
}

enum Coder {
    Undecided,
    Raw,
    Zstd(Encoder<'static>),
}

/// What is known of a plaintext when all of it has gone by.
#[derive(Clone, Copy)]
pub(crate) struct Totals {
    pub(crate) size: u64,
    pub(crate) md5: Option<[u8; 16]>,
    pub(crate) sha256: Option<[u8; 32]>,
    /// Whether all of it is small enough for the database.
    pub(crate) inline: bool,
}

impl Packer {
    pub(crate) fn new(sealer: Sealer, digests: Digests) -> Self {
        let hashing = Hashing::new(digests);
        Self { coder: Coder::Undecided, frame: Vec::new(), sealer, hashing, size: 0, inline: true }
    }

    /// Takes a piece and gives what is sealed by now: nothing while all of it may still be small.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<Vec<u8>> {
        self.take(piece, false)?;
        let mut sealed = Vec::new();
        if self.frame.len() > INLINE {
            self.inline = false;
        }
        if !self.inline {
            self.seal_frame(&mut sealed)?;
        }
        Ok(sealed)
    }

    /// Takes the last piece, which may be empty, and gives the rest.
    pub(crate) fn finish(mut self, piece: &[u8]) -> Result<(Vec<u8>, Totals)> {
        self.take(piece, true)?;
        let inline = self.inline && self.frame.len() <= INLINE;
        let mut sealed = Vec::new();
        self.seal_frame(&mut sealed)?;
        self.sealer.finish(&mut sealed)?;
        let (md5, sha256) = self.hashing.finish();
        Ok((sealed, Totals { size: self.size, md5, sha256, inline }))
    }

    fn take(&mut self, piece: &[u8], last: bool) -> Result<()> {
        self.size += piece.len() as u64;
        self.hashing.update(piece);
        match &mut self.coder {
            Coder::Undecided if last => self.frame = frame::pack(piece)?,
            Coder::Undecided => self.coder = begin(piece, &mut self.frame)?,
            Coder::Raw => self.frame.extend_from_slice(piece),
            Coder::Zstd(encoder) => {
                let end = if last { End::Frame } else { End::Open };
                compress(encoder, piece, end, &mut self.frame)?;
            }
        }
        Ok(())
    }

    fn seal_frame(&mut self, sealed: &mut Vec<u8>) -> Result<()> {
        sealed.reserve(self.frame.len() + 1024);
        self.sealer.update(&self.frame, sealed)?;
        self.frame.clear();
        Ok(())
    }
}

/// Decides by the first piece whether the stream is worth compressing: a configuration comes as tar.gz.
fn begin(piece: &[u8], frame: &mut Vec<u8>) -> Result<Coder> {
    let mut encoder = Encoder::new(frame::LEVEL).map_err(compressing)?;
    frame.push(ZSTD);
    compress(&mut encoder, piece, End::Block, frame)?;
    if frame.len() < piece.len() - piece.len() / 16 {
        return Ok(Coder::Zstd(encoder));
    }
    frame.clear();
    frame.push(RAW);
    frame.extend_from_slice(piece);
    Ok(Coder::Raw)
}

#[derive(Clone, Copy)]
enum End {
    /// More follows.
    Open,
    /// More follows, but all so far must be out.
    Block,
    /// Nothing follows.
    Frame,
}

fn compress(encoder: &mut Encoder<'_>, piece: &[u8], end: End, frame: &mut Vec<u8>) -> Result<()> {
    let mut input = InBuffer::around(piece);
    loop {
        // The encoder fills what room there is; a block of output always makes progress.
        frame.reserve(64 * 1024);
        let at = frame.len();
        let mut output = OutBuffer::around_pos(frame, at);
        if input.pos() < piece.len() {
            encoder.run(&mut input, &mut output).map_err(compressing)?;
            continue;
        }
        let left = match end {
            End::Open => 0,
            End::Block => encoder.flush(&mut output).map_err(compressing)?,
            End::Frame => encoder.finish(&mut output, true).map_err(compressing)?,
        };
        if left == 0 {
            return Ok(());
        }
    }
}
