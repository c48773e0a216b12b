//! The index of what the states of a workspace held, and from which state to which.

use super::StateVersion;
use crate::{Result, Tx, query::Query};
use domain::id::WorkspaceId;

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

/// So many instances are ended by one statement.
const CLOSED: usize = 200;
/// So many are begun by one.
const OPENED: usize = 50;

/// Ends what is no longer like this, with the state before `sequence`.
pub async fn close_resources(tx: &mut Tx, workspace: &WorkspaceId, sequence: i64, addresses: &[&str]) -> Result<()> {
    for few in addresses.chunks(CLOSED) {
        closing(tx.query(""), workspace, sequence, few).run().await?;
    }
    Ok(())
}

/// The statement that ends so many.
pub(super) fn closing<'t>(query: Query<'t>, workspace: &WorkspaceId, sequence: i64, few: &[&str]) -> Query<'t> {
    query
        .push("UPDATE state_resources SET to_sequence = ")
        .value(sequence)
        .push(" WHERE to_sequence IS NULL AND workspace_id = ")
        .value(workspace.as_str())
        .push(" AND address IN (")
        .list(few.iter().copied())
        .push(")")
}

/// Begins what is like this from state `sequence` on; each with the shelf on which it stands.
pub async fn open_resources(
    tx: &mut Tx,
    version: &StateVersion,
    sequence: i64,
    resources: &[(&Resource, i64)],
) -> Result<()> {
    for few in resources.chunks(OPENED) {
        opening(tx.query(""), version, sequence, few).run().await?;
    }
    Ok(())
}

/// The statement that begins so many.
pub(super) fn opening<'t>(
    mut query: Query<'t>,
    version: &StateVersion,
    sequence: i64,
    few: &[(&Resource, i64)],
) -> Query<'t> {
    query = query.push(
        "INSERT INTO state_resources (workspace_id, organization_id, address, from_sequence, type, module, provider, hash, attributes, shelf) VALUES ",
    );
    for (i, (resource, shelf)) in few.iter().enumerate() {
        query = query
            .push(if i == 0 { "(" } else { ", (" })
            .list([version.workspace_id.as_str(), version.organization_id.as_str(), resource.address.as_str()])
            .and(sequence)
            .and(resource.kind.as_str())
            .and(resource.module.as_str())
            .and(resource.provider.as_str())
            .and(resource.hash.as_slice())
            .and(resource.attributes.as_str())
            .and(*shelf)
            .push(")");
    }
    query
}
