//! Where backups lie: sealed parts in an object store.

use crate::{
    Error, Manifest, Result,
    error::{damaged, objects},
    manifest::{FORMAT, Line, Part},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, future::ready};
use objects::{Blobs, Digests, Key, Plaintext, Sealed, Store};
use secrets::{Context, DataKey, KeyService, Keyring, RootKey, WrappedKey};
use serde::{Deserialize, Serialize};
use std::{io::Cursor, sync::Arc};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};

/// Says whose backups they are.
const HEADER: &str = "terrane-backups";
/// The longest header and the longest manifest, in bytes.
const SMALL: u64 = 16 << 20;

/// A place of backups that is open.
#[derive(Debug)]
pub struct Place {
    blobs: Blobs,
    key: DataKey,
    /// The id of that key.
    id: String,
    /// The id of the site whose backups these are.
    pub site: String,
}

/// In clear: nothing in it helps anybody who has not the master key.
#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    site: String,
    /// The id of the key that seals the parts.
    id: String,
    /// That key, wrapped by the master key; base64.
    key: String,
    /// The same key, wrapped by the root key of tokens: where the master key is lost, an escrow opens it.
    tokens: String,
}

/// What wraps the key of a place: the master key, and the one before it.
pub type Masters<'a> = (&'a dyn KeyService, Option<&'a dyn KeyService>);

impl Header {
    async fn read(store: &dyn Store) -> Result<Self> {
        let doing = "reading whose backups these are";
        let text = match store.get(&key(HEADER)?).await {
            Err(objects::Error::NotFound(_)) => {
                // One that was lost must not be made anew: nothing would open what is there.
                let mut left = store.list("backups/");
                return match left.try_next().await.map_err(objects(doing))? {
                    None => Err(Error::NoPlace),
                    Some(_) => Err(Error::Headless),
                };
            }
            Err(error) => return Err(objects(doing)(error)),
            Ok(pieces) => pieces.map_ok(|piece| piece.to_vec()).try_concat().await.map_err(objects(doing))?,
        };
        let header: Self = serde_json::from_slice(&text).map_err(|error| damaged(HEADER, error))?;
        if header.format == FORMAT { Ok(header) } else { Err(Error::Format(header.format)) }
    }

    async fn open(&self, master: &dyn KeyService) -> Result<DataKey> {
        let wrapped = BASE64_STANDARD.decode(&self.key).map_err(|error| damaged(HEADER, error))?;
        let wrapped = WrappedKey::from_bytes(&wrapped).map_err(|error| damaged(HEADER, error))?;
        let place = secrets::Place { site: &self.site, root: &self.id };
        let root = secrets::open_root(master, &wrapped, place).await.map_err(Error::Key)?;
        Ok(DataKey::from_bytes(root.expose()))
    }
}

impl Place {
    /// The place for the backups of this site: made when there is nothing there. What the old master key wrapped, the current one wraps again. Its key
    /// is wrapped by the root key of tokens too, which is in every escrow.
    ///
    /// # Errors
    /// [`Error::Foreign`] when another site's backups are there; [`Error::Key`] when they were sealed for another master key.
    pub async fn prepare(store: Arc<dyn Store>, masters: Masters<'_>, site: &str, tokens: &RootKey) -> Result<Self> {
        let (current, _) = masters;
        let header = match Header::read(&*store).await {
            Err(Error::NoPlace) => {
                let key = RootKey::generate().map_err(Error::Key)?;
                return Self::keep(store, current, site, &key, tokens).await;
            }
            read => read?,
        };
        let opened = header.open(current).await;
        let settled = opened.is_ok();
        let place = Self::opened(store.clone(), &header, masters, opened).await?;
        if place.site != site {
            return Err(Error::Foreign { other: place.site, site: site.to_owned() });
        }
        if settled {
            return Ok(place);
        }
        Self::keep(store, current, site, &RootKey::from_bytes(place.key.expose()), tokens).await
    }

    /// Has the master key wrap the key of the place, which one of these root keys opens, whatever master key wrapped it before. Whose it is.
    ///
    /// # Errors
    /// [`Error::NoPlace`] when there are no backups; [`Error::Key`] when none of the root keys opens it.
    pub async fn recover(store: Arc<dyn Store>, master: &dyn KeyService, roots: Vec<RootKey>) -> Result<String> {
        let header = Header::read(&*store).await?;
        let damaged = |error: &dyn std::fmt::Display| damaged(HEADER, error);
        let tokens = BASE64_STANDARD.decode(&header.tokens).map_err(|error| damaged(&error))?;
        let wrapped = WrappedKey::from_bytes(&tokens).map_err(|error| damaged(&error))?;
        let root = roots.into_iter().find(|root| root.id() == wrapped.by());
        let unknown = || Error::Key(secrets::Error::UnknownRoot { root: wrapped.by().to_owned() });
        let root = Arc::new(root.ok_or_else(unknown)?);
        let ring = Keyring::new(root.clone(), Vec::new());
        let key = ring.unwrap(&wrapped, &header_context(&header.site)).map_err(Error::Key)?;
        let place = Self::keep(store, master, &header.site, &RootKey::from_bytes(key.expose()), &root).await?;
        Ok(place.site)
    }

    async fn keep(
        store: Arc<dyn Store>,
        master: &dyn KeyService,
        site: &str,
        key: &RootKey,
        tokens: &RootKey,
    ) -> Result<Self> {
        let wrapped = master.wrap(key, site).await.map_err(Error::Key)?;
        let data = DataKey::from_bytes(key.expose());
        let ring = Keyring::new(Arc::new(RootKey::from_bytes(tokens.expose())), Vec::new());
        let by_tokens = ring.wrap(&data, &header_context(site)).map_err(Error::Key)?;
        let header = Header {
            format: FORMAT,
            site: site.to_owned(),
            id: key.id().to_owned(),
            key: BASE64_STANDARD.encode(wrapped.to_bytes()),
            tokens: BASE64_STANDARD.encode(by_tokens.to_bytes()),
        };
        let text = serde_json::to_vec_pretty(&header).map_err(|error| damaged(HEADER, error))?;
        let place = Self { blobs: Blobs::new(store), key: data, id: key.id().to_owned(), site: site.to_owned() };
        place.put_plain(HEADER, text).await?;
        Ok(place)
    }

    /// A place that backups were written to.
    ///
    /// # Errors
    /// [`Error::NoPlace`] when none were; [`Error::Key`] when they were sealed for another master key.
    pub async fn open(store: Arc<dyn Store>, masters: Masters<'_>) -> Result<Self> {
        let header = Header::read(&*store).await?;
        let opened = header.open(masters.0).await;
        Self::opened(store, &header, masters, opened).await
    }

    /// The place, by what the master key made of it, or else the old one.
    async fn opened(
        store: Arc<dyn Store>,
        header: &Header,
        (_, old): Masters<'_>,
        opened: Result<DataKey>,
    ) -> Result<Self> {
        let key = match (opened, old) {
            (Err(Error::Key(_)), Some(old)) => header.open(old).await?,
            (opened, _) => opened?,
        };
        Ok(Self { blobs: Blobs::new(store), key, id: header.id.clone(), site: header.site.clone() })
    }

    /// Sees that the place is still sealed by the same key: two first backups at once would each have made one.
    pub(crate) async fn is_still_ours(&self) -> Result<()> {
        let header = Header::read(self.store()).await?;
        if header.id == self.id { Ok(()) } else { Err(Error::Twice) }
    }

    /// The ids of all finished backups, oldest first.
    ///
    /// # Errors
    /// What the place says.
    pub async fn list(&self) -> Result<Vec<String>> {
        let keys = self.keys("backups/").await?;
        let finished =
            |(name, _): &(String, u64)| Some(name.strip_prefix("backups/")?.strip_suffix("/manifest")?.to_owned());
        let mut ids: Vec<String> = keys.iter().filter_map(finished).collect();
        ids.sort();
        Ok(ids)
    }

    /// What a backup says of itself.
    ///
    /// # Errors
    /// [`Error::NoBackup`]; [`Error::Damaged`]; [`Error::Format`].
    pub async fn manifest(&self, id: &str) -> Result<Manifest> {
        let name = manifest_name(id);
        if key(&name).is_err() {
            return Err(Error::NoBackup(id.to_owned()));
        }
        let mut opened = self.find(&name, SMALL).await?.ok_or_else(|| Error::NoBackup(id.to_owned()))?;
        let mut text = Vec::new();
        opened.read_to_end(&mut text).await.map_err(|error| damaged(&name, error))?;
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let Format { format } = serde_json::from_slice(&text).map_err(|error| damaged(&name, error))?;
        if format != FORMAT {
            return Err(Error::Format(format));
        }
        serde_json::from_slice(&text).map_err(|error| damaged(&name, error))
    }

    /// Which packs and objects belong to a backup.
    pub(crate) async fn index(&self, manifest: &Manifest) -> Result<Vec<Line>> {
        let name = index_name(&manifest.id);
        let mut lines = BufReader::new(self.get(&name, manifest.index.size).await?).lines();
        let mut index = Vec::new();
        while let Some(line) = lines.next_line().await.map_err(|error| damaged(&name, error))? {
            index.push(serde_json::from_str(&line).map_err(|error| damaged(&name, error))?);
        }
        Ok(index)
    }

    /// Seals a part under its name, and says what it was before.
    pub(crate) async fn put(&self, name: &str, content: impl AsyncRead + Send + Unpin) -> Result<Part> {
        let doing = "writing a part of the backup";
        let object = key(name)?;
        let (context, digests) = (self.context(name), Digests { sha256: true, ..Digests::default() });
        let written = self.blobs.seal_stream(&self.key, &context, &object, content, u64::MAX, digests).await;
        let written = written.map_err(objects(doing))?;
        if let Sealed::Inline(bytes) = written.sealed {
            self.put_plain(name, bytes).await?;
        }
        Ok(Part { size: written.size, sha256: written.sha256.map(hex::encode).unwrap_or_default() })
    }

    /// The same of what is at hand.
    pub(crate) async fn put_bytes(&self, name: &str, content: Vec<u8>) -> Result<Part> {
        self.put(name, Cursor::new(content)).await
    }

    /// Opens a part of so many bytes.
    pub(crate) async fn get(&self, name: &str, size: u64) -> Result<Plaintext> {
        self.find(name, size).await?.ok_or_else(|| damaged(name, "it is not there"))
    }

    async fn find(&self, name: &str, size: u64) -> Result<Option<Plaintext>> {
        let sealed = Sealed::Object { key: key(name)?, size: 0 };
        match self.blobs.open_stream(&self.key, &self.context(name), sealed, size).await {
            Ok(opened) => Ok(Some(opened)),
            Err(objects::Error::NotFound(_)) => Ok(None),
            Err(error) => Err(objects("reading a part of the backup")(error)),
        }
    }

    /// What lies below this prefix: names and sizes.
    pub(crate) async fn keys(&self, prefix: &str) -> Result<Vec<(String, u64)>> {
        let entries = self.store().list(prefix).map_ok(|entry| (entry.key.as_str().to_owned(), entry.size));
        entries.try_collect().await.map_err(objects("listing the backups"))
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.blobs.store()
    }

    async fn put_plain(&self, name: &str, bytes: Vec<u8>) -> Result<()> {
        let content = ready(Ok(Bytes::from(bytes))).into_stream().boxed();
        self.store().put(&key(name)?, content).await.map(drop).map_err(objects("writing a part of the backup"))
    }

    fn context<'a>(&'a self, name: &'a str) -> Context<'a> {
        Context { table: "backup", id: name, organization: &self.site }
    }
}

fn header_context(site: &str) -> Context<'_> {
    Context { table: "backup", id: HEADER, organization: site }
}

pub(crate) fn key(name: &str) -> Result<Key> {
    Key::new(name).map_err(|error| objects("naming a part of the backup")(error.into()))
}

pub(crate) fn manifest_name(id: &str) -> String {
    format!("backups/{id}/manifest")
}

pub(crate) fn index_name(id: &str) -> String {
    format!("backups/{id}/index")
}

pub(crate) fn rows_name(id: &str) -> String {
    format!("backups/{id}/rows")
}

pub(crate) fn pack_name(id: &str) -> String {
    format!("packs/{id}")
}

pub(crate) fn object_name(key: &str) -> String {
    format!("objects/{key}")
}
