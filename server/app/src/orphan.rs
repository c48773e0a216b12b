//! The object store and the database beside it: whether they belong together, and what is in the store although no row points at it.

use crate::{App, Error, Result};
use domain::time::Time;
use futures::StreamExt as _;
use objects::Entry;

/// Objects and uploads younger than this may yet get their row, in seconds: longer than any upload takes.
const DAY: i64 = 24 * 3600;
/// So many objects are asked after at once.
const BATCH: usize = 500;

impl App {
    /// Sees that the object store keeps, gives back and deletes, and that it is this site's: with every start, before anything is entrusted
    /// to it.
    pub async fn prove_objects(&self) -> Result<()> {
        let owner = crate::site::master_key_id(&self.store).await?.unwrap_or_default();
        let name: String = self.entropy().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let store = self.vault.blobs().store();
        objects::prove(store, &owner, &name).await.map_err(|error| Error::Unavailable(error.to_string()))
    }

    /// Removes objects that no row points at, left by a crash between object and row, and uploads that never ended, if they are older than a
    /// day. Idempotent; the reconciler calls it. Returns how many there were.
    pub async fn sweep_objects(&self) -> Result<u64> {
        let before = self.now().plus_seconds(-DAY);
        let store = self.vault.blobs().store();
        let failed = |error| Error::internal("sweeping objects", error);
        let mut swept = 0;
        let old = store.list("").filter(|entry| {
            let old = entry.as_ref().map_or(true, |entry| may_be_orphan(entry, before));
            std::future::ready(old)
        });
        let mut batches = old.chunks(BATCH);
        while let Some(batch) = batches.next().await {
            let batch = batch.into_iter().collect::<Result<Vec<Entry>, _>>().map_err(failed)?;
            for orphan in self.orphans(batch).await? {
                store.delete(&orphan.key).await.map_err(failed)?;
                swept += 1;
            }
        }
        Ok(swept + store.sweep(before.micros()).await.map_err(failed)?)
    }

    /// Those of them that no row points at.
    async fn orphans(&self, mut objects: Vec<Entry>) -> Result<Vec<Entry>> {
        let keys: Vec<&str> = objects.iter().map(|entry| entry.key.as_str()).collect();
        let known = self.store.look(async |mut tx| store::blob::find_known(&mut tx, &keys).await).await?;
        objects.retain(|entry| !known.contains(entry.key.as_str()));
        Ok(objects)
    }
}

fn may_be_orphan(entry: &Entry, before: Time) -> bool {
    entry.modified < before.micros() && objects::may_be_orphan(&entry.key)
}
