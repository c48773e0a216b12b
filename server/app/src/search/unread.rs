//! States from before the index knew attributes, or from when it was not to: their instances are read once more.

use super::index::parse;
use crate::{
    App, Content, Error, Result,
    state::{READING, STREAMED},
};
use domain::search::shelf_of;
use std::collections::HashMap;
use store::{search::Due, state::Resource};
use tokio::task::spawn_blocking;
use tokio_util::io::SyncIoBridge;

/// So many instances are written in one transaction.
const ROWS: usize = 500;

impl App {
    /// Reads what may be known of instances that nothing was ever read of.
    pub(super) async fn read_unread(&self, due: &Due) -> Result<()> {
        let unread = self.store.look(async |mut tx| store::search::list_unread(&mut tx, &due.id).await).await?;
        if unread.is_empty() {
            return Ok(());
        }
        let mut known = match &due.current_state_id {
            Some(id) if self.index_attributes => self.read_known(id).await?,
            _ => HashMap::new(),
        };
        let count = unread.len();
        let rows: Vec<Resource> = unread
            .into_iter()
            .map(|(address, hash)| {
                let attributes = known.remove(&(address.clone(), hash.clone())).unwrap_or_default();
                let none = String::new;
                Resource { address, kind: none(), module: none(), provider: none(), hash, attributes }
            })
            .collect();
        for rows in rows.chunks(ROWS) {
            self.store
                .write(async |mut tx| {
                    for row in rows {
                        store::search::set_attributes(&mut tx, &due.id, shelf_of(&row.address, count), row).await?;
                    }
                    Ok::<_, Error>(())
                })
                .await?;
        }
        Ok(())
    }

    /// What may be known of the instances of a state, by address and hash.
    async fn read_known(&self, id: &str) -> Result<HashMap<(String, Vec<u8>), String>> {
        let id = parse(id)?;
        let found = self.store.look(async |mut tx| store::state::find(&mut tx, &id).await).await?;
        let Some(version) = found else { return Ok(HashMap::new()) };
        let read = if version.size < STREAMED {
            Content::read(&self.state_bytes(&version).await?[..])
        } else {
            let state = self.state_stream(&version).await?;
            // Never closed.
            let _reading = READING.acquire().await;
            let read = spawn_blocking(|| Content::read(SyncIoBridge::new(state))).await;
            read.map_err(|e| Error::internal("reading a state for the index", e))?
        };
        // One that was taken once, and would be refused now: its addresses are found.
        let Ok(content) = read else { return Ok(HashMap::new()) };
        let resources = content.resources.into_iter();
        Ok(resources.map(|resource| ((resource.address, resource.hash), resource.attributes)).collect())
    }
}
