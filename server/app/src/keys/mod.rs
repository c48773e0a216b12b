//! The keys of the site: the master key wraps a few root keys, one of which wraps the data keys.
//!
//! Root keys are in memory while a server works, so that no request waits for a key service outside, which is asked at the start, at a rotation,
//! and when something turns up that another server wrapped with a root key made since.

mod escrow;
mod open;
mod rotate;
mod status;

pub use escrow::{Escrowed, Recovered, open_escrow, recover};
pub use open::{Masters, attach, is_new, open, wanted};
pub use rotate::Rotation;
pub use status::{RootStatus, Status};

use crate::{App, Error, Result};
use domain::time::Time;
use secrets::{Context, DataKey, KeyService, Keyring, Place, RootKey, WrappedKey, open_root};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};
use store::{
    Store, root_key,
    wrapped::{self as rows, Table},
};

/// The opened root keys of a site, and the master key that wraps them.
#[derive(Debug)]
pub struct Keys {
    site: String,
    masters: Masters,
    tokens: Arc<RootKey>,
    ring: RwLock<Keyring>,
    /// Many may miss the same root key at the same time; the key service is asked once, and when it last failed those who waited are told the same.
    asking: tokio::sync::Mutex<HashMap<String, (Time, Error)>>,
}

impl Keys {
    /// What hashes of tokens and signatures follow from.
    pub fn tokens(&self) -> &RootKey {
        &self.tokens
    }

    /// What wraps and unwraps data keys, as it is now.
    pub(crate) fn ring(&self) -> Keyring {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, root: Arc<RootKey>, wraps: bool) {
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        *ring = ring.with(root, wraps);
    }

    /// Opens a root key by the master key, or by the one before it.
    async fn open(&self, row: &root_key::RootKey) -> secrets::Result<RootKey> {
        self.masters.open(&self.site, row).await.map(|(root, _)| root)
    }

    /// A root key that is in memory, for whatever purpose.
    fn known(&self, id: &str) -> Option<Arc<RootKey>> {
        if self.tokens.id() == id { Some(self.tokens.clone()) } else { self.ring().get(id).cloned() }
    }
}

/// What a master key makes of a root key, once it has given it back: a service may be allowed to wrap and not to unwrap.
async fn wrap(master: &dyn KeyService, root: &RootKey, site: &str) -> secrets::Result<WrappedKey> {
    let wrapped = master.wrap(root, site).await?;
    open_root(master, &wrapped, Place { site, root: root.id() }).await?;
    Ok(wrapped)
}

fn wrapped(row: &root_key::RootKey) -> secrets::Result<WrappedKey> {
    WrappedKey::new(row.master.clone(), row.sealed.clone()).ok_or(secrets::Error::Format)
}

/// How many data keys this root key wraps.
async fn count(store: &Store, root: &str) -> Result<u64> {
    let root = WrappedKey::prefix(root);
    let count = async |mut tx: store::Tx| {
        let mut count = 0;
        for table in Table::ALL {
            count += rows::count(&mut tx, table, &root).await?;
        }
        Ok::<_, store::Error>(count)
    };
    Ok(u64::try_from(store.read(count).await?).unwrap_or_default())
}

impl App {
    /// A data key, unwrapped. If another server wrapped it with a root key that is not known here, that one is learned first.
    pub(crate) async fn unwrap_key(&self, context: &Context<'_>, wrapped: &[u8]) -> Result<DataKey> {
        let failed = |error| Error::internal("unwrapping a data key", error);
        let wrapped = WrappedKey::from_bytes(wrapped).map_err(failed)?;
        match self.vault.keys().ring().unwrap(&wrapped, context) {
            Err(secrets::Error::UnknownRoot { root }) => {
                self.learn_root(&root).await?;
                self.vault.keys().ring().unwrap(&wrapped, context).map_err(failed)
            }
            other => other.map_err(failed),
        }
    }

    /// Opens a root key that another server made.
    async fn learn_root(&self, id: &str) -> Result<()> {
        let keys = self.vault.keys();
        let mut failures = keys.asking.lock().await;
        if keys.ring().get(id).is_some() {
            return Ok(());
        }
        let now = self.now();
        failures.retain(|_, (at, _)| (0..REMEMBERED).contains(&(now.micros() - at.micros())));
        if let Some((_, failure)) = failures.get(id) {
            return Err(failure.clone());
        }
        let rows = self.store.look(async |mut tx| root_key::list(&mut tx).await).await?;
        let row = rows.into_iter().find(|row| row.id == id && row.purpose == root_key::DATA);
        let row =
            row.ok_or_else(|| Error::Internal(format!("the database has no root key {id}: restore it from a backup")))?;
        let root = match keys.open(&row).await {
            Ok(root) => root,
            Err(error) => {
                tracing::error!(%error, root = id, "opening a root key that another server made");
                let failure = match error {
                    secrets::Error::Service { .. } => Error::Unavailable(SERVICE_IS_AWAY.to_owned()),
                    // Waiting does not help.
                    error => Error::Internal(format!("the root key {id} does not open: {error}; {WAYS_BACK}")),
                };
                // Since when it failed, not since when it was asked: a service may take long to say nothing.
                failures.insert(id.to_owned(), (self.now(), failure.clone()));
                return Err(failure);
            }
        };
        tracing::info!(root = id, stage = row.stage, "a root key that another server made is known here now");
        keys.add(Arc::new(root), row.stage == "current");
        Ok(())
    }
}

/// For so long a root key that did not open is not tried again, in microseconds.
const REMEMBERED: i64 = 5_000_000;

/// What to do where a root key does not open.
const WAYS_BACK: &str = "start the servers with the master key that wrapped it as --old-master-key, or have it from an escrow (terrane keys recover)";

/// What a caller is told whose data key was wrapped with a root key that cannot be opened just now.
const SERVICE_IS_AWAY: &str = "what this needs cannot be opened just now, because the server's key service does not do its part. \
    Try again later; the server's log says what is wrong";
