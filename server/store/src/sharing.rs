//! Whose runs may read the state of another workspace, and what they have read.

use crate::{Result, Tx};
use domain::{
    id::{OrganizationId, RunId, StateVersionId, WorkspaceId},
    time::Time,
};
use sqlx::FromRow;

/// A state version that a phase of a run of another workspace has read.
#[derive(Debug, Clone, FromRow)]
pub struct Read {
    /// What was read.
    #[sqlx(try_from = "String")]
    pub state_version_id: StateVersionId,
    /// By the runs of which workspace.
    #[sqlx(try_from = "String")]
    pub consumer_id: WorkspaceId,
    /// By which run.
    #[sqlx(try_from = "String")]
    pub run_id: RunId,
    /// By which of its phases.
    pub phase_id: String,
    /// When first.
    #[sqlx(try_from = "i64")]
    pub first_at: Time,
    /// When last.
    #[sqlx(try_from = "i64")]
    pub last_at: Time,
    /// How often.
    pub reads: i64,
}

/// Whether a workspace shares its state with the runs of another one of the same organization; `None` when they are of two.
pub async fn find(tx: &mut Tx, workspace: &WorkspaceId, consumer: &WorkspaceId) -> Result<Option<bool>> {
    let row: Option<(String,)> = tx
        .query(
            "SELECT CASE WHEN w.global_remote_state OR EXISTS (SELECT 1 FROM remote_state_consumers c
             WHERE c.workspace_id = w.id AND c.consumer_id = r.id) THEN 'shared' ELSE 'closed' END
             FROM workspaces w JOIN workspaces r ON r.organization_id = w.organization_id
             WHERE w.id = $1 AND r.id = $2 AND w.deleted_at IS NULL",
        )
        .bind(workspace.as_str())
        .bind(consumer.as_str())
        .optional()
        .await?;
    Ok(row.map(|(standing,)| standing == "shared"))
}

/// The workspaces by name whose runs may read the state of this one: few, since who adds them counts.
pub async fn list_consumers(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<(String, String)>> {
    tx.query(
        "SELECT c.consumer_id, w.name FROM remote_state_consumers c JOIN workspaces w ON w.id = c.consumer_id
         WHERE c.workspace_id = $1 AND w.deleted_at IS NULL ORDER BY w.name, w.id",
    )
    .bind(workspace.as_str())
    .all()
    .await
}

/// Lets the runs of a workspace of the same organization read the state of this one.
pub async fn put_consumer(
    tx: &mut Tx,
    organization: &OrganizationId,
    workspace: &WorkspaceId,
    consumer: &str,
) -> Result<()> {
    tx.query(
        "INSERT INTO remote_state_consumers (organization_id, workspace_id, consumer_id) VALUES ($1, $2, $3)
         ON CONFLICT (workspace_id, consumer_id) DO NOTHING",
    )
    .bind(organization.as_str())
    .bind(workspace.as_str())
    .bind(consumer)
    .run()
    .await
    .map(drop)
}

/// Lets the runs of that workspace no longer read it.
pub async fn delete_consumer(tx: &mut Tx, workspace: &WorkspaceId, consumer: &str) -> Result<u64> {
    tx.query("DELETE FROM remote_state_consumers WHERE workspace_id = $1 AND consumer_id = $2")
        .bind(workspace.as_str())
        .bind(consumer)
        .run()
        .await
}

/// Lets the runs of no workspace read it, those of the whole organization apart.
pub async fn delete_consumers(tx: &mut Tx, workspace: &WorkspaceId) -> Result<u64> {
    tx.query("DELETE FROM remote_state_consumers WHERE workspace_id = $1").bind(workspace.as_str()).run().await
}

/// Writes down that a phase has read a state version of this workspace; a repeated read counts.
pub async fn put_read(tx: &mut Tx, organization: &OrganizationId, workspace: &WorkspaceId, read: &Read) -> Result<()> {
    tx.query(
        "INSERT INTO remote_state_reads (organization_id, workspace_id, state_version_id, consumer_id, run_id, phase_id, first_at, last_at, reads)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 1)
         ON CONFLICT (phase_id, state_version_id) DO UPDATE SET last_at = excluded.last_at, reads = remote_state_reads.reads + 1",
    )
    .bind(organization.as_str())
    .bind(workspace.as_str())
    .bind(read.state_version_id.as_str())
    .bind(read.consumer_id.as_str())
    .bind(read.run_id.as_str())
    .bind(read.phase_id.as_str())
    .bind(read.last_at.micros())
    .run()
    .await
    .map(drop)
}

/// A page of what was read of this workspace, the latest first, and how many there are in all.
pub async fn list_reads(tx: &mut Tx, workspace: &WorkspaceId, limit: i64, offset: i64) -> Result<(Vec<Read>, i64)> {
    let total = tx
        .query("SELECT count(*) FROM remote_state_reads WHERE workspace_id = $1")
        .bind(workspace.as_str())
        .count()
        .await?;
    let page = tx
        .query(
            "SELECT state_version_id, consumer_id, run_id, phase_id, first_at, last_at, reads FROM remote_state_reads
             WHERE workspace_id = $1 ORDER BY last_at DESC, phase_id, state_version_id LIMIT $2 OFFSET $3",
        )
        .bind(workspace.as_str())
        .bind(limit)
        .bind(offset)
        .all()
        .await?;
    Ok((page, total))
}
