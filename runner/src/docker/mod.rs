//! Executes phases in containers: one for each, from the image of the wanted version, made by an engine that speaks Docker's API.
//!
//! What goes in is one tar on standard input and what comes out is a stream, so that nothing of the runner's file system is ever mounted: the
//! engine may be another machine. What came out is laid down where the process executor has its files, and all that follows is one path.

mod arguments;
mod attend;
mod connection;
mod container;
mod credentials;
mod errand;
mod fate;
mod image;
mod inputs;
mod log;
mod network;
mod orphans;
mod outputs;
mod providers;
mod wall;
mod warm;

pub use arguments::Arguments;
pub(crate) use arguments::size;
pub use wall::{Network, Pull};
pub(crate) use {container::Container, image::Image, providers::PACKAGES};

use crate::{StartError, layout::Layout};
use bollard::{API_DEFAULT_VERSION, Docker as Api};
use std::path::{Path, PathBuf};
use tokio::{sync::Mutex, time::Instant};

/// Where a container has what the runner streams in: a file system of its own in memory.
const WORK: &str = "/work";
/// Seconds that a call to the engine may take. Streams may take longer.
const PATIENCE: u64 = 120;

/// A container engine, and what containers are made of.
pub(crate) struct Docker {
    api: Api,
    options: Options,
    /// Which runner's containers these are.
    runner: String,
    /// The network of containers, and when its guard stood.
    guarded: Mutex<Option<(String, Instant)>>,
    warm: warm::Warm,
    volume: providers::Volume,
}

/// Settings of containers.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the engine listens: `unix:///run/docker.sock`.
    pub host: String,
    /// The image of a terraform, with `{version}` in it.
    pub terraform: String,
    /// The image of a tofu, with `{version}` in it.
    pub tofu: String,
    /// When to ask a registry for an image.
    pub pull: Pull,
    /// Bytes of memory that a container may use; its files count.
    pub memory: u64,
    /// Thousandths of a processor that a container may use.
    pub cpus: u32,
    /// How many processes and threads a container may have.
    pub processes: u32,
    /// Bytes that a container may write.
    pub work_size: u64,
    /// What a container can reach.
    pub network: Network,
    /// Blocks of addresses (`10.0.0.0/8`) that containers on their own network reach, and nothing else; all where there is none. Names of hosts
    /// are asked of `dns`, which must be among them where it is no address of the engine's host.
    pub egress: Vec<String>,
    /// The image with whose `ip` command metadata addresses are closed; that of the first phase where there is none.
    pub guard_image: Option<String>,
    /// Name servers of containers; the engine's own where there is none.
    pub dns: Vec<String>,
    /// Credentials of registries, as `docker login` writes them (`config.json`); read before each pull.
    pub credentials: Option<PathBuf>,
    /// How many containers wait, started, for phases of recently used images.
    pub warm: u16,
    /// Lines `NAME:ADDRESS` for a container's hosts file.
    pub hosts: Vec<String>,
    /// A seccomp profile (JSON) in the place of the engine's own.
    pub seccomp: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: "unix:///var/run/docker.sock".to_owned(),
            terraform: "hashicorp/terraform:{version}".to_owned(),
            tofu: "ghcr.io/opentofu/opentofu:{version}".to_owned(),
            pull: Pull::Missing,
            memory: 2 << 30,
            cpus: 2000,
            processes: 512,
            work_size: 1 << 30,
            network: Network::Own,
            egress: Vec::new(),
            guard_image: None,
            dns: Vec::new(),
            credentials: None,
            warm: 4,
            hosts: Vec::new(),
            seccomp: None,
        }
    }
}

impl Docker {
    /// Reaches the engine. What `known` holds tells this runner's containers from those of others.
    pub(crate) async fn connect(options: Options, known: &Path) -> Result<Self, StartError> {
        let failed = |source| StartError::Io { path: known.to_owned(), source };
        let runner = container::runner_name(known).map_err(failed)?;
        let unreachable = |error: bollard::errors::Error| {
            StartError::Engine(format!(
                "{} does not answer as one: {error}. Start it, or name another with --docker-host",
                options.host
            ))
        };
        let api = if options.host.starts_with("unix://") {
            Api::connect_with_unix(&options.host, PATIENCE, API_DEFAULT_VERSION)
        } else {
            Api::connect_with_host(&options.host)
        };
        let api = api.map_err(unreachable)?.negotiate_version().await.map_err(unreachable)?;
        let volume = providers::Volume::new(known.to_owned()).map_err(failed)?;
        let (guarded, warm) = (Mutex::default(), warm::Warm::default());
        Ok(Self { api, options, runner, guarded, warm, volume })
    }

    /// A phase's directory as its engine sees it.
    pub(crate) fn inside() -> Layout {
        Layout::at(PathBuf::from(WORK))
    }
}
