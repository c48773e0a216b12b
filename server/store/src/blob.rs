//! Sealed bytes: small ones in the database, larger ones in the object store.

use crate::{Result, Tx, query::Query};
use domain::{
    id::{BlobId, OrganizationId, WorkspaceId},
    time::Time,
};
use sqlx::FromRow;
use std::collections::HashSet;

/// A blob, as it lies.
#[derive(Debug, Clone, FromRow)]
pub struct Blob {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: BlobId,
    /// Whose.
    #[sqlx(try_from = "String")]
    pub organization_id: OrganizationId,
    /// Of which workspace: its key seals it.
    #[sqlx(try_from = "String")]
    pub workspace_id: WorkspaceId,
    /// How many bytes it is once opened.
    pub size: i64,
    /// The sealed bytes, if it is small.
    pub sealed: Option<Vec<u8>>,
    /// Where it lies in the object store, if it is large.
    pub object_key: Option<String>,
    /// The blob that it is written against, if it is only what it differs in from that one.
    pub base_blob_id: Option<String>,
}

/// Adds a blob.
pub async fn insert(tx: &mut Tx, blob: &Blob) -> Result<()> {
    inserting(tx.query(""), blob).run().await.map(drop)
}

/// The statement that adds a blob.
pub(crate) fn inserting<'t>(query: Query<'t>, blob: &Blob) -> Query<'t> {
    query
        .push("INSERT INTO blobs (id, organization_id, workspace_id, size, sealed, object_key, base_blob_id) VALUES (")
        .list([blob.id.as_str(), blob.organization_id.as_str(), blob.workspace_id.as_str()])
        .and(blob.size)
        .and(blob.sealed.as_deref())
        .and(blob.object_key.as_deref())
        .and(blob.base_blob_id.as_deref())
        .push(")")
}

/// A blob.
pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<Blob>> {
    tx.query(
        "SELECT id, organization_id, workspace_id, size, sealed, object_key, base_blob_id FROM blobs WHERE id = $1",
    )
    .bind(id)
    .optional()
    .await
}

/// Removes a blob. Its object, if it has one, is let go: whoever began to read it before this may go on.
pub async fn delete(tx: &mut Tx, id: &str, now: Time) -> Result<()> {
    let gone: Option<(Option<String>,)> =
        tx.query("DELETE FROM blobs WHERE id = $1 RETURNING object_key").bind(id).optional().await?;
    let Some((Some(object),)) = gone else { return Ok(()) };
    tx.query(
        "INSERT INTO released_objects (object_key, released_at) VALUES ($1, $2) ON CONFLICT (object_key) DO NOTHING",
    )
    .bind(object)
    .bind(now.micros())
    .run()
    .await
    .map(drop)
}

/// Holds a blob until the transaction ends; false when it is gone.
pub(crate) async fn hold(tx: &mut Tx, id: &str) -> Result<bool> {
    let held: Option<(String,)> = tx.query("SELECT id FROM blobs WHERE id = $1").bind(id).held().optional().await?;
    Ok(held.is_some())
}

/// Removes a blob that nothing needs any more, and then what it was written against, if nothing needs that either.
pub async fn delete_unused(tx: &mut Tx, id: &str, now: Time) -> Result<()> {
    let mut next = Some(id.to_owned());
    while let Some(id) = next.take() {
        // Held before it is asked who needs it, so that nobody comes between.
        if !hold(tx, &id).await? {
            return Ok(());
        }
        let row: Option<(Option<String>, bool)> = tx
            .query(
                "SELECT b.base_blob_id, EXISTS (SELECT 1 FROM blobs o WHERE o.base_blob_id = b.id)
                 OR EXISTS (SELECT 1 FROM state_versions s WHERE s.blob_id = b.id)
                 OR EXISTS (SELECT 1 FROM state_versions s WHERE s.json_blob_id = b.id)
                 OR EXISTS (SELECT 1 FROM configuration_versions c WHERE c.blob_id = b.id)
                 OR EXISTS (SELECT 1 FROM artifacts a WHERE a.blob_id = b.id)
                 FROM blobs b WHERE b.id = $1",
            )
            .bind(id.as_str())
            .optional()
            .await?;
        let Some((base, false)) = row else { return Ok(()) };
        delete(tx, &id, now).await?;
        next = base;
    }
    Ok(())
}

/// Those of these objects that a row points at, one of a blob or of a file of the registry, and those that were let go after `since`.
pub async fn find_known(tx: &mut Tx, object_keys: &[&str], since: Time) -> Result<HashSet<String>> {
    let rows: Vec<(String,)> = tx
        .query("SELECT object_key FROM blobs WHERE object_key IN (")
        .list(object_keys.iter().copied())
        .push(") UNION ALL SELECT object_key FROM registry_files WHERE object_key IN (")
        .list(object_keys.iter().copied())
        .push(") UNION ALL SELECT object_key FROM released_objects WHERE released_at > ")
        .value(since.micros())
        .push(" AND object_key IN (")
        .list(object_keys.iter().copied())
        .push(")")
        .all()
        .await?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

/// Forgets objects that were let go by `before`: a sweep has removed them, or the next one does.
pub async fn forget_released(tx: &mut Tx, before: Time) -> Result<()> {
    tx.query("DELETE FROM released_objects WHERE released_at <= $1").bind(before.micros()).run().await.map(drop)
}
