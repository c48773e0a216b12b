//! The keys with which runs fetch modules over SSH.

use crate::{Result, Tx};
use domain::{
    id::{OrganizationId, SshKeyId, WorkspaceId},
    time::Time,
};
use sqlx::FromRow;

/// A private key, sealed.
#[derive(Debug, Clone, FromRow)]
pub struct SshKey {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: SshKeyId,
    /// Whose.
    #[sqlx(try_from = "String")]
    pub organization_id: OrganizationId,
    /// The name of that organization.
    pub organization_name: String,
    /// Its name.
    pub name: String,
    /// Its data key, wrapped by the master key.
    pub wrapped: Vec<u8>,
    /// The private key.
    pub sealed: Vec<u8>,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
}

const SELECT: &str =
    "SELECT k.id, k.organization_id, o.name AS organization_name, k.name, k.wrapped, k.sealed, k.created_at
     FROM ssh_keys k JOIN organizations o ON o.id = k.organization_id ";

/// The keys of an organization, by name; at most a thousand.
pub async fn list(tx: &mut Tx, organization: &OrganizationId) -> Result<Vec<SshKey>> {
    tx.query(SELECT)
        .push("WHERE k.organization_id = ")
        .value(organization.as_str())
        .push(" ORDER BY k.name, k.id LIMIT 1000")
        .all()
        .await
}

/// A key.
pub async fn find(tx: &mut Tx, id: &SshKeyId) -> Result<Option<SshKey>> {
    tx.query(SELECT).push("WHERE k.id = ").value(id.as_str()).optional().await
}

/// Adds a key.
pub async fn insert(tx: &mut Tx, key: &SshKey) -> Result<()> {
    tx.query(
        "INSERT INTO ssh_keys (id, organization_id, name, wrapped, sealed, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(key.id.as_str())
    .bind(key.organization_id.as_str())
    .bind(key.name.as_str())
    .bind(key.wrapped.as_slice())
    .bind(key.sealed.as_slice())
    .bind(key.created_at.micros())
    .run()
    .await
    .map(drop)
}

/// Gives a key another name. How many were: none, or one.
pub async fn rename(tx: &mut Tx, id: &SshKeyId, name: &str) -> Result<u64> {
    tx.query("UPDATE ssh_keys SET name = $1 WHERE id = $2").bind(name).bind(id.as_str()).run().await
}

/// Forgets a key; workspaces that used it use none. How many were: none, or one.
pub async fn delete(tx: &mut Tx, id: &SshKeyId) -> Result<u64> {
    tx.query("DELETE FROM ssh_keys WHERE id = $1").bind(id.as_str()).run().await
}

/// The key that the runs of a workspace use.
pub async fn find_of_workspace(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Option<SshKey>> {
    tx.query(SELECT)
        .push("JOIN workspace_ssh_keys w ON w.ssh_key_id = k.id WHERE w.workspace_id = ")
        .value(workspace.as_str())
        .optional()
        .await
}

/// Lets the runs of a workspace use this key, or none.
pub async fn assign(
    tx: &mut Tx,
    organization: &OrganizationId,
    workspace: &WorkspaceId,
    key: Option<&SshKeyId>,
) -> Result<()> {
    let Some(key) = key else {
        let forget = tx.query("DELETE FROM workspace_ssh_keys WHERE workspace_id = $1").bind(workspace.as_str());
        return forget.run().await.map(drop);
    };
    tx.query(
        "INSERT INTO workspace_ssh_keys (workspace_id, organization_id, ssh_key_id) VALUES ($1, $2, $3)
         ON CONFLICT (workspace_id) DO UPDATE SET ssh_key_id = excluded.ssh_key_id",
    )
    .bind(workspace.as_str())
    .bind(organization.as_str())
    .bind(key.as_str())
    .run()
    .await
    .map(drop)
}
