//! The content of a seal: a format byte, then the plaintext as it is or compressed.

use crate::{Error, Result};
use std::{cell::RefCell, io};
use zstd::{
    bulk::{Compressor, Decompressor},
    stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer},
    zstd_safe,
};

/// Bytes that a blob may have after compression, its format byte included, to go into the database: one chunk of the seal.
pub const INLINE: usize = secrets::CHUNK;

pub(crate) const RAW: u8 = 0;
pub(crate) const ZSTD: u8 = 1;
pub(crate) const DELTA: u8 = 2;

/// On states, level 1 takes a third to two thirds of the time of 3, the default of zstd, and leaves as much or less: 2.4 MB of 34 MB, not 2.8.
pub(crate) const LEVEL: i32 = 1;

/// Below this, compression gains nothing.
const TINY: usize = 64;

/// The largest window a decoder accepts (8 MiB): no blob of ours needs more than 2 MiB.
const WINDOW: u32 = 23;

thread_local! {
    // Setting up a context costs more than compressing a small blob with it.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// The frame of a plaintext that is in memory.
pub(crate) fn pack(plaintext: &[u8]) -> Result<Vec<u8>> {
    if plaintext.len() >= TINY {
        let mut frame = vec![ZSTD; 1 + zstd_safe::compress_bound(plaintext.len())];
        let length = with(
            &COMPRESSOR,
            || Compressor::new(LEVEL),
            |compressor| compressor.compress_to_buffer(plaintext, &mut frame[1..]),
        )
        .map_err(compressing)?;
        if length < plaintext.len() {
            frame.truncate(1 + length);
            return Ok(frame);
        }
    }
    let mut frame = Vec::with_capacity(1 + plaintext.len());
    frame.push(RAW);
    frame.extend_from_slice(plaintext);
    Ok(frame)
}

/// The plaintext of a frame that is in memory, if it has at most `limit` bytes.
pub(crate) fn unpack(mut frame: Vec<u8>, limit: u64) -> Result<Vec<u8>> {
    match frame.first() {
        Some(&RAW) if frame.len() as u64 - 1 > limit => Err(Error::TooLarge { limit }),
        Some(&RAW) => {
            frame.remove(0);
            Ok(frame)
        }
        Some(&ZSTD) => decompress(&frame[1..], limit),
        _ => Err(Error::Corrupt),
    }
}

fn decompress(compressed: &[u8], limit: u64) -> Result<Vec<u8>> {
    match zstd_safe::get_frame_content_size(compressed) {
        Ok(Some(size)) if size > limit => Err(Error::TooLarge { limit }),
        Ok(Some(size)) => {
            let mut plaintext = Vec::with_capacity(usize::try_from(size).map_err(|_| Error::TooLarge { limit })?);
            with(&DECOMPRESSOR, Decompressor::new, |decompressor| {
                decompressor.decompress_to_buffer(compressed, &mut plaintext)
            })
            .map_err(decompressing)?;
            Ok(plaintext)
        }
        // A frame that was compressed as it streamed does not say its size.
        Ok(None) => {
            let mut plaintext = Vec::new();
            let mut decoder = decoder()?;
            let mut input = InBuffer::around(compressed);
            loop {
                let (before, read) = (plaintext.len(), input.pos());
                let ended = run(&mut decoder, &mut input, &mut plaintext, crate::work::PIECE)?;
                if plaintext.len() as u64 > limit {
                    return Err(Error::TooLarge { limit });
                }
                match (ended, input.pos() == compressed.len()) {
                    (true, true) => return Ok(plaintext),
                    (true, false) => return Err(Error::Corrupt),
                    (false, _) if plaintext.len() == before && input.pos() == read => return Err(Error::Corrupt),
                    (false, _) => {}
                }
            }
        }
        Err(_) => Err(Error::Corrupt),
    }
}

pub(crate) fn decoder() -> Result<Decoder<'static>> {
    let mut decoder = Decoder::new().map_err(decompressing)?;
    decoder.set_parameter(DParameter::WindowLogMax(WINDOW)).map_err(decompressing)?;
    Ok(decoder)
}

/// Decompresses until the input is used up, the frame ends (true), or `room` bytes were appended.
pub(crate) fn run(decoder: &mut Decoder<'_>, input: &mut InBuffer<'_>, out: &mut Vec<u8>, room: usize) -> Result<bool> {
    out.reserve(room);
    let at = out.len();
    decoder.run(input, &mut OutBuffer::around_pos(out, at)).map(|hint| hint == 0).map_err(decompressing)
}

fn with<C, T>(
    slot: &'static std::thread::LocalKey<RefCell<Option<C>>>,
    make: impl FnOnce() -> io::Result<C>,
    act: impl FnOnce(&mut C) -> io::Result<T>,
) -> io::Result<T> {
    slot.with_borrow_mut(|slot| {
        let context = match slot {
            Some(context) => context,
            None => slot.insert(make()?),
        };
        act(context)
    })
}

pub(crate) fn compressing(source: io::Error) -> Error {
    Error::Compression { doing: "compressing", source }
}

pub(crate) fn decompressing(source: io::Error) -> Error {
    Error::Compression { doing: "decompressing", source }
}
