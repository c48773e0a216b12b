//! Save a workspace: its settings, its tags and its key.

use super::Workspace;
use crate::{Error, Result, Tx};
use domain::{
    id::{AgentPoolId, WorkspaceId},
    tag::Tag,
    time::Time,
};

/// Adds a workspace and its wrapped key. `Error::is_taken("workspaces")` when the organization has one of that name.
pub async fn insert(tx: &mut Tx, workspace: &Workspace, wrapped_key: &[u8]) -> Result<()> {
    tx.query(
        "INSERT INTO workspaces (id, organization_id, project_id, name, description, execution_mode, engine, terraform_version,
         working_directory, auto_apply, plan_limit, tag_list, state_sequence, fence, created_at, updated_at, version, agent_pool_id, image,
         global_remote_state, module_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '[]', 0, 0, $12, $12, 0, $13, $14, $15, $16)",
    )
    .bind(workspace.id.as_str())
    .bind(workspace.organization_id.as_str())
    .bind(workspace.project_id.as_str())
    .bind(workspace.name.as_str())
    .bind(workspace.description.as_str())
    .bind(workspace.execution_mode.as_str())
    .bind(workspace.engine.as_str())
    .bind(workspace.terraform_version.as_str())
    .bind(workspace.working_directory.as_str())
    .bind(workspace.auto_apply)
    .bind(workspace.plan_limit)
    .bind(workspace.created_at.micros())
    .bind(workspace.agent_pool_id.as_deref())
    .bind(workspace.image.as_str())
    .bind(workspace.global_remote_state)
    .bind(workspace.module_id.as_deref())
    .run()
    .await?;
    tx.query("INSERT INTO data_keys (workspace_id, organization_id, wrapped, created_at) VALUES ($1, $2, $3, $4)")
        .bind(workspace.id.as_str())
        .bind(workspace.organization_id.as_str())
        .bind(wrapped_key)
        .bind(workspace.created_at.micros())
        .run()
        .await?;
    count_listed(tx, &workspace.id, 1, workspace.created_at).await
}

/// Says that the names of an organization's listed workspaces changed, and that there are so many more or less of them. What a module's tests are
/// kept in never is listed. The workspace is held, which always comes before its organization: whoever takes them the other way round may wait for
/// whom waits for it.
pub(super) async fn count_listed(tx: &mut Tx, id: &WorkspaceId, by: i64, now: Time) -> Result<()> {
    // The moment, so that no number comes twice where the database was put back to an earlier one.
    tx.query(
        "UPDATE organizations SET workspace_count = workspace_count + $1,
         listing_version = CASE WHEN listing_version < $2 THEN $2 ELSE listing_version + 1 END
         WHERE id = (SELECT w.organization_id FROM workspaces w WHERE w.id = $3 AND w.module_id IS NULL)",
    )
    .bind(by)
    .bind(now.micros())
    .bind(id.as_str())
    .run()
    .await
    .map(drop)
}

/// The sealed data key of a workspace.
pub async fn find_key(tx: &mut Tx, id: &WorkspaceId) -> Result<Option<Vec<u8>>> {
    let row: Option<(Vec<u8>,)> =
        tx.query("SELECT wrapped FROM data_keys WHERE workspace_id = $1").bind(id.as_str()).optional().await?;
    Ok(row.map(|(wrapped,)| wrapped))
}

/// Saves a workspace's settings. The workspace is held. `Error::is_taken("workspaces")` when the new name is in use.
pub async fn update(tx: &mut Tx, workspace: &Workspace, now: Time) -> Result<()> {
    let kept = tx.query("SELECT count(*) FROM workspaces WHERE id = $1 AND name = $2");
    let renamed = kept.bind(workspace.id.as_str()).bind(workspace.name.as_str()).count().await? == 0;
    tx.query(
        "UPDATE workspaces SET project_id = $1, name = $2, description = $3, execution_mode = $4, engine = $5, terraform_version = $6,
         working_directory = $7, auto_apply = $8, plan_limit = $9, updated_at = $10, agent_pool_id = $11, image = $12, global_remote_state = $13,
         named = FALSE, version = version + 1 WHERE id = $14",
    )
    .bind(workspace.project_id.as_str())
    .bind(workspace.name.as_str())
    .bind(workspace.description.as_str())
    .bind(workspace.execution_mode.as_str())
    .bind(workspace.engine.as_str())
    .bind(workspace.terraform_version.as_str())
    .bind(workspace.working_directory.as_str())
    .bind(workspace.auto_apply)
    .bind(workspace.plan_limit)
    .bind(now.micros())
    .bind(workspace.agent_pool_id.as_deref())
    .bind(workspace.image.as_str())
    .bind(workspace.global_remote_state)
    .bind(workspace.id.as_str())
    .save()
    .await?;
    if renamed { count_listed(tx, &workspace.id, 0, now).await } else { Ok(()) }
}

/// Gives a workspace these tags and no others.
pub async fn put_tags(tx: &mut Tx, workspace: &Workspace, tags: &[Tag]) -> Result<()> {
    tx.query("DELETE FROM tags WHERE workspace_id = $1").bind(workspace.id.as_str()).run().await?;
    for (position, tag) in (0i64..).zip(tags) {
        tx.query("INSERT INTO tags (workspace_id, organization_id, key, value, position) VALUES ($1, $2, $3, $4, $5)")
            .bind(workspace.id.as_str())
            .bind(workspace.organization_id.as_str())
            .bind(tag.key.as_str())
            .bind(tag.value.as_str())
            .bind(position)
            .run()
            .await?;
    }
    let pairs: Vec<(&str, &str)> = tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())).collect();
    let list = serde_json::to_string(&pairs).map_err(|e| Error::inconsistent("tags", e))?;
    tx.query("UPDATE workspaces SET tag_list = $1, named = FALSE, version = version + 1 WHERE id = $2")
        .bind(list)
        .bind(workspace.id.as_str())
        .save()
        .await
}

/// Marks a workspace as deleted: it is found no more, and its name is free.
pub async fn delete(tx: &mut Tx, id: &WorkspaceId, now: Time) -> Result<()> {
    tx.query("UPDATE workspaces SET deleted_at = $1, version = version + 1 WHERE id = $2 AND deleted_at IS NULL")
        .bind(now.micros())
        .bind(id.as_str())
        .save()
        .await?;
    count_listed(tx, id, -1, now).await
}

/// Marks the workspace of a module's tests as deleted, and lets the module go.
pub async fn delete_of_module(tx: &mut Tx, id: &WorkspaceId, now: Time) -> Result<()> {
    tx.query(
        "UPDATE workspaces SET deleted_at = $1, module_id = NULL, version = version + 1 WHERE id = $2 AND deleted_at IS NULL",
    )
    .bind(now.micros())
    .bind(id.as_str())
    .save()
    .await
}

/// Lets workspaces that were deleted no longer point at a pool.
pub async fn forget_pool(tx: &mut Tx, pool: &AgentPoolId) -> Result<()> {
    tx.query("UPDATE workspaces SET agent_pool_id = NULL WHERE agent_pool_id = $1 AND deleted_at IS NOT NULL")
        .bind(pool.as_str())
        .run()
        .await
        .map(drop)
}
