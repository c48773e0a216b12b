//! Codes that `terraform login` exchanges for a token. Only their hashes are known.

use crate::{Result, Tx};
use domain::{
    id::{TokenId, UserId},
    time::Time,
};
use sqlx::FromRow;

/// A code, without its value.
#[derive(Debug, Clone, FromRow)]
pub struct Code {
    /// Who allowed it.
    #[sqlx(try_from = "String")]
    pub user_id: UserId,
    /// What the verifier has to fit.
    pub challenge: String,
    /// Where it was brought.
    pub redirect_uri: String,
    /// What the token is for.
    pub description: String,
    /// How long the token is good; `None` is for ever.
    pub ttl_seconds: Option<i64>,
    /// Until when it can be exchanged.
    #[sqlx(try_from = "i64")]
    pub expires_at: Time,
    /// The token that it was exchanged for.
    pub token_id: Option<String>,
}

/// Adds a code.
pub async fn insert_code(tx: &mut Tx, hash: &[u8], code: &Code, now: Time) -> Result<()> {
    tx.query(
        "INSERT INTO login_codes (hash, user_id, challenge, redirect_uri, description, ttl_seconds, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(hash)
    .bind(code.user_id.as_str())
    .bind(code.challenge.as_str())
    .bind(code.redirect_uri.as_str())
    .bind(code.description.as_str())
    .bind(code.ttl_seconds)
    .bind(now.micros())
    .bind(code.expires_at.micros())
    .run()
    .await
    .map(drop)
}

/// Uses a code up. How many were: none, when it is unknown or was used before.
pub async fn use_code(tx: &mut Tx, hash: &[u8], now: Time) -> Result<u64> {
    tx.query("UPDATE login_codes SET used_at = $1 WHERE hash = $2 AND used_at IS NULL")
        .bind(now.micros())
        .bind(hash)
        .run()
        .await
}

/// A code, used or not.
pub async fn find_code(tx: &mut Tx, hash: &[u8]) -> Result<Option<Code>> {
    tx.query(
        "SELECT user_id, challenge, redirect_uri, description, ttl_seconds, expires_at, token_id FROM login_codes WHERE hash = $1",
    )
    .bind(hash)
    .optional()
    .await
}

/// Says which token a code was exchanged for.
pub async fn set_token(tx: &mut Tx, hash: &[u8], token: &TokenId) -> Result<u64> {
    tx.query("UPDATE login_codes SET token_id = $1 WHERE hash = $2").bind(token.as_str()).bind(hash).run().await
}

/// Forgets codes that are over.
pub async fn delete_old_codes(tx: &mut Tx, now: Time) -> Result<u64> {
    tx.query("DELETE FROM login_codes WHERE expires_at <= $1").bind(now.micros()).run().await
}
