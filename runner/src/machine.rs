//! What a runner found out about its machine when it was started.

use crate::{
    Executor, Options,
    docker::{self, Docker},
    engines::{self, Engines, Executable},
    executor::Body,
    identity::Identity,
    layout::Layout,
    prepare::{self, Inside, Places},
    process,
    providers::{LINKS, Link, Providers, lock::Locked},
    supervise::{
        self, Probe,
        spec::{self, Spec, Wall, name},
    },
};
use protocol::Job;
use ring::digest::{SHA256, digest};
use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};
use tokio::sync::watch;

/// Why a runner cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Something is missing of what runs are kept apart with.
    #[error(
        "runs cannot be kept apart on this machine: {0}. Give the server what is missing, let another machine execute runs, or start with --runner-unsafe if every run may read whatever the server may"
    )]
    NoWall(String),
    /// The container engine cannot be used.
    #[error("runs cannot be executed in containers: {0}")]
    Engine(String),
    /// There can be no client for the release mirror.
    #[error("the release mirror cannot be used: {0}")]
    Mirror(String),
    /// A directory or a file cannot be prepared.
    #[error("cannot prepare {path}: {source}")]
    Io {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The machine, as far as it matters to phases.
pub(crate) struct Machine {
    pub(crate) options: Arc<Options>,
    pub(crate) engines: Engines,
    /// Every certificate that runs trust.
    pub(crate) certificates: PathBuf,
    /// What was installed once.
    pub(crate) providers: Arc<Providers>,
    /// What phases execute in, where they are no processes of this machine.
    docker: Option<Arc<Docker>>,
    probe: Probe,
}

impl Machine {
    pub(crate) async fn new(mut options: Options) -> Result<Self, StartError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| StartError::Io { path, source }
        };
        let directory = options.directory.clone();
        let known = directory.join("known");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&known).map_err(at(&known))?;
        options.directory = fs::canonicalize(&directory).map_err(at(&directory))?;
        fs::create_dir_all(&options.engines).map_err(at(&options.engines))?;
        options.engines = fs::canonicalize(&options.engines).unwrap_or(options.engines);
        options.hide.push(options.directory.clone());
        let certificates = options.directory.join("ca.pem");
        gather(&options, &certificates).map_err(at(&certificates))?;
        let packages = options.directory.join("known").join("providers");
        let providers = Providers::open(packages.clone(), options.provider_cache).map_err(at(&packages))?;
        let providers = Arc::new(providers);
        if let Executor::Docker(containers) = &options.executor {
            if Identity::read(&options.directory).copied {
                fs::remove_file(known.join("runner")).ok(); // the containers of that name are another's
            }
            let docker = Docker::connect((**containers).clone(), &known).await?;
            let engines = Engines::new(&options).map_err(|error| StartError::Mirror(error.to_string()))?;
            let (options, docker) = (Arc::new(options), Some(Arc::new(docker)));
            return Ok(Self { engines, options, certificates, providers, docker, probe: Probe::default() });
        }
        let probe = probe(&options).await.map_err(at(&options.supervisor.0))?;
        let mut missing = Vec::new();
        missing.extend(probe.namespaces.iter().map(|reason| format!("PID, mount and IPC namespaces ({reason})")));
        missing.extend(probe.landlock.iter().map(|reason| format!("Landlock ({reason})")));
        if !missing.is_empty() {
            let missing = missing.join("; ");
            if !options.unsafe_process {
                return Err(StartError::NoWall(missing));
            }
            tracing::warn!(missing, "runs are not kept apart");
        }
        let engines = Engines::new(&options).map_err(|error| StartError::Mirror(error.to_string()))?;
        Ok(Self { engines, options: Arc::new(options), certificates, providers, docker: None, probe })
    }

    /// Who owns the work directory, where that is not the runner's own user.
    pub(crate) fn owner(&self, uid: u32) -> Option<u32> {
        (self.docker.is_none() && self.probe.namespaces.is_none() && nix::unistd::Uid::current().is_root())
            .then_some(uid)
    }

    /// The engine of a job: where it lies on this machine, or in which image.
    pub(crate) async fn resolve(&self, job: &Job) -> Result<Executable, engines::Failure> {
        match &self.docker {
            None => self.engines.resolve(job.engine, &job.version).await,
            Some(docker) => docker.executable(job, &self.options.directory.join("known")).await,
        }
    }

    /// Starts a piece of work.
    pub(crate) async fn start(&self, spec: &Spec, lease: Option<watch::Receiver<u64>>) -> io::Result<Body> {
        Body::start(self.docker.as_ref(), &self.options, &self.certificates, spec, lease).await
    }

    /// Takes over what an earlier runner started.
    pub(crate) async fn adopt(&self, layout: &Layout, wall: &Wall, lease: watch::Receiver<u64>) -> io::Result<Body> {
        if wall.container.is_some() {
            let docker = self.docker.as_ref().ok_or_else(|| {
                io::Error::other("it is a container, and this runner has no engine: start it with --executor docker")
            })?;
            return Ok(Body::Container(docker::Container::adopt(docker, layout.root(), lease).await));
        }
        let supervisor = fs::read(layout.root().join(name::SUPERVISOR)).ok();
        let supervisor = supervisor.and_then(|json| serde_json::from_slice(&json).ok());
        process::Supervisor::adopt(supervisor).map(Body::Process)
    }

    /// Removes what an earlier runner left beside these phases.
    pub(crate) async fn remove_orphans<'a>(&self, phases: impl Iterator<Item = &'a Layout>) {
        if let Some(docker) = &self.docker {
            docker.remove_orphans(phases).await;
        }
    }

    /// How many containers wait for a phase.
    pub(crate) fn warm(&self) -> usize {
        self.docker.as_ref().map_or(0, |docker| docker.count_warm())
    }

    /// Nothing is started in advance any more.
    pub(crate) async fn close(&self) {
        if let Some(docker) = &self.docker {
            docker.close().await;
        }
    }

    /// Where the engine finds what is laid out in a directory.
    pub(crate) fn inside(&self, layout: &Layout, wall: &Wall) -> Inside {
        match self.docker {
            None => Inside {
                layout: layout.clone(),
                temporary: supervise::wall::temporary(wall),
                certificates: self.certificates.clone(),
                search: Some("/usr/local/bin:/usr/bin:/bin"),
            },
            Some(_) => Inside {
                layout: Docker::inside(),
                temporary: Docker::inside().root().join("t"),
                certificates: Docker::inside().root().join("ca.pem"),
                search: None,
            },
        }
    }

    /// Where the engine will see what is laid out in a phase's directory, and providers.
    pub(crate) fn places(&self, layout: &Layout) -> Places {
        let seen = self.docker.as_ref().map_or_else(|| layout.clone(), |_| Docker::inside());
        Places {
            links: seen.root().join(LINKS),
            packages: self.packages(),
            mirror: self.options.provider_mirror.clone().filter(|_| self.docker.is_none()),
            seen,
        }
    }

    /// Where the engine sees packages of providers.
    pub(crate) fn packages(&self) -> PathBuf {
        match &self.docker {
            None => self.providers.path(""),
            Some(_) => PathBuf::from(docker::PACKAGES),
        }
    }

    /// Packages of providers that a configuration may link to.
    pub(crate) fn links(&self, layout: &Layout, locked: &[Locked]) -> io::Result<Vec<Link>> {
        let configuration = layout.configuration();
        if let (Some(_), Some(folder)) = (&self.docker, &self.options.provider_mirror) {
            // A container sees no folder of this machine.
            self.providers.import(folder, &configuration)?;
        }
        self.providers.links(&configuration, locked)
    }

    /// Has what these links mean where the engine sees it.
    pub(crate) async fn provide(&self, executable: &Executable, links: &[Link]) -> Result<(), String> {
        match (&self.docker, &executable.image) {
            (Some(docker), Some(image)) => docker.provide(image, links, &self.providers).await,
            _ => Ok(()),
        }
    }

    pub(crate) fn wall(&self, layout: &Layout, executable: &Executable, job: &Job, uid: u32, links: &[Link]) -> Wall {
        let (options, engine) = (&self.options, executable.path.as_path());
        let engine = match engine.parent() {
            Some(directory) if directory.starts_with(&options.engines) => directory, // with what lies beside it
            _ => engine,
        };
        let mut read = vec![engine.to_owned(), self.certificates.clone()];
        read.extend(options.provider_mirror.clone());
        if !links.is_empty() {
            read.push(layout.root().join(LINKS));
            read.extend(links.iter().map(|link| self.providers.path(&link.key())));
        }
        let proxies = options.environment.iter().filter(|(key, _)| key.to_ascii_lowercase().ends_with("_proxy"));
        let mut ports = options.ports.clone();
        ports.extend(proxies.filter_map(|(_, address)| prepare::port(address)));
        ports.extend(prepare::port(&job.address));
        Wall {
            work: layout.work(),
            hide: options.hide.clone(),
            read,
            ports,
            uid,
            namespaces: self.docker.is_none() && self.probe.namespaces.is_none(),
            landlock: self.docker.is_none() && self.probe.landlock.is_none(),
            container: executable.image.clone().map(|image| spec::Container {
                image,
                judge: executable.judge.clone(),
                run: job.run_id.clone(),
                phase: job.lease.phase_id.clone(),
            }),
        }
    }

    /// Where the schemas of exactly these providers lie, once some plan has needed them.
    pub(crate) fn schemas(&self, engine: &Path, version: &str, providers: &[u8]) -> PathBuf {
        self.known("schemas", engine, version, providers)
    }

    /// Where the engine's own note lies that a local backend is in use, once some phase has needed it.
    pub(crate) fn backend(&self, engine: &Path, version: &str) -> PathBuf {
        self.known("backend", engine, version, &[])
    }

    fn known(&self, what: &str, engine: &Path, version: &str, more: &[u8]) -> PathBuf {
        let mut key = format!("{}\n{version}\n", engine.display()).into_bytes();
        key.extend_from_slice(more);
        let name = format!("{what}-{}.json", hex::encode(digest(&SHA256, &key)));
        self.options.directory.join("known").join(name)
    }
}

/// Puts all certificates into one file, since an engine reads one.
fn gather(options: &Options, path: &Path) -> io::Result<()> {
    let mut all = fs::read(&options.public_certificates).unwrap_or_default();
    for own in &options.certificates {
        all.push(b'\n');
        all.extend(fs::read(own).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", own.display())))?);
    }
    fs::write(path, all)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

async fn probe(options: &Options) -> io::Result<Probe> {
    let (program, arguments) = &options.supervisor;
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).arg("probe").env_clear().current_dir("/");
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).output().await?;
    Ok(serde_json::from_slice(&output.stdout)?)
}
