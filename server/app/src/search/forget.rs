//! Whether the index holds attributes is said where a server is started. Where that changes, what was there goes, and everything is read anew.

use crate::{App, Result};
use std::{sync::atomic::Ordering::Relaxed, time::Duration};
use tokio::time::sleep;

/// So many rows are changed in one transaction.
const ROWS: i64 = 2_000;
/// The pause after each: whoever waits for an answer comes first.
const PAUSE: Duration = Duration::from_millis(2);

impl App {
    /// Forgets the index where it was made for another setting than that of this server, once after its start. What breaks off is begun anew: the
    /// setting is saved last. Where another server is started with another setting later, that one has decided.
    pub(super) async fn forget_unwanted(&self) -> Result<()> {
        let (wanted, indexing) = (self.index_attributes, &self.hub.indexing);
        let had = self.store.look(async |mut tx| store::search::find_attributes_setting(&mut tx).await).await?;
        if had == Some(wanted) {
            indexing.compared.store(true, Relaxed);
            return Ok(());
        }
        if indexing.compared.load(Relaxed) {
            if had.is_some() && indexing.meets_another() {
                tracing::warn!(
                    here = wanted,
                    "another server was started with another --index-attributes: give every server on one database the same"
                );
            }
            return Ok(());
        }
        if had.is_some() {
            tracing::info!(attributes = wanted, "the index of the search is made anew");
            self.forget_index().await?;
        }
        self.store.write(async |mut tx| store::search::set_attributes_setting(&mut tx, wanted).await).await?;
        indexing.compared.store(true, Relaxed);
        Ok(())
    }

    async fn forget_index(&self) -> Result<()> {
        let mut last = None;
        while let Some(next) = self
            .store
            .write(async |mut tx| store::search::forget_attributes(&mut tx, last.as_ref(), ROWS).await)
            .await?
        {
            last = Some(next);
            sleep(PAUSE).await;
        }
        while self.store.write(async |mut tx| store::search::forget_words(&mut tx, ROWS).await).await? > 0 {
            sleep(PAUSE).await;
        }
        let mut last = String::new();
        while let Some(next) =
            self.store.write(async |mut tx| store::search::forget_indexed(&mut tx, &last, ROWS).await).await?
        {
            last = next;
            sleep(PAUSE).await;
        }
        Ok(())
    }
}
