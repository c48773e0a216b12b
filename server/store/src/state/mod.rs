//! State versions, their outputs, and the index of what each held.

mod append;
mod resource;

pub use append::{Append, append};
pub use resource::{Resource, close_resources, list_current_hashes, list_differing, open_resources};

use crate::{Result, Tx, query::Query};
use domain::{
    id::{OrganizationId, OutputId, StateVersionId, WorkspaceId},
    time::Time,
};
use sqlx::FromRow;

/// A version of a workspace's state.
#[derive(Debug, Clone, FromRow)]
pub struct StateVersion {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: StateVersionId,
    /// Whose.
    #[sqlx(try_from = "String")]
    pub organization_id: OrganizationId,
    /// Of which workspace.
    #[sqlx(try_from = "String")]
    pub workspace_id: WorkspaceId,
    /// Our own count; `None` when it never became current.
    pub sequence: Option<i64>,
    /// The version that was current before it.
    pub parent_id: Option<String>,
    /// `pending`, `finalized`, `discarded`, or `errored` for one that came too late.
    pub status: String,
    /// The client's count.
    pub serial: i64,
    /// The client's name for the history.
    pub lineage: String,
    /// Hex MD5 of its bytes.
    pub md5: String,
    /// Hex SHA-256 of its bytes; versions of earlier builds have none.
    pub sha256: Option<String>,
    /// How many bytes.
    pub size: i64,
    /// Whether its client said `-force`.
    pub forced: bool,
    /// The version of the program that wrote it.
    pub terraform_version: String,
    /// The version of its format.
    pub format: i64,
    /// How many resource instances it holds.
    pub resource_count: i64,
    /// Its bytes.
    pub blob_id: Option<String>,
    /// The same as `terraform show -json` says it, if the client sent that.
    pub json_blob_id: Option<String>,
    /// The run that made it.
    pub run_id: Option<String>,
    /// The version that it goes back to, if that is what it was made for.
    pub rollback_id: Option<String>,
    /// The person who made it.
    pub created_by: Option<String>,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
    /// When its bytes were removed, by a policy: in microseconds.
    pub purged_at: Option<i64>,
    /// Whether the words of what it holds were in the index at some time.
    pub indexed: bool,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.organization_id, s.workspace_id, s.sequence, s.parent_id, s.status, s.serial, s.lineage, s.md5, s.sha256, s.size,
             s.forced, s.terraform_version, s.format, s.resource_count, s.blob_id, s.json_blob_id, s.run_id, s.rollback_id, s.created_by,
             s.created_at, s.purged_at,
             (s.sequence IS NULL OR s.sequence <= (SELECT i.indexed_sequence FROM workspaces i WHERE i.id = s.workspace_id)) AS indexed
             FROM state_versions s ",
            $rest
        )
    };
}

/// Adds a version.
pub async fn insert(tx: &mut Tx, version: &StateVersion) -> Result<()> {
    inserting(tx.query(""), version).run().await.map(drop)
}

/// The statement that adds a version.
pub(crate) fn inserting<'t>(query: Query<'t>, version: &StateVersion) -> Query<'t> {
    let query = query
        .push(
            "INSERT INTO state_versions (id, organization_id, workspace_id, sequence, parent_id, status, serial, lineage, md5, size, forced,
             terraform_version, format, resource_count, blob_id, run_id, created_by, created_at, sha256, rollback_id, place) VALUES (",
        )
        .list([version.id.as_str(), version.organization_id.as_str(), version.workspace_id.as_str()])
        .and(version.sequence)
        .and(version.parent_id.as_deref())
        .and(version.status.as_str())
        .and(version.serial)
        .and(version.lineage.as_str())
        .and(version.md5.as_str())
        .and(version.size)
        .and(version.forced)
        .and(version.terraform_version.as_str())
        .and(version.format)
        .and(version.resource_count)
        .and(version.blob_id.as_deref())
        .and(version.run_id.as_deref())
        .and(version.created_by.as_deref())
        .and(version.created_at.micros())
        .and(version.sha256.as_deref())
        .and(version.rollback_id.as_deref());
    match version.sequence {
        Some(sequence) => query.and(2 * sequence).push(")"),
        None => query
            .push(", 1 + 2 * (SELECT w.state_sequence FROM workspaces w WHERE w.id = ")
            .value(version.workspace_id.as_str())
            .push("))"),
    }
}

/// Turns a pending version into the current one, or into what came too late.
pub async fn finalize(tx: &mut Tx, version: &StateVersion) -> Result<()> {
    finalizing(tx.query(""), version).save().await
}

/// The statement that ends a pending one.
pub(crate) fn finalizing<'t>(query: Query<'t>, version: &StateVersion) -> Query<'t> {
    let query = query
        .push("UPDATE state_versions SET sequence = ")
        .value(version.sequence)
        .push(", parent_id = ")
        .value(version.parent_id.as_deref())
        .push(", status = ")
        .value(version.status.as_str())
        .push(", size = ")
        .value(version.size)
        .push(", terraform_version = ")
        .value(version.terraform_version.as_str())
        .push(", format = ")
        .value(version.format)
        .push(", resource_count = ")
        .value(version.resource_count)
        .push(", blob_id = ")
        .value(version.blob_id.as_deref())
        .push(", sha256 = ")
        .value(version.sha256.as_deref())
        .push(", place = ");
    let query = match version.sequence {
        Some(sequence) => query.value(2 * sequence),
        None => query.push("1 + 2 * (SELECT w.state_sequence FROM workspaces w WHERE w.id = workspace_id)"),
    };
    query.push(" WHERE status = 'pending' AND id = ").value(version.id.as_str())
}

/// Remembers the JSON form of a version.
pub async fn set_json(tx: &mut Tx, id: &StateVersionId, blob: &str) -> Result<()> {
    tx.query("UPDATE state_versions SET json_blob_id = $1, settled = FALSE WHERE id = $2")
        .bind(blob)
        .bind(id.as_str())
        .save()
        .await
}

/// A version.
pub async fn find(tx: &mut Tx, id: &StateVersionId) -> Result<Option<StateVersion>> {
    tx.query(select!("WHERE s.id = $1")).bind(id.as_str()).optional().await
}

/// The versions whose bytes these blobs are.
pub async fn list_of_blobs(tx: &mut Tx, blobs: &[&str]) -> Result<Vec<StateVersion>> {
    tx.query(select!("WHERE s.blob_id IN (")).list(blobs.iter().copied()).push(")").all().await
}

/// The version of a workspace that became current as this one of all.
pub async fn find_by_sequence(tx: &mut Tx, workspace: &WorkspaceId, sequence: i64) -> Result<Option<StateVersion>> {
    tx.query(select!("WHERE s.workspace_id = $1 AND s.sequence = $2"))
        .bind(workspace.as_str())
        .bind(sequence)
        .optional()
        .await
}

/// The version of a workspace that was current at a moment.
pub async fn find_at(tx: &mut Tx, workspace: &WorkspaceId, moment: Time) -> Result<Option<StateVersion>> {
    tx.query(select!(
        "WHERE s.workspace_id = $1 AND s.created_at <= $2 AND s.sequence IS NOT NULL ORDER BY s.sequence DESC LIMIT 1"
    ))
    .bind(workspace.as_str())
    .bind(moment.micros())
    .optional()
    .await
}

/// The current version of a workspace.
pub async fn current(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Option<StateVersion>> {
    tx.query(select!("JOIN workspaces w ON w.current_state_id = s.id WHERE w.id = $1"))
        .bind(workspace.as_str())
        .optional()
        .await
}

/// The versions of a workspace that hold a state, newest first: in the order in which they became current, whatever the clock said. What never
/// did stands where it came in.
pub async fn list(tx: &mut Tx, workspace: &WorkspaceId, limit: i64, offset: i64) -> Result<Vec<StateVersion>> {
    tx.query(select!(
        "WHERE s.workspace_id = $1 AND s.status <> 'pending' ORDER BY s.place DESC, s.created_at DESC, s.id DESC LIMIT $2 OFFSET $3"
    ))
    .bind(workspace.as_str())
    .bind(limit)
    .bind(offset)
    .all()
    .await
}

/// How many versions of a workspace hold a state.
pub async fn count(tx: &mut Tx, workspace: &WorkspaceId) -> Result<i64> {
    tx.query("SELECT count(*) FROM state_versions WHERE workspace_id = $1 AND status <> 'pending'")
        .bind(workspace.as_str())
        .count()
        .await
}

/// An output of a version, by name only.
#[derive(Debug, Clone, FromRow)]
pub struct Output {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: OutputId,
    /// Of which version.
    #[sqlx(try_from = "String")]
    pub state_version_id: StateVersionId,
    /// Its name.
    pub name: String,
}

/// Adds the outputs of a version.
pub async fn insert_outputs(tx: &mut Tx, outputs: &[Output]) -> Result<()> {
    for few in outputs.chunks(100) {
        let mut query = tx.query("INSERT INTO state_outputs (id, state_version_id, name) VALUES ");
        for (i, output) in few.iter().enumerate() {
            query = query.push(if i == 0 { "(" } else { ", (" });
            query = query.list([output.id.as_str(), output.state_version_id.as_str(), output.name.as_str()]).push(")");
        }
        query.run().await?;
    }
    Ok(())
}

/// The outputs of a version, by name.
pub async fn list_outputs(tx: &mut Tx, version: &StateVersionId) -> Result<Vec<Output>> {
    tx.query("SELECT id, state_version_id, name FROM state_outputs WHERE state_version_id = $1 ORDER BY name, id")
        .bind(version.as_str())
        .all()
        .await
}

/// An output.
pub async fn find_output(tx: &mut Tx, id: &OutputId) -> Result<Option<Output>> {
    tx.query("SELECT id, state_version_id, name FROM state_outputs WHERE id = $1").bind(id.as_str()).optional().await
}
