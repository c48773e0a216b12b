//! Sealed bytes: small ones in the database, larger ones in the object store.

use crate::{Result, Tx};
use domain::id::{BlobId, OrganizationId, WorkspaceId};
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
    tx.query("INSERT INTO blobs (id, organization_id, workspace_id, size, sealed, object_key, base_blob_id) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(blob.id.as_str())
        .bind(blob.organization_id.as_str())
        .bind(blob.workspace_id.as_str())
        .bind(blob.size)
        .bind(blob.sealed.as_deref())
        .bind(blob.object_key.as_deref())
        .bind(blob.base_blob_id.as_deref())
        .run()
        .await
        .map(drop)
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

/// Those of these objects that a row points at: one of a blob, or of a file of the registry.
pub async fn find_known(tx: &mut Tx, object_keys: &[&str]) -> Result<HashSet<String>> {
    let rows: Vec<(String,)> = tx
        .query("SELECT object_key FROM blobs WHERE object_key IN (")
        .list(object_keys.iter().copied())
        .push(") UNION ALL SELECT object_key FROM registry_files WHERE object_key IN (")
        .list(object_keys.iter().copied())
        .push(")")
        .all()
        .await?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}
