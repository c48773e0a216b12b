//! The keys that sign the identities of runs.

use crate::{Result, Tx};
use domain::time::Time;
use sqlx::FromRow;

/// A key with its sealed private half.
#[derive(Debug, Clone, FromRow)]
pub struct Key {
    /// What tokens call it by.
    pub id: String,
    /// `next`, `current` or `retired`.
    pub stage: String,
    /// The public modulus, as a JWK has it.
    pub modulus: String,
    /// The public exponent, as a JWK has it.
    pub exponent: String,
    /// The data key of the private half, wrapped by the master key.
    pub wrapped: Vec<u8>,
    /// The private half.
    pub sealed: Vec<u8>,
    /// Since when it is published.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
    /// Since when it signs, or when it began to: microseconds.
    pub used_at: Option<i64>,
    /// Since when it no longer signs: microseconds.
    pub retired_at: Option<i64>,
}

/// Every published key, newest first; at most a hundred.
pub async fn list(tx: &mut Tx) -> Result<Vec<Key>> {
    tx.query(
        "SELECT id, stage, modulus, exponent, wrapped, sealed, created_at, used_at, retired_at FROM identity_keys
         ORDER BY created_at DESC, id LIMIT 100",
    )
    .all()
    .await
}

/// Publishes a key. `Error::is_taken("identity_keys")` when there is one of its stage.
pub async fn insert(tx: &mut Tx, key: &Key) -> Result<()> {
    tx.query(
        "INSERT INTO identity_keys (id, stage, modulus, exponent, wrapped, sealed, created_at, used_at, retired_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(key.id.as_str())
    .bind(key.stage.as_str())
    .bind(key.modulus.as_str())
    .bind(key.exponent.as_str())
    .bind(key.wrapped.as_slice())
    .bind(key.sealed.as_slice())
    .bind(key.created_at.micros())
    .bind(key.used_at)
    .bind(key.retired_at)
    .run()
    .await
    .map(drop)
}

/// The next key signs from now on, and what was the current one no more. A race that is lost is seen by [`insert`] or here: the verb runs again.
pub async fn rotate(tx: &mut Tx, current: &str, next: &str, now: Time) -> Result<()> {
    tx.query("UPDATE identity_keys SET stage = 'retired', retired_at = $1 WHERE id = $2 AND stage = 'current'")
        .bind(now.micros())
        .bind(current)
        .save()
        .await?;
    tx.query("UPDATE identity_keys SET stage = 'current', used_at = $1 WHERE id = $2 AND stage = 'next'")
        .bind(now.micros())
        .bind(next)
        .save()
        .await
}

/// Forgets the keys that were retired before `before`. How many.
pub async fn delete_retired(tx: &mut Tx, before: Time) -> Result<u64> {
    tx.query("DELETE FROM identity_keys WHERE stage = 'retired' AND retired_at < $1").bind(before.micros()).run().await
}
