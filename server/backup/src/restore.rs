//! Filling an empty site from a backup.

use crate::{
    Error, Manifest, Place, Result,
    copy::{AT_ONCE, copy, examine},
    error::{damaged, objects},
    manifest::{Line, Object, Pack},
    place::{key, object_name, pack_name, rows_name},
    rows,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use objects::Key;
use std::collections::{BTreeMap, HashMap, HashSet};
use store::copy::{Load, Row, Table, Value};
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// So many bytes of rows are handed to the database at once.
const BATCH: usize = 2 << 20;

/// What is to be filled.
#[derive(Debug)]
pub struct Target<'a> {
    /// The database: empty.
    pub database: store::copy::Place,
    /// The object store: empty, or the one that the backup was made of.
    pub objects: &'a dyn objects::Store,
}

/// What was restored.
#[derive(Debug, Clone)]
pub struct Restored {
    /// What the backup says of itself.
    pub manifest: Manifest,
    /// How many rows.
    pub rows: u64,
    /// How many objects were copied; the others were there.
    pub new_objects: u64,
}

/// Fills the target from this backup, or from the newest: objects first, then all rows at once, so that there is never a row without its
/// object, and after any failure no row at all. `name` is one that nothing else has: the object store is proved with it.
///
/// # Errors
/// When the database is not empty, a part of the backup is damaged or lacking, or something cannot be written.
pub async fn restore(place: &Place, id: Option<&str>, target: &Target<'_>, name: &str) -> Result<Restored> {
    let newest = || async { place.list().await?.pop().ok_or(Error::NoBackups) };
    let id = match id {
        Some(id) => id.to_owned(),
        None => newest().await?,
    };
    let manifest = place.manifest(&id).await?;
    let (mut packs, mut copies) = (Vec::new(), Vec::new());
    for line in place.index(&manifest).await? {
        match line {
            Line::Pack(pack) => packs.push(pack),
            Line::Object(object) => copies.push(object),
        }
    }
    // Before anything is written; and once more inside the transaction, which is not held while objects are copied.
    Load::examine(&target.database, &manifest.shape).await?;
    let claim = objects::prove(target.objects, &place.site, name).await;
    claim.map_err(objects("proving the store of --objects"))?;
    let new_objects = copy_objects(place, target, copies).await?;
    points::pass("restore.copied");
    let mut load = Load::begin(&target.database, &manifest.shape).await?;
    let rows = load_rows(place, &manifest, &packs, &mut load).await?;
    points::pass("restore.loaded");
    load.finish().await?;
    Ok(Restored { manifest, rows, new_objects })
}

async fn copy_objects(place: &Place, target: &Target<'_>, copies: Vec<Object>) -> Result<u64> {
    let doing = "restoring an object";
    let there = target.objects.list("").map_ok(|entry| (entry.key.as_str().to_owned(), entry.size));
    let there: HashMap<String, u64> = there.try_collect().await.map_err(objects("listing the object store"))?;
    let one = |object: Object| {
        let there = &there;
        async move {
            let to = Key::new(object.key.clone()).map_err(|error| objects(doing)(error.into()))?;
            if there.get(&object.key) == Some(&object.size)
                && examine(target.objects, &to).await.map_err(objects(doing))? == object.sha256
            {
                return Ok(0);
            }
            let from = key(&object_name(&object.key))?;
            match copy((place.store(), &from), (target.objects, &to), &object.key, Some(&object)).await {
                Ok(_) => Ok(1),
                Err(objects::Error::NotFound(lost)) => Err(damaged(lost.as_str(), "it is not there")),
                Err(error) => Err(objects(doing)(error)),
            }
        }
    };
    stream::iter(copies).map(one).buffer_unordered(AT_ONCE).try_fold(0, |sum, one| async move { Ok(sum + one) }).await
}

/// Rows on their way into the database.
struct Loading<'a> {
    load: &'a mut Load,
    rows: Vec<Row>,
    bytes: usize,
    counts: BTreeMap<String, u64>,
}

impl Loading<'_> {
    async fn add(&mut self, table: &Table, row: Row, bytes: usize) -> Result<()> {
        self.rows.push(row);
        self.bytes += bytes;
        if self.bytes > BATCH { self.flush(table).await } else { Ok(()) }
    }

    async fn flush(&mut self, table: &Table) -> Result<()> {
        self.load.insert(table, &self.rows).await?;
        *self.counts.entry(table.name.clone()).or_default() += self.rows.len() as u64;
        self.rows.clear();
        self.bytes = 0;
        Ok(())
    }
}

async fn load_rows(place: &Place, manifest: &Manifest, packs: &[Pack], load: &mut Load) -> Result<u64> {
    let name = rows_name(&manifest.id);
    let mut lines = BufReader::new(place.get(&name, manifest.rows.size).await?).lines();
    let mut loading = Loading { load, rows: Vec::new(), bytes: 0, counts: BTreeMap::new() };
    let mut table: Option<Table> = None;
    while let Some(text) = lines.next_line().await.map_err(|error| damaged(&name, error))? {
        match (rows::read(&text, table.as_ref()).map_err(|error| damaged(&name, error))?, &table) {
            (rows::Line::Table(next), last) => {
                if let Some(last) = last {
                    loading.flush(last).await?;
                }
                if next.name == "blobs" {
                    for pack in packs {
                        load_pack(place, pack, &mut loading).await?;
                    }
                }
                table = Some(next);
            }
            (rows::Line::Row(row), Some(table)) => loading.add(table, row, text.len()).await?,
            (rows::Line::Row(_), None) => return Err(damaged(&name, "it begins with a row")),
        }
    }
    if let Some(last) = &table {
        loading.flush(last).await?;
    }
    for (table, expected) in &manifest.tables {
        let found = loading.counts.get(table).copied().unwrap_or_default();
        if found != *expected {
            return Err(damaged(
                &name,
                format!("it has {found} rows of {table}, and the backup was made of {expected}"),
            ));
        }
    }
    Ok(loading.counts.values().sum())
}

async fn load_pack(place: &Place, pack: &Pack, loading: &mut Loading<'_>) -> Result<()> {
    let name = pack_name(&pack.id);
    let opened = place.get(&name, pack.part.size).await?;
    let wanted: HashSet<&str> = pack.blobs.iter().map(String::as_str).collect();
    let mut lines = BufReader::new(opened).lines();
    let mut table: Option<Table> = None;
    while let Some(text) = lines.next_line().await.map_err(|error| damaged(&name, error))? {
        match (rows::read(&text, table.as_ref()).map_err(|error| damaged(&name, error))?, &table) {
            (rows::Line::Table(next), _) => table = Some(next),
            (rows::Line::Row(row), Some(table)) => {
                let id = table.place("id").and_then(|place| row.get(place));
                // Later backups may have done without some of them.
                if matches!(id, Some(Value::Text(id)) if wanted.contains(id.as_str())) {
                    loading.add(table, row, text.len()).await?;
                }
            }
            (rows::Line::Row(_), None) => return Err(damaged(&name, "it begins with a row")),
        }
    }
    match &table {
        Some(table) => loading.flush(table).await,
        None => Err(damaged(&name, "it is empty")),
    }
}
