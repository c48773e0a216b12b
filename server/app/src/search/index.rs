//! Putting words where they are looked up, after the transaction that changed what they say: idempotent, on several servers at once too.

use super::{tag_lines, tags};
use crate::{App, Error, Result};
use domain::search::{Document, OWN_SHELF, fold, words};
use futures::{StreamExt as _, stream};
use std::{collections::BTreeSet, time::Duration};
use store::{
    Tx,
    explorer::Use,
    search::{Due, Instance},
};
use tokio::time::sleep;

/// So many workspaces are asked for at once.
const BATCH: i64 = 100;
/// So many workspaces are indexed at once: on SQLite they share commits.
const AT_ONCE: usize = 4;
/// So many shelves are written in one transaction: about 800 instances.
const SHELVES: usize = 8;
/// The pause after each such transaction of a large state: whoever waits for an answer comes first.
const PAUSE: Duration = Duration::from_millis(2);
/// More instances than any shelf has.
const ALL: i64 = i64::MAX;

impl App {
    /// Brings the index to what the workspaces hold now; how many of them were behind. The reconciler calls it.
    ///
    /// # Errors
    /// When the database cannot be asked. What concerns one workspace is logged, and tried again with the next call.
    pub async fn index_workspaces(&self) -> Result<u64> {
        self.forget_unwanted().await?;
        let (mut indexed, mut last) = (0, String::new());
        loop {
            let due = self.store.look(async |mut tx| store::search::list_due(&mut tx, &last, BATCH).await).await?;
            let Some(end) = due.last() else { return Ok(indexed) };
            last = end.id.to_string();
            let mut each =
                stream::iter(due.into_iter().map(|one| self.clone().index_one(one))).buffer_unordered(AT_ONCE);
            while let Some(done) = each.next().await {
                indexed += u64::from(done);
            }
        }
    }

    /// Whether that could be done.
    async fn index_one(self, due: Due) -> bool {
        match self.index_workspace(&due).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, workspace = %due.id, "what a workspace holds is not in the search yet: indexing it");
                false
            }
        }
    }

    async fn index_workspace(&self, due: &Due) -> Result<()> {
        if due.indexed_sequence < 0 {
            self.read_unread(due).await?;
        }
        let shelves = self.store.look(async |mut tx| store::search::list_changed_shelves(&mut tx, due).await).await?;
        let uses = self.named_uses(due).await?;
        // A small state is one transaction.
        if shelves.len() <= SHELVES {
            return Ok(self.store.write(async |mut tx| write_all(&mut tx, due, &shelves, &uses).await).await?);
        }
        for some in shelves.chunks(SHELVES) {
            self.store
                .write(async |mut tx| {
                    store::workspace::hold(&mut tx, &due.id, "").await?;
                    write_shelves(&mut tx, due, some).await
                })
                .await?;
            sleep(PAUSE).await;
        }
        Ok(self.store.write(async |mut tx| write_all(&mut tx, due, &[], &uses).await).await?)
    }
}

async fn write_all(tx: &mut Tx, due: &Due, shelves: &[i64], uses: &[Use]) -> Result<(), store::Error> {
    // Held: what was read as gone must not come back before its words go.
    store::workspace::hold(tx, &due.id, "").await?;
    write_own(tx, due).await?;
    write_shelves(tx, due, shelves).await?;
    if store::explorer::list_uses(tx, &due.id).await? != uses {
        store::explorer::put_uses(tx, due, uses).await?;
    }
    store::search::settle(tx, due).await
}

/// What the workspace says of itself. Words of earlier names stay: they lead to nothing.
async fn write_own(tx: &mut Tx, due: &Due) -> Result<(), store::Error> {
    let (name, tags) = (fold(&due.name), tag_lines(&tags(&due.tag_list)));
    let mut own = Document::workspace(&name, &tags).indexed();
    if let Some(Ok(version)) = due.current_state_id.as_ref().map(|id| id.parse()) {
        for output in store::state::list_outputs(tx, &version).await? {
            own.push('\n');
            own.push_str(&fold(&output.name));
        }
    }
    let own: BTreeSet<&str> = words(&own).collect();
    store::search::insert_words(tx, due, OWN_SHELF, &own.into_iter().collect::<Vec<_>>()).await
}

/// What changed on shelves: the words of what is new, and without those that nothing has any more.
async fn write_shelves(tx: &mut Tx, due: &Due, shelves: &[i64]) -> Result<(), store::Error> {
    for shelf in shelves {
        let ended = store::search::list_ended(tx, due, *shelf).await?;
        let there = store::search::list_instances(tx, &due.id, Some(*shelf), "", ALL).await?;
        let new: BTreeSet<String> =
            there.iter().filter(|instance| instance.from_sequence > due.indexed_sequence).flat_map(words_of).collect();
        store::search::insert_words(tx, due, *shelf, &new.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        if !ended.is_empty() {
            let kept: BTreeSet<String> = there.iter().flat_map(words_of).collect();
            let gone: BTreeSet<String> = ended.iter().flat_map(words_of).collect();
            let gone: Vec<&str> = gone.difference(&kept).map(String::as_str).collect();
            store::search::delete_words(tx, due, *shelf, &gone).await?;
        }
    }
    Ok(())
}

fn words_of(instance: &Instance) -> Vec<String> {
    let known = instance.attributes.as_deref().unwrap_or_default();
    let document =
        Document::resource("", &instance.address, &instance.kind, &instance.module, &instance.provider, known);
    words(&document.indexed()).map(str::to_owned).collect()
}

/// What a state version is indexed by, if its text is an id at all.
pub(super) fn parse<T: std::str::FromStr>(id: &str) -> Result<T>
where
    T::Err: std::fmt::Display,
{
    id.parse().map_err(|e| Error::Internal(format!("reading an id of the index: {e}")))
}
