//! A whole database as rows, out and in: what a backup is made of, and how a site moves to the other engine. Which tables there are is asked of
//! the database itself, so that none that a migration adds is forgotten.

mod catalog;
mod load;
mod snapshot;

pub use load::{Load, LoadError, Place};
pub use snapshot::{Rows, Snapshot};

/// What a column holds. The migrations use no other types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `TEXT`
    Text,
    /// `BIGINT`
    Integer,
    /// `BOOLEAN`
    Boolean,
    /// `BYTEA`
    Bytes,
}

impl Kind {
    /// By its name in the migrations, which is what both engines call it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "TEXT" => Self::Text,
            "BIGINT" => Self::Integer,
            "BOOLEAN" => Self::Boolean,
            "BYTEA" => Self::Bytes,
            _ => return None,
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "TEXT",
            Self::Integer => "BIGINT",
            Self::Boolean => "BOOLEAN",
            Self::Bytes => "BYTEA",
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// A table, as the database describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in order of their names.
    pub columns: Vec<Column>,
}

impl Table {
    /// Where the column of this name stands in a row.
    #[must_use]
    pub fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known.name == column)
    }
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// None.
    Null,
    /// A text.
    Text(String),
    /// A number.
    Integer(i64),
    /// Yes or no.
    Boolean(bool),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A row: a value for each column of its table, in the same order.
pub type Row = Vec<Value>;

/// A name inside a statement. It comes from the database's own catalogue, never from a client.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn listed<'a>(names: impl Iterator<Item = &'a Column>) -> String {
    names.map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ")
}
