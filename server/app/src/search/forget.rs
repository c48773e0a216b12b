//! Whether the index holds attributes is said where a server is started. Where that changes, what was there goes, and everything is read anew.

use crate::{App, Result};

/// So many rows are changed in one transaction.
const ROWS: i64 = 2_000;

impl App {
    /// Forgets the index where it was made for the other setting. What breaks off is begun anew: the setting is saved last.
    pub(super) async fn forget_unwanted(&self) -> Result<()> {
        let wanted = self.index_attributes;
        let had = self.store.look(async |mut tx| store::search::find_attributes_setting(&mut tx).await).await?;
        if had == Some(wanted) {
            return Ok(());
        }
        if had.is_some() {
            tracing::info!(attributes = wanted, "the index of the search is made anew");
            while self.store.write(async |mut tx| store::search::forget_attributes(&mut tx, ROWS).await).await? > 0 {}
            while self.store.write(async |mut tx| store::search::forget_words(&mut tx, ROWS).await).await? > 0 {}
            let mut last = String::new();
            while let Some(next) =
                self.store.write(async |mut tx| store::search::forget_indexed(&mut tx, &last, ROWS).await).await?
            {
                last = next;
            }
        }
        Ok(self.store.write(async |mut tx| store::search::set_attributes_setting(&mut tx, wanted).await).await?)
    }
}
