//! The object store and the database beside it: whether they belong together, and what is in the store although no row points at it.

use crate::{App, Error, Result};
use domain::time::Time;
use futures::StreamExt as _;
use objects::Entry;

/// Objects and uploads younger than this may yet get their row, in microseconds by the store's clock: far longer than any upload takes, and
/// long enough to notice that the database or the store is the wrong one.
const WEEK: i64 = 7 * 24 * 3600 * 1_000_000;
/// So many objects are asked after at once.
const BATCH: usize = 500;

impl App {
    /// Sees that the object store keeps, gives back and deletes, and that it is this site's: with every start, before anything is entrusted
    /// to it.
    pub async fn prove_objects(&self) -> Result<()> {
        let owner = crate::site::id(&self.store).await?.unwrap_or_default();
        let store = self.vault.blobs().store();
        objects::prove(store, &owner, &self.probe()).await.map_err(|error| Error::Unavailable(error.to_string()))
    }

    /// The id of the site, once a server has started on the database.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn site(&self) -> Result<Option<String>> {
        crate::site::id(&self.store).await
    }

    fn probe(&self) -> String {
        self.entropy().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Removes objects that no row points at, left by a crash between object and row, and uploads that never ended, if they are older than a
    /// week, and what a row let go that long ago: a backup that began before may read it until then. Idempotent; the reconciler calls it. Returns how many there were.
    ///
    /// A database that is older than the store (a backup that was restored, a copy, a new one) knows less than the store holds, and would have
    /// it removed: [`Error::Conflict`], and nothing is.
    pub async fn sweep_objects(&self) -> Result<u64> {
        let store = self.vault.blobs().store();
        let failed = |error| Error::internal("sweeping objects", error);
        self.begin_sweep().await?;
        let before = objects::clock(store, &self.probe()).await.map_err(failed)? - WEEK;
        let since = Time::from_micros(self.now().micros() - WEEK);
        let mut swept = 0;
        let old = store.list("").filter(|entry| {
            let old = |entry: &Entry| entry.modified < before && objects::may_be_orphan(&entry.key);
            std::future::ready(entry.as_ref().map_or(true, old))
        });
        let mut batches = old.chunks(BATCH);
        while let Some(batch) = batches.next().await {
            let batch = batch.into_iter().collect::<Result<Vec<Entry>, _>>().map_err(failed)?;
            for orphan in self.orphans(batch, since).await? {
                match store.delete(&orphan.key).await {
                    Ok(()) => swept += 1,
                    Err(error) => tracing::warn!(%error, "an orphan stays"),
                }
            }
        }
        self.store.write(async |mut tx| store::blob::forget_released(&mut tx, since).await).await?;
        Ok(swept + store.sweep(before).await.map_err(failed)?)
    }

    /// Sees that the database is no older than the store, and counts the sweep in both: in the database first, so that a crash between leaves the
    /// store behind, which is no harm.
    async fn begin_sweep(&self) -> Result<()> {
        let store = self.vault.blobs().store();
        let failed = |error| Error::internal("counting the sweeps of the object store", error);
        let there = objects::sweeps(store).await.map_err(failed)?;
        let here = self
            .store
            .write(async |mut tx| {
                if store::site::find_sweeps(&mut tx).await? >= there {
                    store::site::count_sweep(&mut tx).await?;
                }
                store::site::find_sweeps(&mut tx).await
            })
            .await?;
        if here < there {
            return Err(Error::Conflict(format!(
                "the object store was swept {there} times and this database knows of {here}: it is an older one or a copy, and what it does not know \
                 is not removed. If it is the right one, remove the object terrane-sweeps; if it is a copy, give it a store of its own"
            )));
        }
        objects::set_sweeps(store, here).await.map_err(failed)
    }

    /// Those of them that no row points at, and that none let go after `since`.
    async fn orphans(&self, mut objects: Vec<Entry>, since: Time) -> Result<Vec<Entry>> {
        let keys: Vec<&str> = objects.iter().map(|entry| entry.key.as_str()).collect();
        let known = self.store.look(async |mut tx| store::blob::find_known(&mut tx, &keys, since).await).await?;
        objects.retain(|entry| !known.contains(entry.key.as_str()));
        Ok(objects)
    }
}
