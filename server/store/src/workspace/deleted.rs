//! Workspaces that were deleted. Those of modules' tests are none: their names, which no other workspace can have, tell them.

use super::{Workspace, find::select};
use crate::{Result, Tx};
use domain::{
    id::{OrganizationId, WorkspaceId},
    time::Time,
};
use sqlx::FromRow;

/// A deleted workspace, in a list.
#[derive(Debug, Clone, FromRow)]
pub struct Deleted {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: WorkspaceId,
    /// The name that it had.
    pub name: String,
    /// What it was for.
    pub description: String,
    /// How many resource instances its state manages; `None` without a state.
    pub resource_count: Option<i64>,
    /// When it was deleted.
    #[sqlx(try_from = "i64")]
    pub deleted_at: Time,
}

/// A page of an organization's deleted workspaces, the last deleted first.
pub async fn list_deleted(tx: &mut Tx, organization: &OrganizationId, limit: i64, offset: i64) -> Result<Vec<Deleted>> {
    tx.query(
        "SELECT w.id, w.name, w.description, s.resource_count, w.deleted_at FROM workspaces w
         LEFT JOIN state_versions s ON s.id = w.current_state_id
         WHERE w.organization_id = $1 AND w.deleted_at IS NOT NULL AND w.module_id IS NULL AND w.name NOT LIKE '%/%'
         ORDER BY w.deleted_at DESC, w.id LIMIT $2 OFFSET $3",
    )
    .bind(organization.as_str())
    .bind(limit)
    .bind(offset)
    .all()
    .await
}

/// How many deleted workspaces an organization has.
pub async fn count_deleted(tx: &mut Tx, organization: &OrganizationId) -> Result<i64> {
    tx.query(
        "SELECT count(*) FROM workspaces
         WHERE organization_id = $1 AND deleted_at IS NOT NULL AND module_id IS NULL AND name NOT LIKE '%/%'",
    )
    .bind(organization.as_str())
    .count()
    .await
}

/// A deleted workspace, held until the transaction ends, and the role of `user`.
pub async fn hold_deleted(tx: &mut Tx, id: &WorkspaceId, user: &str) -> Result<Option<Workspace>> {
    let query = if tx.has_other_writers() {
        tx.query(select!(
            "WHERE w.id = $2 AND w.deleted_at IS NOT NULL AND w.module_id IS NULL AND w.name NOT LIKE '%/%' FOR UPDATE OF w"
        ))
    } else {
        tx.query(select!(
            "WHERE w.id = $2 AND w.deleted_at IS NOT NULL AND w.module_id IS NULL AND w.name NOT LIKE '%/%'"
        ))
    };
    query.bind(user).bind(id.as_str()).optional().await
}

/// Takes a deleted workspace back, under the name and in the mode that it is given with. It is held. `Error::is_taken("workspaces")` when another
/// has that name.
pub async fn undelete(tx: &mut Tx, workspace: &Workspace, now: Time) -> Result<()> {
    tx.query(
        "UPDATE workspaces SET deleted_at = NULL, name = $1, execution_mode = $2, agent_pool_id = $3, updated_at = $4, named = FALSE,
         version = version + 1 WHERE id = $5 AND deleted_at IS NOT NULL",
    )
    .bind(workspace.name.as_str())
    .bind(workspace.execution_mode.as_str())
    .bind(workspace.agent_pool_id.as_deref())
    .bind(now.micros())
    .bind(workspace.id.as_str())
    .save()
    .await?;
    super::save::count_listed(tx, &workspace.id, 1, now).await
}
