//! A blob as what it differs in from another, its base: most versions of a state are the one before with a few bytes changed.

use crate::{
    Error, INLINE, Result,
    frame::{DELTA, compressing, decompressing},
};
use secrets::{Context, DataKey};
use zstd::stream::raw::{CParameter, DParameter, Decoder, Encoder, InBuffer, Operation, OutBuffer};

/// The longest plaintext, and the longest base, in bytes: both are in memory at once.
pub const LARGEST: usize = 64 << 20;

/// Higher than for a whole blob: it is made once, when nobody waits for it.
const LEVEL: i32 = 9;
/// The logarithm of the longest window: base and plaintext together.
const WINDOW: u32 = 27;
/// What is found again far away has so many bytes at least. States repeat themselves: shorter pieces are everywhere, and taking the wrong ones
/// makes a delta five times as large.
const FAR: u32 = 1024;
/// The logarithm of the shortest window that zstd takes.
const NARROW: u32 = 10;

/// Compresses a plaintext against its base and seals it for its place, at once on the calling thread: 1 MB takes some ten milliseconds.
/// `None` when it cannot lie in a row: what is left has more than [`INLINE`] bytes, or either is longer than [`LARGEST`].
///
/// # Errors
/// When it cannot be compressed, or the system gives no random bytes.
pub fn seal_delta(key: &DataKey, context: &Context<'_>, plaintext: &[u8], base: &[u8]) -> Result<Option<Vec<u8>>> {
    if plaintext.len().max(base.len()) > LARGEST {
        return Ok(None);
    }
    let Some(frame) = pack(plaintext, base)? else { return Ok(None) };
    Ok(Some(secrets::seal(key, context, &frame)?))
}

/// Opens what [`seal_delta`] sealed, with the same base. `limit` is how many bytes of plaintext are expected at most.
///
/// # Errors
/// When the seal does not hold, the base is another one, or there are more bytes than expected.
pub fn open_delta(key: &DataKey, context: &Context<'_>, sealed: &[u8], base: &[u8], limit: u64) -> Result<Vec<u8>> {
    let frame = secrets::open(key, context, sealed)?;
    match frame.split_first() {
        Some((&DELTA, compressed)) => unpack(compressed, base, limit),
        _ => Err(Error::Corrupt),
    }
}

fn pack(plaintext: &[u8], base: &[u8]) -> Result<Option<Vec<u8>>> {
    let mut encoder = Encoder::with_ref_prefix(LEVEL, base).map_err(compressing)?;
    let window = (plaintext.len() + base.len()).max(1).next_power_of_two().ilog2().clamp(NARROW, WINDOW);
    for parameter in [
        CParameter::WindowLog(window),
        // Finds what is the same however far away it is.
        CParameter::EnableLongDistanceMatching(true),
        CParameter::LdmMinMatch(FAR),
        // The seal proves these bytes; this proves the base.
        CParameter::ChecksumFlag(true),
    ] {
        encoder.set_parameter(parameter).map_err(compressing)?;
    }
    encoder.set_pledged_src_size(Some(plaintext.len() as u64)).map_err(compressing)?;
    let mut frame = Vec::with_capacity(1 + INLINE);
    frame.push(DELTA);
    let mut output = OutBuffer::around_pos(&mut frame, 1);
    let mut input = InBuffer::around(plaintext);
    while input.pos() < plaintext.len() {
        encoder.run(&mut input, &mut output).map_err(compressing)?;
        if output.pos() == output.capacity() {
            return Ok(None);
        }
    }
    let left = encoder.finish(&mut output, true).map_err(compressing)?;
    Ok((left == 0 && frame.len() <= INLINE).then_some(frame))
}

fn unpack(compressed: &[u8], base: &[u8], limit: u64) -> Result<Vec<u8>> {
    let size = zstd::zstd_safe::get_frame_content_size(compressed).ok().flatten().ok_or(Error::Corrupt)?;
    if size > limit || size > LARGEST as u64 {
        return Err(Error::TooLarge { limit });
    }
    let size = usize::try_from(size).map_err(|_| Error::TooLarge { limit })?;
    let mut decoder = Decoder::with_ref_prefix(base).map_err(decompressing)?;
    decoder.set_parameter(DParameter::WindowLogMax(WINDOW)).map_err(decompressing)?;
    let mut plaintext = Vec::with_capacity(size);
    let mut input = InBuffer::around(compressed);
    let mut output = OutBuffer::around(&mut plaintext);
    // With all of both at hand it takes one step.
    let left = decoder.run(&mut input, &mut output).map_err(decompressing)?;
    if left != 0 || input.pos() != compressed.len() || plaintext.len() != size {
        return Err(Error::Corrupt);
    }
    Ok(plaintext)
}
