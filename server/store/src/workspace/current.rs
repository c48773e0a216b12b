//! What a workspace has now: its run, its state, the fence of its phases.

use crate::{Result, Tx, query::Query, state::StateVersion};
use domain::{
    id::{RunId, WorkspaceId},
    time::Time,
};

/// Says which run has the workspace for itself, if any. The workspace is held.
pub async fn set_current_run(tx: &mut Tx, id: &WorkspaceId, run: Option<&RunId>) -> Result<()> {
    tx.query("UPDATE workspaces SET current_run_id = $1, version = version + 1 WHERE id = $2")
        .bind(run.map(RunId::as_str))
        .bind(id.as_str())
        .save()
        .await
}

/// Says which state is current, if the one before it in the count still is.
pub(crate) fn making_current<'t>(query: Query<'t>, state: &StateVersion, sequence: i64, now: Time) -> Query<'t> {
    query
        .push("UPDATE workspaces SET version = version + 1, current_state_id = ")
        .value(state.id.as_str())
        .push(", state_serial = ")
        .value(state.serial)
        .push(", state_lineage = ")
        .value(state.lineage.as_str())
        .push(", state_md5 = ")
        .value(state.md5.as_str())
        .push(", state_sequence = ")
        .value(sequence)
        .push(", updated_at = ")
        .value(now.micros())
        .push(" WHERE id = ")
        .value(state.workspace_id.as_str())
        .push(" AND state_sequence = ")
        .value(sequence - 1)
}

/// Says that there is no state any more; the sequence goes on.
pub async fn clear_current_state(tx: &mut Tx, id: &WorkspaceId, now: Time) -> Result<()> {
    tx.query(
        "UPDATE workspaces SET current_state_id = NULL, state_serial = NULL, state_lineage = NULL, state_md5 = NULL,
         state_sequence = state_sequence + 1, updated_at = $1, version = version + 1 WHERE id = $2",
    )
    .bind(now.micros())
    .bind(id.as_str())
    .save()
    .await
}

/// Takes the next fencing token of a workspace that is held.
pub async fn set_fence(tx: &mut Tx, id: &WorkspaceId, fence: i64) -> Result<()> {
    tx.query("UPDATE workspaces SET fence = $1 WHERE id = $2 AND fence < $1").bind(fence).bind(id.as_str()).save().await
}
