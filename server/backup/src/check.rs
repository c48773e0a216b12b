//! Whether a backup could be restored: every part of it is opened to its end, every copy of an object is hashed.

use crate::{
    Manifest, Place, Result,
    copy::examine,
    error::objects,
    manifest::{Line, Part},
    place::{key, object_name, pack_name, rows_name},
};
use ring::digest::{Context, SHA256};
use tokio::io::AsyncReadExt as _;

/// What is read at once: bytes.
const PIECE: usize = 64 << 10;

/// What was looked at.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What the backup says of itself.
    pub manifest: Manifest,
    /// How many parts and objects were read.
    pub parts: u64,
    /// Those that are damaged or gone, and how.
    pub damaged: Vec<(String, String)>,
}

/// Reads all of a backup.
///
/// # Errors
/// When there is no such backup, or its manifest or index cannot be read: then nobody knows what belongs to it.
pub async fn check(place: &Place, id: &str) -> Result<Checked> {
    let manifest = place.manifest(id).await?;
    let mut checked = Checked { parts: 0, damaged: Vec::new(), manifest };
    let mut parts: Vec<(String, Part)> = vec![(rows_name(id), checked.manifest.rows.clone())];
    let mut copies = Vec::new();
    for line in place.index(&checked.manifest).await? {
        match line {
            Line::Pack(pack) => parts.push((pack_name(&pack.id), pack.part)),
            Line::Object(object) => copies.push(object),
        }
    }
    for (name, part) in parts {
        checked.parts += 1;
        if let Some(wrong) = wrong(place, &name, &part).await {
            checked.damaged.push((name, wrong));
        }
    }
    for object in copies {
        checked.parts += 1;
        let name = object_name(&object.key);
        match examine(place.store(), &key(&name)?).await {
            Ok(sha256) if sha256 == object.sha256 => {}
            Ok(sha256) => {
                checked.damaged.push((name, format!("it has the SHA-256 {sha256}, and had {}", object.sha256)));
            }
            Err(error @ objects::Error::NotFound(_)) => checked.damaged.push((name, error.to_string())),
            Err(error) => return Err(objects("reading a copy of an object")(error)),
        }
    }
    Ok(checked)
}

/// What is wrong with a part.
async fn wrong(place: &Place, name: &str, part: &Part) -> Option<String> {
    let mut opened = match place.get(name, part.size).await {
        Ok(opened) => opened,
        Err(error) => return Some(error.to_string()),
    };
    let (mut hash, mut piece) = (Context::new(&SHA256), vec![0; PIECE]);
    loop {
        match opened.read(&mut piece).await {
            Ok(0) => break,
            Ok(read) => hash.update(&piece[..read]),
            Err(error) => return Some(error.to_string()),
        }
    }
    let found = hex::encode(hash.finish());
    (found != part.sha256).then(|| format!("it has the SHA-256 {found}, and had {}", part.sha256))
}
