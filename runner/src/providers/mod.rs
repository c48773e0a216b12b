//! Providers that were installed once are not copied again: packages by what they hold, written by the runner alone, linked by runs.
//!
//! What a configuration needs is told by lock files, which engines write themselves: that of the configuration names what is fetched before
//! `init`, that of a plan what the next run will want. A configuration without one is not resolved here, since only the engine knows its modules:
//! `init` fetches by itself, once, and its lock file tells the rest. A package comes from the server's mirror and is verified against the check sums
//! of that; the engine verifies it again, against its lock file, at each `init`. Nothing ever comes from the directory of a run, and what is here belongs
//! to the runner's user and is not writable behind any wall.

mod installation;
pub(crate) mod lock;
pub(crate) mod needed;
mod view;

pub(crate) use {
    installation::{Sources, installation},
    view::{LINKS, Link, lay},
};

use crate::{
    server::{Package, Server},
    supervise,
};
use lock::Locked;
use mirror::{Flights, Platform, Provider, Version, archive};
use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The beginning of the name of what is not whole yet.
const NEW: &str = ".new-";
/// The file that says which packages are whole.
const INDEX: &str = "index.json";
/// The largest packed package: bytes.
const LARGEST: u64 = 4 << 30;

/// The packages of one runner.
pub(crate) struct Providers {
    root: PathBuf,
    /// How many bytes are kept.
    bytes: u64,
    /// By `HOST/NAMESPACE/TYPE/VERSION`.
    known: Mutex<BTreeMap<String, Known>>,
    fetches: Arc<Flights<()>>,
    next: AtomicU64,
}

/// A package that is whole.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Known {
    h1: String,
    /// That of the archive it came in.
    zh: String,
    bytes: u64,
}

/// Why a package is not kept.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Server(#[from] crate::Error),
    #[error("its check sum is {found}, and the mirror says {published}")]
    Altered { found: String, published: String },
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Providers {
    /// Opens the directory, and takes away what an earlier runner left unfinished.
    pub(crate) fn open(root: PathBuf, bytes: u64) -> io::Result<Self> {
        // Whoever runs enters what it was linked to, and cannot list the rest.
        fs::DirBuilder::new().recursive(true).mode(0o711).create(&root)?;
        let read = fs::read(root.join(INDEX)).ok();
        let mut known: BTreeMap<String, Known> =
            read.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
        known.retain(|_, package| root.join(archive::key(&package.h1)).is_dir());
        let kept: Vec<_> = known.values().map(|package| archive::key(&package.h1)).collect();
        for entry in fs::read_dir(&root)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type()?.is_dir() && !kept.contains(&name) {
                fs::remove_dir_all(entry.path())?;
            } else if name.starts_with(NEW) {
                fs::remove_file(entry.path())?;
            }
        }
        let (fetches, next) = (Arc::default(), AtomicU64::new(0));
        Ok(Self { root, bytes, known: Mutex::new(known), fetches, next })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a package lies.
    pub(crate) fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    /// Fetches what of these is not here and matches the patterns of what the server mirrors. A failure is told and costs time, no more: the engine
    /// goes its own way then.
    pub(crate) async fn fetch<S: Server>(self: &Arc<Self>, server: &Arc<S>, mirrored: &[String], locked: &[Locked]) {
        let wanted = locked.iter().filter(|one| is_mirrored(mirrored, &one.provider) && !self.has(one));
        let fetches = wanted.map(|one| async {
            let (providers, server, wanted) = (Arc::clone(self), Arc::clone(server), one.clone());
            let what = format!("{} {}", one.provider, one.version);
            let fetched = self.fetches.join(&what, async move {
                let done = providers.fetch_one(&*server, &wanted.provider, &wanted.version).await;
                done.map_err(|error| mirror::Error::Io(error.to_string()))
            });
            if let Err(error) = fetched.await {
                tracing::warn!(provider = what, %error, "a provider is not kept for later runs");
            }
        });
        futures::future::join_all(fetches).await;
    }

    async fn fetch_one<S: Server>(&self, server: &S, provider: &Provider, version: &Version) -> Result<(), Failure> {
        let Some(Package { hashes, archive }) = server.provider(provider, version, &Platform::here()).await? else {
            return Ok(());
        };
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let packed = Unfinished(self.root.join(format!("{NEW}{number}.zip")));
        let unpacked = Unfinished(self.root.join(format!("{NEW}{number}")));
        let mut file = tokio::fs::File::create(&packed.0).await?;
        let mut limited = archive.take(LARGEST);
        tokio::io::copy(&mut limited, &mut file).await?;
        file.flush().await?;
        let (from, to) = (packed.0.clone(), unpacked.0.clone());
        let (h1, zh) = tokio::task::spawn_blocking(move || {
            fs::create_dir(&to)?;
            Ok::<_, io::Error>((archive::unpack(&from, &to)?, format!("zh:{}", archive::sum(&from)?)))
        })
        .await
        .map_err(io::Error::other)??;
        if !hashes.iter().any(|hash| *hash == h1 || *hash == zh) {
            let of_kind = |hash: &&String| hash.starts_with("zh:");
            let published = hashes.iter().find(of_kind).or(hashes.first()).cloned().unwrap_or_default();
            let found = if published.starts_with("h1:") { h1 } else { zh };
            return Err(Failure::Altered { found, published });
        }
        self.keep(&format!("{provider}/{version}"), &unpacked.0, h1, zh)?;
        tracing::info!(%provider, %version, "a provider is kept for later runs");
        Ok(())
    }

    /// Puts a whole package in its place.
    fn keep(&self, name: &str, unpacked: &Path, h1: String, zh: String) -> io::Result<()> {
        let bytes = readable(unpacked)?;
        let place = self.path(&archive::key(&h1));
        let mut known = self.lock();
        if !place.is_dir() {
            fs::rename(unpacked, &place)?;
        }
        known.insert(name.to_owned(), Known { h1, zh, bytes });
        self.sweep(&mut known, name)?;
        supervise::write_whole(&self.root, INDEX, &*known, false)
    }

    /// Takes in what of a folder of unpacked packages a configuration may need, where runs cannot see that folder.
    pub(crate) fn import(&self, folder: &Path, configuration: &Path) -> io::Result<()> {
        let platform = Platform::here().to_string();
        for provider in needed::mentioned(needed::mirrored(folder), configuration)? {
            for entry in fs::read_dir(folder.join(&provider))? {
                let package = entry?.path();
                let version = package.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let (name, package) = (format!("{provider}/{version}"), package.join(&platform));
                if mirror::version(&version).is_none() || !package.is_dir() || self.lock().contains_key(&name) {
                    continue;
                }
                let new = Unfinished(self.root.join(format!("{NEW}{}", self.next.fetch_add(1, Ordering::Relaxed))));
                copy(&package, &new.0)?;
                let h1 = archive::h1_of_directory(&new.0)?;
                self.keep(&name, &new.0, h1, String::new())?;
            }
        }
        Ok(())
    }

    /// Whether the package that a lock file means is here, even where it knows that by its archive only and no link to it would be accepted.
    fn has(&self, locked: &Locked) -> bool {
        let known = self.lock().get(&format!("{}/{}", locked.provider, locked.version)).cloned();
        let accepts = |hash: &String| locked.hashes.is_empty() || locked.hashes.contains(hash);
        known.is_some_and(|known| accepts(&known.h1) || accepts(&known.zh))
    }

    /// What of all this a configuration may install, as links; what its lock file does not mean is left out.
    pub(crate) fn links(&self, configuration: &Path, locked: &[Locked]) -> io::Result<Vec<Link>> {
        let known = self.lock().clone();
        let mut providers: Vec<String> =
            known.keys().filter_map(|name| Some(name.rsplit_once('/')?.0.to_owned())).collect();
        providers.dedup();
        let mut links = Vec::new();
        for provider in needed::mentioned(providers, configuration)? {
            for (name, package) in known.range(format!("{provider}/")..format!("{provider}0")) {
                let rule = locked.iter().find(|one| one.provider.to_string() == provider);
                let link = Link { name: name.clone(), h1: package.h1.clone() };
                if rule.is_none_or(|one| link.means(one)) {
                    view::touch(&self.path(&link.key()));
                    links.push(link);
                }
            }
        }
        Ok(links)
    }

    /// Takes the least used away until the rest fits; never what came just now, nor what a phase that executes is linked to.
    fn sweep(&self, known: &mut BTreeMap<String, Known>, but: &str) -> io::Result<()> {
        let mut total: u64 = known.values().map(|package| package.bytes).sum();
        if total <= self.bytes {
            return Ok(());
        }
        // Phases lie beside the directory of what is known, in which this one is.
        let used = self.root.ancestors().nth(2).map(view::used).transpose()?.unwrap_or_default();
        let mut all: Vec<_> = known
            .iter()
            .map(|(name, package)| {
                (view::touched(&self.path(&archive::key(&package.h1))), name.clone(), package.clone())
            })
            .collect();
        all.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
        for (_, name, package) in all {
            let key = archive::key(&package.h1);
            if total > self.bytes && name != but && !used.contains(&key) {
                known.remove(&name);
                // Two registries may publish the very same package.
                if !known.values().any(|other| other.h1 == package.h1) {
                    fs::remove_dir_all(self.path(&key))?;
                }
                total -= package.bytes;
            }
        }
        Ok(())
    }
}

/// Something that is not whole yet; it goes away with this.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        fs::remove_file(&self.0).or_else(|_| fs::remove_dir_all(&self.0)).ok(); // it was renamed if all went well
    }
}

/// Copies a directory of plain files, links followed.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?.path();
        let target = to.join(entry.file_name().unwrap_or_default());
        if fs::metadata(&entry)?.is_dir() {
            copy(&entry, &target)?;
        } else {
            fs::copy(&entry, &target)?;
        }
    }
    Ok(())
}

/// Lets everybody who can reach a directory read it, and nobody write it; gives how many bytes it holds.
fn readable(directory: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { readable(&entry.path())? } else { entry.metadata()?.len() };
    }
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755))?;
    Ok(bytes)
}

/// The links that stand for all that is locked; nothing when something of it has none.
pub(crate) fn linked<'l>(links: &'l [Link], locked: &[Locked]) -> Option<Vec<&'l Link>> {
    let link = |one: &Locked| links.iter().find(|link| link.means(one) && !one.hashes.is_empty());
    locked.iter().map(link).collect()
}

/// What names exactly these packages.
pub(crate) fn named(links: &[&Link]) -> Vec<u8> {
    let mut lines: Vec<_> = links.iter().map(|link| format!("{} {}\n", link.name, link.h1)).collect();
    lines.sort();
    lines.concat().into_bytes()
}

/// Whether one of the patterns (`HOST/*/*`, `HOST/NAMESPACE/TYPE`) means a provider.
fn is_mirrored(patterns: &[String], provider: &Provider) -> bool {
    let name = provider.to_string();
    patterns.iter().any(|pattern| match pattern.strip_suffix("*/*") {
        Some(host) => name.starts_with(host),
        None => *pattern == name,
    })
}
