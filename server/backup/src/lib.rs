//! Backups of a whole site: every row of the database as it was at one moment, and every object that a row points at. Made while servers run,
//! restored onto an empty database of either engine and onto any object store.
//!
//! A place of backups is an object store like any other (a directory, a bucket, a container):
//!
//! ```text
//! terrane-backups             whose they are, and the key that seals them, wrapped
//! backups/ID/rows             all rows but those of blobs, as they were at one moment
//! backups/ID/index            which packs and objects belong to them
//! backups/ID/manifest         what it all is; put last: a backup without one was not finished, and is none
//! packs/ID                    rows of blobs: a blob never changes, so later backups use the packs of earlier ones
//! objects/KEY                 copies of the site's objects, which never change either
//! ```
//!
//! Everything but the first is sealed, with its own name as its place: what was cut, altered or put elsewhere does not open.

mod check;
mod copy;
mod error;
mod make;
mod manifest;
mod place;
mod prune;
mod restore;
mod rows;

pub use check::{Checked, check};
pub use error::{Error, Result};
pub use make::{Made, Source, make};
pub use manifest::Manifest;
pub use place::{Masters, Place};
pub use prune::{Pruned, prune};
pub use restore::{Restored, Target, restore};
