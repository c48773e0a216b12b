//! Every row that holds a wrapped data key, whatever it belongs to: what a rotation of the root key walks through.

use crate::{Result, Tx, query::Query};
use sqlx::FromRow;

/// A table with such rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Keys of workspaces.
    DataKeys,
    /// Files of the registry.
    RegistryFiles,
    /// Hooks of organizations.
    Hooks,
    /// Keys that sign identities.
    IdentityKeys,
    /// SSH keys.
    SshKeys,
}

/// A wrapped data key and whose it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct Row {
    /// Its organization; empty where the whole site's.
    pub organization_id: String,
    /// What names it in its table, beside the organization.
    pub id: String,
    /// The key.
    pub wrapped: Vec<u8>,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::DataKeys, Self::RegistryFiles, Self::Hooks, Self::IdentityKeys, Self::SshKeys];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::DataKeys => "data_keys",
            Self::RegistryFiles => "registry_files",
            Self::Hooks => "hooks",
            Self::IdentityKeys => "identity_keys",
            Self::SshKeys => "ssh_keys",
        }
    }

    /// The column that names a row; hooks of two organizations have the same.
    fn id(self) -> &'static str {
        match self {
            Self::DataKeys => "workspace_id",
            Self::Hooks => "point",
            Self::RegistryFiles | Self::IdentityKeys | Self::SshKeys => "id",
        }
    }

    /// The organization of a row.
    fn organization(self) -> &'static str {
        match self {
            Self::IdentityKeys => "''",
            _ => "organization_id",
        }
    }
}

/// The stored form of a key begins with its root key.
fn wrapped_by<'t>(query: Query<'t>, comparison: &'static str, root: &[u8]) -> Query<'t> {
    let length = i32::try_from(root.len()).unwrap_or(i32::MAX);
    query.push("substr(wrapped, 1, ").value(length).push(")").push(comparison).value(root.to_vec())
}

/// Rows behind `after`, in order, whose key another root key than this one wrapped. `root` is what the stored form of its own begins with.
pub async fn list_others(tx: &mut Tx, table: Table, root: &[u8], after: &Row, limit: i64) -> Result<Vec<Row>> {
    let query = tx.query("SELECT ").push(table.organization()).push(" AS organization_id, ").push(table.id());
    let query = query.push(" AS id, wrapped FROM ").push(table.name()).push(" WHERE ");
    let query = wrapped_by(query, " <> ", root).push(" AND ");
    let query = match table {
        Table::Hooks => query.push("(organization_id, point) > (").value(after.organization_id.as_str()).push(", "),
        _ => query.push(table.id()).push(" > ("),
    };
    let query = query.value(after.id.as_str()).push(") ORDER BY ");
    let query = match table {
        Table::Hooks => query.push("organization_id, point"),
        _ => query.push(table.id()),
    };
    query.push(" LIMIT ").value(limit).all().await
}

/// Keeps what another root key made of a row's key, unless the row was changed meanwhile. How many were: none, or one.
pub async fn rewrap(tx: &mut Tx, table: Table, row: &Row, wrapped: &[u8]) -> Result<u64> {
    let query = tx.query("UPDATE ").push(table.name()).push(" SET wrapped = ").value(wrapped).push(" WHERE ");
    let query = query.push(table.id()).push(" = ").value(row.id.as_str());
    let query = match table {
        Table::Hooks => query.push(" AND organization_id = ").value(row.organization_id.as_str()),
        _ => query,
    };
    query.push(" AND wrapped = ").value(row.wrapped.as_slice()).run().await
}

/// How many keys of a table this root key wrapped. `root` is what their stored form begins with.
pub async fn count(tx: &mut Tx, table: Table, root: &[u8]) -> Result<i64> {
    let query = tx.query("SELECT count(*) FROM ").push(table.name()).push(" WHERE ");
    wrapped_by(query, " = ", root).count().await
}
