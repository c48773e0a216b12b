//! Everything that is sealed, whatever table it lies in, a page at a time: for whoever checks all of it.

use crate::{Result, Tx};
use sqlx::FromRow;

/// A sealed value, as it lies.
#[derive(Debug, Clone, FromRow)]
pub struct Sealed {
    /// What comes next comes after this.
    pub mark: String,
    /// What its seal calls it.
    pub id: String,
    /// The organization that its seal names.
    pub organization: String,
    /// The workspace whose key seals it, if it has none of its own.
    pub workspace: Option<String>,
    /// Its own key, wrapped.
    pub wrapped: Option<Vec<u8>>,
    /// The sealed bytes, unless they are an object.
    pub sealed: Option<Vec<u8>>,
    /// Where they lie in the object store.
    pub object_key: Option<String>,
    /// How many bytes it is once opened, where that is known.
    pub size: Option<i64>,
}

async fn page(tx: &mut Tx, sql: &'static str, after: &str, limit: i64) -> Result<Vec<Sealed>> {
    tx.query(sql).bind(after).bind(limit).all().await
}

/// Blobs.
pub async fn list_blobs(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<Sealed>> {
    let sql = "SELECT id AS mark, id, organization_id AS organization, workspace_id AS workspace, CAST(NULL AS BYTEA) AS wrapped, sealed, object_key, size
     FROM blobs WHERE id > $1 ORDER BY id LIMIT $2";
    page(tx, sql, after, limit).await
}

/// Files of the registry.
pub async fn list_files(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<Sealed>> {
    let sql = "SELECT id AS mark, id, organization_id AS organization, CAST(NULL AS TEXT) AS workspace, wrapped, sealed, object_key, size
     FROM registry_files WHERE id > $1 ORDER BY id LIMIT $2";
    page(tx, sql, after, limit).await
}

/// Values of variables.
pub async fn list_variables(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<Sealed>> {
    let sql = "SELECT id AS mark, id, organization_id AS organization, workspace_id AS workspace, CAST(NULL AS BYTEA) AS wrapped, sealed,
     CAST(NULL AS TEXT) AS object_key, CAST(NULL AS BIGINT) AS size
     FROM variables WHERE id > $1 ORDER BY id LIMIT $2";
    page(tx, sql, after, limit).await
}

/// Variables of single runs.
pub async fn list_run_variables(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<Sealed>> {
    let sql = "SELECT id AS mark, id, organization_id AS organization, workspace_id AS workspace, CAST(NULL AS BYTEA) AS wrapped, variables AS sealed,
     CAST(NULL AS TEXT) AS object_key, CAST(NULL AS BIGINT) AS size
     FROM runs WHERE id > $1 AND variables IS NOT NULL ORDER BY id LIMIT $2";
    page(tx, sql, after, limit).await
}

/// SSH keys.
pub async fn list_ssh_keys(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<Sealed>> {
    let sql =
        "SELECT id AS mark, id, organization_id AS organization, CAST(NULL AS TEXT) AS workspace, wrapped, sealed,
     CAST(NULL AS TEXT) AS object_key, CAST(NULL AS BIGINT) AS size
     FROM ssh_keys WHERE id > $1 ORDER BY id LIMIT $2";
    page(tx, sql, after, limit).await
}

/// Keys that sign identities.
pub async fn list_identity_keys(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<Sealed>> {
    let sql = "SELECT id AS mark, id, '' AS organization, CAST(NULL AS TEXT) AS workspace, wrapped, sealed,
     CAST(NULL AS TEXT) AS object_key, CAST(NULL AS BIGINT) AS size
     FROM identity_keys WHERE id > $1 ORDER BY id LIMIT $2";
    page(tx, sql, after, limit).await
}

/// Data keys of workspaces: nothing but keys.
pub async fn list_data_keys(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<Sealed>> {
    let sql = "SELECT workspace_id AS mark, workspace_id AS id, '' AS organization, workspace_id AS workspace, wrapped, CAST(NULL AS BYTEA) AS sealed,
     CAST(NULL AS TEXT) AS object_key, CAST(NULL AS BIGINT) AS size
     FROM data_keys WHERE workspace_id > $1 ORDER BY workspace_id LIMIT $2";
    page(tx, sql, after, limit).await
}

/// Hooks, which are named by their place.
pub async fn list_hooks(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<Sealed>> {
    let sql = "SELECT organization_id || '/' || point AS mark, point AS id, organization_id AS organization, CAST(NULL AS TEXT) AS workspace, wrapped,
     sealed, CAST(NULL AS TEXT) AS object_key, CAST(NULL AS BIGINT) AS size
     FROM hooks WHERE organization_id || '/' || point > $1 ORDER BY organization_id || '/' || point LIMIT $2";
    page(tx, sql, after, limit).await
}

/// Phases that have a log: their ids.
pub async fn list_logged(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = tx
        .query("SELECT DISTINCT phase_id FROM log_chunks WHERE phase_id > $1 ORDER BY phase_id LIMIT $2")
        .bind(after)
        .bind(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
