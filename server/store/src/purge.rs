//! Removes the bytes of what is no longer needed. Rows stay, and say when that was. Each function does one thing that a reader sees whole, or not
//! at all, and does nothing where it is needed after all.

use crate::{Result, Tx, blob};
use domain::{id::WorkspaceId, time::Time};

/// Removes the bytes of a version that is not current, and its outputs; whether it did.
pub async fn purge_state(tx: &mut Tx, id: &str, now: Time) -> Result<bool> {
    let row: Option<(Option<String>, Option<String>)> =
        tx.query("SELECT blob_id, json_blob_id FROM state_versions WHERE id = $1").bind(id).optional().await?;
    let Some((Some(bytes), json)) = row else { return Ok(false) };
    // Blobs before versions, as whoever puts a delta in the place of one.
    for blob in [Some(&bytes), json.as_ref()].into_iter().flatten() {
        blob::hold(tx, blob).await?;
    }
    let purged = tx
        .query(
            "UPDATE state_versions SET blob_id = NULL, json_blob_id = NULL, settled = TRUE, purged_at = $1
             WHERE id = $2 AND blob_id = $3 AND COALESCE(json_blob_id, '') = $4
             AND NOT EXISTS (SELECT 1 FROM workspaces w WHERE w.id = state_versions.workspace_id AND w.current_state_id = state_versions.id)
             AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.id = state_versions.run_id AND NOT r.final)",
        )
        .bind(now.micros())
        .bind(id)
        .bind(bytes.as_str())
        .bind(json.as_deref().unwrap_or_default())
        .run()
        .await?;
    if purged == 0 {
        return Ok(false);
    }
    tx.query("DELETE FROM state_outputs WHERE state_version_id = $1").bind(id).run().await?;
    for blob in [Some(bytes), json].into_iter().flatten() {
        blob::delete_unused(tx, &blob, now).await?;
    }
    Ok(true)
}

/// Removes the bytes of a configuration that no run needs; whether it did. The workspace is held: no run of it begins meanwhile.
pub async fn purge_configuration(tx: &mut Tx, id: &str, now: Time) -> Result<bool> {
    let row: Option<(Option<String>,)> =
        tx.query("SELECT blob_id FROM configuration_versions WHERE id = $1").bind(id).optional().await?;
    let Some((Some(blob),)) = row else { return Ok(false) };
    let purged = tx
        .query(
            "UPDATE configuration_versions SET status = 'backing_data_permanently_deleted', blob_id = NULL, purged_at = $1 WHERE id = $2 AND blob_id = $3
             AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.configuration_version_id = configuration_versions.id AND NOT r.final)",
        )
        .bind(now.micros())
        .bind(id)
        .bind(blob.as_str())
        .run()
        .await?;
    if purged == 0 {
        return Ok(false);
    }
    blob::delete_unused(tx, &blob, now).await?;
    Ok(true)
}

/// Removes what a phase of a run that ended handed back; whether there was anything.
pub async fn purge_plan(tx: &mut Tx, phase: &str, now: Time) -> Result<bool> {
    tx.query("UPDATE phases SET plan_purged_at = $1 WHERE id = $2 AND plan_purged_at IS NULL")
        .bind(now.micros())
        .bind(phase)
        .run()
        .await?;
    let blobs: Vec<(String,)> =
        tx.query("DELETE FROM artifacts WHERE phase_id = $1 RETURNING blob_id").bind(phase).all().await?;
    for (blob,) in &blobs {
        blob::delete_unused(tx, blob, now).await?;
    }
    Ok(!blobs.is_empty())
}

/// Says that the log of a phase of a run that ended is gone; whether it had one. Its pieces go with [`purge_log_pieces`].
pub async fn begin_log(tx: &mut Tx, phase: &str, now: Time) -> Result<bool> {
    let begun: Option<(bool,)> = tx
        .query(
            "UPDATE phases SET log_purged_at = $1, log_left = (log_end > 0) WHERE id = $2 AND log_purged_at IS NULL RETURNING log_left",
        )
        .bind(now.micros())
        .bind(phase)
        .optional()
        .await?;
    Ok(begun.is_some_and(|(had,)| had))
}

/// Removes some pieces of a log that is gone; whether there are more.
pub async fn purge_log_pieces(tx: &mut Tx, phase: &str, limit: i64) -> Result<bool> {
    let removed = tx
        .query(
            "DELETE FROM log_chunks WHERE phase_id = $1
             AND start IN (SELECT c.start FROM log_chunks c WHERE c.phase_id = $1 ORDER BY c.start LIMIT $2)",
        )
        .bind(phase)
        .bind(limit)
        .run()
        .await?;
    let more = i64::try_from(removed).is_ok_and(|removed| removed == limit);
    if !more {
        tx.query("UPDATE phases SET log_left = FALSE WHERE id = $1").bind(phase).run().await?;
    }
    Ok(more)
}

/// Phases whose logs are gone and have pieces left.
pub async fn list_logs_left(tx: &mut Tx, limit: i64) -> Result<Vec<String>> {
    let rows: Vec<(String,)> =
        tx.query("SELECT id FROM phases WHERE log_left ORDER BY id LIMIT $1").bind(limit).all().await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// A workspace of something that is due, held until the transaction ends; false when it is gone. One that was deleted has no runs to wait for.
pub async fn hold(tx: &mut Tx, workspace: &WorkspaceId) -> Result<bool> {
    let query = tx.query("SELECT id FROM workspaces WHERE id = $1").bind(workspace.as_str());
    let held: Option<(String,)> = query.held().optional().await?;
    Ok(held.is_some())
}
