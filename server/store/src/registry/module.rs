//! Modules and their versions.

use crate::{Result, Tx};
use domain::{
    id::{ModuleId, ModuleVersionId, OrganizationId},
    time::Time,
};
use sqlx::FromRow;

/// A module.
#[derive(Debug, Clone, FromRow)]
pub struct Module {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: ModuleId,
    /// Whose.
    #[sqlx(try_from = "String")]
    pub organization_id: OrganizationId,
    /// Its name.
    pub name: String,
    /// For which system, such as `aws`.
    pub provider: String,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
    /// How many of its versions can be used.
    pub whole: i64,
    /// When its latest version was made, or itself.
    #[sqlx(try_from = "i64")]
    pub changed_at: Time,
}

/// A version of a module.
#[derive(Debug, Clone, FromRow)]
pub struct ModuleVersion {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: ModuleVersionId,
    /// Whose.
    #[sqlx(try_from = "String")]
    pub organization_id: OrganizationId,
    /// Of which module.
    #[sqlx(try_from = "String")]
    pub module_id: ModuleId,
    /// Its number.
    pub version: String,
    /// `pending`, `ok` or `reg_ingress_failed`.
    pub status: String,
    /// What is wrong with what was uploaded.
    pub error: Option<String>,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
}

macro_rules! modules {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.organization_id, m.name, m.provider, m.created_at,
             (SELECT count(*) FROM registry_module_versions v WHERE v.module_id = m.id AND v.status = 'ok') AS whole,
             coalesce((SELECT max(v.created_at) FROM registry_module_versions v WHERE v.module_id = m.id), m.created_at) AS changed_at
             FROM registry_modules m ",
            $rest
        )
    };
}

macro_rules! versions {
    ($rest:literal) => {
        concat!(
            "SELECT v.id, v.organization_id, v.module_id, v.version, v.status, v.error, v.created_at FROM registry_module_versions v ",
            $rest
        )
    };
}

/// Adds a module. `Error::is_taken("registry_modules")` when the organization has it.
pub async fn insert_module(tx: &mut Tx, module: &Module) -> Result<()> {
    tx.query(
        "INSERT INTO registry_modules (id, organization_id, name, provider, created_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(module.id.as_str())
    .bind(module.organization_id.as_str())
    .bind(module.name.as_str())
    .bind(module.provider.as_str())
    .bind(module.created_at.micros())
    .run()
    .await
    .map(drop)
}

/// The module of this name for this system.
pub async fn find_module(
    tx: &mut Tx,
    organization: &OrganizationId,
    name: &str,
    provider: &str,
) -> Result<Option<Module>> {
    tx.query(modules!("WHERE m.organization_id = $1 AND m.name = $2 AND m.provider = $3"))
        .bind(organization.as_str())
        .bind(name)
        .bind(provider)
        .optional()
        .await
}

/// A page of the modules of an organization by name, and how many there are in all.
pub async fn list_modules(
    tx: &mut Tx,
    organization: &OrganizationId,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Module>, i64)> {
    let total = tx
        .query("SELECT count(*) FROM registry_modules WHERE organization_id = $1")
        .bind(organization.as_str())
        .count()
        .await?;
    let page = tx
        .query(modules!("WHERE m.organization_id = $1 ORDER BY m.name, m.provider LIMIT $2 OFFSET $3"))
        .bind(organization.as_str())
        .bind(limit)
        .bind(offset)
        .all()
        .await?;
    Ok((page, total))
}

/// Removes a module with its versions.
pub async fn delete_module(tx: &mut Tx, id: &ModuleId) -> Result<u64> {
    tx.query("DELETE FROM registry_modules WHERE id = $1").bind(id.as_str()).run().await
}

/// Adds a version. `Error::is_taken("registry_module_versions")` when the module has it.
pub async fn insert_module_version(tx: &mut Tx, version: &ModuleVersion) -> Result<()> {
    tx.query(
        "INSERT INTO registry_module_versions (id, organization_id, module_id, version, status, error, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(version.id.as_str())
    .bind(version.organization_id.as_str())
    .bind(version.module_id.as_str())
    .bind(version.version.as_str())
    .bind(version.status.as_str())
    .bind(version.error.as_deref())
    .bind(version.created_at.micros())
    .run()
    .await
    .map(drop)
}

/// The versions of a module, the latest made first; at most a thousand.
pub async fn list_module_versions(tx: &mut Tx, module: &ModuleId) -> Result<Vec<ModuleVersion>> {
    tx.query(versions!("WHERE v.module_id = $1 ORDER BY v.created_at DESC, v.id LIMIT 1000"))
        .bind(module.as_str())
        .all()
        .await
}

/// A version of a module.
pub async fn find_module_version(tx: &mut Tx, id: &ModuleVersionId) -> Result<Option<ModuleVersion>> {
    tx.query(versions!("WHERE v.id = $1")).bind(id.as_str()).optional().await
}

/// The version of a module with this number.
pub async fn find_module_version_by_number(
    tx: &mut Tx,
    module: &ModuleId,
    number: &str,
) -> Result<Option<ModuleVersion>> {
    tx.query(versions!("WHERE v.module_id = $1 AND v.version = $2")).bind(module.as_str()).bind(number).optional().await
}

/// Says what came of an upload, unless another one was taken before: what is `ok` stays so. How many versions it was said of: one, or none.
pub async fn set_module_status(tx: &mut Tx, id: &ModuleVersionId, status: &str, error: Option<&str>) -> Result<u64> {
    tx.query("UPDATE registry_module_versions SET status = $1, error = $2 WHERE id = $3 AND status <> 'ok'")
        .bind(status)
        .bind(error)
        .bind(id.as_str())
        .run()
        .await
}

/// Removes a version.
pub async fn delete_module_version(tx: &mut Tx, id: &ModuleVersionId) -> Result<u64> {
    tx.query("DELETE FROM registry_module_versions WHERE id = $1").bind(id.as_str()).run().await
}
