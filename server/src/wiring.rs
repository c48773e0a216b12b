//! Where the rooms are plugged into the shell: what is served, what the operator's requests do, what runs beside.

use crate::{
    admin::{self, Request, Response},
    config::{Config, Containers, Database, Objects, Releases, Tls},
    embedded::Embedded,
    handover, health,
    lifecycle::Shutdown,
    masters, operator, tls,
};
use anyhow::Context as _;
use app::{
    App, Chance as _, Clock as _, Inner, Limits, SystemChance, SystemClock, Vault,
    keys::{Keys, Masters, Recovered},
};
use axum::Router;
use backup::Place;
use objects::{Blobs, Filesystem};
use objects_azure::Azure;
use objects_s3::S3;
use runner::Runner;
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use store::{Store, notify::Post};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

/// How long an interrupted phase may take to end before it is killed, in seconds.
const GRACE: u64 = 120;
/// How long a phase that executes may hold up the stop of the server; a plan that takes longer is handed back, and an apply goes on without it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Everything behind the door, built and ready to be served.
#[derive(Debug, Clone)]
pub struct House {
    /// What is served.
    pub router: Router,
    /// Work beside the requests. It ends by itself once the shutdown is wanted, and is waited for after the last answer.
    tasks: TaskTracker,
    /// What other servers are told and heard through; it ends last, since everything else has something to tell.
    relay: TaskTracker,
    closing: CancellationToken,
    app: App,
}

impl House {
    /// Builds it. `url` is what clients call this server. Nothing slow belongs here: the server is not ready before it is done.
    pub async fn build(config: &Config, url: &Url, shutdown: &Shutdown) -> anyhow::Result<Self> {
        let app = open(config, url.as_str()).await?;
        app.prove_objects()
            .await
            .map_err(|error| anyhow::anyhow!("{error}"))
            .context("proving the store of --objects")?;
        warn_of_own_objects(config);
        let (tasks, relay, closing) = (TaskTracker::new(), TaskTracker::new(), CancellationToken::new());
        let (relayed, closed) = (app.clone(), closing.clone());
        relay.spawn(async move { relayed.relay(closed.cancelled()).await });
        let http = http_doors::Http { app: app.clone(), stopping: shutdown.wanted().clone() };
        let readiness = app.clone();
        let ready = move || {
            let app = readiness.clone();
            async move { app.ready().await.map_err(|error| error.to_string()) }
        };
        let router = health::router(shutdown.clone(), ready).merge(api::router(&http)).merge(web::router(&http));
        if config.runner.on {
            let runner = Runner::new(Arc::new(Embedded::new(app.clone())), runner_options(config, url)?).await?;
            tasks.spawn(execute(runner, shutdown.wanted().clone()));
        }
        tasks.spawn(work::run(app.clone(), shutdown.wanted().clone()));
        if let Some(directory) = &config.runner.handover {
            handover::lay(&app, directory, authority(config).as_deref()).await?;
        }
        if let Some(setup) = app.offer_setup().await? {
            offer(&app.address, setup.expose_secret());
        }
        Ok(Self { router, tasks, relay, closing, app })
    }

    /// Waits for the work beside the requests, after the last answer.
    pub async fn close(self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.closing.cancel();
        self.relay.close();
        self.relay.wait().await;
    }

    /// The newest run of a workspace, as the bearer of this token sees it.
    pub async fn newest_run(&self, organization: &str, workspace: &str, token: &str) -> anyhow::Result<Option<String>> {
        let caller = self.app.authenticate(token).await?;
        let which = app::Which::Name(organization, workspace);
        let workspace = self.app.workspace(&caller, which, domain::permission::Permission::ReadRuns).await?;
        let (runs, _) = self.app.list_runs(&caller, &workspace.id, 1, 0).await?;
        Ok(runs.first().map(|run| run.id.to_string()))
    }

    /// Does what the operator wants, while the server runs.
    pub async fn administer(self, request: Request) -> Response {
        operator::administer(&self.app, request).await
    }
}

/// Tells the way in, once, on standard output: it is for the person who started the server, not for its log.
#[expect(clippy::print_stdout, reason = "a secret for one reader stays out of the log")]
fn offer(address: &str, setup: &str) {
    println!("There is no user yet. Open {address}/setup/{setup} within a day to become the first one.");
}

/// Does what the operator wants where no server runs; the data directory is held meanwhile.
pub async fn administer(config: &Config, request: Request) -> Response {
    match open(config, "").await {
        Ok(app) => operator::administer(&app, request).await,
        Err(error) => admin::Response::Refused { reason: format!("{error:#}") },
    }
}

async fn open(config: &Config, address: &str) -> anyhow::Result<App> {
    let store = database(config).await?;
    let masters = masters::open(config, &store, &authorities(config)?).await?;
    let keys =
        app::keys::open(&store, &masters, SystemClock::default().now()).await.context("opening the root keys")?;
    build(config, address, store, keys).await
}

/// A site whose data is used without being its server: servers may run on it, and nothing is made or brought to another shape.
pub async fn attach(config: &Config) -> anyhow::Result<App> {
    let store = attach_store(config).await?;
    let masters = masters(config).await?;
    let keys =
        app::keys::attach(&store, &masters, SystemClock::default().now()).await.context("opening the root keys")?;
    build(config, "", store, keys).await
}

pub(crate) async fn attach_store(config: &Config) -> anyhow::Result<Store> {
    match &config.storage.database {
        Database::Sqlite(path) => {
            Store::attach_sqlite(path).await.with_context(|| format!("opening the database {}", path.display()))
        }
        Database::Postgres(url) => {
            Store::attach_postgres(url.expose_secret()).await.context("opening the Postgres database of --database")
        }
    }
}

/// What a backup is made of.
#[derive(Debug)]
pub struct Site {
    /// The database.
    pub store: Store,
    /// The object store.
    pub objects: Arc<dyn objects::Store>,
    /// What wraps the key of the backups.
    pub masters: Masters,
    /// The root keys.
    pub keys: Keys,
    /// Which site it is.
    pub id: String,
}

impl Site {
    /// The site of these settings, which may be running.
    pub async fn attach(config: &Config) -> anyhow::Result<Self> {
        let store = attach_store(config).await?;
        let id = app::site::id(&store)
            .await?
            .context("no server was ever started on this database: there is nothing to back up")?;
        let objects = object_store(config, &config.storage.objects).await?;
        let masters = masters(config).await?;
        let keys = app::keys::attach(&store, &masters, SystemClock::default().now()).await?;
        Ok(Self { store, objects, masters, keys, id })
    }
}

/// What wraps the keys of the site; none is made.
pub async fn masters(config: &Config) -> anyhow::Result<Masters> {
    masters::attach(config, &authorities(config)?).await
}

/// The place of `--backup`.
pub async fn backup_place(config: &Config) -> anyhow::Result<Arc<dyn objects::Store>> {
    let place = config.backup.as_ref().context("nobody says where backups are: name the place with --backup")?;
    let apart = "name another place with --backup: what is pruned there would be taken from the site itself";
    if let Objects::File(folder) = place {
        let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut own = vec![config.server.data.clone()];
        own.extend(match &config.storage.objects {
            Objects::File(folder) => Some(folder.clone()),
            _ => None,
        });
        let folder = whole(folder);
        let inside = own.iter().map(|own| whole(own)).find(|own| folder.starts_with(own) || own.starts_with(&folder));
        anyhow::ensure!(
            inside.is_none(),
            "{} and the site's own {} lie in each other: {apart}",
            folder.display(),
            inside.unwrap_or_default().display()
        );
    }
    let store = object_store(config, place).await.context("opening the place of --backup")?;
    let owner = objects::owner(&*store).await.context("looking whose the place of --backup is")?;
    anyhow::ensure!(owner.is_none(), "the place of --backup is the object store of a site: {apart}");
    Ok(store)
}

/// A name that nothing else has.
pub fn name() -> String {
    SystemChance::default().entropy().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

async fn build(config: &Config, address: &str, store: Store, keys: Keys) -> anyhow::Result<App> {
    let objects = object_store(config, &config.storage.objects).await?;
    let limits = Limits {
        state_bytes: usize::try_from(config.limits.state_size).unwrap_or(usize::MAX),
        upload_bytes: config.limits.upload_size,
        organization_runs: config.limits.organization_concurrency.into(),
        workspace_plans: config.limits.workspace_plans.into(),
        plan_seconds: config.limits.plan_timeout.as_secs(),
        apply_seconds: config.limits.apply_timeout.as_secs(),
        grace_seconds: GRACE,
        apply_lease_seconds: u32::try_from(config.limits.apply_lease.as_secs()).unwrap_or(u32::MAX),
    };
    // Among the servers on one database, this one until it ends.
    let post = Post::new(&store, &name());
    Ok(App::new(Inner {
        store,
        vault: Vault::new(keys, Blobs::new(objects)),
        clock: Box::new(SystemClock::default()),
        chance: Box::new(SystemChance::default()),
        hub: app::hub::Hub::shared(post),
        known: app::Known::default(),
        renewals: app::Renewals::default(),
        check_archive: |archive| {
            runner::slug::check(archive, runner::slug::Limits::default()).map(drop).map_err(|error| error.to_string())
        },
        limits,
        surroundings: surroundings(config)?,
        index_attributes: config.storage.index_attributes,
        mirror: mirror(config)?,
        address: address.trim_end_matches('/').to_owned(),
    }))
}

/// The database of `--database`.
async fn database(config: &Config) -> anyhow::Result<Store> {
    Ok(match &config.storage.database {
        Database::Sqlite(path) => {
            Store::sqlite(path).await.with_context(|| format!("opening the database {}", path.display()))?
        }
        Database::Postgres(url) => {
            Store::postgres(url.expose_secret()).await.context("opening the Postgres database of --database")?
        }
    })
}

/// Has the master key of the configuration wrap the root keys of an escrow, and the key of the place of `--backup` if one is named. What became of
/// the root keys, unless the database is nobody's yet; and whose the backups are.
pub(crate) async fn recover(
    config: &Config,
    text: &str,
    passphrase: SecretString,
) -> anyhow::Result<(Option<Recovered>, Option<String>)> {
    let (escrow, roots) = app::keys::open_escrow(text, passphrase).await?;
    let store = database(config).await?;
    let masters = masters::open_new(config, &authorities(config)?).await?;
    let empty = app::keys::is_new(&store).await? && config.backup.is_some();
    let recovered = match empty {
        true => None,
        false => Some(app::keys::recover(&store, &masters, &escrow, &roots).await?),
    };
    let backups = match &config.backup {
        None => None,
        Some(_) => {
            let recovered = Place::recover(backup_place(config).await?, &*masters.current, roots).await;
            Some(recovered.context("recovering the place of --backup")?)
        }
    };
    Ok((recovered, backups))
}

/// A store of objects. Nothing is asked of it yet.
pub async fn object_store(config: &Config, place: &Objects) -> anyhow::Result<Arc<dyn objects::Store>> {
    Ok(match place {
        Objects::File(folder) => Arc::new(Filesystem::open(folder.clone()).await?),
        Objects::S3(options) => {
            let options = objects_s3::Options { certificates: authorities(config)?, ..(**options).clone() };
            Arc::new(S3::open(options).await.context("preparing the bucket")?)
        }
        Objects::Azure(options) => {
            let options = objects_azure::Options { certificates: authorities(config)?, ..(**options).clone() };
            Arc::new(Azure::open(options).context("preparing the container")?)
        }
    })
}

/// The authorities of `--ca-bundle`, as PEM.
fn authorities(config: &Config) -> anyhow::Result<Vec<u8>> {
    let Some(path) = &config.outbound.ca_bundle else { return Ok(Vec::new()) };
    std::fs::read(path).with_context(|| format!("reading {} of --ca-bundle", path.display()))
}

fn surroundings(config: &Config) -> anyhow::Result<app::Surroundings> {
    let read = |path: &PathBuf| {
        std::fs::read_to_string(path).with_context(|| format!("reading {} of --ssh-known-hosts", path.display()))
    };
    let known_hosts = config.runs.known_hosts.as_ref().map(read).transpose()?;
    Ok(app::Surroundings { hooks: config.runs.hooks.clone(), known_hosts })
}

fn mirror(config: &Config) -> anyhow::Result<mirror::Mirror> {
    let settings = &config.mirror;
    let folder = match &settings.releases {
        Some(Releases::Folder(folder)) => Some(folder),
        _ => None,
    };
    for (flag, folder) in [("mirror-providers", settings.providers.as_ref()), ("mirror-releases", folder)] {
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            anyhow::bail!("{} of --{flag} is no directory", folder.display());
        }
    }
    let (releases, origin) = match &settings.releases {
        None => (None, None),
        Some(Releases::Folder(folder)) => (Some(folder.clone()), None),
        Some(Releases::Address(address)) => {
            let keys = config.runner.release_keys.clone();
            (None, Some(mirror::ReleaseOrigin { address: address.clone(), keys }))
        }
    };
    let proxy = |(_, address): &(String, String)| Some(Url::parse(address).ok()?.host_str()?.to_owned());
    Ok(mirror::Mirror::open(mirror::Options {
        bytes: settings.bytes,
        hosts: settings.hosts.clone(),
        private: settings.private,
        providers: settings.providers.clone(),
        releases,
        release_origin: origin,
        certificates: config.outbound.ca_bundle.iter().cloned().collect(),
        proxies: config.surroundings.proxies.iter().filter_map(proxy).collect(),
        ..mirror::Options::new(config.server.data.join("mirror"))
    })?)
}

/// A second server on the same database reads what this one writes only where both see one directory.
fn warn_of_own_objects(config: &Config) {
    if let Database::Postgres(_) = config.storage.database
        && let Objects::File(objects) = &config.storage.objects
        && *objects == config.server.data.join("objects")
    {
        tracing::warn!(
            "large blobs lie in {} of this machine alone: before a second server starts on this database, give all of them one directory \
             with --objects",
            objects.display()
        );
    }
}

/// Executes runs until the server stops. Plans end with it; applies go on without it, and the next start adopts them.
async fn execute(runner: Runner<Embedded>, stop: CancellationToken) {
    let stopping = runner::Stop { drain: stop.clone(), hand_back: CancellationToken::new() };
    let hand_back = stopping.hand_back.clone();
    let patience = async move {
        stop.cancelled().await;
        tokio::time::sleep(PATIENCE).await;
        hand_back.cancel();
        tokio::time::sleep(PATIENCE).await;
    };
    tokio::select! {
        ended = runner.run(stopping) => {
            if let Err(error) = ended {
                tracing::error!(%error, "the runner inside this server has ended");
            }
        }
        () = patience => {}
    }
}

fn runner_options(config: &Config, url: &Url) -> anyhow::Result<runner::Options> {
    Ok(runner::Options {
        executor: executor(&config.containers)?,
        engines: config.runner.engines.clone(),
        search: config.surroundings.path.clone(),
        mirror: config.runner.release_mirror.as_ref().map(|address| runner::Mirror {
            address: address.as_str().trim_end_matches('/').to_owned(),
            keys: config.runner.release_keys.clone(),
            token: None,
        }),
        certificates: authority(config).into_iter().chain(config.outbound.ca_bundle.clone()).collect(),
        environment: config.surroundings.proxies.clone(),
        provider_mirror: config.runner.providers.clone(),
        provider_cache: config.runner.provider_cache,
        ports: config.runner.ports.iter().copied().chain(url.port()).collect(),
        unsafe_process: config.runner.without_wall,
        slots: u16::try_from(config.runner.slots).unwrap_or(u16::MAX),
        ..runner::Options::new(&config.server.data)
    })
}

/// The certificate of the server's own authority, if it has one.
fn authority(config: &Config) -> Option<PathBuf> {
    (config.server.tls == Tls::Auto).then(|| config.server.data.join(tls::CA_FILE))
}

fn executor(containers: &Containers) -> anyhow::Result<runner::Executor> {
    if !containers.on {
        return Ok(runner::Executor::Process);
    }
    let profile = |path: &PathBuf| {
        std::fs::read_to_string(path).with_context(|| format!("reading the seccomp profile {}", path.display()))
    };
    let seccomp = containers.seccomp.as_ref().map(profile).transpose()?;
    Ok(runner::Executor::Docker(Box::new(runner::docker::Options { seccomp, ..containers.options.clone() })))
}

/// Watches over one phase of a run, in a process of its own.
pub fn supervise(arguments: &[OsString]) -> ! {
    runner::supervise::main(arguments)
}
