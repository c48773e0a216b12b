//! Where computing happens: a little on the spot, more on a thread that may block.

use crate::Result;

/// Bytes that are read, compressed or opened in one go.
pub(crate) const PIECE: usize = 256 * 1024;

/// Up to this many bytes, moving the work to another thread costs more than it frees (64 KiB compress in about 0.1 ms).
const ON_THE_SPOT: usize = 64 * 1024;

/// Does work on so many bytes where it does not hold up others.
pub(crate) async fn work<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    if bytes <= ON_THE_SPOT { work() } else { tokio::task::spawn_blocking(work).await? }
}
