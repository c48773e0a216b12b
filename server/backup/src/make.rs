//! Making a backup while servers run. It only reads: rows at one moment, then the objects that those rows point at, which never change.

use crate::{
    Error, Manifest, Place, Result,
    copy::{AT_ONCE, copy},
    error::objects,
    manifest::{FORMAT, Line, Object, Pack, Part},
    place::{index_name, key, manifest_name, object_name, pack_name, rows_name},
    rows,
};
use domain::time::Time;
use futures::{StreamExt as _, TryStreamExt as _, future::join, stream};
use objects::Key;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use store::{
    Store,
    copy::{Snapshot, Table, Value},
};
use tokio::io::{AsyncWrite, AsyncWriteExt as _, duplex};

/// A pack is full with so many bytes.
const PACK: usize = 32 << 20;
/// So many rows of blobs are read at once: each has 64 KiB at most, and a little.
const BATCH: usize = 100;
/// What may wait between the database and the seal: bytes.
const PIPE: usize = 256 << 10;
/// How often it begins again when objects went away while it copied.
const ATTEMPTS: u32 = 3;

/// The site that is backed up.
#[derive(Debug)]
pub struct Source<'a> {
    /// Its database.
    pub store: &'a Store,
    /// Its object store.
    pub objects: &'a dyn objects::Store,
    /// The version of the program.
    pub version: &'a str,
}

/// What became of a backup.
#[derive(Debug, Clone)]
pub struct Made {
    /// What it says of itself.
    pub manifest: Manifest,
    /// How many blobs of the database were written now; the others are in packs of earlier backups.
    pub new_blobs: u64,
    /// How many objects were copied now; the others were there.
    pub new_objects: u64,
}

/// What earlier backups hold already.
#[derive(Default)]
struct Known {
    packs: Vec<Pack>,
    blobs: HashMap<String, usize>,
    objects: HashMap<String, Object>,
}

/// Makes a backup. `chance` gives other bytes each time.
///
/// # Errors
/// When the database, its object store or the place fail. Nothing is left that would be taken for a backup.
pub async fn make(
    place: &Place,
    source: &Source<'_>,
    now: Time,
    chance: &(dyn Fn() -> [u8; 32] + Sync),
) -> Result<Made> {
    for _ in 0..ATTEMPTS {
        let id = format!("{}-{}", compact(now), hex::encode(&chance()[..3]));
        if let Some(made) = attempt(place, source, &id, now, chance).await? {
            return Ok(made);
        }
    }
    Err(Error::Restless(ATTEMPTS))
}

/// `20261126T184500123Z`: sorts by time.
fn compact(now: Time) -> String {
    now.rfc3339().chars().filter(|c| !matches!(c, '-' | ':' | '.')).collect()
}

/// `None` when objects went away, with their rows, before they were copied: what was written is no backup.
async fn attempt(
    place: &Place,
    source: &Source<'_>,
    id: &str,
    now: Time,
    chance: &(dyn Fn() -> [u8; 32] + Sync),
) -> Result<Option<Made>> {
    let mut snapshot = source.store.snapshot().await?;
    let shape = snapshot.shape().await?;
    let tables = snapshot.tables().await?;
    let known = known(place, &shape).await?;
    let (mut pipe, content) = duplex(PIPE);
    let writing = async {
        let written = write_rows(&mut snapshot, &tables, &mut pipe).await;
        drop(pipe);
        written
    };
    let name = rows_name(id);
    let (written, rows) = join(writing, place.put(&name, content)).await;
    // What went wrong with the place is seen as a broken pipe by who writes.
    let rows = rows?;
    points::pass("backup.rows");
    let Written { mut counts, mut keys } = written?;

    let (packs, new_blobs) =
        pack(place, &mut snapshot, &tables, &shape, known.packs, known.blobs, chance, &mut keys).await?;
    counts.insert("blobs".to_owned(), packs.iter().map(|pack| pack.blobs.len() as u64).sum());
    points::pass("backup.packed");
    // The database is not held any longer: the rest may take its time.
    drop(snapshot);

    let copied = copy_objects(place, source, keys, &known.objects).await?;
    if !copied.missing.is_empty() && !still_there(source, &tables, &copied.missing).await? {
        return Ok(None);
    }
    let needed = packs.iter().map(|pack| pack_name(&pack.id)).chain(copied.objects.iter().map(|o| object_name(&o.key)));
    let needed: Vec<String> = needed.collect();
    let mut index = Vec::new();
    let objects = copied.objects.iter().cloned().map(Line::Object);
    for line in packs.into_iter().map(Line::Pack).chain(objects) {
        serde_json::to_writer(&mut index, &line).map_err(|error| crate::error::damaged("the index", error))?;
        index.push(b'\n');
    }
    let manifest = Manifest {
        format: FORMAT,
        id: id.to_owned(),
        created_at: now.rfc3339(),
        version: source.version.to_owned(),
        site: place.site.clone(),
        shape,
        tables: counts,
        rows,
        index: place.put_bytes(&index_name(id), index).await?,
        objects: copied.objects.len() as u64,
        object_bytes: copied.objects.iter().map(|object| object.size).sum(),
        missing: copied.missing.into_iter().collect(),
    };
    let text = serde_json::to_vec_pretty(&manifest).map_err(|error| crate::error::damaged("the manifest", error))?;
    place.is_still_ours().await?;
    all_there(place, needed).await?;
    points::pass("backup.finish");
    place.put_bytes(&manifest_name(id), text).await?;
    points::pass("backup.finished");
    Ok(Some(Made { manifest, new_blobs, new_objects: copied.new }))
}

/// Sees that nobody took away what a backup stands on while it was made.
async fn all_there(place: &Place, needed: Vec<String>) -> Result<()> {
    let mut there = HashSet::new();
    for prefix in ["packs/", "objects/"] {
        there.extend(place.keys(prefix).await?.into_iter().map(|(name, _)| name));
    }
    match needed.into_iter().find(|name| !there.contains(name)) {
        Some(gone) => Err(Error::Pruned(gone)),
        None => Ok(()),
    }
}

/// What the newest backup knows to be in the place, as far as it is really there.
async fn known(place: &Place, shape: &[i64]) -> Result<Known> {
    let Some(newest) = place.list().await?.pop() else { return Ok(Known::default()) };
    let index = match place.manifest(&newest).await {
        Ok(manifest) => place.index(&manifest).await,
        Err(error) => Err(error),
    };
    let index = match index {
        Ok(index) => index,
        // This backup does without it, and is whole by itself.
        Err(error) => {
            tracing::warn!(
                error = objects::causes(&error),
                "the newest backup cannot be read: everything is copied again"
            );
            return Ok(Known::default());
        }
    };
    let packs: HashSet<String> = place.keys("packs/").await?.into_iter().map(|(name, _)| name).collect();
    let objects: HashMap<String, u64> = place.keys("objects/").await?.into_iter().collect();
    let mut known = Known::default();
    for line in index {
        match line {
            // Rows of another shape would have to be brought to this one.
            Line::Pack(pack) if pack.shape == shape && packs.contains(&pack_name(&pack.id)) => {
                known.blobs.extend(pack.blobs.iter().map(|blob| (blob.clone(), known.packs.len())));
                known.packs.push(Pack { blobs: Vec::new(), ..pack });
            }
            Line::Object(object) if objects.get(&object_name(&object.key)) == Some(&object.size) => {
                known.objects.insert(object.key.clone(), object);
            }
            Line::Pack(_) | Line::Object(_) => {}
        }
    }
    Ok(known)
}

struct Written {
    counts: BTreeMap<String, u64>,
    /// Of the objects that rows point at.
    keys: BTreeSet<String>,
}

/// Everything but the rows of blobs; where those belong stands the line that begins their table.
async fn write_rows(
    snapshot: &mut Snapshot,
    tables: &[Table],
    into: &mut (impl AsyncWrite + Unpin),
) -> Result<Written> {
    let pipe = |source| Error::Stream { doing: "writing the rows of the backup", source };
    let mut written = Written { counts: BTreeMap::new(), keys: BTreeSet::new() };
    for table in tables {
        into.write_all(&rows::head(table)).await.map_err(pipe)?;
        if table.name == "blobs" {
            continue;
        }
        let object = table.place("object_key");
        let mut count = 0;
        let mut all = snapshot.rows(table);
        while let Some(row) = all.try_next().await? {
            count += 1;
            if let Some(Value::Text(key)) = object.and_then(|place| row.get(place)) {
                written.keys.insert(key.clone());
            }
            into.write_all(&rows::row(&row)).await.map_err(pipe)?;
        }
        written.counts.insert(table.name.clone(), count);
    }
    Ok(written)
}

/// Sees that every blob is in a pack, and says which are in which.
#[expect(clippy::too_many_arguments, reason = "what is known of the site and of the place, used up here")]
async fn pack(
    place: &Place,
    snapshot: &mut Snapshot,
    tables: &[Table],
    shape: &[i64],
    mut packs: Vec<Pack>,
    known: HashMap<String, usize>,
    chance: &(dyn Fn() -> [u8; 32] + Sync),
    keys: &mut BTreeSet<String>,
) -> Result<(Vec<Pack>, u64)> {
    let lacks = |what: &str| store::Error::Shape(format!("the table blobs has no {what}"));
    let table = tables.iter().find(|table| table.name == "blobs").ok_or_else(|| lacks("columns"))?;
    let id = table.place("id").ok_or_else(|| lacks("id"))?;
    let object = table.place("object_key").ok_or_else(|| lacks("object_key"))?;
    let narrow = [id, object].map(|place| table.columns[place].clone()).to_vec();
    let narrow = Table { name: table.name.clone(), columns: narrow };
    let mut new = Vec::new();
    let mut all = snapshot.rows(&narrow);
    while let Some(row) = all.try_next().await? {
        let [Value::Text(blob), object] = &row[..] else { return Err(lacks("ids").into()) };
        if let Value::Text(key) = object {
            keys.insert(key.clone());
        }
        match known.get(blob) {
            Some(pack) => packs[*pack].blobs.push(blob.clone()),
            None => new.push(blob.clone()),
        }
    }
    drop(all);
    packs.retain(|pack| !pack.blobs.is_empty());
    let (mut content, mut blobs) = (rows::head(table), Vec::new());
    for batch in new.chunks(BATCH) {
        let ids: Vec<&str> = batch.iter().map(String::as_str).collect();
        let mut found = snapshot.rows_of(table, "id", &ids);
        while let Some(row) = found.try_next().await? {
            if let Some(Value::Text(blob)) = row.get(id) {
                blobs.push(blob.clone());
            }
            content.extend(rows::row(&row));
        }
        drop(found);
        if content.len() > PACK {
            packs.push(
                put_pack(
                    place,
                    shape,
                    std::mem::replace(&mut content, rows::head(table)),
                    std::mem::take(&mut blobs),
                    chance,
                )
                .await?,
            );
        }
    }
    if !blobs.is_empty() {
        packs.push(put_pack(place, shape, content, blobs, chance).await?);
    }
    Ok((packs, new.len() as u64))
}

async fn put_pack(
    place: &Place,
    shape: &[i64],
    content: Vec<u8>,
    blobs: Vec<String>,
    chance: &(dyn Fn() -> [u8; 32] + Sync),
) -> Result<Pack> {
    let id = hex::encode(&chance()[..16]);
    let part: Part = place.put_bytes(&pack_name(&id), content).await?;
    Ok(Pack { id, shape: shape.to_vec(), part, blobs })
}

#[derive(Default)]
struct Copied {
    objects: Vec<Object>,
    new: u64,
    missing: BTreeSet<String>,
}

async fn copy_objects(
    place: &Place,
    source: &Source<'_>,
    keys: BTreeSet<String>,
    known: &HashMap<String, Object>,
) -> Result<Copied> {
    let doing = "copying an object";
    let one = |name: String| async move {
        if let Some(object) = known.get(&name) {
            return Ok((name, Some(object.clone()), false));
        }
        let (from, to) =
            (Key::new(name.clone()).map_err(|error| objects(doing)(error.into()))?, key(&object_name(&name))?);
        match copy((source.objects, &from), (place.store(), &to), &name, None).await {
            Ok(object) => Ok((name, Some(object), true)),
            Err(objects::Error::NotFound(_)) => Ok((name, None, false)),
            Err(error) => Err(objects(doing)(error)),
        }
    };
    let mut copied = Copied::default();
    let mut done = stream::iter(keys).map(one).buffer_unordered(AT_ONCE);
    while let Some((name, object, is_new)) = done.try_next().await? {
        match object {
            Some(object) => copied.objects.push(object),
            None => drop(copied.missing.insert(name)),
        }
        copied.new += u64::from(is_new);
    }
    copied.objects.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(copied)
}

/// Whether rows still point at one of these objects: then it is lost, and not merely removed meanwhile.
async fn still_there(source: &Source<'_>, tables: &[Table], missing: &BTreeSet<String>) -> Result<bool> {
    let mut snapshot = source.store.snapshot().await?;
    for table in tables.iter().filter(|table| table.place("object_key").is_some()) {
        for batch in missing.iter().map(String::as_str).collect::<Vec<_>>().chunks(BATCH) {
            if snapshot.rows_of(table, "object_key", batch).try_next().await?.is_some() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
