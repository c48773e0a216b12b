//! Copying an object from one store to another, hashed on its way.

use crate::manifest::Object;
use bytes::Bytes;
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use objects::{Error, Key, Result, Store};
use ring::digest::{Context, SHA256};
use std::sync::{Arc, OnceLock};

/// So many objects are copied at once.
pub(crate) const AT_ONCE: usize = 4;

/// Copies an object, and says what it was. Where that is known already, anything else is refused, and nothing is kept.
pub(crate) async fn copy(
    from: (&dyn Store, &Key),
    to: (&dyn Store, &Key),
    key: &str,
    expected: Option<&Object>,
) -> Result<Object> {
    let seen: Arc<OnceLock<Object>> = Arc::default();
    let pieces = from.0.get(from.1).await?;
    let copying = Copying {
        pieces,
        hash: Context::new(&SHA256),
        object: Object { key: key.to_owned(), size: 0, sha256: String::new() },
        seen: seen.clone(),
        expected: expected.cloned(),
    };
    to.0.put(to.1, stream::try_unfold(copying, Copying::next).boxed()).await?;
    let unread = || Error::store("putting", to.1, "the store reports success but did not take all of it");
    seen.get().cloned().ok_or_else(unread)
}

/// The SHA-256 of an object, hexadecimal.
pub(crate) async fn examine(store: &dyn Store, key: &Key) -> Result<String> {
    let (mut pieces, mut hash) = (store.get(key).await?, Context::new(&SHA256));
    while let Some(piece) = pieces.next().await.transpose()? {
        hash.update(&piece);
    }
    Ok(hex::encode(hash.finish()))
}

/// An object on its way.
struct Copying {
    pieces: BoxStream<'static, Result<Bytes>>,
    hash: Context,
    object: Object,
    /// What it was, once it came to its end.
    seen: Arc<OnceLock<Object>>,
    expected: Option<Object>,
}

impl Copying {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>> {
        if let Some(piece) = self.pieces.next().await.transpose()? {
            self.hash.update(&piece);
            self.object.size += piece.len() as u64;
            return Ok(Some((piece, self)));
        }
        self.object.sha256 = hex::encode(self.hash.finish());
        if let Some(expected) = self.expected
            && expected != self.object
        {
            let wrong = format!(
                "it has {} bytes and the SHA-256 {}, and had {} and {} when it was backed up",
                self.object.size, self.object.sha256, expected.size, expected.sha256
            );
            return Err(Error::store("reading", &self.object.key, wrong));
        }
        // It ends once.
        let _ = self.seen.set(self.object);
        Ok(None)
    }
}
