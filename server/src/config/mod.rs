//! All settings, from the command line, the environment (read here and nowhere else), a file, or their defaults; in this order.

mod containers;
mod flags;
mod key;
mod limits;
mod log;
mod login;
mod master;
mod mirror;
mod objects;
mod outbound;
mod runner;
mod runs;
mod server;
mod sources;
mod storage;
mod surroundings;
mod value;

pub use containers::Containers;
pub use flags::{AdminFlags, Flags, StorageFlags};
pub use key::{Key, Problem};
pub use limits::Limits;
pub use log::{Format, Log};
pub use login::Login;
pub use master::{MasterKey, Masters};
pub use mirror::{Mirror, Releases};
pub use objects::Objects;
pub use outbound::Outbound;
pub use runner::Runner;
pub use runs::Runs;
pub use server::{Server, Tls};
pub use storage::{Database, Storage};
pub use surroundings::Surroundings;
pub use value::{Span, Value};

use sources::Sources;
use std::path::PathBuf;

const CONFIG: Key = Key::new("config", "FILE", "A TOML file with settings, named as the flags are [default: none]");

/// The effective configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the server listens and keeps its files.
    pub server: Server,
    /// Database and master key.
    pub storage: Storage,
    /// Where backups go, if somewhere.
    pub backup: Option<Objects>,
    /// The runner inside the server.
    pub runner: Runner,
    /// What every run is given.
    pub runs: Runs,
    /// What runs are executed in.
    pub containers: Containers,
    /// Providers and engines that are handed on.
    pub mirror: Mirror,
    /// Connections that the server opens.
    pub outbound: Outbound,
    /// The log.
    pub log: Log,
    /// Limits.
    pub limits: Limits,
    /// What the usual variables of the environment say.
    pub surroundings: Surroundings,
}

/// A configuration together with what to tell the person who wrote it.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The configuration as TOML, with the origin of each value and without secrets.
    pub text: String,
    /// Lines worth a warning once there is a log.
    pub warnings: Vec<String>,
}

/// Every setting, in the order of the help.
pub fn keys() -> impl Iterator<Item = &'static Key> {
    let sections: [&[Key]; 12] = [
        &server::KEYS,
        &storage::KEYS,
        &master::KEYS,
        &objects::KEYS,
        &objects::BACKUP_KEYS,
        &runner::KEYS,
        &containers::KEYS,
        &runs::KEYS,
        &mirror::KEYS,
        &outbound::KEYS,
        &log::KEYS,
        &limits::KEYS,
    ];
    [&CONFIG].into_iter().chain(sections.into_iter().flatten())
}

/// Reads the configuration of this process.
pub fn load(flags: Flags) -> Result<Loaded, Problem> {
    let base = std::env::current_dir().map_err(|error| Problem {
        origin: "working directory".to_owned(),
        wrong: error.to_string(),
        accepted: "a directory that exists".to_owned(),
    })?;
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    let variables = std::env::vars_os().map(|(name, value)| (text(name), text(value)));
    load_from(flags, variables, base)
}

/// The prefix of variables that hold parameters of policies, as other tools of the field have it.
const PARAMETER: &str = "SENTINEL_PARAM_";

/// Parameters of policies in the environment, as `name=value`.
pub fn policy_parameters() -> Vec<String> {
    let pair = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        let name = name.to_str()?.strip_prefix(PARAMETER)?.to_owned();
        Some(format!("{name}={}", value.to_str()?))
    };
    std::env::vars_os().filter_map(pair).collect()
}

/// Arms the point that the torture names in `TERRANE_TEST_POINT`, in a build that has points.
pub fn arm_point() {
    if points::ARMED
        && let Some((_, point)) = std::env::vars_os().find(|(name, _)| name == "TERRANE_TEST_POINT")
    {
        points::arm(&point.to_string_lossy());
    }
}

/// Where the environment says that tokens for servers are.
pub fn login() -> Login {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    Login::read(&std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect::<Vec<_>>())
}

/// Reads the configuration that these flags, these variables and the file they name give; relative paths start at `base`.
pub fn load_from(
    flags: Flags,
    variables: impl IntoIterator<Item = (String, String)>,
    base: PathBuf,
) -> Result<Loaded, Problem> {
    let variables: Vec<(String, String)> = variables.into_iter().collect();
    let surroundings = Surroundings::read(&variables);
    let mut sources = Sources::new(flags.into(), variables.clone(), base)?;
    let server = Server::read(&mut sources)?;
    let config = Config {
        storage: Storage::read(&mut sources, &server.data, &variables)?,
        backup: Objects::read_backup(&mut sources)?,
        runner: Runner::read(&mut sources, &server.data)?,
        runs: Runs::read(&mut sources)?,
        containers: Containers::read(&mut sources)?,
        mirror: Mirror::read(&mut sources)?,
        outbound: Outbound::read(&mut sources)?,
        log: Log::read(&mut sources)?,
        limits: Limits::read(&mut sources)?,
        surroundings,
        server,
    };
    sources.refuse_unknown_keys()?;
    let mut warnings: Vec<String> = sources
        .unknown_variables()
        .iter()
        .filter(|name| !config.storage.masters.lie_in(name))
        .map(|name| format!("{name} is set but is no setting; it is ignored"))
        .collect();
    if config.server.tls == Tls::Off && !config.server.listen.ip().is_loopback() {
        warnings.push(format!(
            "listening on {} without TLS: tokens and states cross the network in the clear unless a proxy protects them",
            config.server.listen
        ));
    }
    Ok(Loaded { config, text: sources.to_toml(), warnings })
}

#[cfg(test)]
mod tests;
