//! Workspaces of which the index does not say what it should: those that changed, and those that were deleted.

use crate::{Result, Tx};
use domain::id::{OrganizationId, WorkspaceId};
use sqlx::FromRow;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, organization_id, name, tag_list, current_state_id, state_sequence, indexed_sequence, version,
             deleted_at IS NOT NULL AS deleted FROM workspaces ",
            $rest
        )
    };
}

/// A workspace whose words are not all in the index.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Due {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: WorkspaceId,
    /// Whose.
    #[sqlx(try_from = "String")]
    pub organization_id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Its tags, as JSON: a list of pairs.
    pub tag_list: String,
    /// The current state version.
    pub current_state_id: Option<String>,
    /// The state that its words are due for.
    pub state_sequence: i64,
    /// The state that they were in the index for.
    pub indexed_sequence: i64,
    /// Whether its version has changed since tells it apart.
    pub version: i64,
    /// Whether it was deleted: its words are to go.
    pub deleted: bool,
}

/// Workspaces of which the index does not say what it should, behind this one. Those of modules' tests are never among them.
pub async fn list_due(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<Due>> {
    // As the index of such workspaces has it.
    tx.query(select!(
        "WHERE id > $1 AND ((deleted_at IS NULL AND module_id IS NULL AND (NOT named OR indexed_sequence < state_sequence))
         OR (deleted_at IS NOT NULL AND indexed_sequence > -2)) ORDER BY id LIMIT $2"
    ))
    .bind(after)
    .bind(limit)
    .all()
    .await
}

/// One of them, as it is now; deleted ones too.
pub async fn find_due(tx: &mut Tx, id: &WorkspaceId) -> Result<Option<Due>> {
    tx.query(select!("WHERE id = $1")).bind(id.as_str()).optional().await
}

/// The same, held until the transaction ends.
pub async fn hold_due(tx: &mut Tx, id: &WorkspaceId) -> Result<Option<Due>> {
    if !tx.has_other_writers() {
        return find_due(tx, id).await;
    }
    tx.query(select!("WHERE id = $1 FOR UPDATE")).bind(id.as_str()).optional().await
}

/// The shelves on which something came since a state that was indexed, or ended and may have words in the index still.
pub async fn list_changed_shelves(tx: &mut Tx, due: &Due) -> Result<Vec<i64>> {
    let shelves: Vec<(i64,)> = tx
        .query(
            "SELECT shelf FROM state_resources WHERE workspace_id = $1 AND to_sequence IS NULL AND from_sequence > $2
             UNION SELECT shelf FROM state_resources
             WHERE workspace_id = $1 AND to_sequence IS NOT NULL AND attributes IS NOT NULL
             ORDER BY 1",
        )
        .bind(due.id.as_str())
        .bind(due.indexed_sequence)
        .all()
        .await?;
    Ok(shelves.into_iter().map(|(shelf,)| shelf).collect())
}

/// Says of a deleted workspace that its words are going: taken back meanwhile, it is indexed from the beginning.
pub async fn begin_withdrawal(tx: &mut Tx, id: &WorkspaceId) -> Result<()> {
    tx.query(
        "UPDATE workspaces SET indexed_sequence = -1, named = FALSE
         WHERE id = $1 AND deleted_at IS NOT NULL AND indexed_sequence > -1",
    )
    .bind(id.as_str())
    .run()
    .await
    .map(drop)
}

/// Says that the words of a workspace are in the index up to this state, or that none of a deleted one are; what it is called counts only if it was
/// not saved since it was read.
pub async fn settle(tx: &mut Tx, due: &Due) -> Result<()> {
    tx.query(
        "UPDATE workspaces SET named = (named OR version = $1), indexed_sequence = CASE WHEN deleted_at IS NOT NULL THEN -2
         WHEN indexed_sequence < $2 THEN $2 ELSE indexed_sequence END WHERE id = $3",
    )
    .bind(due.version)
    .bind(due.state_sequence)
    .bind(due.id.as_str())
    .run()
    .await
    .map(drop)
}
