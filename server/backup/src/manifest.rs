//! What a backup says of itself.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The format that this build writes.
pub(crate) const FORMAT: u32 = 1;

/// What a backup is: its last part, whose presence makes it one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Of the backup's parts.
    pub format: u32,
    /// Which backup.
    pub id: String,
    /// The moment of the rows, RFC 3339.
    pub created_at: String,
    /// The version of the program that made it.
    pub version: String,
    /// The id of the site: of its first master key.
    pub site: String,
    /// Which migrations the database had.
    pub shape: Vec<i64>,
    /// How many rows each table had, those of blobs included.
    pub tables: BTreeMap<String, u64>,
    /// The part with the rows.
    pub rows: Part,
    /// The part with the index.
    pub index: Part,
    /// How many objects belong to it.
    pub objects: u64,
    /// And how many bytes those have.
    pub object_bytes: u64,
    /// Objects that rows point at and that were not in the site's object store.
    pub missing: Vec<String>,
}

/// A sealed part, before it was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// How many bytes.
    pub size: u64,
    /// Their SHA-256, hexadecimal.
    pub sha256: String,
}

/// A line of the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Line {
    /// A pack, and which of the rows in it belong to this backup.
    Pack(Pack),
    /// An object.
    Object(Object),
}

/// A pack of rows of blobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pack {
    /// Which.
    pub(crate) id: String,
    /// Which migrations the database had when it was packed.
    pub(crate) shape: Vec<i64>,
    /// Its part.
    pub(crate) part: Part,
    /// The blobs in it that belong to this backup.
    pub(crate) blobs: Vec<String>,
}

/// A copy of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Object {
    /// Its key in the site's object store.
    pub(crate) key: String,
    /// How many sealed bytes.
    pub(crate) size: u64,
    /// Their SHA-256, hexadecimal.
    pub(crate) sha256: String,
}
