//! What a runner is told about the machine it runs on.

use crate::{Executor, slug};
use secrecy::SecretString;
use std::{ffi::OsString, path::PathBuf};

/// The TCP ports that a run may dial unless the operator says otherwise: those of git over SSH and of the web.
pub(crate) const PORTS: [u16; 3] = [22, 80, 443];

/// Settings of a [`Runner`](crate::Runner).
#[derive(Debug, Clone)]
pub struct Options {
    /// What the runner calls itself.
    pub name: String,
    /// Where each phase has its directory while it executes. Nobody but the runner's own user can enter it.
    pub directory: PathBuf,
    /// Directories that nothing behind the wall may see, sockets and all: the data directory of the server first of all.
    pub hide: Vec<PathBuf>,
    /// Engines by version: `VERSION/terraform`, `VERSION/tofu`.
    pub engines: PathBuf,
    /// Directories in which an engine of the exact version may be found too: those of `PATH`.
    pub search: Vec<PathBuf>,
    /// Where engines that are not here are fetched from.
    pub mirror: Option<Mirror>,
    /// Certificates (PEM) that runs trust beside the public ones: the server's own authority, the company's.
    pub certificates: Vec<PathBuf>,
    /// The file with the public certificates (PEM).
    pub public_certificates: PathBuf,
    /// Environment of every engine, beneath what a run sets: proxies.
    pub environment: Vec<(String, String)>,
    /// A directory laid out like a provider mirror, used before the registries.
    pub provider_mirror: Option<PathBuf>,
    /// How many bytes of providers are kept, unpacked, for runs to link to.
    pub provider_cache: u64,
    /// TCP ports that a run may dial, beside that of the server.
    pub ports: Vec<u16>,
    /// Execute even where this machine lacks what the wall is made of.
    pub unsafe_process: bool,
    /// A command that calls [`supervise::main`](crate::supervise::main) with the arguments after these.
    pub supervisor: (PathBuf, Vec<OsString>),
    /// What phases execute in.
    pub executor: Executor,
    /// How many phases execute at the same time.
    pub slots: u16,
    /// The first of the user ids that phases run as where the runner is root: one for each slot, used by nobody else.
    pub first_uid: u32,
    /// How large a configuration may be.
    pub slug: slug::Limits,
    /// Seconds that an apply is given to end gently when nobody prolonged its lease.
    pub abandoned_grace_seconds: u64,
}

/// A place with releases, laid out as the vendors lay theirs out: `terraform/index.json`, `terraform/1.11.4/terraform_1.11.4_SHA256SUMS` and so on.
#[derive(Debug, Clone)]
pub struct Mirror {
    /// Its address, without a slash at the end.
    pub address: String,
    /// A file with the vendor's public keys (OpenPGP, armored). With it a release must be signed by one of them; check sums are always compared.
    pub keys: Option<PathBuf>,
    /// What proves to it who asks: the runner's own token, where it is the server.
    pub token: Option<SecretString>,
}

impl Options {
    /// The usual settings for a data directory: runs in `DATA/runs`, engines in `DATA/engines`, this executable as `… supervise`.
    pub fn new(data: &std::path::Path) -> Self {
        Self {
            name: nix::unistd::gethostname()
                .map_or_else(|_| "runner".into(), |name| name.to_string_lossy().into_owned()),
            directory: data.join("runs"),
            hide: vec![data.to_owned()],
            engines: data.join("engines"),
            search: Vec::new(),
            mirror: None,
            certificates: Vec::new(),
            public_certificates: PathBuf::from("/etc/ssl/certs/ca-certificates.crt"),
            environment: Vec::new(),
            provider_mirror: None,
            provider_cache: 10 << 30,
            ports: PORTS.to_vec(),
            unsafe_process: false,
            supervisor: (PathBuf::from("/proc/self/exe"), vec![OsString::from("supervise")]),
            executor: Executor::Process,
            slots: 4,
            first_uid: 1_878_000_000,
            slug: slug::Limits::default(),
            abandoned_grace_seconds: 600,
        }
    }
}
