//! Versions of a state that lie as what they differ in from another one.

use crate::{
    Result, Tx,
    blob::{self, Blob},
};
use domain::{id::StateVersionId, time::Time};

/// Which of the forms of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Its bytes.
    State,
    /// The same as `terraform show -json` says it.
    Json,
}

/// A blob and what it is written against, down to one that is whole; nothing if it is not there. All of one moment.
pub async fn list_chain(tx: &mut Tx, id: &str) -> Result<Vec<Blob>> {
    tx.query(
        "WITH RECURSIVE chain AS (
             SELECT id, organization_id, workspace_id, size, sealed, object_key, base_blob_id, 0 AS depth FROM blobs WHERE id = $1
             UNION ALL
             SELECT b.id, b.organization_id, b.workspace_id, b.size, b.sealed, b.object_key, b.base_blob_id, c.depth + 1
             FROM blobs b JOIN chain c ON b.id = c.base_blob_id
         )
         SELECT id, organization_id, workspace_id, size, sealed, object_key, base_blob_id FROM chain ORDER BY depth",
    )
    .bind(id)
    .all()
    .await
}

/// What holds this form of a version now.
pub async fn find_blob(tx: &mut Tx, version: &StateVersionId, form: Form) -> Result<Option<Blob>> {
    macro_rules! select {
        ($column:literal) => {
            concat!(
                "SELECT b.id, b.organization_id, b.workspace_id, b.size, b.sealed, b.object_key, b.base_blob_id
                 FROM state_versions s JOIN blobs b ON b.id = s.",
                $column,
                " WHERE s.id = $1"
            )
        };
    }
    let query = match form {
        Form::State => tx.query(select!("blob_id")),
        Form::Json => tx.query(select!("json_blob_id")),
    };
    query.bind(version.as_str()).optional().await
}

/// Versions that are current no more and do not lie as they will stay, behind this one, in the order of workspace and sequence.
pub async fn list_due(tx: &mut Tx, after: Option<(&str, i64)>, limit: i64) -> Result<Vec<(String, i64)>> {
    let (workspace, sequence) = after.unwrap_or(("", 0));
    tx.query(
        "SELECT s.workspace_id, s.sequence FROM state_versions s JOIN workspaces w ON w.id = s.workspace_id
         WHERE NOT s.settled AND s.sequence < w.state_sequence
         AND (s.workspace_id > $1 OR (s.workspace_id = $1 AND s.sequence > $2))
         ORDER BY s.workspace_id, s.sequence LIMIT $3",
    )
    .bind(workspace)
    .bind(sequence)
    .bind(limit)
    .all()
    .await
}

/// Puts a delta in the place of a blob, wherever a version points at it, and lets it go: rows of blobs never change, which backups rely on, so
/// nothing may be written against it yet. False, and nothing is changed, when the blob or the base of
/// the delta is no longer there, or something is written against the blob: another server was here.
pub async fn replace(tx: &mut Tx, old: &Blob, delta: &Blob, now: Time) -> Result<bool> {
    // Held, so that neither goes before this ends. Bases are older: who holds one waits for nobody who waits for it.
    for id in [Some(old.id.as_str()), delta.base_blob_id.as_deref()].into_iter().flatten() {
        if !blob::hold(tx, id).await? {
            return Ok(false);
        }
    }
    // Something was written against it after all: the key would hold the row back at the end of the transaction.
    let over: Option<(String,)> =
        tx.query("SELECT id FROM blobs WHERE base_blob_id = $1 LIMIT 1").bind(old.id.as_str()).optional().await?;
    if over.is_some() {
        return Ok(false);
    }
    blob::insert(tx, delta).await?;
    for text in [
        "UPDATE state_versions SET blob_id = $1 WHERE blob_id = $2",
        "UPDATE state_versions SET json_blob_id = $1 WHERE json_blob_id = $2",
    ] {
        tx.query(text).bind(delta.id.as_str()).bind(old.id.as_str()).run().await?;
    }
    blob::delete(tx, old.id.as_str(), now).await?;
    Ok(true)
}

/// Whether a version lies as it will stay.
pub async fn is_settled(tx: &mut Tx, version: &StateVersionId) -> Result<bool> {
    let found: Option<(bool,)> =
        tx.query("SELECT settled FROM state_versions WHERE id = $1").bind(version.as_str()).optional().await?;
    Ok(found.is_some_and(|(settled,)| settled))
}

/// Says that a version lies as it will stay. `json` is whether it had its JSON form when that was seen to: one that came since is due.
pub async fn settle(tx: &mut Tx, version: &StateVersionId, json: bool) -> Result<()> {
    tx.query("UPDATE state_versions SET settled = TRUE WHERE id = $1 AND ($2 OR json_blob_id IS NULL)")
        .bind(version.as_str())
        .bind(json)
        .run()
        .await
        .map(drop)
}
