//! Lays out the work directory of a phase: configuration, state, variables, the engine's own settings.

mod environment;
mod settings;

pub(crate) use environment::environment;
pub(crate) use settings::{host, port, quote, write as write_settings};

use crate::{
    builtin,
    layout::Layout,
    machine::Machine,
    prime, provided,
    providers::{self, Link, Sources, lock, lock::Locked, needed},
    server::{Download, Error, Server},
    slug, state,
    variables::{self, Variables},
};
use bytes::Bytes;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use protocol::{Job, Phase};
use secrecy::SecretString;
use std::{
    fs, io,
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, lchown},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_util::io::SyncIoBridge;

/// Takes the place of whatever says where the state is.
pub(crate) const BACKEND: &str = "terraform {\n  backend \"local\" {}\n}\n";

/// More of uploaded settings is not read: bytes.
const LARGEST_SETTINGS: u64 = 256 << 10;

/// Why a phase could not be prepared. Said to the person who reads the run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Server(#[from] Error),
    #[error(transparent)]
    Slug(#[from] slug::Error),
    #[error(
        "the working directory {0:?} is not in the configuration; correct it in the workspace's settings, or upload the whole configuration"
    )]
    WorkingDirectory(String),
    #[error("cannot prepare the work directory: {0}")]
    Io(#[from] io::Error),
    #[error(
        "the path of the work directory is too long for the sockets of providers ({0}): choose a shorter data directory"
    )]
    TooLong(PathBuf),
    #[error("{0}")]
    Vault(String),
}

/// Where the engine finds what was laid out: the very same places, or those of its container.
pub(crate) struct Inside {
    pub(crate) layout: Layout,
    pub(crate) temporary: PathBuf,
    pub(crate) certificates: PathBuf,
    /// Where it looks for programs; a container's image knows that itself.
    pub(crate) search: Option<&'static str>,
}

/// Where the engine will see what is laid out.
pub(crate) struct Places {
    /// The phase's own directory.
    pub(crate) seen: Layout,
    /// The operator's own mirror of providers, where it is used as it is.
    pub(crate) mirror: Option<PathBuf>,
    /// The phase's links to packages of providers.
    pub(crate) links: PathBuf,
    /// What those lead to.
    pub(crate) packages: PathBuf,
}

/// What the engine needs to be started.
pub(crate) struct Prepared {
    pub(crate) environment: Vec<(String, String)>,
    /// Whether something must be installed before the engine can plan or apply.
    pub(crate) needs_init: bool,
    /// For the log.
    pub(crate) warnings: Vec<String>,
    /// The state that lies there.
    pub(crate) state: Option<Bytes>,
    /// Whether the configuration brought settings of the engine along.
    pub(crate) own_settings: bool,
    /// Packages of providers that can be installed by a link.
    pub(crate) links: Vec<Link>,
}

/// Puts the engine's note about its backend where it looks for it.
pub(crate) fn put_note(layout: &Layout, working_directory: &str, note: &Path, owner: Option<u32>) -> io::Result<()> {
    let root = Dir::open_ambient_dir(layout.configuration(), cap_std::ambient_authority())?;
    let module = root.open_dir(Path::new(".").join(working_directory))?;
    module.create_dir_all(".terraform")?;
    write(&module, Path::new(prime::NOTE), &fs::read(note)?)?;
    match owner {
        Some(owner) => own(&layout.module(working_directory).join(".terraform"), owner),
        None => Ok(()),
    }
}

/// Fills the directory. What the server sends is fetched at the same time.
pub(crate) async fn prepare<S: Server>(
    server: &Arc<S>,
    machine: &Arc<Machine>,
    job: &Job,
    layout: &Layout,
    owner: Option<u32>,
) -> Result<Prepared, Failure> {
    let (options, providers) = (&machine.options, &machine.providers);
    let lease = &job.lease;
    let configuration = async {
        let download = server.configuration(lease).await?;
        unpack(download, layout.configuration(), options.slug).await
    };
    let state = async { Ok(server.state(lease).await?) };
    let files = async {
        if job.phase == Phase::Apply {
            fetch(&**server, job, protocol::Artifact::Plan, layout.plan()).await?;
            fetch(&**server, job, protocol::Artifact::LockFile, layout.lock_file()).await?;
        }
        Ok(())
    };
    let tokens = provided::log_in(job, options);
    let (report, state, (), tokens) = tokio::try_join!(configuration, state, files, tokens)?;
    let locked = locked(job, layout)?;
    providers.fetch(server, &job.mirrored, &locked).await;
    let (machine, job, layout) = (Arc::clone(machine), job.clone(), layout.clone());
    let filled = tokio::task::spawn_blocking(move || {
        fill(&machine, &job, &layout, owner, report.warnings, state, &tokens, &locked)
    });
    filled.await.map_err(io::Error::other)?
}

/// What is locked before the engine looks: by the plan, or by the configuration.
fn locked(job: &Job, layout: &Layout) -> io::Result<Vec<Locked>> {
    if job.phase == Phase::Apply {
        return Ok(fs::read(layout.lock_file()).map_or_else(|_| Vec::new(), |text| lock::read(&text)));
    }
    let root = Dir::open_ambient_dir(layout.configuration(), cap_std::ambient_authority())?;
    let path = Path::new(".").join(&job.working_directory).join(".terraform.lock.hcl");
    let mut text = Vec::new();
    if let Ok(file) = root.open(path) {
        file.take(LARGEST_SETTINGS).read_to_end(&mut text)?;
    }
    Ok(lock::read(&text))
}

async fn unpack(download: Download, directory: PathBuf, limits: slug::Limits) -> Result<slug::Report, Failure> {
    let reader = SyncIoBridge::new(download);
    let unpacked = tokio::task::spawn_blocking(move || {
        let directory = Dir::open_ambient_dir(directory, cap_std::ambient_authority())?;
        Ok(slug::unpack(reader, &directory, limits)?)
    });
    unpacked.await.map_err(io::Error::other)?
}

async fn fetch<S: Server>(server: &S, job: &Job, artifact: protocol::Artifact, path: PathBuf) -> Result<(), Failure> {
    if let Some(mut download) = server.artifact(&job.lease, artifact).await? {
        let mut file = tokio::fs::File::create(path).await?;
        tokio::io::copy(&mut download, &mut file).await?;
        tokio::io::AsyncWriteExt::flush(&mut file).await?;
    }
    Ok(())
}

/// Makes the empty directories of a phase.
pub(crate) fn directories(layout: &Layout) -> io::Result<()> {
    let mut private = fs::DirBuilder::new();
    private.mode(0o700);
    private.create(layout.root())?;
    private.create(layout.work())?;
    for name in ["c", "h", "t"] {
        private.create(layout.work().join(name))?;
    }
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "one call: what was fetched, where it goes, for whom")]
fn fill(
    machine: &Machine,
    job: &Job,
    layout: &Layout,
    owner: Option<u32>,
    mut warnings: Vec<String>,
    state: Option<Bytes>,
    tokens: &[SecretString],
    locked: &[Locked],
) -> Result<Prepared, Failure> {
    let places = machine.places(layout);
    let mut variables = Variables::new(&job.variables);
    variables.environment.extend(provided::lay_out(job, layout, &places.seen, tokens)?);
    let root = Dir::open_ambient_dir(layout.configuration(), cap_std::ambient_authority())?;
    let missing = |_| Failure::WorkingDirectory(job.working_directory.clone());
    let beneath = Path::new(&job.working_directory);
    let module = if beneath.as_os_str().is_empty() { root } else { root.open_dir(beneath).map_err(missing)? };
    // A state that was uploaded with the configuration is not the workspace's.
    for name in ["terraform.tfstate", state::ERRORED, ".terraform/terraform.tfstate", ".terraform/environment"] {
        remove(&module, Path::new(name))?;
    }
    match module.symlink_metadata("terraform.tfstate.d") {
        Ok(meta) if meta.is_dir() => module.remove_dir_all("terraform.tfstate.d")?,
        _ => remove(&module, Path::new("terraform.tfstate.d"))?,
    }
    let path = state::path(&job.cli_workspace);
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        module.create_dir_all(parent)?;
    }
    if let Some(state) = &state {
        write(&module, &path, state)?;
    }
    write(&module, Path::new(&variables::override_name()), BACKEND.as_bytes())?;
    for (name, contents) in &variables.files {
        write(&module, Path::new(name), contents.as_bytes())?;
    }
    if job.phase == Phase::Apply && layout.lock_file().exists() {
        write(&module, Path::new(".terraform.lock.hcl"), &fs::read(layout.lock_file())?)?;
    }
    // What test files use is only known to the engine.
    let needs_init = job.phase == Phase::Test || !builtin::is_enough(&module, state.as_deref())?;
    let own_settings = settings::uploaded(&module, layout)?;
    let mut links = Vec::new();
    if needs_init {
        links = machine.links(layout, locked)?;
        providers::lay(&layout.root().join(providers::LINKS), &links, &places.packages)?;
    }
    let sources = Sources {
        links: &places.links,
        folder: places.mirror.as_deref(),
        local: machine.options.provider_mirror.as_deref().map(needed::mirrored).unwrap_or_default(),
    };
    let installation = providers::installation(&job.address, &job.mirrored, &sources, &links, locked);
    match &own_settings {
        None => settings::write(job, &installation, &layout.cli_configuration())?,
        // The engine reads a directory of settings after those of its user: what is ours wins.
        Some(text) => {
            fs::create_dir_all(layout.home().join(".terraform.d"))?;
            let path = layout.home().join(".terraform.d/zzzzzz_terrane.tfrc");
            // An engine takes one word only about where providers come from.
            let installation = if text.contains("provider_installation") { "" } else { &installation };
            settings::write(job, installation, &path)?;
        }
    }
    if job.phase == Phase::Apply && layout.plan().exists() {
        fs::copy(layout.plan(), layout.work_plan())?;
    }
    if let Some(owner) = owner {
        own(&layout.work(), owner)?;
    }
    warnings.extend(variables.warnings);
    Ok(Prepared {
        environment: variables.environment,
        needs_init,
        warnings,
        state,
        own_settings: own_settings.is_some(),
        links,
    })
}

fn remove(directory: &Dir, path: &Path) -> io::Result<()> {
    match directory.remove_file(path) {
        Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Err(error),
        _ => Ok(()),
    }
}

/// Puts a file of ours in the place of whatever has that name.
fn write(directory: &Dir, path: &Path, contents: &[u8]) -> io::Result<()> {
    remove(directory, path)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    directory.open_with(path, &options)?.write_all(contents)
}

/// Gives everything beneath (and the directory itself) to the user that the phase runs as.
pub(crate) fn own(path: &Path, owner: u32) -> io::Result<()> {
    lchown(path, Some(owner), Some(owner))?;
    if fs::symlink_metadata(path)?.is_dir() {
        for entry in fs::read_dir(path)? {
            own(&entry?.path(), owner)?;
        }
    }
    Ok(())
}
