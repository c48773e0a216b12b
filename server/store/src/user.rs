//! People, and how they prove who they are: passwords, tokens, sessions, the first set-up link.

use crate::{Result, Tx};
use domain::{
    id::{TokenId, UserId},
    time::Time,
};
use sqlx::FromRow;

/// A person.
#[derive(Debug, Clone, FromRow)]
pub struct User {
    /// Who.
    #[sqlx(try_from = "String")]
    pub id: UserId,
    /// The name to sign in with.
    pub name: String,
    /// Where mail goes.
    pub email: String,
    /// Whether they may do everything everywhere.
    pub site_admin: bool,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
}

/// A token, without its value.
#[derive(Debug, Clone, FromRow)]
pub struct Token {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: TokenId,
    /// What its owner said it is for.
    pub description: String,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
    /// Until when, in microseconds; `None` is for ever.
    pub expires_at: Option<i64>,
}

/// Adds a person. `Error::is_taken("users")` when name or e-mail address is in use.
pub async fn insert(tx: &mut Tx, user: &User, password_hash: Option<&str>) -> Result<()> {
    tx.query(
        "INSERT INTO users (id, name, email, password_hash, site_admin, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(user.id.as_str())
    .bind(user.name.as_str())
    .bind(user.email.as_str())
    .bind(password_hash)
    .bind(user.site_admin)
    .bind(user.created_at.micros())
    .run()
    .await
    .map(drop)
}

/// The person with this name.
pub async fn find_by_name(tx: &mut Tx, name: &str) -> Result<Option<User>> {
    tx.query("SELECT id, name, email, site_admin, created_at FROM users WHERE name = $1").bind(name).optional().await
}

/// The person with this e-mail address.
pub async fn find_by_email(tx: &mut Tx, email: &str) -> Result<Option<User>> {
    tx.query("SELECT id, name, email, site_admin, created_at FROM users WHERE email = $1").bind(email).optional().await
}

/// The person.
pub async fn find(tx: &mut Tx, id: &UserId) -> Result<Option<User>> {
    tx.query("SELECT id, name, email, site_admin, created_at FROM users WHERE id = $1")
        .bind(id.as_str())
        .optional()
        .await
}

/// The ids and names of these people, in no order.
pub async fn list_names(tx: &mut Tx, ids: &[&str]) -> Result<Vec<(String, String)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.query("SELECT id, name FROM users WHERE id IN (").list(ids.iter().copied()).push(")").all().await
}

/// Everybody, by name; at most a thousand.
pub async fn list(tx: &mut Tx) -> Result<Vec<User>> {
    tx.query("SELECT id, name, email, site_admin, created_at FROM users ORDER BY name, id LIMIT 1000").all().await
}

/// Whether there is nobody yet.
pub async fn is_empty(tx: &mut Tx) -> Result<bool> {
    Ok(tx.query("SELECT id FROM users LIMIT 1").optional::<(String,)>().await?.is_none())
}

/// The person with this name or address, and the hash of their password, if they have one.
pub async fn find_password(tx: &mut Tx, login: &str) -> Result<Option<(String, String)>> {
    tx.query("SELECT id, password_hash FROM users WHERE (name = $1 OR email = $1) AND password_hash IS NOT NULL")
        .bind(login)
        .optional()
        .await
}

/// Adds a token of which only the hash is known.
pub async fn insert_token(tx: &mut Tx, user: &UserId, token: &Token, hash: &[u8]) -> Result<()> {
    tx.query(
        "INSERT INTO tokens (id, hash, user_id, description, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(token.id.as_str())
    .bind(hash)
    .bind(user.as_str())
    .bind(token.description.as_str())
    .bind(token.created_at.micros())
    .bind(token.expires_at)
    .run()
    .await
    .map(drop)
}

#[derive(FromRow)]
struct Bearer {
    #[sqlx(flatten)]
    user: User,
    expires_at: Option<i64>,
}

/// The person whose token has this hash, unless it is revoked or over, and until when it is good.
pub async fn find_by_token(tx: &mut Tx, hash: &[u8], now: Time) -> Result<Option<(User, Option<i64>)>> {
    let bearer: Option<Bearer> = tx.query(
        "SELECT u.id, u.name, u.email, u.site_admin, u.created_at, t.expires_at FROM tokens t JOIN users u ON u.id = t.user_id
         WHERE t.hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2)",
    )
    .bind(hash)
    .bind(now.micros())
    .optional()
    .await?;
    Ok(bearer.map(|bearer| (bearer.user, bearer.expires_at)))
}

/// The tokens of a person that are not revoked, newest first; at most a thousand.
pub async fn list_tokens(tx: &mut Tx, user: &UserId) -> Result<Vec<Token>> {
    tx.query(
        "SELECT id, description, created_at, expires_at FROM tokens WHERE user_id = $1 AND revoked_at IS NULL
         ORDER BY created_at DESC, id LIMIT 1000",
    )
    .bind(user.as_str())
    .all()
    .await
}

/// A token of this person that is not revoked.
pub async fn find_token(tx: &mut Tx, user: &UserId, token: &TokenId) -> Result<Option<Token>> {
    tx.query(
        "SELECT id, description, created_at, expires_at FROM tokens WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL",
    )
    .bind(token.as_str())
    .bind(user.as_str())
    .optional()
    .await
}

/// Revokes a token of this person. How many were: none, or one.
pub async fn revoke_token(tx: &mut Tx, user: &UserId, token: &TokenId, now: Time) -> Result<u64> {
    tx.query("UPDATE tokens SET revoked_at = $1 WHERE id = $2 AND user_id = $3 AND revoked_at IS NULL")
        .bind(now.micros())
        .bind(token.as_str())
        .bind(user.as_str())
        .run()
        .await
}

/// Begins a session of which only the hash is known.
pub async fn insert_session(tx: &mut Tx, user: &UserId, hash: &[u8], now: Time, until: Time) -> Result<()> {
    tx.query("INSERT INTO sessions (hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(hash)
        .bind(user.as_str())
        .bind(now.micros())
        .bind(until.micros())
        .run()
        .await
        .map(drop)
}

/// The person whose session has this hash, unless it is over.
pub async fn find_by_session(tx: &mut Tx, hash: &[u8], now: Time) -> Result<Option<User>> {
    tx.query(
        "SELECT u.id, u.name, u.email, u.site_admin, u.created_at FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.hash = $1 AND s.expires_at > $2",
    )
    .bind(hash)
    .bind(now.micros())
    .optional()
    .await
}

/// Gives a person another password.
pub async fn set_password(tx: &mut Tx, user: &UserId, hash: &str) -> Result<()> {
    tx.query("UPDATE users SET password_hash = $1 WHERE id = $2").bind(hash).bind(user.as_str()).run().await.map(drop)
}

/// Ends all sessions of a person.
pub async fn delete_sessions(tx: &mut Tx, user: &UserId) -> Result<u64> {
    tx.query("DELETE FROM sessions WHERE user_id = $1").bind(user.as_str()).run().await
}

/// Ends a session.
pub async fn delete_session(tx: &mut Tx, hash: &[u8]) -> Result<u64> {
    tx.query("DELETE FROM sessions WHERE hash = $1").bind(hash).run().await
}

/// Forgets sessions that are over.
pub async fn delete_old_sessions(tx: &mut Tx, now: Time) -> Result<u64> {
    tx.query("DELETE FROM sessions WHERE expires_at <= $1").bind(now.micros()).run().await
}

/// Makes this the one set-up link.
pub async fn replace_setup(tx: &mut Tx, hash: &[u8], until: Time) -> Result<()> {
    tx.query("DELETE FROM setups").run().await?;
    tx.query("INSERT INTO setups (hash, expires_at) VALUES ($1, $2)")
        .bind(hash)
        .bind(until.micros())
        .run()
        .await
        .map(drop)
}

/// Whether this is the set-up link, and still good.
pub async fn find_setup(tx: &mut Tx, hash: &[u8], now: Time) -> Result<bool> {
    let row: Option<(i64,)> = tx
        .query("SELECT expires_at FROM setups WHERE hash = $1 AND expires_at > $2")
        .bind(hash)
        .bind(now.micros())
        .optional()
        .await?;
    Ok(row.is_some())
}

/// Uses the set-up link up.
pub async fn delete_setups(tx: &mut Tx) -> Result<u64> {
    tx.query("DELETE FROM setups").run().await
}
