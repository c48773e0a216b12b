//! Providers: which versions there are, which archives a version has, and an archive. From the folder that somebody filled, from what is kept,
//! from the registry; in this order.

use crate::{
    Mirror,
    address::{Platform, Provider},
    archive,
    error::{Error, Result},
    folder::{Contents, Place},
    kept::Archive,
    origin::{Sums, Versions},
};
use semver::Version;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::PathBuf,
    time::{Duration, Instant},
};

/// How long a list of versions is taken for the newest one, and how long an old one is used before a registry that failed is asked again.
const FRESH: Duration = Duration::from_secs(600);
const STALE: Duration = Duration::from_secs(60);

impl Mirror {
    /// The versions of a provider.
    pub async fn versions(&self, provider: &Provider) -> Result<BTreeSet<Version>> {
        let folder = self.in_folder(provider).await?;
        if !folder.is_empty() {
            return Ok(folder.into_keys().collect()); // a registry may not be reachable
        }
        Ok(self.listed(provider).await?.into_keys().collect())
    }

    /// The archives of a version by platform, each with the check sums that are known of it (`h1:…`, `zh:…`).
    pub async fn archives(&self, provider: &Provider, version: &Version) -> Result<BTreeMap<Platform, Vec<String>>> {
        let mut folder = self.in_folder(provider).await?;
        if let Some(platforms) = folder.remove(version) {
            let mirror = self.clone();
            let hashed = tokio::task::spawn_blocking(move || {
                let hash = |(platform, place): (Platform, Place)| Ok((platform, vec![mirror.folder_hash(&place)?]));
                platforms.into_iter().map(hash).collect()
            });
            return hashed.await.map_err(broken).flatten();
        }
        let mut archives = BTreeMap::new();
        for (platform, sum) in self.published(provider, version).await? {
            let Some(platform) = Platform::parse(&platform) else { continue };
            let h1 = self.kept.h1(&sum).await;
            archives.insert(platform, h1.into_iter().chain([format!("zh:{sum}")]).collect());
        }
        Ok(archives)
    }

    /// An archive, verified.
    pub async fn archive(&self, provider: &Provider, version: &Version, platform: &Platform) -> Result<Archive> {
        let missing = || Error::NotFound(format!("{provider} {version} for {platform} is not there"));
        let mut folder = self.in_folder(provider).await?;
        if let Some(mut platforms) = folder.remove(version) {
            return match platforms.remove(platform).ok_or_else(missing)? {
                Place::Packed(path) => Archive::open(&path).await?.ok_or_else(missing),
                Place::Unpacked(path) => self.packed(path).await,
            };
        }
        let mut published = self.published(provider, version).await?;
        let sum = published.remove(&platform.to_string()).ok_or_else(missing)?;
        if let Some(archive) = self.kept.find(&sum).await? {
            return Ok(archive);
        }
        let (mirror, provider, version) = (self.clone(), provider.clone(), version.clone());
        let (platform, wanted) = (platform.clone(), sum.clone());
        let fetched = async move { mirror.fetch_archive(&provider, &version, &platform, &wanted).await };
        self.fetches.join(&sum, fetched).await?;
        self.kept.find(&sum).await?.ok_or_else(missing)
    }

    async fn fetch_archive(
        &self,
        provider: &Provider,
        version: &Version,
        platform: &Platform,
        sum: &str,
    ) -> Result<()> {
        let origin = self.origin(provider)?;
        let url = origin.archive(provider, version, platform, sum).await?;
        let new = self.kept.begin()?;
        let found = origin.fetcher().archive(&url, &new.file, self.kept.most()).await?;
        if found != sum {
            return Err(Error::Refused(format!(
                "{provider} {version} {platform} is refused: its check sum is {found}, and published was {sum}"
            )));
        }
        let path = new.path().to_owned();
        let h1 = tokio::task::spawn_blocking(move || archive::h1_of_archive(&path)).await.map_err(broken)?;
        let h1 = h1.map_err(|error| Error::Refused(format!("{provider} {version} {platform} is refused: {error}")))?;
        self.kept.keep(new, sum, Some(h1)).await?;
        tracing::info!(%provider, %version, %platform, "a provider was fetched");
        Ok(())
    }

    /// An unpacked package of the folder as an archive; packed once, and again when it was swept away.
    async fn packed(&self, path: PathBuf) -> Result<Archive> {
        let (mirror, name) = (self.clone(), path.display().to_string());
        let hash = move || mirror.folder_hash(&Place::Unpacked(path.clone())).map(|h1| (h1, path));
        let (h1, path) = tokio::task::spawn_blocking(hash).await.map_err(broken)??;
        // What is kept is named by the sum of an archive; this one stands for the contents.
        let key = archive::key(&h1);
        if let Some(archive) = self.kept.find(&key).await? {
            return Ok(archive);
        }
        let (mirror, of_archive) = (self.clone(), key.clone());
        let packing = async move {
            let new = mirror.kept.begin()?;
            let file = new.file.try_clone().map_err(|error| Error::io("packing", &path, &error))?;
            let packed = tokio::task::spawn_blocking(move || {
                archive::pack(&path, file).map_err(|error| Error::io("packing", &path, &error))
            });
            packed.await.map_err(broken)??;
            mirror.kept.keep(new, &of_archive, Some(h1)).await
        };
        self.fetches.join(&name, packing).await?;
        let swept = || Error::Unavailable(format!("{name} was packed and swept away; ask again"));
        self.kept.find(&key).await?.ok_or_else(swept)
    }

    async fn in_folder(&self, provider: &Provider) -> Result<Contents> {
        if self.folder.is_none() {
            return Ok(Contents::new());
        }
        let (mirror, provider) = (self.clone(), provider.clone());
        let read =
            move || mirror.folder.as_ref().map_or_else(|| Ok(Contents::new()), |folder| folder.contents(&provider));
        tokio::task::spawn_blocking(read).await.map_err(broken)?
    }

    fn folder_hash(&self, place: &Place) -> Result<String> {
        let none = || Error::Io("there is no folder of providers".into());
        self.folder.as_ref().ok_or_else(none)?.hash(place)
    }

    /// What the registry lists, or listed when it could still be asked.
    async fn listed(&self, provider: &Provider) -> Result<Versions> {
        self.origin(provider)?;
        let path = self.record(provider).join("index.json");
        let known = read::<Versions>(&path).await?;
        let is_fresh = |until: &Instant| *until > Instant::now();
        if let Some(versions) = known.clone().filter(|_| self.fresh().get(provider).is_some_and(is_fresh)) {
            return Ok(versions);
        }
        let (mirror, of) = (self.clone(), provider.clone());
        let asking = async move {
            let versions = mirror.origin(&of)?.versions(&of).await?;
            write(&path, &versions).await?;
            mirror.fresh().insert(of, Instant::now() + FRESH);
            Ok(())
        };
        match (self.fetches.join(&format!("{provider}"), asking).await, known) {
            (Ok(()), _) => {
                let listed = read(&self.record(provider).join("index.json")).await?;
                listed.ok_or_else(|| Error::Io(format!("the versions of {provider} were written and are gone")))
            }
            (Err(error @ (Error::Unavailable(_) | Error::Refused(_))), Some(versions)) => {
                tracing::warn!(%provider, %error, "an older list of versions is used");
                self.fresh().insert(provider.clone(), Instant::now() + STALE);
                Ok(versions)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// The check sums of a version; they never change, so the registry is asked once.
    async fn published(&self, provider: &Provider, version: &Version) -> Result<Sums> {
        self.origin(provider)?;
        let path = self.record(provider).join(format!("{version}.json"));
        if let Some(sums) = read::<Sums>(&path).await? {
            return Ok(sums);
        }
        let listed = self.listed(provider).await?;
        let missing = || Error::NotFound(format!("{provider} {version} is not known to its registry"));
        let platforms: Vec<_> =
            listed.get(version).ok_or_else(missing)?.iter().filter_map(|p| Platform::parse(p)).collect();
        let here = Platform::here();
        let platform =
            platforms.iter().find(|platform| **platform == here).or(platforms.first()).ok_or_else(missing)?.clone();
        let (mirror, of, of_version, to) = (self.clone(), provider.clone(), version.clone(), path.clone());
        let asking = async move {
            let sums = mirror.origin(&of)?.sums(&of, &of_version, &platform).await?;
            write(&to, &sums).await
        };
        self.fetches.join(&format!("{provider} {version}"), asking).await?;
        read(&path)
            .await?
            .ok_or_else(|| Error::Io(format!("the check sums of {provider} {version} were written and are gone")))
    }

    /// Where what a registry said about a provider is written down.
    fn record(&self, provider: &Provider) -> PathBuf {
        self.records.join(provider.to_string())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn broken(error: tokio::task::JoinError) -> Error {
    Error::Io(format!("reading files broke off: {error}"))
}

async fn read<T: DeserializeOwned>(path: &std::path::Path) -> Result<Option<T>> {
    match tokio::fs::read(path).await {
        // One that was cut by a loss of power is asked for again.
        Ok(json) => Ok(serde_json::from_slice(&json).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("reading", path, &error)),
    }
}

/// Writes so that a reader sees all of it or what was there before. Whoever writes holds the flight of this name.
async fn write(path: &std::path::Path, value: &impl Serialize) -> Result<()> {
    let json = serde_json::to_vec(value).map_err(|error| Error::Io(error.to_string()))?;
    let new = path.with_extension("new");
    let written = async {
        if let Some(parent) = path.parent() {
            tokio::fs::create_dir_all(parent).await?;
        }
        tokio::fs::write(&new, json).await?;
        tokio::fs::rename(&new, path).await
    };
    written.await.map_err(|error| Error::io("writing", path, &error))
}
