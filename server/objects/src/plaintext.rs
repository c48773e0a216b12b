//! An opened blob as it streams.

use crate::{
    Error, Result,
    unpacker::Unpacker,
    work::{PIECE, work},
};
use bytes::Bytes;
use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};
use tokio_util::io::StreamReader;

/// The plaintext of a blob, opened as it is read, in constant memory.
///
/// Each piece is proved genuine before it comes out; that nothing is missing is known only at the end: who acts on a part must be able to
/// take it back. Errors are [`io::Error`]s with an [`Error`] inside.
pub struct Plaintext(StreamReader<BoxStream<'static, io::Result<Bytes>>, Bytes>);

impl Plaintext {
    pub(crate) fn new(sealed: BoxStream<'static, Result<Bytes>>, unpacker: Unpacker) -> Self {
        let opening = Opening { sealed, unpacker: Some(unpacker), sealed_ended: false };
        let pieces = stream::try_unfold(opening, |mut opening| async {
            Ok::<_, Error>(opening.next().await?.map(|piece| (piece, opening)))
        });
        Self(StreamReader::new(pieces.map_err(io::Error::from).boxed()))
    }

    /// The plaintext as a stream of pieces, for the body of an answer. Call it before anything was read.
    #[must_use]
    pub fn into_stream(self) -> BoxStream<'static, io::Result<Bytes>> {
        self.0.into_inner()
    }
}

struct Opening {
    sealed: BoxStream<'static, Result<Bytes>>,
    /// None after an error: nothing comes after it.
    unpacker: Option<Unpacker>,
    sealed_ended: bool,
}

impl Opening {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            let mut unpacker = self.unpacker.take().ok_or(Error::Corrupt)?;
            let mut sealed = Vec::new();
            let mut length = 0;
            let mut ends = false;
            if !unpacker.has_more() {
                if self.sealed_ended {
                    return if unpacker.is_complete() { Ok(None) } else { Err(Error::Corrupt) };
                }
                while length < PIECE && !ends {
                    match self.sealed.try_next().await? {
                        Some(piece) => {
                            length += piece.len();
                            sealed.push(piece);
                        }
                        None => ends = true,
                    }
                }
                self.sealed_ended = ends;
            }
            let expanding = if sealed.is_empty() && !ends { PIECE } else { length };
            let (unpacker, plaintext) = work(expanding, move || {
                for piece in sealed {
                    unpacker.push(&piece)?;
                }
                if ends {
                    unpacker.end()?;
                }
                let plaintext = unpacker.pull()?;
                Ok((unpacker, plaintext))
            })
            .await?;
            self.unpacker = Some(unpacker);
            if !plaintext.is_empty() {
                return Ok(Some(plaintext.into()));
            }
        }
    }
}

impl AsyncRead for Plaintext {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncBufRead for Plaintext {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Pin::new(&mut self.get_mut().0).poll_fill_buf(cx)
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        Pin::new(&mut self.0).consume(amount);
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plaintext(…)")
    }
}
