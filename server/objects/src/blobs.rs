//! Sealing and opening blobs of any length.

use crate::{
    Digests, Error, Key, Plaintext, Result, Store,
    packer::{Packer, Totals},
    unpacker::Unpacker,
    work::{PIECE, work},
};
use bytes::Bytes;
use futures::{
    FutureExt, StreamExt,
    future::ready,
    stream::{self, BoxStream},
};
use secrets::{Context, DataKey, Opener, Sealer};
use std::{fmt, sync::Arc};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Where the sealed bytes of a blob are.
#[derive(Clone, PartialEq, Eq)]
pub enum Sealed {
    /// Here: they belong into the database, with the row.
    Inline(Vec<u8>),
    /// In the object store, durable already.
    Object {
        /// Under which key.
        key: Key,
        /// How many sealed bytes.
        size: u64,
    },
}

/// A blob that was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Where it is.
    pub sealed: Sealed,
    /// Bytes of plaintext.
    pub size: u64,
    /// MD5 of the plaintext, if it was wanted.
    pub md5: Option<[u8; 16]>,
    /// SHA-256 of the plaintext, if it was wanted.
    pub sha256: Option<[u8; 32]>,
}

/// Seals blobs into memory or an object store, and opens them again.
#[derive(Debug, Clone)]
pub struct Blobs {
    store: Arc<dyn Store>,
}

impl Blobs {
    /// Keeps large blobs in this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// The store, to delete objects and to sweep orphans.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Reads a plaintext to its end, compresses it and seals it for its place. If at most [`crate::INLINE`] bytes are left, they come back;
    /// otherwise they are in the store under `object`, whole and durable, before this returns. After an error nothing is
    /// left; when the future is dropped, nothing or an orphan to sweep. Takes constant memory; large pieces are worked on off the async threads.
    ///
    /// # Errors
    /// [`Error::Source`] when the plaintext cannot be read, [`Error::TooLarge`] when it has more than `limit` bytes; otherwise when the
    /// store fails.
    pub async fn seal_stream(
        &self,
        key: &DataKey,
        context: &Context<'_>,
        object: &Key,
        plaintext: impl AsyncRead + Send + Unpin,
        limit: u64,
        digests: Digests,
    ) -> Result<Written> {
        let packer = Packer::new(Sealer::new(key, context)?, digests);
        let mut sealing = Sealing { plaintext, left: limit, limit, ahead: None, packer: Some(packer), totals: None };
        let first = sealing.next().await?.unwrap_or_default();
        if let Some(totals @ Totals { inline: true, .. }) = sealing.totals {
            return Ok(written(Sealed::Inline(first), totals));
        }
        let content = stream::try_unfold((Some(first), &mut sealing), |(first, sealing)| async {
            let piece = match first {
                Some(first) => Some(first),
                None => sealing.next().await?,
            };
            Ok(piece.map(|piece| (Bytes::from(piece), (None, sealing))))
        });
        let size = self.store.put(object, content.boxed()).await?;
        let totals = sealing
            .totals
            .ok_or_else(|| Error::store("putting", object, "the store reports success but did not take all of it"))?;
        Ok(written(Sealed::Object { key: object.clone(), size }, totals))
    }

    /// Opens a blob. `limit` is how many bytes of plaintext are expected at most: the size that the row says.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the store has no such object. That the seal does not hold, or that there are more bytes, is seen while
    /// reading.
    pub async fn open_stream(
        &self,
        key: &DataKey,
        context: &Context<'_>,
        sealed: Sealed,
        limit: u64,
    ) -> Result<Plaintext> {
        let unpacker = Unpacker::new(Opener::new(key, context), limit);
        let sealed: BoxStream<'static, _> = match sealed {
            Sealed::Inline(bytes) => ready(Ok(Bytes::from(bytes))).into_stream().boxed(),
            Sealed::Object { key, .. } => self.store.get(&key).await?,
        };
        Ok(Plaintext::new(sealed, unpacker))
    }
}

/// A plaintext on its way into the store.
struct Sealing<R> {
    plaintext: R,
    /// How many bytes may still come, of how many in all.
    left: u64,
    limit: u64,
    /// What was read while the piece before was worked on.
    ahead: Option<Vec<u8>>,
    /// None when the last piece was sealed, or after an error.
    packer: Option<Packer>,
    totals: Option<Totals>,
}

impl<R: AsyncRead + Send + Unpin> Sealing<R> {
    async fn read(&mut self) -> Result<Vec<u8>> {
        let mut piece = Vec::new();
        (&mut self.plaintext).take(PIECE as u64).read_to_end(&mut piece).await.map_err(Error::Source)?;
        self.left = self.left.checked_sub(piece.len() as u64).ok_or(Error::TooLarge { limit: self.limit })?;
        Ok(piece)
    }

    /// The next sealed bytes; the first time, only when it is clear whether they are all.
    async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        while let Some(mut packer) = self.packer.take() {
            let piece = match self.ahead.take() {
                Some(piece) => piece,
                None => self.read().await?,
            };
            if piece.len() < PIECE {
                let (sealed, totals) = work(piece.len(), move || packer.finish(&piece)).await?;
                self.totals = Some(totals);
                return Ok(Some(sealed));
            }
            let working = work(piece.len(), move || {
                let sealed = packer.push(&piece)?;
                Ok((packer, sealed))
            });
            let ((packer, sealed), ahead) = futures::try_join!(working, self.read())?;
            (self.packer, self.ahead) = (Some(packer), Some(ahead));
            if !sealed.is_empty() {
                return Ok(Some(sealed));
            }
        }
        Ok(None)
    }
}

fn written(sealed: Sealed, totals: Totals) -> Written {
    Written { sealed, size: totals.size, md5: totals.md5, sha256: totals.sha256 }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(bytes) => write!(f, "Inline({} bytes)", bytes.len()),
            Self::Object { key, size } => write!(f, "Object({key}, {size} bytes)"),
        }
    }
}
