//! The values that a workspace gives to its runs; each is sealed, sensitive or not.

use crate::{Result, Tx};
use domain::{
    id::{VariableId, WorkspaceId},
    time::Time,
};
use sqlx::FromRow;

/// A variable with its sealed value.
#[derive(Debug, Clone, FromRow)]
pub struct Variable {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: VariableId,
    /// Whose.
    #[sqlx(try_from = "String")]
    pub workspace_id: WorkspaceId,
    /// `terraform` or `env`.
    pub category: String,
    /// Its name.
    pub key: String,
    /// Its value, sealed by the workspace's key.
    pub sealed: Vec<u8>,
    /// Whether the value is an HCL expression.
    pub hcl: bool,
    /// Whether nobody may read it back.
    pub sensitive: bool,
    /// What it is for.
    pub description: String,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
    /// Rises with each change.
    pub version: i64,
}

const SELECT: &str =
    "SELECT id, workspace_id, category, key, sealed, hcl, sensitive, description, created_at, version FROM variables ";

/// The variables of a workspace, by key.
pub async fn list(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<Variable>> {
    tx.query(SELECT)
        .push("WHERE workspace_id = ")
        .value(workspace.as_str())
        .push(" ORDER BY key, category, id LIMIT 2000")
        .all()
        .await
}

/// A variable.
pub async fn find(tx: &mut Tx, id: &VariableId) -> Result<Option<Variable>> {
    tx.query(SELECT).push("WHERE id = ").value(id.as_str()).optional().await
}

/// Adds a variable. `Error::is_taken("variables")` when the workspace has one of that key and category.
pub async fn insert(tx: &mut Tx, organization: &str, variable: &Variable) -> Result<()> {
    tx.query(
        "INSERT INTO variables (id, organization_id, workspace_id, category, key, sealed, hcl, sensitive, description, created_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)",
    )
    .bind(variable.id.as_str())
    .bind(organization)
    .bind(variable.workspace_id.as_str())
    .bind(variable.category.as_str())
    .bind(variable.key.as_str())
    .bind(variable.sealed.as_slice())
    .bind(variable.hcl)
    .bind(variable.sensitive)
    .bind(variable.description.as_str())
    .bind(variable.created_at.micros())
    .run()
    .await
    .map(drop)
}

/// Saves a variable if it is still as it was read.
pub async fn update(tx: &mut Tx, variable: &Variable) -> Result<()> {
    tx.query(
        "UPDATE variables SET category = $1, key = $2, sealed = $3, hcl = $4, sensitive = $5, description = $6, version = version + 1
         WHERE id = $7 AND version = $8",
    )
    .bind(variable.category.as_str())
    .bind(variable.key.as_str())
    .bind(variable.sealed.as_slice())
    .bind(variable.hcl)
    .bind(variable.sensitive)
    .bind(variable.description.as_str())
    .bind(variable.id.as_str())
    .bind(variable.version)
    .save()
    .await
}

/// Forgets a variable. How many were: none, or one.
pub async fn delete(tx: &mut Tx, id: &VariableId) -> Result<u64> {
    tx.query("DELETE FROM variables WHERE id = $1").bind(id.as_str()).run().await
}
