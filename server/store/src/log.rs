//! Logs of phases: sealed rows keyed by the offset of their first byte, so that any part is found without reading what is before it.

use crate::{Result, Tx};
use sqlx::FromRow;

/// A piece of a log.
#[derive(Debug, Clone, FromRow)]
pub struct Chunk {
    /// At which byte it begins.
    pub start: i64,
    /// How many bytes it is once opened.
    pub length: i64,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
}

/// Appends a piece at the end, if that is where it begins: whoever is late loses the race.
pub async fn append(tx: &mut Tx, phase: &str, fence: i64, chunk: &Chunk) -> Result<bool> {
    let grown = tx
        .query("UPDATE phases SET log_end = $1 WHERE id = $2 AND fence = $3 AND log_end = $4 AND status = 'running'")
        .bind(chunk.start + chunk.length)
        .bind(phase)
        .bind(fence)
        .bind(chunk.start)
        .run()
        .await?;
    if grown == 0 {
        return Ok(false);
    }
    tx.query("INSERT INTO log_chunks (phase_id, start, length, sealed) VALUES ($1, $2, $3, $4)")
        .bind(phase)
        .bind(chunk.start)
        .bind(chunk.length)
        .bind(chunk.sealed.as_slice())
        .run()
        .await?;
    Ok(true)
}

/// The pieces from the one that holds byte `offset` on; at most `limit`.
pub async fn list_from(tx: &mut Tx, phase: &str, offset: i64, limit: i64) -> Result<Vec<Chunk>> {
    tx.query(
        "SELECT start, length, sealed FROM log_chunks WHERE phase_id = $1
         AND start >= COALESCE((SELECT max(start) FROM log_chunks WHERE phase_id = $1 AND start <= $2), 0)
         ORDER BY start LIMIT $3",
    )
    .bind(phase)
    .bind(offset)
    .bind(limit)
    .all()
    .await
}

/// Forgets the log of a phase that begins anew.
pub async fn reset(tx: &mut Tx, phase: &str) -> Result<()> {
    tx.query("DELETE FROM log_chunks WHERE phase_id = $1").bind(phase).run().await?;
    tx.query("UPDATE phases SET log_end = 0 WHERE id = $1").bind(phase).run().await.map(drop)
}
