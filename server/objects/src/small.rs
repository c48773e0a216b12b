//! Small blobs, from memory to memory.

use crate::{Result, frame};
use secrets::{Context, DataKey};

/// Compresses and seals a small blob for its place, at once on the calling thread: 1 MB takes milliseconds.
///
/// # Errors
/// When the system gives no random bytes.
pub fn seal_bytes(key: &DataKey, context: &Context<'_>, plaintext: &[u8]) -> Result<Vec<u8>> {
    Ok(secrets::seal(key, context, &frame::pack(plaintext)?)?)
}

/// Opens and decompresses what [`seal_bytes`] or [`crate::Blobs::seal_stream`] sealed, at once on the calling thread. `limit` is how many
/// bytes of plaintext are expected at most.
///
/// # Errors
/// When the seal does not hold, or the blob has more bytes than expected.
pub fn open_bytes(key: &DataKey, context: &Context<'_>, sealed: &[u8], limit: u64) -> Result<Vec<u8>> {
    frame::unpack(secrets::open(key, context, sealed)?, limit)
}
