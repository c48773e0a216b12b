//! Whether the index holds attributes, and beginning it anew where that changes.

use crate::{Result, Tx};

/// Whether the index holds attributes; `None` before anybody said so.
pub async fn find_attributes_setting(tx: &mut Tx) -> Result<Option<bool>> {
    let row: Option<(Option<bool>,)> =
        tx.query("SELECT index_attributes FROM sites WHERE only_one = 1").optional().await?;
    Ok(row.and_then(|(on,)| on))
}

/// Says whether the index holds attributes.
pub async fn set_attributes_setting(tx: &mut Tx, on: bool) -> Result<()> {
    tx.query("UPDATE sites SET index_attributes = $1 WHERE only_one = 1").bind(on).run().await.map(drop)
}

/// Says of these workspaces, behind this one, that nothing of them is in the index; the last of them, if there are any.
pub async fn forget_indexed(tx: &mut Tx, after: &str, most: i64) -> Result<Option<String>> {
    let last: Vec<(String,)> =
        tx.query("SELECT id FROM workspaces WHERE id > $1 ORDER BY id LIMIT $2").bind(after).bind(most).all().await?;
    let Some((last,)) = last.into_iter().next_back() else { return Ok(None) };
    tx.query(
        "UPDATE workspaces SET named = FALSE, indexed_sequence = CASE WHEN deleted_at IS NULL THEN -1 ELSE -2 END
         WHERE id > $1 AND id <= $2",
    )
    .bind(after)
    .bind(last.as_str())
    .run()
    .await?;
    Ok(Some(last))
}
