//! Removing backups that are no longer wanted, and what none of the others needs.

use crate::{
    Place, Result,
    error::objects,
    manifest::Line,
    place::{index_name, key, manifest_name, object_name, pack_name, rows_name},
};
use futures::TryStreamExt as _;
use std::collections::HashSet;

/// Microseconds.
const DAY: i64 = 24 * 3600 * 1_000_000;

/// What was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Backups.
    pub backups: Vec<String>,
    /// Packs and copies of objects that no backup needs any longer, and parts of backups that were never finished.
    pub parts: u64,
}

/// Keeps the newest backups, at least one, and removes all others, with what belongs to them alone. What is younger than a day stays: it may belong
/// to a backup that is being made. `name` is one that nothing else has: the place is asked for the time with it.
///
/// # Errors
/// When the place fails, or a backup that stays cannot be read: nothing that it may need is removed then.
pub async fn prune(place: &Place, keep: usize, name: &str) -> Result<Pruned> {
    let before = objects::clock(place.store(), name).await.map_err(objects("asking the place for the time"))? - DAY;
    let mut ids = place.list().await?;
    let kept = ids.split_off(ids.len().saturating_sub(keep.max(1)));
    let mut needed = HashSet::new();
    for id in &kept {
        needed.extend([manifest_name(id), index_name(id), rows_name(id)]);
        let manifest = place.manifest(id).await?;
        needed.extend(place.index(&manifest).await?.into_iter().map(|line| match line {
            Line::Pack(pack) => pack_name(&pack.id),
            Line::Object(object) => object_name(&object.key),
        }));
    }
    // First what makes it one: a backup that lacks a part is never offered.
    for id in &ids {
        delete(place, &manifest_name(id)).await?;
        points::pass("prune.manifest");
    }
    let mut parts = 0;
    for prefix in ["backups/", "packs/", "objects/"] {
        let all = place.store().list(prefix).try_collect::<Vec<_>>().await.map_err(objects("listing the backups"))?;
        for entry in all {
            if entry.modified < before && !needed.contains(entry.key.as_str()) {
                delete(place, entry.key.as_str()).await?;
                points::pass("prune.part");
                parts += 1;
            }
        }
    }
    // And what puts that were killed left behind.
    parts += place.store().sweep(before).await.map_err(objects("removing unfinished uploads"))?;
    Ok(Pruned { backups: ids, parts })
}

async fn delete(place: &Place, name: &str) -> Result<()> {
    place.store().delete(&key(name)?).await.map_err(objects("removing a part of a backup"))
}
