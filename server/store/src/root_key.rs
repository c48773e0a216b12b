//! The keys between the master key and all others, wrapped by the master key.

use crate::{Result, Tx};
use domain::time::Time;
use sqlx::FromRow;

/// Hashes of tokens and signed addresses derive from it.
pub const TOKENS: &str = "tokens";
/// It wraps data keys.
pub const DATA: &str = "data";

/// A root key, wrapped.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct RootKey {
    /// [`TOKENS`] or [`DATA`].
    pub purpose: String,
    /// Which: it follows from the key.
    pub id: String,
    /// `current`, `former` (something may still be wrapped by it) or `retired` (nothing is).
    pub stage: String,
    /// The master key that wrapped it: its id, its ARN, its address.
    pub master: String,
    /// What the master key made of it.
    pub sealed: Vec<u8>,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
    /// Since when nothing is wrapped by it: microseconds.
    pub retired_at: Option<i64>,
    /// When it was last put into an escrow: microseconds.
    pub escrowed_at: Option<i64>,
}

impl RootKey {
    /// Whether something may be wrapped by it or follow from it.
    pub fn is_live(&self) -> bool {
        self.stage != "retired"
    }
}

/// Every root key, newest first. They are few: one more with each rotation.
pub async fn list(tx: &mut Tx) -> Result<Vec<RootKey>> {
    tx.query(
        "SELECT purpose, id, stage, master, sealed, created_at, retired_at, escrowed_at FROM root_keys
         ORDER BY created_at DESC, purpose, id",
    )
    .all()
    .await
}

/// Adds a root key. `Error::is_taken("root_keys")` when another one of its purpose is current.
pub async fn insert(tx: &mut Tx, key: &RootKey) -> Result<()> {
    tx.query(
        "INSERT INTO root_keys (purpose, id, stage, master, sealed, created_at, retired_at, escrowed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(key.purpose.as_str())
    .bind(key.id.as_str())
    .bind(key.stage.as_str())
    .bind(key.master.as_str())
    .bind(key.sealed.as_slice())
    .bind(key.created_at.micros())
    .bind(key.retired_at)
    .bind(key.escrowed_at)
    .run()
    .await
    .map(drop)
}

/// The root key that wraps data keys wraps no more. A race that is lost is seen here: the verb runs again.
pub async fn replace(tx: &mut Tx, current: &str) -> Result<()> {
    tx.query("UPDATE root_keys SET stage = 'former' WHERE purpose = 'data' AND id = $1 AND stage = 'current'")
        .bind(current)
        .save()
        .await
}

/// Nothing is wrapped by it any more. How many were: none, or one.
pub async fn retire(tx: &mut Tx, id: &str, now: Time) -> Result<u64> {
    tx.query(
        "UPDATE root_keys SET stage = 'retired', retired_at = $1 WHERE purpose = 'data' AND id = $2 AND stage = 'former'",
    )
    .bind(now.micros())
    .bind(id)
    .run()
    .await
}

/// Keeps what another master key made of it, unless somebody else was faster. How many were: none, or one.
pub async fn rewrap(tx: &mut Tx, key: &RootKey, master: &str, sealed: &[u8]) -> Result<u64> {
    tx.query("UPDATE root_keys SET master = $1, sealed = $2 WHERE purpose = $3 AND id = $4 AND sealed = $5")
        .bind(master)
        .bind(sealed)
        .bind(key.purpose.as_str())
        .bind(key.id.as_str())
        .bind(key.sealed.as_slice())
        .run()
        .await
}

/// Says that it lies in an escrow.
pub async fn mark_escrowed(tx: &mut Tx, id: &str, now: Time) -> Result<()> {
    tx.query("UPDATE root_keys SET escrowed_at = $1 WHERE id = $2").bind(now.micros()).bind(id).run().await.map(drop)
}
