//! The settings of containers as flags of `terrane-runner`; those of `terrane serve` have the same names.

use super::{Network, Options, Pull};
use crate::Executor;
use std::{fs, io, path::PathBuf};

/// What phases are executed in.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Arguments {
    /// What runs are executed in
    #[arg(long, env = "TERRANE_RUNNER_EXECUTOR", value_name = "KIND", default_value = "process")]
    executor: Kind,
    /// Where the container engine listens; Podman's socket will do [default: unix:///var/run/docker.sock]
    #[arg(long, env = "TERRANE_RUNNER_DOCKER_HOST", value_name = "unix:///SOCKET")]
    docker_host: Option<String>,
    /// The image of a terraform, with {version} in it [default: hashicorp/terraform:{version}]
    #[arg(long, env = "TERRANE_RUNNER_IMAGE_TERRAFORM", value_name = "IMAGE")]
    image_terraform: Option<String>,
    /// The image of a tofu, with {version} in it [default: ghcr.io/opentofu/opentofu:{version}]
    #[arg(long, env = "TERRANE_RUNNER_IMAGE_TOFU", value_name = "IMAGE")]
    image_tofu: Option<String>,
    /// When a registry is asked for an image
    #[arg(long, env = "TERRANE_RUNNER_IMAGE_PULL", value_name = "WHEN", default_value = "missing")]
    image_pull: Pull,
    /// Credentials of registries, as docker login writes them; read before each pull
    #[arg(long, env = "TERRANE_RUNNER_REGISTRY_CREDENTIALS", value_name = "FILE")]
    registry_credentials: Option<PathBuf>,
    /// Memory of a container, its files included [default: 2GiB]
    #[arg(long, env = "TERRANE_RUNNER_CONTAINER_MEMORY", value_name = "SIZE", value_parser = size)]
    container_memory: Option<u64>,
    /// Processors of a container, such as 1.5 [default: 2]
    #[arg(long, env = "TERRANE_RUNNER_CONTAINER_CPUS", value_name = "N", value_parser = thousandths)]
    container_cpus: Option<u32>,
    /// Processes and threads of a container [default: 512]
    #[arg(long, env = "TERRANE_RUNNER_CONTAINER_PROCESSES", value_name = "N")]
    container_processes: Option<u32>,
    /// What a container may write [default: 1GiB]
    #[arg(long, env = "TERRANE_RUNNER_CONTAINER_WORK_SIZE", value_name = "SIZE", value_parser = size)]
    container_work_size: Option<u64>,
    /// What a container reaches: all but other containers, the host's loopback and metadata addresses; nothing; whatever the host does
    #[arg(long, env = "TERRANE_RUNNER_CONTAINER_NETWORK", value_name = "WHICH", default_value = "own")]
    container_network: Network,
    /// Blocks of IPv4 addresses that containers on their own network reach, and no others
    #[arg(long, env = "TERRANE_RUNNER_CONTAINER_EGRESS", value_name = "BLOCK", value_delimiter = ',')]
    container_egress: Vec<String>,
    /// Name servers of containers
    #[arg(long, env = "TERRANE_RUNNER_CONTAINER_DNS", value_name = "ADDRESS", value_delimiter = ',')]
    container_dns: Vec<String>,
    /// Lines for the hosts file of containers
    #[arg(long, env = "TERRANE_RUNNER_CONTAINER_HOSTS", value_name = "NAME:ADDRESS", value_delimiter = ',')]
    container_hosts: Vec<String>,
    /// A seccomp profile in the place of the engine's own
    #[arg(long, env = "TERRANE_RUNNER_CONTAINER_SECCOMP", value_name = "FILE")]
    container_seccomp: Option<PathBuf>,
    /// The image whose ip command closes metadata addresses [default: that of the first phase]
    #[arg(long, env = "TERRANE_RUNNER_CONTAINER_GUARD_IMAGE", value_name = "IMAGE")]
    container_guard_image: Option<String>,
    /// How many containers wait, started, for phases of recently used images; 0 for none [default: 4]
    #[arg(long, env = "TERRANE_RUNNER_CONTAINER_WARM", value_name = "N")]
    container_warm: Option<u16>,
}

/// The kinds of executors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// Processes behind a wall of namespaces and Landlock
    Process,
    /// Containers
    Docker,
}

impl Arguments {
    /// What they say. Fails when the seccomp profile cannot be read.
    pub(crate) fn executor(self) -> Result<Executor, (PathBuf, io::Error)> {
        if self.executor == Kind::Process {
            return Ok(Executor::Process);
        }
        let profile = |path: PathBuf| fs::read_to_string(&path).map_err(|error| (path, error));
        let defaults = Options::default();
        Ok(Executor::Docker(Box::new(Options {
            host: self.docker_host.unwrap_or(defaults.host),
            terraform: self.image_terraform.unwrap_or(defaults.terraform),
            tofu: self.image_tofu.unwrap_or(defaults.tofu),
            pull: self.image_pull,
            credentials: self.registry_credentials,
            memory: self.container_memory.unwrap_or(defaults.memory),
            cpus: self.container_cpus.unwrap_or(defaults.cpus),
            processes: self.container_processes.unwrap_or(defaults.processes),
            work_size: self.container_work_size.unwrap_or(defaults.work_size),
            network: self.container_network,
            egress: self.container_egress,
            dns: self.container_dns,
            hosts: self.container_hosts,
            seccomp: self.container_seccomp.map(profile).transpose()?,
            guard_image: self.container_guard_image,
            warm: self.container_warm.unwrap_or(defaults.warm),
        })))
    }
}

pub(crate) fn size(text: &str) -> Result<u64, String> {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0)];
    let (digits, shift) =
        units.iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift))).unwrap_or((text, 0));
    let bytes = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift));
    bytes.filter(|bytes| *bytes > 0).ok_or_else(|| "a size is such as 512MiB, 2GiB or a number of bytes".to_owned())
}

fn thousandths(text: &str) -> Result<u32, String> {
    let number = text.parse::<f64>().ok().filter(|number| (0.01..=1_000.0).contains(number));
    let number = number.ok_or_else(|| "a number of processors is from 0.01 to 1000".to_owned())?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was just checked")]
    Ok((number * 1_000.0).round() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_shares_are_read() {
        assert_eq!((size("2GiB"), size("1536"), size("3MiB")), (Ok(2 << 30), Ok(1536), Ok(3 << 20)));
        assert_eq!((thousandths("1.5"), thousandths("2")), (Ok(1500), Ok(2000)));
        assert!(size("0").is_err() && size("much").is_err() && thousandths("0").is_err() && thousandths("x").is_err());
    }
}
