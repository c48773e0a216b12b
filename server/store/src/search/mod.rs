//! The index of what all workspaces hold: on which shelf of which workspace a word stands. It only says where to look; what is found is read from
//! its own row, and judged by `domain::search`.

mod due;
mod instance;
mod setting;

pub use due::{Due, begin_withdrawal, find_due, hold_due, list_changed_shelves, list_due, settle};
pub use instance::{
    Instance, Key, Listed, SHELVES, Shelved, count_instances, forget_attributes, list_ended, list_holding,
    list_holding_on, list_instances, list_unread, list_with_states, pass_ended, set_attributes,
};
pub use setting::{find_attributes_setting, forget_indexed, set_attributes_setting};

use crate::{Result, Tx};
use domain::{
    id::{OrganizationId, WorkspaceId},
    search::{OWN_SHELF, Run},
};
use sqlx::FromRow;

/// So many words go into one statement.
const WORDS: usize = 250;

/// A place of the index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, FromRow)]
pub struct Place {
    /// The word that stands there.
    pub word: Vec<u8>,
    /// In which workspace.
    pub workspace_id: String,
    /// On which of its shelves.
    pub shelf: i64,
}

impl Place {
    /// Before everything in a stretch of the index.
    pub fn first(run: &Run) -> Self {
        Self { word: run.from(), workspace_id: String::new(), shelf: i64::MIN }
    }
}

/// How many places of an organization a stretch of the index has; no more than `most` are counted.
pub async fn count_places(tx: &mut Tx, organization: &OrganizationId, run: &Run, most: i64) -> Result<i64> {
    tx.query(
        "SELECT count(*) FROM (
             SELECT 1 AS one FROM search_words WHERE organization_id = $1 AND word >= $2 AND word < $3 LIMIT $4
         ) s",
    )
    .bind(organization.as_str())
    .bind(run.from())
    .bind(run.to())
    .bind(most)
    .count()
    .await
}

/// The places of an organization in a stretch of the index, in its order, from this one on.
pub async fn list_places(
    tx: &mut Tx,
    organization: &OrganizationId,
    run: &Run,
    from: &Place,
    limit: i64,
) -> Result<Vec<Place>> {
    tx.query(
        "SELECT word, workspace_id, shelf FROM search_words
         WHERE organization_id = $1 AND word < $2 AND (word, workspace_id, shelf) >= ($3, $4, $5)
         ORDER BY word, workspace_id, shelf LIMIT $6",
    )
    .bind(organization.as_str())
    .bind(run.to())
    .bind(from.word.as_slice())
    .bind(from.workspace_id.as_str())
    .bind(from.shelf)
    .bind(limit)
    .all()
    .await
}

/// The words that stand on the shelf of a workspace itself.
pub async fn list_own_words(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<Vec<u8>>> {
    // A literal, as in the index that answers this.
    const { assert!(OWN_SHELF == -1) }
    let rows: Vec<(Vec<u8>,)> = tx
        .query("SELECT word FROM search_words WHERE workspace_id = $1 AND shelf = -1")
        .bind(workspace.as_str())
        .all()
        .await?;
    Ok(rows.into_iter().map(|(word,)| word).collect())
}

/// Puts words on a shelf; those that are there already stay.
pub async fn insert_words(tx: &mut Tx, due: &Due, shelf: i64, words: &[&str]) -> Result<()> {
    for few in words.chunks(WORDS) {
        let mut query = tx.query("INSERT INTO search_words (organization_id, workspace_id, word, shelf) VALUES ");
        for (i, word) in few.iter().enumerate() {
            query = query
                .push(if i == 0 { "(" } else { ", (" })
                .list([due.organization_id.as_str(), due.id.as_str()])
                .push(", ")
                .value(word.as_bytes())
                .push(", ")
                .value(shelf)
                .push(")");
        }
        query.push(" ON CONFLICT (organization_id, word, workspace_id, shelf) DO NOTHING").run().await?;
    }
    Ok(())
}

/// Takes words from a shelf.
pub async fn delete_words(tx: &mut Tx, due: &Due, shelf: i64, words: &[&str]) -> Result<()> {
    for few in words.chunks(WORDS) {
        tx.query("DELETE FROM search_words WHERE organization_id = ")
            .value(due.organization_id.as_str())
            .push(" AND workspace_id = ")
            .value(due.id.as_str())
            .push(" AND shelf = ")
            .value(shelf)
            .push(" AND word IN (")
            .list(few.iter().map(|word| word.as_bytes()))
            .push(")")
            .run()
            .await?;
    }
    Ok(())
}

/// Forgets so many words of the index, whosever; how many there were.
pub async fn forget_words(tx: &mut Tx, most: i64) -> Result<u64> {
    tx.query(
        "DELETE FROM search_words WHERE (organization_id, word, workspace_id, shelf) IN (
             SELECT organization_id, word, workspace_id, shelf FROM search_words LIMIT $1
         )",
    )
    .bind(most)
    .run()
    .await
}
