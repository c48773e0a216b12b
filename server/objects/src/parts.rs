//! Content cut into parts: object stores take what is large piece by piece, each with its length said beforehand.

use crate::{Result, work::PIECE};
use bytes::{Bytes, BytesMut};
use futures::{
    StreamExt, TryFutureExt, TryStreamExt,
    future::{BoxFuture, ready},
    stream::{self, BoxStream},
};

/// Bytes of a part: no store takes less than 5 MiB of one that is not the last.
const PART: usize = 6 << 20;
/// After so many parts, the next ones have twice the size: 10,000, which is what S3 takes at most, hold 360 GiB.
const DOUBLED_AFTER: usize = 2_000;
/// How many parts of one object are on their way at once, and with that in memory; another one is being filled.
const AT_ONCE: usize = 2;

/// One part of an object.
#[derive(Debug)]
pub struct Part {
    /// Which one; the first is 1.
    pub number: usize,
    /// What is in it; nothing only where the object is empty.
    pub bytes: Bytes,
    /// Whether the object ends with it.
    pub last: bool,
}

/// An object's content, part by part.
pub struct Parts<'a> {
    content: BoxStream<'a, Result<Bytes>>,
    held: BytesMut,
    number: usize,
    ended: bool,
}

/// An upload that is under way.
pub trait Uploading: Sync {
    /// Sends one part. Returns what the store says of it, by which it is named when they are put together.
    fn part(&self, part: Part) -> BoxFuture<'_, Result<String>>;
}

/// What became of all parts of an object.
#[derive(Debug)]
pub struct Sent {
    /// What the store said of each, in their order.
    pub receipts: Vec<String>,
    /// How many bytes they have.
    pub size: u64,
}

impl<'a> Parts<'a> {
    /// Cuts this content.
    #[must_use]
    pub fn new(content: BoxStream<'a, Result<Bytes>>) -> Self {
        Self { content, held: BytesMut::new(), number: 0, ended: false }
    }

    /// The next part; there is at least one, and `None` after the last.
    ///
    /// # Errors
    /// That of the content.
    pub async fn next(&mut self) -> Result<Option<Part>> {
        if self.ended {
            return Ok(None);
        }
        let size = PART << (self.number / DOUBLED_AFTER);
        // More than a part has to be there before it is known not to be the last.
        while self.held.len() <= size {
            let Some(piece) = self.content.try_next().await? else {
                self.ended = true;
                break;
            };
            if self.held.len() > 2 * PIECE && self.held.capacity() < size {
                self.held.reserve(size + PIECE - self.held.len());
            }
            self.held.extend_from_slice(&piece);
        }
        self.number += 1;
        let end = self.held.len().min(size);
        let bytes = self.held.split_to(end).freeze();
        // A source that gives more than a part at once leaves some of it when it has ended.
        self.ended = self.ended && self.held.is_empty();
        Ok(Some(Part { number: self.number, bytes, last: self.ended }))
    }

    /// Sends `first` and all parts after it, a few at once.
    ///
    /// # Errors
    /// The first one, of the content or of a part; what is on its way then is dropped.
    pub async fn send(self, first: Part, upload: &dyn Uploading) -> Result<Sent> {
        let parts: BoxStream<'_, Result<Part>> = stream::once(ready(Ok(first))).chain(self.rest()).boxed();
        let sending = parts.map_ok(|part| {
            let length = part.bytes.len() as u64;
            upload.part(part).map_ok(move |receipt| (receipt, length))
        });
        let sent: Vec<(String, u64)> = sending.try_buffered(AT_ONCE).try_collect().await?;
        let size = sent.iter().map(|(_, length)| length).sum();
        Ok(Sent { receipts: sent.into_iter().map(|(receipt, _)| receipt).collect(), size })
    }

    fn rest(self) -> BoxStream<'a, Result<Part>> {
        stream::try_unfold(self, |mut parts| async { Ok(parts.next().await?.map(|part| (part, parts))) }).boxed()
    }
}

impl std::fmt::Debug for Parts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Parts({} so far)", self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use futures::FutureExt;
    use std::time::Duration;

    async fn cut(pieces: &[usize]) -> Vec<(usize, usize, bool)> {
        let pieces: Vec<Result<Bytes>> = pieces.iter().map(|&length| Ok(Bytes::from(vec![7; length]))).collect();
        let mut parts = Parts::new(stream::iter(pieces).boxed());
        let mut cut = Vec::new();
        while let Some(part) = parts.next().await.unwrap() {
            cut.push((part.number, part.bytes.len(), part.last));
        }
        cut
    }

    #[tokio::test]
    async fn parts_are_full_but_for_the_last_which_says_so() {
        assert_eq!(cut(&[]).await, [(1, 0, true)]);
        assert_eq!(cut(&[1, 0, 2]).await, [(1, 3, true)]);
        assert_eq!(cut(&[PART]).await, [(1, PART, true)]);
        assert_eq!(cut(&[PART - 1, 2]).await, [(1, PART, false), (2, 1, true)]);
        assert_eq!(cut(&[2 * PART + 5]).await, [(1, PART, false), (2, PART, false), (3, 5, true)]);
        assert_eq!(cut(&[PART, PART, 0]).await, [(1, PART, false), (2, PART, true)]);
    }

    #[tokio::test]
    async fn receipts_keep_their_order_and_a_failed_part_ends_it() {
        let content = |count| stream::iter((0..count).map(|_| Ok(Bytes::from(vec![7; PART])))).boxed();
        let mut parts = Parts::new(content(5));
        let first = parts.next().await.unwrap().unwrap();
        let sent = parts.send(first, &Later).await.unwrap();
        assert_eq!((sent.receipts, sent.size), (["1", "2", "3", "4", "5"].map(str::to_owned).into(), 5 * PART as u64));

        let mut parts = Parts::new(content(5));
        let first = parts.next().await.unwrap().unwrap();
        assert!(matches!(parts.send(first, &Second).await, Err(Error::Corrupt)));
    }

    /// The later a part, the faster it is there.
    struct Later;

    impl Uploading for Later {
        fn part(&self, part: Part) -> BoxFuture<'_, Result<String>> {
            let wait = Duration::from_millis(60 / part.number as u64);
            tokio::time::sleep(wait).map(move |()| Ok(part.number.to_string())).boxed()
        }
    }

    /// Takes the first part and not the second.
    struct Second;

    impl Uploading for Second {
        fn part(&self, part: Part) -> BoxFuture<'_, Result<String>> {
            ready(if part.number == 2 { Err(Error::Corrupt) } else { Ok(String::new()) }).boxed()
        }
    }
}
