//! The bytes of a state on their way out, through whatever door.

use app::{App, Result, STREAMED, model::StateVersion};
use axum::{
    body::Body,
    http::{HeaderName, header},
};
use tokio_util::io::ReaderStream;

/// What is sent at once: bytes.
const PIECE: usize = 64 << 10;

/// The bytes of a version, exactly as they came, and how many they are. A large one streams: a reader that is told less than that many has been
/// cut off.
///
/// # Errors
/// When the bytes are missing, or the beginning of them does not open.
pub async fn body(app: &App, version: &StateVersion) -> Result<([(HeaderName, i64); 1], Body)> {
    let body = if version.size < STREAMED {
        Body::from(app.state_bytes(version).await?)
    } else {
        Body::from_stream(ReaderStream::with_capacity(app.state_stream(version).await?, PIECE))
    };
    Ok(([(header::CONTENT_LENGTH, version.size)], body))
}
