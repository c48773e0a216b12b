//! Lock and unlock a workspace that is held.

use crate::{Result, Tx};
use domain::{
    id::{RunId, UserId, WorkspaceId},
    lock::{Holder, Lock},
};

/// Locks a workspace that is held and unlocked. `info` is what a `backend "http"` sent.
pub async fn lock(tx: &mut Tx, id: &WorkspaceId, lock: &Lock, info: Option<&str>) -> Result<()> {
    let (kind, user, run, client): (_, Option<&UserId>, Option<&RunId>, Option<&str>) = match &lock.holder {
        Holder::Run(run) => ("run", None, Some(run), None),
        Holder::Client { door, user, id } => (door.as_str(), Some(user), None, id.as_deref()),
    };
    tx.query(
        "UPDATE workspaces SET lock_kind = $1, lock_user_id = $2, lock_run_id = $3, lock_client_id = $4, lock_info = $5, lock_reason = $6,
         locked_at = $7, version = version + 1 WHERE id = $8 AND lock_kind IS NULL",
    )
    .bind(kind)
    .bind(user.map(UserId::as_str))
    .bind(run.map(RunId::as_str))
    .bind(client)
    .bind(info)
    .bind(lock.reason.as_str())
    .bind(lock.since.micros())
    .bind(id.as_str())
    .save()
    .await
}

/// Unlocks a workspace that is held.
pub async fn unlock(tx: &mut Tx, id: &WorkspaceId) -> Result<()> {
    tx.query(
        "UPDATE workspaces SET lock_kind = NULL, lock_user_id = NULL, lock_run_id = NULL, lock_client_id = NULL, lock_info = NULL,
         lock_reason = NULL, locked_at = NULL, version = version + 1 WHERE id = $1",
    )
    .bind(id.as_str())
    .save()
    .await
}
