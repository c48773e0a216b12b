//! The runner inside the server: whether there is one, and what it runs with.

use super::{
    key::{Key, Problem},
    sources::Sources,
    storage::masked,
    value::{Count, Size, Switch, Value},
};
use std::path::{Path, PathBuf};
use url::Url;

const RUNNER: Key = Key::new("runner", "on|off", "Whether this server also executes runs [default: on]");
const SLOTS: Key = Key::new("runner-slots", "N", "How many phases of runs it executes at once [default: 5]");
const UNSAFE: Key =
    Key::switch("runner-unsafe", "Execute runs even where the system offers no wall around them [default: off]");
const ENGINES: Key = Key::new(
    "engines",
    "DIR",
    "Engines by version, VERSION/terraform and VERSION/tofu [default: engines in the data directory]",
);
const RELEASE_MIRROR: Key =
    Key::new("release-mirror", "URL", "Where to fetch engines that are missing [default: nowhere]");
const RELEASE_KEYS: Key = Key::new(
    "release-keys",
    "FILE",
    "The public keys (armored) that sign the mirror's checksums [default: none, and then SHA-256 alone is checked]",
);
const PROVIDERS: Key =
    Key::new("providers", "DIR", "A filesystem mirror of providers that runs install from [default: none]");

const CACHE: Key = Key::new(
    "runner-provider-cache",
    "SIZE",
    "How much of providers is kept unpacked, for runs to link to instead of copying [default: 10GiB]",
);

const PORTS: Key = Key::new(
    "runner-ports",
    "PORT,…",
    "TCP ports that runs may dial beside the server's own, such as Vault's 8200 [default: 22,80,443]",
);

const HANDOVER: Key = Key::new(
    "runner-handover",
    "DIR",
    "A directory for what a runner beside this server needs: DIR/token, made at the start unless a good one is there, and DIR/ca.pem [default: none]",
);

/// All settings of this section.
pub(super) const KEYS: [Key; 10] =
    [RUNNER, SLOTS, UNSAFE, ENGINES, RELEASE_MIRROR, RELEASE_KEYS, PROVIDERS, CACHE, PORTS, HANDOVER];

/// The section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runner {
    /// Whether runs are executed here.
    pub on: bool,
    /// How many phases at once.
    pub slots: u32,
    /// Whether to execute runs without a wall where there can be none.
    pub without_wall: bool,
    /// Engines by version.
    pub engines: PathBuf,
    /// Where missing engines are fetched.
    pub release_mirror: Option<Url>,
    /// The public keys that sign the mirror's checksums.
    pub release_keys: Option<PathBuf>,
    /// A filesystem mirror of providers.
    pub providers: Option<PathBuf>,
    /// How many bytes of providers are kept unpacked.
    pub provider_cache: u64,
    /// TCP ports that runs may dial.
    pub ports: Vec<u16>,
    /// Where a runner beside this server finds what it needs.
    pub handover: Option<PathBuf>,
}

impl Runner {
    /// Reads the section; the defaults lie in the directory `data`.
    pub(super) fn read(sources: &mut Sources, data: &Path) -> Result<Self, Problem> {
        Ok(Self {
            on: sources.get(&RUNNER, |_| Switch(true))?.0,
            slots: sources.get(&SLOTS, |_| Count(5))?.0,
            without_wall: sources.get(&UNSAFE, |_| Switch(false))?.0,
            engines: sources.get(&ENGINES, |_| data.join("engines"))?,
            release_mirror: sources.find::<Mirror>(&RELEASE_MIRROR)?.map(|Mirror(url)| url),
            release_keys: sources.find(&RELEASE_KEYS)?,
            providers: sources.find(&PROVIDERS)?,
            provider_cache: sources.get(&CACHE, |_| Size(10 << 30))?.0,
            ports: sources.get(&PORTS, |_| Ports(vec![22, 80, 443]))?.0,
            handover: sources.find(&HANDOVER)?,
        })
    }
}

struct Ports(Vec<u16>);

impl Value for Ports {
    const ACCEPTED: &'static str = "port numbers with commas between them, such as 22,80,443,8200";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        let port = |text: &str| match text.trim().parse() {
            Ok(0) | Err(_) => Err(format!("{text:?} is no port")),
            Ok(port) => Ok(port),
        };
        text.split(',').map(port).collect::<Result<_, _>>().map(Self)
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
    }
}

/// Where something is fetched.
pub(super) struct Mirror(pub(super) Url);

impl Value for Mirror {
    const ACCEPTED: &'static str = "an https or http URL, such as https://mirror.example.com/terraform";

    // No message repeats the text: it may carry a password.
    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("the value is no URL ({error})"))?;
        match url.scheme() {
            "https" | "http" => Ok(Self(url)),
            _ => Err("the value begins with neither https nor http".to_owned()),
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(masked(self.0.clone()).to_string())
    }
}
