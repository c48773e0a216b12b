//! Instances of the index: those that are, and those that ended and whose words are still there.

use crate::{
    Result, Tx,
    query::{Query, containing},
    state::Resource,
};
use domain::{id::WorkspaceId, search::Document};
use sqlx::FromRow;

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

impl Instance {
    /// It as it is compared with a query, in a workspace of this folded name.
    #[must_use]
    pub fn document<'a>(&'a self, workspace: &'a str) -> Document<'a> {
        let known = self.attributes.as_deref().unwrap_or_default();
        Document::resource(workspace, &self.address, &self.kind, &self.module, &self.provider, known)
    }

    /// What is known of it: names of attributes, or `tag:` and the key of a tag, with their values.
    pub fn known(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().flat_map(|lines| lines.lines()).filter_map(|line| line.split_once('='))
    }
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
    list_holding(tx, workspace, shelf, after, &[], limit).await
}

/// The same without those that do not hold all of these texts in small letters: more come where the engine cannot tell, and for a text that is not of
/// ASCII all.
pub async fn list_holding(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    shelf: Option<i64>,
    after: &str,
    texts: &[&str],
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
    holding(query, texts).push(" ORDER BY address LIMIT ").value(limit).all().await
}

/// An instance with the shelf that it stands on.
#[derive(Debug, Clone, FromRow)]
pub struct Shelved {
    /// Of which workspace.
    pub workspace_id: String,
    /// Which.
    pub shelf: i64,
    /// What stands there.
    #[sqlx(flatten)]
    pub instance: Instance,
}

/// So many shelves are read at once.
pub const SHELVES: usize = 64;

/// The same of several shelves at once, [`SHELVES`] at most, each of which is named once; by address.
pub async fn list_holding_on(tx: &mut Tx, shelves: &[(&str, i64)], texts: &[&str], limit: i64) -> Result<Vec<Shelved>> {
    debug_assert!(shelves.len() <= SHELVES, "{} shelves", shelves.len());
    if shelves.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = tx.query("WITH p (of_workspace, of_shelf) AS (VALUES ");
    // One text for any number of them, since the statement of each text is prepared and kept.
    for at in 0..SHELVES {
        let (workspace, shelf) = shelves.get(at).copied().unwrap_or_default();
        query = query.push(if at == 0 { "(" } else { ", (" }).value(workspace).and(shelf).push(")");
    }
    // SQLite reads the tables of a CROSS JOIN in this order. Nor does it
    // move the LIMIT past the sorting where there is an OFFSET: a few shelves may have enough.
    let query = query.push(
        ") SELECT * FROM (SELECT workspace_id, shelf, address, type, module, provider, attributes, from_sequence
         FROM p CROSS JOIN state_resources WHERE workspace_id = of_workspace AND shelf = of_shelf AND to_sequence IS NULL",
    );
    holding(query, texts).push(" LIMIT ").value(limit).push(" OFFSET 0) s ORDER BY address").all().await
}

/// Leaves out what does not hold these texts.
fn holding<'t>(mut query: Query<'t>, texts: &[&str]) -> Query<'t> {
    // What is small of other letters than those of ASCII is known to `domain` alone. SQLite's LIKE takes no account of case in ASCII; on Postgres
    // an I has another small letter in some languages.
    let columns = if query.is_postgres() {
        [
            " AND (lower(address COLLATE \"C\") LIKE ",
            " OR lower(provider COLLATE \"C\") LIKE ",
            " OR lower(attributes COLLATE \"C\") LIKE ",
        ]
    } else {
        [" AND (address LIKE ", " OR provider LIKE ", " OR attributes LIKE "]
    };
    for text in texts.iter().filter(|text| text.is_ascii()) {
        let pattern = containing(text);
        for column in columns {
            query = query.push(column).value(pattern.as_str()).push(" ESCAPE '\\'");
        }
        query = query.push(
            " OR octet_length(address) <> length(address) OR octet_length(provider) <> length(provider)
             OR octet_length(attributes) <> length(attributes))",
        );
    }
    query
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

/// How many instances a workspace holds now; no more than `most` are counted.
pub async fn count_instances(tx: &mut Tx, workspace: &WorkspaceId, most: i64) -> Result<i64> {
    tx.query(
        "SELECT count(*) FROM (
             SELECT 1 AS one FROM state_resources WHERE workspace_id = $1 AND to_sequence IS NULL LIMIT $2
         ) s",
    )
    .bind(workspace.as_str())
    .bind(most)
    .count()
    .await
}

/// What tells one row of an instance from another.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Key {
    /// Of which workspace.
    pub workspace_id: String,
    /// Its address.
    pub address: String,
    /// Since which state it was like this.
    pub from_sequence: i64,
}

/// What ended on a shelf, and may have words in the index: a row that was passed knows no attributes any more.
pub async fn list_ended(tx: &mut Tx, workspace: &WorkspaceId, shelf: i64, limit: i64) -> Result<Vec<Instance>> {
    tx.query(select!(
        "WHERE workspace_id = $1 AND shelf = $2 AND to_sequence IS NOT NULL AND attributes IS NOT NULL
         ORDER BY address, from_sequence LIMIT $3"
    ))
    .bind(workspace.as_str())
    .bind(shelf)
    .bind(limit)
    .all()
    .await
}

/// Says of what ended on a shelf, up to this one, that its words are gone: what was known of it goes too.
pub async fn pass_ended(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    shelf: i64,
    (address, from_sequence): (&str, i64),
) -> Result<u64> {
    tx.query(
        "UPDATE state_resources SET attributes = NULL WHERE workspace_id = $1 AND shelf = $2
         AND to_sequence IS NOT NULL AND attributes IS NOT NULL AND (address, from_sequence) <= ($3, $4)",
    )
    .bind(workspace.as_str())
    .bind(shelf)
    .bind(address)
    .bind(from_sequence)
    .run()
    .await
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

/// Forgets what is known of so many instances, whosever, behind this row; the last of them, if there are any.
pub async fn forget_attributes(tx: &mut Tx, after: Option<&Key>, most: i64) -> Result<Option<Key>> {
    let first = Key { workspace_id: String::new(), address: String::new(), from_sequence: 0 };
    let after = after.unwrap_or(&first);
    let rows: Vec<Key> = tx
        .query(
            "SELECT workspace_id, address, from_sequence FROM state_resources
             WHERE (workspace_id, address, from_sequence) > ($1, $2, $3)
             ORDER BY workspace_id, address, from_sequence LIMIT $4",
        )
        .bind(after.workspace_id.as_str())
        .bind(after.address.as_str())
        .bind(after.from_sequence)
        .bind(most)
        .all()
        .await?;
    let Some(last) = rows.into_iter().next_back() else { return Ok(None) };
    tx.query(
        "UPDATE state_resources SET attributes = NULL WHERE (workspace_id, address, from_sequence) > ($1, $2, $3)
         AND (workspace_id, address, from_sequence) <= ($4, $5, $6) AND attributes IS NOT NULL",
    )
    .bind(after.workspace_id.as_str())
    .bind(after.address.as_str())
    .bind(after.from_sequence)
    .bind(last.workspace_id.as_str())
    .bind(last.address.as_str())
    .bind(last.from_sequence)
    .run()
    .await?;
    Ok(Some(last))
}
