//! Putting words where they are looked up, after the transaction that changed what they say: idempotent, on several servers at once too. What is to
//! be written is read outside of any transaction. Each of those is short, and writes only while the workspace is as it was when that was read:
//! what was read as gone cannot come back before its words go.

use super::change::{Change, WORDS};
use crate::{App, Error, Result, pace::Round};
use futures::{StreamExt as _, stream};
use std::time::Duration;
use store::{explorer::Use, search::Due};
use tokio::time::sleep;

/// So many workspaces are asked for at once.
const BATCH: i64 = 100;
/// So many workspaces are indexed at once: on SQLite they share commits.
const AT_ONCE: usize = 4;
/// Changes on up to so many shelves may be one transaction together.
const SHELVES: usize = 8;
/// The pause after each transaction of a large state: whoever waits for an answer comes first.
const PAUSE: Duration = Duration::from_millis(2);
/// So long one round over what is due steps aside for writers: nobody waits much longer to find what was stored.
const PATIENCE: Duration = Duration::from_secs(5);
/// So often what changed under the hand is read again; then it waits for the next call.
const TRIES: usize = 8;

impl App {
    /// Brings the index to what the workspaces hold now; how many of them were behind. The reconciler calls it.
    ///
    /// # Errors
    /// When the database cannot be asked. What concerns one workspace is logged, and tried again by a later call, after a pause that grows.
    pub async fn index_workspaces(&self) -> Result<u64> {
        self.forget_unwanted().await?;
        let round = self.round(PATIENCE);
        let (mut indexed, mut last) = (0, String::new());
        loop {
            let due = self.store.look(async |mut tx| store::search::list_due(&mut tx, &last, BATCH).await).await?;
            let Some(end) = due.last() else { return Ok(indexed) };
            last = end.id.to_string();
            let now = self.clock.steady();
            let due: Vec<Due> = due.into_iter().filter(|one| !self.hub.indexing.waits(&one.id, now)).collect();
            let mut each =
                stream::iter(due.into_iter().map(|one| self.clone().index_one(one, &round))).buffer_unordered(AT_ONCE);
            while let Some(done) = each.next().await {
                indexed += u64::from(done);
            }
        }
    }

    /// Whether that could be done.
    async fn index_one(self, due: Due, round: &Round) -> bool {
        let pace = self.pace();
        match self.index_workspace(&due).await {
            Ok(done) => {
                self.hub.indexing.succeeded(&due.id);
                self.step_aside(round, pace).await;
                done
            }
            Err(error) => {
                let pause = self.hub.indexing.failed(&due.id, self.clock.steady());
                tracing::warn!(%error, workspace = %due.id, again_after = ?pause,
                    "what a workspace holds is not in the search yet: indexing it");
                false
            }
        }
    }

    /// Whether it is done: what changes meanwhile is due still.
    async fn index_workspace(&self, due: &Due) -> Result<bool> {
        if due.deleted {
            return Box::pin(self.withdraw(due)).await;
        }
        if due.indexed_sequence < 0 {
            self.read_unread(due).await?;
        }
        self.index_changes(due).await
    }

    /// Takes the words of a deleted workspace from the index.
    async fn withdraw(&self, due: &Due) -> Result<bool> {
        self.store.write(async |mut tx| store::search::begin_withdrawal(&mut tx, &due.id).await).await?;
        let Some(now) = self.find_due(due).await? else { return Ok(false) };
        Ok(now.deleted && self.index_changes(&now).await?)
    }

    async fn index_changes(&self, due: &Due) -> Result<bool> {
        let shelves = self.store.look(async |mut tx| store::search::list_changed_shelves(&mut tx, due).await).await?;
        if shelves.len() <= SHELVES
            && let Some(done) = self.index_together(due, &shelves).await?
        {
            return Ok(done);
        }
        for shelf in shelves {
            if !self.index_shelf(due, shelf).await? {
                return Ok(false);
            }
        }
        Ok(self.index_together(due, &[]).await?.unwrap_or_default())
    }

    /// Writes what changed on these shelves and what the workspace says of itself, and says that this is all, in one transaction; `None` where
    /// there is too much on the shelves for one.
    async fn index_together(&self, due: &Due, shelves: &[i64]) -> Result<Option<bool>> {
        for _ in 0..TRIES {
            let Some(seen) = self.find_due(due).await? else { return Ok(Some(false)) };
            let (mut changes, mut words) = (Vec::new(), 0);
            for shelf in shelves {
                let change = self.read_shelf(&seen, *shelf).await?;
                words += change.count();
                if change.more || words > WORDS {
                    return Ok(None);
                }
                changes.push(change);
            }
            let own = self.read_own(&seen).await?;
            if words + own.count() > WORDS {
                if !shelves.is_empty() {
                    return Ok(None);
                }
                // What is left of it is little the next time.
                self.write_pieces(&seen, own).await?;
                continue;
            }
            changes.push(own);
            let uses = if seen.deleted { Vec::new() } else { self.named_uses(&seen).await? };
            if self.write(&seen, &changes, Some((due.state_sequence, &uses))).await? {
                return Ok(Some(true));
            }
        }
        Ok(Some(false))
    }

    /// Writes what changed on a shelf, however much; whether that is to go on.
    async fn index_shelf(&self, due: &Due, shelf: i64) -> Result<bool> {
        loop {
            let Some(seen) = self.find_due(due).await? else { return Ok(false) };
            let change = self.read_shelf(&seen, shelf).await?;
            let more = change.more;
            // What was written to the workspace meanwhile may be on this shelf.
            if self.write_pieces(&seen, change).await? && !more {
                return Ok(true);
            }
        }
    }

    /// Whether all could be written.
    async fn write_pieces(&self, seen: &Due, change: Change) -> Result<bool> {
        for piece in change.pieces(WORDS) {
            if !self.write(seen, &[piece], None).await? {
                return Ok(false);
            }
            sleep(PAUSE).await;
        }
        Ok(true)
    }

    /// Writes changes, and with the last ones up to which state the index is and what is used, if the workspace is as it was seen.
    async fn write(&self, seen: &Due, changes: &[Change], last: Option<(i64, &[Use])>) -> Result<bool> {
        let written = self.store.write(async |mut tx| {
            let now = store::search::hold_due(&mut tx, &seen.id).await?;
            if now.as_ref() != Some(seen) {
                return Ok(false);
            }
            for change in changes {
                change.write(&mut tx, seen).await?;
            }
            if let Some((state_sequence, uses)) = last {
                if store::explorer::list_uses(&mut tx, &seen.id).await? != uses {
                    store::explorer::put_uses(&mut tx, seen, uses).await?;
                }
                store::search::settle(&mut tx, &Due { state_sequence, ..seen.clone() }).await?;
            }
            Ok::<_, store::Error>(true)
        });
        Ok(written.await?)
    }

    /// The workspace as it is now, unless another server came first, or it was deleted or taken back.
    async fn find_due(&self, due: &Due) -> Result<Option<Due>> {
        let now = self.store.look(async |mut tx| store::search::find_due(&mut tx, &due.id).await).await?;
        Ok(now
            .filter(|now| now.deleted == due.deleted && (now.deleted || now.indexed_sequence == due.indexed_sequence)))
    }
}

/// What a state version is indexed by, if its text is an id at all.
pub(super) fn parse<T: std::str::FromStr>(id: &str) -> Result<T>
where
    T::Err: std::fmt::Display,
{
    id.parse().map_err(|e| Error::Internal(format!("reading an id of the index: {e}")))
}
