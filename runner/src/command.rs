//! `terrane-runner`, and `terrane runner`: a runner on a machine of its own, for a server elsewhere.

use crate::{
    Mirror, Options, Remote, Runner, StartError, Stop, docker,
    metrics::{self, Counted, Metrics},
};
use rustix::fs::{FlockOperation, flock};
use secrecy::SecretString;
use std::{
    fs,
    io::{self, IsTerminal},
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

/// Claim phases of runs from a Terrane server and execute them on this machine
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// The address of the server, such as https://terrane.example.com
    #[arg(long, env = "TERRANE_RUNNER_SERVER", value_name = "URL")]
    server: String,
    /// A file with the runner's token, from an agent pool or from `terrane admin runner-token create`; without it the token is
    /// taken from the environment variable TERRANE_RUNNER_TOKEN
    #[arg(long, env = "TERRANE_RUNNER_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Where the runner keeps what it must know after a restart, engines and running phases; one for each runner
    #[arg(long, env = "TERRANE_RUNNER_DATA", value_name = "DIR", default_value = "terrane-runner-data")]
    data: PathBuf,
    /// What the runner calls itself [default: the machine's name]
    #[arg(long, env = "TERRANE_RUNNER_NAME", value_name = "NAME")]
    name: Option<String>,
    /// How many phases it executes at once
    #[arg(long, env = "TERRANE_RUNNER_SLOTS", value_name = "N", default_value_t = 4)]
    slots: u16,
    /// A file with certificates (PEM) that the runner and its runs trust beside the public ones; may be given several times
    #[arg(long = "ca-bundle", env = "TERRANE_RUNNER_CA_BUNDLE", value_name = "FILE", value_delimiter = ',')]
    authorities: Vec<PathBuf>,
    /// Engines by version, VERSION/terraform and VERSION/tofu [default: engines in the data directory]
    #[arg(long, env = "TERRANE_RUNNER_ENGINES", value_name = "DIR")]
    engines: Option<PathBuf>,
    /// Where to fetch engines that are missing; that of the server is its address and /api/mirror/releases
    #[arg(long, env = "TERRANE_RUNNER_RELEASE_MIRROR", value_name = "URL")]
    release_mirror: Option<String>,
    /// The public keys (armored) that sign the mirror's checksums
    #[arg(long, env = "TERRANE_RUNNER_RELEASE_KEYS", value_name = "FILE")]
    release_keys: Option<PathBuf>,
    /// A filesystem mirror of providers that runs install from
    #[arg(long, env = "TERRANE_RUNNER_PROVIDERS", value_name = "DIR")]
    providers: Option<PathBuf>,
    /// How much of providers is kept unpacked, for runs to link to instead of copying [default: 10GiB]
    #[arg(long, env = "TERRANE_RUNNER_PROVIDER_CACHE", value_name = "SIZE", value_parser = docker::size)]
    provider_cache: Option<u64>,
    /// TCP ports that runs may dial beside the server's own, such as Vault's 8200
    #[arg(long, env = "TERRANE_RUNNER_PORTS", value_name = "PORT,…", value_delimiter = ',', default_values_t = crate::options::PORTS)]
    ports: Vec<u16>,
    /// The least important log lines to write, such as info or terrane_runner=debug
    #[arg(long, env = "TERRANE_RUNNER_LOG_LEVEL", value_name = "LEVEL", default_value = "info")]
    log_level: String,
    /// The form of log lines
    #[arg(long, env = "TERRANE_RUNNER_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,
    /// An address such as 127.0.0.1:9464 on which the runner answers /metrics (Prometheus) and /healthz, without a token [default: none]
    #[arg(long, env = "TERRANE_RUNNER_METRICS", value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
    #[command(flatten)]
    containers: docker::Arguments,
    /// Execute runs even where the system offers no wall around them
    #[arg(long = "unsafe", env = "TERRANE_RUNNER_UNSAFE")]
    without_wall: bool,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Why a runner ended.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// There is no token.
    #[error("there is no token: name a file with --token-file, or set TERRANE_RUNNER_TOKEN")]
    NoToken,
    /// A file or directory cannot be used.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Two runners in one place would tread on each other.
    #[error("another runner uses {0}: give each a data directory of its own with --data")]
    InUse(PathBuf),
    /// The server cannot be spoken to.
    #[error(transparent)]
    Client(#[from] crate::ClientError),
    /// Runs cannot be executed here.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The server does not want this runner.
    #[error("the server does not take this runner on: {0}")]
    NotWanted(#[from] crate::Error),
    /// There can be no runtime.
    #[error("cannot start the runtime: {0}")]
    Runtime(io::Error),
    /// Nobody could watch it.
    #[error("cannot listen for /metrics on {address}: {source}; choose another address with --metrics")]
    Metrics {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Signals cannot be followed.
    #[error("cannot follow signals: {0}")]
    Signals(io::Error),
}

/// How runs are told of the company's proxy.
const PROXIES: [&str; 4] = ["http_proxy", "https_proxy", "no_proxy", "all_proxy"];

/// Runs a runner until it has stopped. Its log lines go to standard error.
pub fn start(arguments: Arguments) -> Result<(), Failure> {
    let lines = tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    let lines = lines.with_env_filter(EnvFilter::new(&arguments.log_level));
    match arguments.log_format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
    // Whoever was first has chosen the same.
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)?;
    let ended = runtime.block_on(run(arguments, Surroundings::read()));
    runtime.shutdown_background();
    ended
}

/// Runs a runner until it is asked to stop: SIGTERM or SIGINT let it finish what it executes and claim nothing more; a second one hands its
/// plans back to the server at once, and leaves its applies to their supervisors, for the next start to adopt.
async fn run(arguments: Arguments, surroundings: Surroundings) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::Signals)?;
    let data = directory(&arguments.data)?;
    let _lock = lock(&data)?;
    let token = match &arguments.token_file {
        Some(path) => fs::read_to_string(path).map(|text| text.trim().to_owned().into()).map_err(at(path))?,
        None => surroundings.token.clone().ok_or(Failure::NoToken)?,
    };
    let metrics = Arc::new(Metrics::default());
    let server = Arc::new(Remote::new(&arguments.server, token.clone(), &arguments.authorities)?);
    let server = Arc::new(Counted::new(server, Arc::clone(&metrics)));
    let watched = arguments.metrics;
    let runner = Runner::new(server, options(arguments, &data, surroundings, token)?).await?;
    let stop = Stop::default();
    if let Some(address) = watched {
        let failed = |source| Failure::Metrics { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        tracing::info!(address = %listener.local_addr().map_err(failed)?, "answering /metrics and /healthz");
        // As long as the runner: it ends with the runtime.
        tokio::spawn(metrics::serve(listener, metrics, runner.now()));
    }
    let mut running = tokio::spawn(runner.run(stop.clone()));
    for asked in 1.. {
        tokio::select! {
            ended = &mut running => {
                match ended {
                    Ok(ended) => ended?,
                    Err(error) => tracing::error!(%error, "the runner broke"),
                }
                break;
            }
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        match asked {
            1 => {
                tracing::info!("stopping: finishing what executes; a second signal hands plans back at once");
                stop.drain.cancel();
            }
            2 => {
                tracing::info!("stopping now: plans are handed back, applies go on under their supervisors");
                stop.hand_back.cancel();
            }
            _ => break,
        }
    }
    running.abort();
    tracing::info!("stopped");
    Ok(())
}

fn options(
    arguments: Arguments,
    data: &Path,
    surroundings: Surroundings,
    token: SecretString,
) -> Result<Options, Failure> {
    let mut options = Options::new(data);
    if let Some(name) = arguments.name {
        options.name = name;
    }
    if let Some(engines) = arguments.engines {
        options.engines = engines;
    }
    options.mirror = arguments.release_mirror.map(|address| {
        let address = address.trim_end_matches('/').to_owned();
        // The server's own mirror knows its runners; nobody else is shown the token.
        let ours =
            address.strip_prefix(arguments.server.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'));
        Mirror { address, keys: arguments.release_keys, token: ours.then_some(token) }
    });
    options.search = surroundings.path;
    options.environment = surroundings.proxies;
    options.certificates = arguments.authorities;
    options.provider_mirror = arguments.providers;
    options.provider_cache = arguments.provider_cache.unwrap_or(options.provider_cache);
    options.ports = arguments.ports;
    options.unsafe_process = arguments.without_wall;
    options.slots = arguments.slots.max(1);
    let executor = arguments.containers.executor();
    options.executor = executor.map_err(|(path, source)| Failure::Io { path, source })?;
    Ok(options)
}

/// What the environment says beside the flags, which read theirs by themselves.
struct Surroundings {
    token: Option<SecretString>,
    path: Vec<PathBuf>,
    proxies: Vec<(String, String)>,
}

impl Surroundings {
    fn read() -> Self {
        let mut all = Self { token: None, path: Vec::new(), proxies: Vec::new() };
        for (key, value) in std::env::vars_os() {
            match key.to_str() {
                Some("TERRANE_RUNNER_TOKEN") => all.token = value.into_string().ok().map(Into::into),
                Some("PATH") => all.path = std::env::split_paths(&value).collect(),
                Some(key) if PROXIES.contains(&key.to_ascii_lowercase().as_str()) => {
                    all.proxies.extend(value.into_string().ok().map(|value| (key.to_owned(), value)));
                }
                _ => {}
            }
        }
        all
    }
}

fn at(path: &Path) -> impl Fn(io::Error) -> Failure {
    let path = path.to_owned();
    move |source| Failure::Io { path: path.clone(), source }
}

fn directory(path: &Path) -> Result<PathBuf, Failure> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(at(path))?;
    fs::canonicalize(path).map_err(at(path))
}

fn lock(data: &Path) -> Result<fs::File, Failure> {
    let path = data.join("lock");
    let file = fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = file.map_err(at(&path))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| Failure::InUse(data.to_owned()))?;
    Ok(file)
}
