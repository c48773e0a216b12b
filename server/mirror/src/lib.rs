//! What registries and vendors publish (providers, engines), fetched once, verified, kept and handed on. A library that knows nothing of the rest.

mod address;
pub mod archive;
mod error;
mod fetch;
mod flight;
mod folder;
mod guard;
mod kept;
mod origin;
mod providers;
mod releases;
pub mod signature;

pub use address::{Platform, Provider, version};
pub use error::{Error, Result};
pub use flight::Flights;
pub use kept::Archive;
pub use releases::{Index, Release, find_product};
pub use semver::Version;
pub use url::Url;

use fetch::Fetcher;
use folder::Folder;
use guard::Guard;
use kept::Kept;
use origin::Origin;
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long an index of releases is taken for the newest one.
const FRESH: Duration = Duration::from_secs(600);

/// Settings of a [`Mirror`].
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it keeps what it fetched.
    pub directory: PathBuf,
    /// How many bytes of archives it keeps.
    pub bytes: u64,
    /// The registries that are asked: names, with a port where it is not 443.
    pub hosts: Vec<String>,
    /// Whether those, and what they refer to, may have private addresses.
    pub private: bool,
    /// A folder of providers, packed or unpacked. What it has is asked nowhere else.
    pub providers: Option<PathBuf>,
    /// A folder of releases, laid out as the vendors lay them out.
    pub releases: Option<PathBuf>,
    /// Where releases are fetched that the folder does not have.
    pub release_origin: Option<ReleaseOrigin>,
    /// Certificates (PEM) to trust beside the public ones.
    pub certificates: Vec<PathBuf>,
    /// Names of the proxies that lead out.
    pub proxies: Vec<String>,
}

impl Options {
    /// A mirror that keeps things in this directory and asks nobody.
    pub fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            bytes: 20 << 30,
            hosts: Vec::new(),
            private: false,
            providers: None,
            releases: None,
            release_origin: None,
            certificates: Vec::new(),
            proxies: Vec::new(),
        }
    }
}

/// Where releases come from.
#[derive(Debug, Clone)]
pub struct ReleaseOrigin {
    /// Laid out as the vendors lay theirs out.
    pub address: Url,
    /// The vendors' public keys: with them, check sums must be signed by one.
    pub keys: Option<PathBuf>,
}

/// The mirror. Cheap to clone.
#[derive(Clone)]
pub struct Mirror(Arc<Inner>);

/// What a [`Mirror`] is made of.
pub struct Inner {
    hosts: Vec<String>,
    origin: Origin,
    /// For places that the operator chose.
    plain: Fetcher,
    releases: Option<ReleaseOrigin>,
    folder: Option<Folder>,
    releases_folder: Option<PathBuf>,
    /// What registries said, by provider.
    records: PathBuf,
    release_records: PathBuf,
    kept: Kept,
    fetches: Arc<Flights<()>>,
    /// Until when the versions of a provider need not be asked for.
    fresh: Mutex<HashMap<Provider, Instant>>,
    fresh_releases: Mutex<HashMap<&'static str, Instant>>,
}

impl std::ops::Deref for Mirror {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl std::fmt::Debug for Mirror {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mirror").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

impl Mirror {
    /// Opens it. Nothing is asked before somebody wants something.
    ///
    /// # Errors
    /// When the directory cannot be prepared.
    pub fn open(options: Options) -> Result<Self> {
        let guard = Guard { private: options.private, proxies: options.proxies.into() };
        let hosts = options.hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect();
        Ok(Self(Arc::new(Inner {
            hosts,
            origin: Origin::new(Fetcher::new(&options.certificates, Some(guard))),
            plain: Fetcher::new(&options.certificates, None),
            releases: options.release_origin,
            folder: options.providers.map(Folder::new),
            releases_folder: options.releases,
            records: options.directory.join("providers"),
            release_records: options.directory.join("releases"),
            kept: Kept::open(options.directory.join("archives"), options.bytes)?,
            fetches: Arc::default(),
            fresh: Mutex::default(),
            fresh_releases: Mutex::default(),
        })))
    }

    /// Patterns of everything that can be had here: `HOST/*/*` of the registries, `HOST/NAMESPACE/TYPE` of the folder.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn patterns(&self) -> Result<Vec<String>> {
        let mut patterns: Vec<_> = self.hosts.iter().map(|host| format!("{host}/*/*")).collect();
        if self.folder.is_some() {
            let mirror = self.clone();
            let list = move || mirror.folder.as_ref().map_or_else(|| Ok(Vec::new()), Folder::providers);
            let listed = tokio::task::spawn_blocking(list).await.map_err(|error| Error::Io(error.to_string()))??;
            let other = listed.into_iter().filter(|provider| !self.hosts.iter().any(|host| host == provider.host()));
            patterns.extend(other.map(|provider| provider.to_string()));
        }
        Ok(patterns)
    }

    /// The registries, for a provider of one of those that may be asked.
    fn origin(&self, provider: &Provider) -> Result<&Origin> {
        if self.hosts.iter().any(|host| host == provider.host()) {
            return Ok(&self.origin);
        }
        Err(Error::NotFound(format!(
            "{provider} is not mirrored here: {} is not one of --mirror-hosts",
            provider.host()
        )))
    }

    fn fresh(&self) -> MutexGuard<'_, HashMap<Provider, Instant>> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn release_is_fresh(&self, product: &str) -> bool {
        let fresh = self.fresh_releases.lock().unwrap_or_else(PoisonError::into_inner);
        fresh.get(product).is_some_and(|since| since.elapsed() < FRESH)
    }

    fn release_is_known(&self, product: &'static str) {
        self.fresh_releases.lock().unwrap_or_else(PoisonError::into_inner).insert(product, Instant::now());
    }
}
