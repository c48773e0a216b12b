//! What runs are executed in, and what containers are made of.

use super::{
    key::{Key, Problem},
    sources::Sources,
    value::{Count, Size, Value},
};
use std::path::{Path, PathBuf};

const EXECUTOR: Key =
    Key::new("executor", "process|docker", "What runs are executed in: processes or containers [default: process]");
const HOST: Key = Key::new(
    "docker-host",
    "unix:///SOCKET",
    "Where the container engine listens; Podman's socket will do [default: unix:///var/run/docker.sock]",
);
const TERRAFORM: Key = Key::new(
    "image-terraform",
    "IMAGE",
    "The image of a terraform, with {version} in it [default: hashicorp/terraform:{version}]",
);
const TOFU: Key = Key::new(
    "image-tofu",
    "IMAGE",
    "The image of a tofu, with {version} in it [default: ghcr.io/opentofu/opentofu:{version}]",
);
const PULL: Key =
    Key::new("image-pull", "always|missing|never", "When a registry is asked for an image [default: missing]");
const CREDENTIALS: Key = Key::new(
    "registry-credentials",
    "FILE",
    "Credentials of registries, as docker login writes them; read before each pull [default: none]",
);
const MEMORY: Key = Key::new("container-memory", "SIZE", "Memory of a container, its files included [default: 2GiB]");
const CPUS: Key = Key::new("container-cpus", "N", "Processors of a container, such as 1.5 [default: 2]");
const PROCESSES: Key = Key::new("container-processes", "N", "Processes and threads of a container [default: 512]");
const WORK_SIZE: Key = Key::new("container-work-size", "SIZE", "What a container may write [default: 1GiB]");
const NETWORK: Key = Key::new(
    "container-network",
    "own|none|host",
    "What a container reaches: all but other containers, the host's loopback and metadata addresses; nothing; whatever the host does [default: own]",
);
const EGRESS: Key = Key::new(
    "container-egress",
    "BLOCK,...",
    "Blocks of IPv4 addresses that containers on their own network reach, and no others [default: all]",
);
const DNS: Key = Key::new("container-dns", "ADDRESS,...", "Name servers of containers [default: the engine's]");
const HOSTS: Key =
    Key::new("container-hosts", "NAME:ADDRESS,...", "Lines for the hosts file of containers [default: none]");
const SECCOMP: Key =
    Key::new("container-seccomp", "FILE", "A seccomp profile in the place of the engine's own [default: none]");
const GUARD: Key = Key::new(
    "container-guard-image",
    "IMAGE",
    "The image whose ip command closes metadata addresses [default: that of the first phase]",
);
const WARM: Key = Key::new(
    "container-warm",
    "N",
    "How many containers wait, started, for phases of recently used images; 0 for none [default: 4]",
);

/// All settings of this section.
pub(super) const KEYS: [Key; 17] = [
    EXECUTOR,
    HOST,
    TERRAFORM,
    TOFU,
    PULL,
    CREDENTIALS,
    MEMORY,
    CPUS,
    PROCESSES,
    WORK_SIZE,
    NETWORK,
    EGRESS,
    DNS,
    HOSTS,
    SECCOMP,
    GUARD,
    WARM,
];

/// The section.
#[derive(Debug, Clone)]
pub struct Containers {
    /// Whether runs are executed in containers.
    pub on: bool,
    /// How containers are made.
    pub options: runner::docker::Options,
    /// The file with a seccomp profile.
    pub seccomp: Option<PathBuf>,
}

impl Containers {
    /// Reads the section.
    pub(super) fn read(sources: &mut Sources) -> Result<Self, Problem> {
        let defaults = runner::docker::Options::default();
        let options = runner::docker::Options {
            host: sources.get(&HOST, |_| Text(defaults.host))?.0,
            terraform: sources.get(&TERRAFORM, |_| Template(defaults.terraform))?.0,
            tofu: sources.get(&TOFU, |_| Template(defaults.tofu))?.0,
            pull: sources.get(&PULL, |_| Pull(defaults.pull))?.0,
            credentials: sources.find(&CREDENTIALS)?,
            memory: sources.get(&MEMORY, |_| Size(defaults.memory))?.0,
            cpus: sources.get(&CPUS, |_| Cpus(defaults.cpus))?.0,
            processes: sources.get(&PROCESSES, |_| Count(defaults.processes))?.0,
            work_size: sources.get(&WORK_SIZE, |_| Size(defaults.work_size))?.0,
            network: sources.get(&NETWORK, |_| Network(defaults.network))?.0,
            egress: sources.find::<List>(&EGRESS)?.map_or_else(Vec::new, |List(list)| list),
            dns: sources.find::<List>(&DNS)?.map_or_else(Vec::new, |List(list)| list),
            hosts: sources.find::<List>(&HOSTS)?.map_or_else(Vec::new, |List(list)| list),
            guard_image: sources.find::<Text>(&GUARD)?.map(|Text(image)| image),
            warm: sources.get(&WARM, |_| Warm(defaults.warm))?.0,
            seccomp: None,
        };
        let on = sources.get(&EXECUTOR, |_| Executor(false))?.0;
        Ok(Self { on, options, seccomp: sources.find(&SECCOMP)? })
    }
}

/// A value that is one of several words.
macro_rules! words {
    ($name:ident($inner:ty), $accepted:literal, $($word:literal => $value:expr),+) => {
        #[derive(PartialEq)]
        struct $name($inner);

        impl Value for $name {
            const ACCEPTED: &'static str = $accepted;

            fn parse(text: &str, _: &Path) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self($value)),)+
                    _ => Err(format!("{text:?} is none of them")),
                }
            }

            fn show(&self) -> toml::Value {
                let word = [$(($word, Self($value))),+].into_iter().find(|(_, value)| value == self);
                toml::Value::String(word.map_or_else(String::new, |(word, _)| word.to_owned()))
            }
        }
    };
}

words!(Executor(bool), "process or docker", "process" => false, "docker" => true);
words!(Pull(runner::docker::Pull), "always, missing or never",
    "always" => runner::docker::Pull::Always, "missing" => runner::docker::Pull::Missing, "never" => runner::docker::Pull::Never);
words!(Network(runner::docker::Network), "own, none or host",
    "own" => runner::docker::Network::Own, "none" => runner::docker::Network::None, "host" => runner::docker::Network::Host);

struct Text(String);

impl Value for Text {
    const ACCEPTED: &'static str = "a text";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(Self(text.to_owned())) }
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(self.0.clone())
    }
}

struct Template(String);

impl Value for Template {
    const ACCEPTED: &'static str = "the name of an image with {version} in it";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        if text.contains("{version}") {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("{text:?} would be the same for every version"))
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(self.0.clone())
    }
}

/// Thousandths of a processor.
struct Cpus(u32);

impl Value for Cpus {
    const ACCEPTED: &'static str = "a number of processors from 0.01 to 1000";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        let number: f64 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
        if !(0.01..=1_000.0).contains(&number) {
            return Err(format!("{text} is out of range"));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was just checked")]
        Ok(Self((number * 1_000.0).round() as u32))
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(format!("{}", f64::from(self.0) / 1_000.0))
    }
}

/// A number that may be none.
struct Warm(u16);

impl Value for Warm {
    const ACCEPTED: &'static str = "a whole number from 0 to 1000";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        match text.parse() {
            Ok(count @ 0..=1_000) => Ok(Self(count)),
            _ => Err(format!("{text:?} is no such number")),
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::Integer(self.0.into())
    }
}

/// Several, with commas between.
struct List(Vec<String>);

impl Value for List {
    const ACCEPTED: &'static str = "one or several, with commas between";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        let all: Vec<_> = text.split(',').map(|part| part.trim().to_owned()).collect();
        let odd = all.iter().find(|part| part.is_empty() || part.contains(char::is_whitespace));
        odd.map_or(Ok(()), |part| Err(format!("{part:?} is none")))?;
        Ok(Self(all))
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(self.0.join(","))
    }
}
