//! Whether a store does what it is trusted with, seen before anything is entrusted to it.

use crate::{Error, Key, Result, Store};
use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryStreamExt, future::ready};

/// The object that says whose store it is.
const OWNER: &str = "terrane-owner";
/// The object that says how often the store was swept.
const SWEEPS: &str = "terrane-sweeps";
/// Below this lie the objects that [`prove`] puts and deletes.
const PROBES: &str = "terrane-probe/";

/// Puts a small object, reads it back, and deletes it; and has the store say whose it is, `owner`. Two sites with one place would take each
/// other's objects for orphans. `name` differs from proof to proof.
///
/// # Errors
/// What the store says, that something else comes back, or that it is another's.
pub async fn prove(store: &dyn Store, owner: &str, name: &str) -> Result<()> {
    probe(store, name).await?;
    match self::owner(store).await? {
        None => write(store, &Key::new(OWNER)?, owner).await,
        Some(found) if found == owner => Ok(()),
        Some(other) => Err(Error::Foreign { other, owner: owner.to_owned() }),
    }
}

/// Whose store it says it is; `None` while no site has used it.
///
/// # Errors
/// What the store says.
pub async fn owner(store: &dyn Store) -> Result<Option<String>> {
    match read(store, &Key::new(OWNER)?).await {
        Err(Error::NotFound(_)) => Ok(None),
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).chars().take(100).collect())),
        Err(error) => Err(error),
    }
}

/// Puts a small object, reads it back, and deletes it. `name` differs from call to call.
///
/// # Errors
/// What the store says, or that something else comes back.
pub async fn probe(store: &dyn Store, name: &str) -> Result<()> {
    let probe = Key::new(format!("{PROBES}{name}"))?;
    write(store, &probe, name).await?;
    if read(store, &probe).await? != name.as_bytes() {
        return Err(Error::store("reading back", &probe, "what was written does not come back"));
    }
    store.delete(&probe).await?;
    if !matches!(store.get(&probe).await, Err(Error::NotFound(_))) {
        return Err(Error::store("deleting", &probe, "the store reports success and the object is still there"));
    }
    Ok(())
}

/// What time it is by the store's own clock, which is the one that [`Entry::modified`](crate::Entry) is told by: microseconds since 1970. `name` differs from call
/// to call.
///
/// # Errors
/// What the store says.
pub async fn clock(store: &dyn Store, name: &str) -> Result<i64> {
    let probe = Key::new(format!("{PROBES}{name}"))?;
    write(store, &probe, name).await?;
    let put = store.list(probe.as_str()).try_next().await?;
    store.delete(&probe).await?;
    put.map(|entry| entry.modified)
        .ok_or_else(|| Error::store("listing", &probe, "the store reports success and does not list the object"))
}

/// How often the store was swept, as it says itself; 0 in one that never was.
///
/// # Errors
/// What the store says.
pub async fn sweeps(store: &dyn Store) -> Result<i64> {
    let mark = Key::new(SWEEPS)?;
    match read(store, &mark).await {
        Err(Error::NotFound(_)) => Ok(0),
        Ok(bytes) => std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Error::store("reading", &mark, "it holds no number")),
        Err(error) => Err(error),
    }
}

/// Has the store say how often it was swept.
///
/// # Errors
/// What the store says.
pub async fn set_sweeps(store: &dyn Store, sweeps: i64) -> Result<()> {
    write(store, &Key::new(SWEEPS)?, &sweeps.to_string()).await
}

/// Whether an object of this key may be an orphan: it is one that this program makes, `org-…/ws-…/blob-…` or `org-…/registry/blob-…`.
#[must_use]
pub fn may_be_orphan(key: &Key) -> bool {
    let key = key.as_str();
    let is_id = |part: &str, prefix: &str| {
        part.strip_prefix(prefix)
            .is_some_and(|id| id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    };
    let ours = match key.split('/').collect::<Vec<_>>()[..] {
        [organization, place, blob] => {
            is_id(organization, "org-") && (place == "registry" || is_id(place, "ws-")) && is_id(blob, "blob-")
        }
        _ => false,
    };
    ours || key.starts_with(PROBES)
}

async fn write(store: &dyn Store, key: &Key, text: &str) -> Result<()> {
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    store.put(key, ready(Ok(bytes)).into_stream().boxed()).await.map(drop)
}

async fn read(store: &dyn Store, key: &Key) -> Result<Vec<u8>> {
    store.get(key).await?.map_ok(|piece| piece.to_vec()).try_concat().await
}
