//! What people said of runs.

use crate::{Result, Tx};
use domain::{
    id::{CommentId, OrganizationId, RunId},
    time::Time,
};
use sqlx::FromRow;

/// What somebody said of a run.
#[derive(Debug, Clone, FromRow)]
pub struct Comment {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: CommentId,
    /// Whose.
    #[sqlx(try_from = "String")]
    pub organization_id: OrganizationId,
    /// Of which run.
    #[sqlx(try_from = "String")]
    pub run_id: RunId,
    /// The words.
    pub body: String,
    /// Who said it.
    pub created_by: Option<String>,
    /// When.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, organization_id, run_id, body, created_by, created_at FROM comments ", $rest)
    };
}

/// Adds a comment.
pub async fn insert(tx: &mut Tx, comment: &Comment) -> Result<()> {
    tx.query(
        "INSERT INTO comments (id, organization_id, run_id, body, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(comment.id.as_str())
    .bind(comment.organization_id.as_str())
    .bind(comment.run_id.as_str())
    .bind(comment.body.as_str())
    .bind(comment.created_by.as_deref())
    .bind(comment.created_at.micros())
    .run()
    .await
    .map(drop)
}

/// A comment.
pub async fn find(tx: &mut Tx, id: &CommentId) -> Result<Option<Comment>> {
    tx.query(select!("WHERE id = $1")).bind(id.as_str()).optional().await
}

/// The comments on a run, oldest first; at most a thousand.
pub async fn list(tx: &mut Tx, run: &RunId) -> Result<Vec<Comment>> {
    tx.query(select!("WHERE run_id = $1 ORDER BY created_at, id LIMIT 1000")).bind(run.as_str()).all().await
}

/// How many comments a run has.
pub async fn count(tx: &mut Tx, run: &RunId) -> Result<i64> {
    tx.query("SELECT count(*) FROM comments WHERE run_id = $1").bind(run.as_str()).count().await
}
