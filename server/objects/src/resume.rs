//! Reading on where a connection broke: a large object takes long enough for that to happen.

use crate::{Error, Key, Result, work::PIECE};
use bytes::Bytes;
use futures::{
    StreamExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use ring::rand::{SecureRandom, SystemRandom};
use std::{error, sync::Arc, time::Duration};
use tokio::time::{sleep, timeout};

/// How often one reading begins anew.
const RESUMPTIONS: u32 = 8;
/// The longest wait before the first of them; it doubles each time.
const WAIT: Duration = Duration::from_millis(100);
/// The longest wait of all.
const LONGEST: Duration = Duration::from_secs(2);

/// Why a piece did not come: what the store's library says.
pub type Broken = Box<dyn error::Error + Send + Sync>;

/// An object that was opened from some byte on.
pub struct Opened {
    /// How many bytes it has from that byte on.
    pub left: u64,
    /// By what its version is known: an `ETag`.
    pub version: Option<String>,
    /// Its bytes.
    pub content: BoxStream<'static, Result<Bytes, Broken>>,
}

/// What opens objects from any byte on.
pub trait Ranged: Send + Sync + 'static {
    /// Opens an object from the byte `from` on, and only if it is of this version still.
    fn open<'a>(&'a self, key: &'a Key, from: u64, version: Option<&'a str>) -> BoxFuture<'a, Result<Opened>>;
}

/// The content of an object. Where it breaks off, or nothing comes for `patience`, it is opened again from there, a few times and each time
/// later.
///
/// # Errors
/// Those of the first opening at once; later ones, and the last break, in the stream.
pub async fn read(store: Arc<dyn Ranged>, key: &Key, patience: Duration) -> Result<BoxStream<'static, Result<Bytes>>> {
    let opened = store.open(key, 0, None).await?;
    let reading = Reading {
        left: opened.left,
        version: opened.version,
        content: opened.content,
        store,
        key: key.clone(),
        at: 0,
        resumptions: 0,
        patience,
    };
    let pieces = stream::try_unfold(reading, |mut reading| async {
        Ok::<_, Error>(reading.next().await?.map(|piece| (piece, reading)))
    });
    Ok(pieces.map_ok(|piece| stream::iter(small(piece).map(Ok))).try_flatten().boxed())
}

struct Reading {
    store: Arc<dyn Ranged>,
    key: Key,
    version: Option<String>,
    content: BoxStream<'static, Result<Bytes, Broken>>,
    at: u64,
    left: u64,
    resumptions: u32,
    patience: Duration,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            if self.left == 0 {
                return Ok(None);
            }
            let broken: Broken = match timeout(self.patience, self.content.try_next()).await {
                Ok(Ok(Some(piece))) => {
                    let length = piece.len() as u64;
                    self.left = self
                        .left
                        .checked_sub(length)
                        .ok_or_else(|| Error::store("reading", &self.key, "the store sends more bytes than it said"))?;
                    self.at += length;
                    return Ok(Some(piece));
                }
                Ok(Ok(None)) => format!("the connection ended {} bytes too early", self.left).into(),
                Ok(Err(error)) => error,
                Err(_) => format!("no byte came for {} s", self.patience.as_secs_f32()).into(),
            };
            if self.resumptions == RESUMPTIONS {
                let said =
                    format!("{broken}, after {RESUMPTIONS} other tries to read on; look at the network and the store");
                return Err(Error::store("reading", &self.key, said));
            }
            sleep(jitter(LONGEST.min(WAIT * 2_u32.pow(self.resumptions)))).await;
            self.resumptions += 1;
            let opened = self.store.open(&self.key, self.at, self.version.as_deref()).await?;
            (self.left, self.content) = (opened.left, opened.content);
        }
    }
}

/// The pieces of a piece.
fn small(mut piece: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || (!piece.is_empty()).then(|| piece.split_to(piece.len().min(PIECE))))
}

/// From half of it to all of it, so that those who were cut off together do not come back together.
fn jitter(wait: Duration) -> Duration {
    let mut random = [0];
    // Without chance it is still a wait.
    let _ = SystemRandom::new().fill(&mut random);
    wait / 2 + wait / 2 * u32::from(random[0]) / 255
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opened({} bytes, version {:?})", self.left, self.version)
    }
}
