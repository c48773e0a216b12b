//! State versions, their outputs, and the index of what each held.

use crate::{Result, Tx};
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
    tx.query(
        "INSERT INTO state_versions (id, organization_id, workspace_id, sequence, parent_id, status, serial, lineage, md5, size, forced,
         terraform_version, format, resource_count, blob_id, run_id, created_by, created_at, sha256,
         rollback_id, place)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
         COALESCE(2 * $4, 1 + 2 * (SELECT w.state_sequence FROM workspaces w WHERE w.id = $3)))",
    )
    .bind(version.id.as_str())
    .bind(version.organization_id.as_str())
    .bind(version.workspace_id.as_str())
    .bind(version.sequence)
    .bind(version.parent_id.as_deref())
    .bind(version.status.as_str())
    .bind(version.serial)
    .bind(version.lineage.as_str())
    .bind(version.md5.as_str())
    .bind(version.size)
    .bind(version.forced)
    .bind(version.terraform_version.as_str())
    .bind(version.format)
    .bind(version.resource_count)
    .bind(version.blob_id.as_deref())
    .bind(version.run_id.as_deref())
    .bind(version.created_by.as_deref())
    .bind(version.created_at.micros())
    .bind(version.sha256.as_deref())
    .bind(version.rollback_id.as_deref())
    .run()
    .await
    .map(drop)
}

/// Turns a pending version into the current one, or into what came too late.
pub async fn finalize(tx: &mut Tx, version: &StateVersion) -> Result<()> {
    tx.query(
        "UPDATE state_versions SET sequence = $1, parent_id = $2, status = $3, size = $4, terraform_version = $5, format = $6,
         resource_count = $7, blob_id = $8, sha256 = $9,
         place = COALESCE(2 * $1, 1 + 2 * (SELECT w.state_sequence FROM workspaces w WHERE w.id = workspace_id)) WHERE id = $10 AND status = 'pending'",
    )
    .bind(version.sequence)
    .bind(version.parent_id.as_deref())
    .bind(version.status.as_str())
    .bind(version.size)
    .bind(version.terraform_version.as_str())
    .bind(version.format)
    .bind(version.resource_count)
    .bind(version.blob_id.as_deref())
    .bind(version.sha256.as_deref())
    .bind(version.id.as_str())
    .save()
    .await
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

/// One resource instance of the index: it was there, and like this, from one state to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// `module.a.aws_instance.web[0]`
    pub address: String,
    /// `aws_instance`
    pub kind: String,
    /// The module's address; empty for the root.
    pub module: String,
    /// The provider's address.
    pub provider: String,
    /// Tells whether anything about it changed.
    pub hash: Vec<u8>,
    /// What may be known of it: a line `name=value` for each attribute.
    pub attributes: String,
}

/// The address and hash of every instance that the workspace holds now.
pub async fn list_current_hashes(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<(String, Vec<u8>)>> {
    tx.query("SELECT address, hash FROM state_resources WHERE workspace_id = $1 AND to_sequence IS NULL")
        .bind(workspace.as_str())
        .all()
        .await
}

/// What the index has of one of two states and not of the other, by address; whether it is the later one that has it. What both have and differs
/// comes twice, one after the other; what changed and came back to what it was does not come.
pub async fn list_differing(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    from: i64,
    to: i64,
    limit: i64,
) -> Result<Vec<(Resource, bool)>> {
    let rows: Vec<(String, String, String, String, Vec<u8>, bool)> = tx
        .query(
            "SELECT address, type, module, provider, hash, later FROM (
                 SELECT address, type, module, provider, hash, from_sequence,
                 (from_sequence <= $2 AND (to_sequence IS NULL OR to_sequence > $2)) AS earlier,
                 (from_sequence <= $3 AND (to_sequence IS NULL OR to_sequence > $3)) AS later
                 FROM state_resources WHERE workspace_id = $1
             ) r WHERE earlier <> later AND NOT EXISTS (
                 SELECT 1 FROM state_resources o
                 WHERE o.workspace_id = $1 AND o.address = r.address AND o.hash = r.hash AND o.from_sequence <> r.from_sequence
                 AND ((r.later AND o.from_sequence <= $2 AND (o.to_sequence IS NULL OR o.to_sequence > $2))
                     OR (r.earlier AND o.from_sequence <= $3 AND (o.to_sequence IS NULL OR o.to_sequence > $3)))
             ) ORDER BY address, from_sequence LIMIT $4",
        )
        .bind(workspace.as_str())
        .bind(from)
        .bind(to)
        .bind(limit)
        .all()
        .await?;
    let row = |(address, kind, module, provider, hash, later)| {
        (Resource { address, kind, module, provider, hash, attributes: String::new() }, later)
    };
    Ok(rows.into_iter().map(row).collect())
}

/// Ends what is no longer like this, with the state before `sequence`.
pub async fn close_resources(tx: &mut Tx, workspace: &WorkspaceId, sequence: i64, addresses: &[&str]) -> Result<()> {
    for few in addresses.chunks(200) {
        tx.query("UPDATE state_resources SET to_sequence = ")
            .value(sequence)
            .push(" WHERE to_sequence IS NULL AND workspace_id = ")
            .value(workspace.as_str())
            .push(" AND address IN (")
            .list(few.iter().copied())
            .push(")")
            .run()
            .await?;
    }
    Ok(())
}

/// Begins what is like this from state `sequence` on; each with the shelf on which it stands.
pub async fn open_resources(
    tx: &mut Tx,
    version: &StateVersion,
    sequence: i64,
    resources: &[(&Resource, i64)],
) -> Result<()> {
    for few in resources.chunks(50) {
        let mut query = tx.query(
            "INSERT INTO state_resources (workspace_id, organization_id, address, from_sequence, type, module, provider, hash, attributes, shelf) VALUES ",
        );
        for (i, (resource, shelf)) in few.iter().enumerate() {
            query = query
                .push(if i == 0 { "(" } else { ", (" })
                .list([version.workspace_id.as_str(), version.organization_id.as_str(), resource.address.as_str()])
                .push(", ")
                .value(sequence)
                .push(", ")
                .list([resource.kind.as_str(), resource.module.as_str(), resource.provider.as_str()])
                .push(", ")
                .value(resource.hash.as_slice())
                .push(", ")
                .value(resource.attributes.as_str())
                .push(", ")
                .value(*shelf)
                .push(")");
        }
        query.run().await?;
    }
    Ok(())
}
