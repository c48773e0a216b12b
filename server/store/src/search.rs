//! The index of what all workspaces hold: on which shelf of which workspace a word stands. It only says where to look; what is found is read from
//! its own row, and judged by `domain::search`.

use crate::{Result, Tx, state::Resource};
use domain::{
    id::{OrganizationId, WorkspaceId},
    search::Run,
};
use sqlx::FromRow;

/// So many words go into one statement.
const WORDS: usize = 250;

/// A place of the index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, FromRow)]
pub struct Place {
    /// The word that stands there.
    pub word: Vec<u8>,
    /// In which workspace.
    pub workspace_id: String,
    /// On which of its shelves.
    pub shelf: i64,
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
    from: Option<&Place>,
    limit: i64,
) -> Result<Vec<Place>> {
    let Some(from) = from else {
        let first = Place { word: run.from(), workspace_id: String::new(), shelf: i64::MIN };
        return Box::pin(list_places(tx, organization, run, Some(&first), limit)).await;
    };
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

/// An instance of a current state, as it is found.
#[derive(Debug, Clone, FromRow)]
pub struct Instance {
    /// Its address.
    pub address: String,
    /// Its type.
    #[sqlx(rename = "type")]
    pub kind: String,
    /// The module's address; empty for the root.
    pub module: String,
    /// The provider's address.
    pub provider: String,
    /// What is known of it: a line `name=value` for each attribute. `None` is not read yet.
    pub attributes: Option<String>,
    /// Since which state it is like this.
    pub from_sequence: i64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT address, type, module, provider, attributes, from_sequence FROM state_resources ", $rest)
    };
}

/// The instances that a workspace holds now, by address, behind this one: those of a shelf, or all of them.
pub async fn list_instances(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    shelf: Option<i64>,
    after: &str,
    limit: i64,
) -> Result<Vec<Instance>> {
    list_holding(tx, workspace, shelf, after, "", limit).await
}

/// The same without those that do not hold this text in small letters: more come where the engine cannot tell, and for a text that is not of ASCII all.
pub async fn list_holding(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    shelf: Option<i64>,
    after: &str,
    text: &str,
    limit: i64,
) -> Result<Vec<Instance>> {
    let mut query = tx
        .query(select!("WHERE to_sequence IS NULL AND workspace_id = "))
        .value(workspace.as_str())
        .push(" AND address > ")
        .value(after);
    if let Some(shelf) = shelf {
        query = query.push(" AND shelf = ").value(shelf);
    }
    if !text.is_empty() && text.is_ascii() {
        let pattern = format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
        for (before, after) in [
            (" AND (lower(address) LIKE ", " ESCAPE '\\'"),
            (" OR lower(provider) LIKE ", " ESCAPE '\\'"),
            (" OR lower(attributes) LIKE ", " ESCAPE '\\'"),
        ] {
            query = query.push(before).value(pattern.as_str()).push(after);
        }
        // What is small of other letters is known to `domain` alone.
        query = query.push(
            " OR octet_length(address) <> length(address) OR octet_length(provider) <> length(provider)
             OR octet_length(attributes) <> length(attributes))",
        );
    }
    query.push(" ORDER BY address LIMIT ").value(limit).all().await
}

/// An instance with the states that made it and changed it last.
#[derive(Debug, Clone, FromRow)]
pub struct Listed {
    /// What it is.
    #[sqlx(flatten)]
    pub instance: Instance,
    /// The state version since which it is like this.
    pub modified_by: Option<String>,
    /// When that was, in microseconds.
    pub modified_at: Option<i64>,
    /// When it was first there, in microseconds.
    pub first_at: Option<i64>,
}

/// A page of the instances that a workspace holds now, by address; or the one of this address.
pub async fn list_with_states(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    only: Option<&str>,
    limit: i64,
    offset: i64,
) -> Result<Vec<Listed>> {
    let query = tx
        .query(
            "SELECT r.address, r.type, r.module, r.provider, r.attributes, r.from_sequence, v.id AS modified_by, v.created_at AS modified_at,
             (SELECT min(f.created_at) FROM state_resources e
              JOIN state_versions f ON f.workspace_id = e.workspace_id AND f.sequence = e.from_sequence
              WHERE e.workspace_id = r.workspace_id AND e.address = r.address) AS first_at
             FROM (SELECT * FROM state_resources WHERE to_sequence IS NULL AND workspace_id = ",
        )
        .value(workspace.as_str());
    let query = match only {
        Some(address) => query.push(" AND address = ").value(address),
        None => query,
    };
    query
        .push(" ORDER BY address LIMIT ")
        .value(limit)
        .push(" OFFSET ")
        .value(offset)
        .push(
            ") r LEFT JOIN state_versions v ON v.workspace_id = r.workspace_id AND v.sequence = r.from_sequence ORDER BY r.address",
        )
        .all()
        .await
}

/// How many instances a workspace holds now.
pub async fn count_instances(tx: &mut Tx, workspace: &WorkspaceId) -> Result<i64> {
    tx.query("SELECT count(*) FROM state_resources WHERE workspace_id = $1 AND to_sequence IS NULL")
        .bind(workspace.as_str())
        .count()
        .await
}

/// A workspace whose words are not all in the index.
#[derive(Debug, Clone, FromRow)]
pub struct Due {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: WorkspaceId,
    /// Whose.
    #[sqlx(try_from = "String")]
    pub organization_id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Its tags, as JSON: a list of pairs.
    pub tag_list: String,
    /// The current state version.
    pub current_state_id: Option<String>,
    /// The state that its words are due for.
    pub state_sequence: i64,
    /// The state that they were in the index for.
    pub indexed_sequence: i64,
    /// Whether its version has changed since tells it apart.
    pub version: i64,
}

/// Workspaces whose words are not all in the index, behind this one: deleted ones too, since they can be taken back.
pub async fn list_due(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<Due>> {
    tx.query(
        "SELECT id, organization_id, name, tag_list, current_state_id, state_sequence, indexed_sequence, version FROM workspaces
         WHERE id > $1 AND (NOT named OR indexed_sequence < state_sequence) ORDER BY id LIMIT $2",
    )
    .bind(after)
    .bind(limit)
    .all()
    .await
}

/// The shelves on which something changed since a state that was indexed.
pub async fn list_changed_shelves(tx: &mut Tx, due: &Due) -> Result<Vec<i64>> {
    let shelves: Vec<(i64,)> = tx
        .query(
            "SELECT shelf FROM state_resources WHERE workspace_id = $1 AND to_sequence IS NULL AND from_sequence > $2
             UNION SELECT shelf FROM state_resources WHERE workspace_id = $1 AND to_sequence > $2 AND from_sequence <= $2
             ORDER BY 1",
        )
        .bind(due.id.as_str())
        .bind(due.indexed_sequence)
        .all()
        .await?;
    Ok(shelves.into_iter().map(|(shelf,)| shelf).collect())
}

/// What ended on a shelf since a state that was indexed, and was there then: its words are in the index.
pub async fn list_ended(tx: &mut Tx, due: &Due, shelf: i64) -> Result<Vec<Instance>> {
    tx.query(select!("WHERE workspace_id = $1 AND shelf = $2 AND to_sequence > $3 AND from_sequence <= $3"))
        .bind(due.id.as_str())
        .bind(shelf)
        .bind(due.indexed_sequence)
        .all()
        .await
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

/// Says that the words of a workspace are in the index up to this state; what it is called counts only if it was not saved since it was read.
pub async fn settle(tx: &mut Tx, due: &Due) -> Result<()> {
    tx.query(
        "UPDATE workspaces SET named = (named OR version = $1),
         indexed_sequence = CASE WHEN indexed_sequence < $2 THEN $2 ELSE indexed_sequence END WHERE id = $3",
    )
    .bind(due.version)
    .bind(due.state_sequence)
    .bind(due.id.as_str())
    .run()
    .await
    .map(drop)
}

/// The addresses and hashes of instances whose attributes were never read.
pub async fn list_unread(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<(String, Vec<u8>)>> {
    tx.query(
        "SELECT address, hash FROM state_resources WHERE workspace_id = $1 AND to_sequence IS NULL AND attributes IS NULL",
    )
    .bind(workspace.as_str())
    .all()
    .await
}

/// Writes down what is known of an instance, and where it stands, if it is still the same.
pub async fn set_attributes(tx: &mut Tx, workspace: &WorkspaceId, shelf: i64, resource: &Resource) -> Result<()> {
    tx.query(
        "UPDATE state_resources SET attributes = $1, shelf = $2
         WHERE workspace_id = $3 AND address = $4 AND to_sequence IS NULL AND hash = $5 AND attributes IS NULL",
    )
    .bind(resource.attributes.as_str())
    .bind(shelf)
    .bind(workspace.as_str())
    .bind(resource.address.as_str())
    .bind(resource.hash.as_slice())
    .run()
    .await
    .map(drop)
}

/// Whether the index holds attributes; `None` before anybody said so.
pub async fn find_attributes_setting(tx: &mut Tx) -> Result<Option<bool>> {
    let row: Option<(Option<bool>,)> =
        tx.query("SELECT index_attributes FROM sites WHERE only_one = 1").optional().await?;
    Ok(row.and_then(|(on,)| on))
}

/// Says whether the index holds attributes.
pub async fn set_attributes_setting(tx: &mut Tx, on: bool) -> Result<()> {
    tx.query("UPDATE sites SET index_attributes = $1 WHERE only_one = 1").bind(on).run().await.map(drop)
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

/// Forgets what is known of so many instances, whosever; how many there were.
pub async fn forget_attributes(tx: &mut Tx, most: i64) -> Result<u64> {
    tx.query(
        "UPDATE state_resources SET attributes = NULL WHERE (workspace_id, address, from_sequence) IN (
             SELECT workspace_id, address, from_sequence FROM state_resources WHERE attributes IS NOT NULL LIMIT $1
         )",
    )
    .bind(most)
    .run()
    .await
}

/// Says of these workspaces, behind this one, that nothing of them is in the index; the last of them, if there are any.
pub async fn forget_indexed(tx: &mut Tx, after: &str, most: i64) -> Result<Option<String>> {
    let last: Vec<(String,)> =
        tx.query("SELECT id FROM workspaces WHERE id > $1 ORDER BY id LIMIT $2").bind(after).bind(most).all().await?;
    let Some((last,)) = last.into_iter().next_back() else { return Ok(None) };
    tx.query("UPDATE workspaces SET named = FALSE, indexed_sequence = -1 WHERE id > $1 AND id <= $2")
        .bind(after)
        .bind(last.as_str())
        .run()
        .await?;
    Ok(Some(last))
}
