//! Configuration versions: what was uploaded to plan from.

use crate::{Result, Tx, blob};
use domain::{
    id::{BlobId, ConfigurationVersionId, OrganizationId, WorkspaceId},
    time::Time,
};
use sqlx::FromRow;

/// An uploaded configuration, or one that waits for its upload.
#[derive(Debug, Clone, FromRow)]
pub struct ConfigurationVersion {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: ConfigurationVersionId,
    /// Whose.
    #[sqlx(try_from = "String")]
    pub organization_id: OrganizationId,
    /// Of which workspace.
    #[sqlx(try_from = "String")]
    pub workspace_id: WorkspaceId,
    /// `pending`, `uploaded`, `errored`, or `backing_data_permanently_deleted`.
    pub status: String,
    /// Who made it: `tfe-api`.
    pub source: String,
    /// Its runs may never apply.
    pub speculative: bool,
    /// It does not count as the workspace's until a run of it is applied.
    pub provisional: bool,
    /// Its upload queues a run.
    pub auto_queue_runs: bool,
    /// Why the upload was refused.
    pub error_message: Option<String>,
    /// Its bytes.
    pub blob_id: Option<String>,
    /// Who made it.
    pub created_by: Option<String>,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
    /// When its bytes were removed, by a policy: in microseconds.
    pub purged_at: Option<i64>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, organization_id, workspace_id, status, source, speculative, provisional, auto_queue_runs, error_message, blob_id,
             created_by, created_at, purged_at FROM configuration_versions ",
            $rest
        )
    };
}

/// Adds a configuration version.
pub async fn insert(tx: &mut Tx, version: &ConfigurationVersion) -> Result<()> {
    tx.query(
        "INSERT INTO configuration_versions (id, organization_id, workspace_id, status, source, speculative, provisional,
         auto_queue_runs, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(version.id.as_str())
    .bind(version.organization_id.as_str())
    .bind(version.workspace_id.as_str())
    .bind(version.status.as_str())
    .bind(version.source.as_str())
    .bind(version.speculative)
    .bind(version.provisional)
    .bind(version.auto_queue_runs)
    .bind(version.created_by.as_deref())
    .bind(version.created_at.micros())
    .run()
    .await
    .map(drop)
}

/// A configuration version.
pub async fn find(tx: &mut Tx, id: &ConfigurationVersionId) -> Result<Option<ConfigurationVersion>> {
    tx.query(select!("WHERE id = $1")).bind(id.as_str()).optional().await
}

/// The newest one of a workspace that can be planned from.
pub async fn newest(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Option<ConfigurationVersion>> {
    tx.query(select!(
        "WHERE workspace_id = $1 AND status = 'uploaded' AND NOT speculative AND NOT provisional
         ORDER BY created_at DESC, id DESC LIMIT 1"
    ))
    .bind(workspace.as_str())
    .optional()
    .await
}

/// Says that its bytes are there. A second upload replaces the first, until a run uses it: the bytes of that one go.
pub async fn set_uploaded(tx: &mut Tx, id: &ConfigurationVersionId, blob: &BlobId, now: Time) -> Result<()> {
    let earlier: Option<(Option<String>,)> =
        tx.query("SELECT blob_id FROM configuration_versions WHERE id = $1").bind(id.as_str()).optional().await?;
    tx.query(
        "UPDATE configuration_versions SET status = 'uploaded', blob_id = $1, error_message = NULL, purged_at = NULL WHERE id = $2",
    )
    .bind(blob.as_str())
    .bind(id.as_str())
    .save()
    .await?;
    match earlier {
        Some((Some(earlier),)) if earlier != blob.as_str() => blob::delete_unused(tx, &earlier, now).await,
        _ => Ok(()),
    }
}

/// Says why its upload was refused.
pub async fn set_errored(tx: &mut Tx, id: &ConfigurationVersionId, message: &str) -> Result<()> {
    tx.query(
        "UPDATE configuration_versions SET status = 'errored', error_message = $1 WHERE id = $2 AND status = 'pending'",
    )
    .bind(message)
    .bind(id.as_str())
    .run()
    .await
    .map(drop)
}

/// Whether a run was made from it.
pub async fn is_used(tx: &mut Tx, id: &ConfigurationVersionId) -> Result<bool> {
    let row: Option<(String,)> = tx
        .query("SELECT id FROM runs WHERE configuration_version_id = $1 LIMIT 1")
        .bind(id.as_str())
        .optional()
        .await?;
    Ok(row.is_some())
}
