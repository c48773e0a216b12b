//! Rotating: another root key wraps from now on, and what the one before it wrapped is wrapped again, a few rows at a time.
//!
//! Nobody waits for it. Other servers go on wrapping with the root key that they know until they learn of the new one, so whatever they wrapped
//! meanwhile is found again by the reconciler; a root key without rows is retired, not removed.

use super::{count, open::row, wrap, wrapped};
use crate::{App, Error, Result};
use secrets::{Context, Place, RootKey, WrappedKey, open_root};
use std::sync::Arc;
use store::{
    root_key::{self, DATA},
    wrapped::{self as rows, Row, Table},
};

/// So many rows are wrapped again in one transaction: a few milliseconds in which nobody else writes on SQLite.
const BATCH: i64 = 50;
/// So many batches are done before somebody who waits is told how far it is.
const TOLD: usize = 40;

/// How far a rotation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The root key that wraps from now on.
    pub root: String,
    /// Whether it was made just now; otherwise an unfinished rotation went on.
    pub begun: bool,
    /// How many keys were wrapped again by this call.
    pub moved: u64,
    /// How many keys other root keys still wrap.
    pub left: u64,
    /// How many of those cannot be unwrapped: they stay as they are.
    pub broken: u64,
}

/// How far one walk through all tables came.
#[derive(Debug, Default)]
struct Walk {
    moved: u64,
    broken: u64,
    whole: bool,
}

impl App {
    /// Begins a rotation, unless one is unfinished, and does a part of it. For the house itself: ask [`App::go_on_rotating`] until nothing is left.
    pub async fn rotate_root_key(&self) -> Result<Rotation> {
        let mut found = self.meet_root_keys().await?;
        if found.iter().any(|row| row.purpose == DATA && row.stage == "former") {
            let rotation = self.go_on_rotating().await?;
            // What cannot be unwrapped does not stop the next rotation.
            if rotation.moved > 0 || rotation.left > rotation.broken {
                return Ok(rotation);
            }
            found = self.meet_root_keys().await?;
        }
        let begun = self.begin_rotation(&found).await?;
        Ok(Rotation { begun, ..self.go_on_rotating().await? })
    }

    /// Does a part of the rotation that is under way.
    pub async fn go_on_rotating(&self) -> Result<Rotation> {
        let found = self.meet_root_keys().await?;
        let walk = self.wrap_again(TOLD).await?;
        if walk.whole {
            self.retire_root_keys(&found).await?;
        }
        let root = self.vault.keys().ring().current().to_owned();
        let mut left = 0;
        for row in found.iter().filter(|row| row.purpose == DATA && row.id != root) {
            left += count(&self.store, &row.id).await?;
        }
        Ok(Rotation { root, begun: false, moved: walk.moved, left, broken: walk.broken })
    }

    /// Learns which root key is current, and wraps again what is wrapped by others. Idempotent; the reconciler calls it. How many it wrapped.
    pub async fn tend_root_keys(&self) -> Result<u64> {
        let found = self.meet_root_keys().await?;
        // However long ago one was retired: a server that was cut off may come back with it.
        if !found.iter().any(|row| row.purpose == DATA && row.stage != "current") {
            return Ok(0);
        }
        let walk = self.wrap_again(usize::MAX).await?;
        self.retire_root_keys(&found).await?;
        Ok(walk.moved)
    }

    /// Makes another root key. Whether it did: another server may have been faster.
    async fn begin_rotation(&self, found: &[root_key::RootKey]) -> Result<bool> {
        let doing = "making a root key";
        let keys = self.vault.keys();
        let current = found.iter().find(|row| row.purpose == DATA && row.stage == "current");
        let current = current.ok_or_else(|| Error::Internal("no root key is current".into()))?;
        let away = |error: secrets::Error| Error::Unavailable(format!("{doing}: {error}"));
        // A server that still has a master key which the others have left would make a root key that nobody else can open.
        let master = &*keys.masters.current;
        let moved = |to: &str| {
            Error::Conflict(format!(
                "the root keys have moved to the master key {to} since this server started: give it that one with --master-key and start it again"
            ))
        };
        let sealed = wrapped(current).map_err(|error| Error::internal(doing, error))?;
        open_root(master, &sealed, Place { site: &keys.site, root: &current.id }).await.map_err(
            |error| match error {
                secrets::Error::OtherMaster { .. } => moved(&current.master),
                error => away(error),
            },
        )?;
        let root = RootKey::generate().map_err(|error| Error::internal(doing, error))?;
        let wrapped = wrap(master, &root, &keys.site).await.map_err(away)?;
        let made = row(DATA, &root, &wrapped, self.now());
        let ours = self
            .store
            .write(async |mut tx| {
                let now = root_key::list(&mut tx).await?;
                let now = now.iter().find(|row| row.purpose == DATA && row.stage == "current" && row.id == current.id);
                let Some(now) = now else { return Ok(false) };
                // It moved while this one was made, which nobody could open who has the new master key only.
                if (&now.master, &now.sealed) != (&current.master, &current.sealed) {
                    return Err(moved(&now.master));
                }
                root_key::replace(&mut tx, &current.id).await?;
                root_key::insert(&mut tx, &made).await?;
                Ok(true)
            })
            .await?;
        if ours {
            tracing::info!(root = root.id(), "another root key wraps data keys from now on");
            keys.add(Arc::new(root), true);
        }
        Ok(ours)
    }

    /// Every root key; the current one is known here afterwards, and wraps.
    async fn meet_root_keys(&self) -> Result<Vec<root_key::RootKey>> {
        let found = self.store.look(async |mut tx| root_key::list(&mut tx).await).await?;
        let current = found.iter().find(|row| row.purpose == DATA && row.stage == "current");
        let current = current.ok_or_else(|| Error::Internal("no root key is current".into()))?;
        self.learn_root(&current.id).await?;
        let keys = self.vault.keys();
        if let Some(root) = keys.ring().get(&current.id).cloned() {
            keys.add(root, true);
        }
        Ok(found)
    }

    /// Wraps again what others than the current root key wrapped, at most so many batches of it.
    async fn wrap_again(&self, batches: usize) -> Result<Walk> {
        let root = WrappedKey::prefix(self.vault.keys().ring().current());
        let mut walk = Walk::default();
        let mut batches = 0..batches;
        for table in Table::ALL {
            let mut after = Row::default();
            loop {
                let list = async |mut tx: store::Tx| rows::list_others(&mut tx, table, &root, &after, BATCH).await;
                let found = self.store.look(list).await?;
                let Some(last) = found.last() else { break };
                if batches.next().is_none() {
                    return Ok(walk);
                }
                let again = self.wrap_batch(table, &found, &mut walk).await?;
                walk.moved += self
                    .store
                    .write(async |mut tx| {
                        let mut moved = 0;
                        for (row, wrapped) in &again {
                            moved += rows::rewrap(&mut tx, table, row, wrapped).await?;
                        }
                        Ok::<_, store::Error>(moved)
                    })
                    .await?;
                after = last.clone();
            }
        }
        walk.whole = true;
        Ok(walk)
    }

    /// What the current root key makes of them. One that does not open stays as it is: it is no worse off than before.
    async fn wrap_batch<'a>(&self, table: Table, found: &'a [Row], walk: &mut Walk) -> Result<Vec<(&'a Row, Vec<u8>)>> {
        let mut again = Vec::with_capacity(found.len());
        for row in found {
            let organization = if table == Table::DataKeys { "" } else { row.organization_id.as_str() };
            let context = Context { table: table.name(), id: &row.id, organization };
            match self.unwrap_key(&context, &row.wrapped).await {
                Ok(key) => {
                    let wrapped = self.vault.keys().ring().wrap(&key, &context);
                    again.push((
                        row,
                        wrapped.map_err(|error| Error::internal("wrapping a data key", error))?.to_bytes(),
                    ));
                }
                Err(error @ Error::Unavailable(_)) => return Err(error),
                Err(error) => {
                    tracing::error!(%error, table = table.name(), id = row.id, "a data key does not open, and is left as it is");
                    walk.broken += 1;
                }
            }
        }
        Ok(again)
    }

    /// Retires those root keys that wrap nothing any more.
    async fn retire_root_keys(&self, found: &[root_key::RootKey]) -> Result<()> {
        for row in found.iter().filter(|row| row.purpose == DATA && row.stage == "former") {
            if count(&self.store, &row.id).await? == 0 {
                let now = self.now();
                if self.store.write(async |mut tx| root_key::retire(&mut tx, &row.id, now).await).await? > 0 {
                    tracing::info!(root = row.id, "nothing is wrapped by this root key any more: it is retired");
                }
            }
        }
        Ok(())
    }
}
