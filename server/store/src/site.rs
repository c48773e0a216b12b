//! What all servers on one database have to agree on.

use crate::{Result, Tx};
use domain::time::Time;

/// What this site is called, if that was ever said: the id of the root key that its tokens follow from. It stays through every change of keys.
/// At sites from before there were root keys, it is that of their master key.
pub async fn find(tx: &mut Tx) -> Result<Option<String>> {
    let row: Option<(String,)> = tx.query("SELECT master_key_id FROM sites WHERE only_one = 1").optional().await?;
    Ok(row.map(|(id,)| id))
}

/// Says what this site is called, unless somebody said it before.
pub async fn insert(tx: &mut Tx, id: &str, now: Time) -> Result<()> {
    tx.query(
        "INSERT INTO sites (only_one, master_key_id, created_at) VALUES (1, $1, $2) ON CONFLICT (only_one) DO NOTHING",
    )
    .bind(id)
    .bind(now.micros())
    .run()
    .await
    .map(drop)
}

/// How often the object store was swept.
pub async fn find_sweeps(tx: &mut Tx) -> Result<i64> {
    let row: Option<(i64,)> = tx.query("SELECT sweeps FROM sites WHERE only_one = 1").optional().await?;
    Ok(row.map_or(0, |(sweeps,)| sweeps))
}

/// Says that the object store is swept once more.
pub async fn count_sweep(tx: &mut Tx) -> Result<()> {
    tx.query("UPDATE sites SET sweeps = sweeps + 1 WHERE only_one = 1").run().await.map(drop)
}

/// The oldest sealed data key, if there is one.
pub async fn find_oldest_key(tx: &mut Tx) -> Result<Option<Vec<u8>>> {
    let row: Option<(Vec<u8>,)> =
        tx.query("SELECT wrapped FROM data_keys ORDER BY created_at, workspace_id LIMIT 1").optional().await?;
    Ok(row.map(|(wrapped,)| wrapped))
}
