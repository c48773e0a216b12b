//! Whether a store does what it is trusted with, seen before anything is entrusted to it.

use crate::{Error, Key, Result, Store};
use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryStreamExt, future::ready};

/// The object that says whose store it is.
const OWNER: &str = "terrane-owner";
/// Below this lie the objects that [`prove`] puts and deletes.
const PROBES: &str = "terrane-probe/";

/// Puts a small object, reads it back, and deletes it; and has the store say whose it is, `owner`. Two sites with one place would take each
/// other's objects for orphans. `name` differs from proof to proof.
///
/// # Errors
/// What the store says, that something else comes back, or that it is another's.
pub async fn prove(store: &dyn Store, owner: &str, name: &str) -> Result<()> {
    let probe = Key::new(format!("{PROBES}{name}"))?;
    write(store, &probe, name).await?;
    if read(store, &probe).await? != name.as_bytes() {
        return Err(Error::store("reading back", &probe, "what was written does not come back"));
    }
    store.delete(&probe).await?;
    if !matches!(store.get(&probe).await, Err(Error::NotFound(_))) {
        return Err(Error::store("deleting", &probe, "the store reports success and the object is still there"));
    }
    let mark = Key::new(OWNER)?;
    match read(store, &mark).await {
        Err(Error::NotFound(_)) => write(store, &mark, owner).await,
        Ok(bytes) if bytes == owner.as_bytes() => Ok(()),
        Ok(bytes) => {
            let other = String::from_utf8_lossy(&bytes).chars().take(100).collect();
            Err(Error::Foreign { other, owner: owner.to_owned() })
        }
        Err(error) => Err(error),
    }
}

/// Whether an object of this key may be an orphan: it is one that this program makes.
#[must_use]
pub fn may_be_orphan(key: &Key) -> bool {
    key.as_str().starts_with("org-") || key.as_str().starts_with(PROBES)
}

async fn write(store: &dyn Store, key: &Key, text: &str) -> Result<()> {
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    store.put(key, ready(Ok(bytes)).into_stream().boxed()).await.map(drop)
}

async fn read(store: &dyn Store, key: &Key) -> Result<Vec<u8>> {
    store.get(key).await?.map_ok(|piece| piece.to_vec()).try_concat().await
}
