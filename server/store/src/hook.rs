//! The commands that an organization runs before and after the phases of its runs.

use crate::{Result, Tx};
use domain::{id::OrganizationId, time::Time};
use sqlx::FromRow;

/// A hook, sealed.
#[derive(Debug, Clone, FromRow)]
pub struct Hook {
    /// `pre-plan`, `post-plan`, `pre-apply` or `post-apply`.
    pub point: String,
    /// Its data key, wrapped by the master key.
    pub wrapped: Vec<u8>,
    /// The script.
    pub sealed: Vec<u8>,
    /// Since when it is as it is.
    #[sqlx(try_from = "i64")]
    pub updated_at: Time,
}

/// The hooks of an organization, by point.
pub async fn list(tx: &mut Tx, organization: &OrganizationId) -> Result<Vec<Hook>> {
    tx.query("SELECT point, wrapped, sealed, updated_at FROM hooks WHERE organization_id = $1 ORDER BY point")
        .bind(organization.as_str())
        .all()
        .await
}

/// Sets a hook.
pub async fn put(tx: &mut Tx, organization: &OrganizationId, hook: &Hook) -> Result<()> {
    tx.query(
        "INSERT INTO hooks (organization_id, point, wrapped, sealed, updated_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (organization_id, point)
         DO UPDATE SET wrapped = excluded.wrapped, sealed = excluded.sealed, updated_at = excluded.updated_at",
    )
    .bind(organization.as_str())
    .bind(hook.point.as_str())
    .bind(hook.wrapped.as_slice())
    .bind(hook.sealed.as_slice())
    .bind(hook.updated_at.micros())
    .run()
    .await
    .map(drop)
}

/// Forgets a hook. How many were: none, or one.
pub async fn delete(tx: &mut Tx, organization: &OrganizationId, point: &str) -> Result<u64> {
    tx.query("DELETE FROM hooks WHERE organization_id = $1 AND point = $2")
        .bind(organization.as_str())
        .bind(point)
        .run()
        .await
}
