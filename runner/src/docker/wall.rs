//! What surrounds a phase in a container: no root, no capability, nothing to write but its own memory, limits on everything.

use super::{Docker, WORK};
use bollard::models::{ContainerCreateBody, HostConfig, HostConfigLogConfig, ResourcesUlimits};
use std::collections::HashMap;

/// Who a phase is inside its container. Not who server and runner are in theirs (65532): the kernel counts some things by user over all containers,
/// such as what watches files, and no run may use up those of the runner. Images know this one as nobody: OpenSSH refuses whoever
/// has no name.
const USER: u32 = 65_534;
/// How long a container waits for its phase, in seconds.
const IDLE: u64 = 3_600;
/// The first program of every container.
const PID1: &str = include_str!("pid1.sh");

/// When a registry is asked for an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Pull {
    /// Before every phase.
    Always,
    /// When the engine has none.
    Missing,
    /// Never.
    Never,
}

/// What a container can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Network {
    /// What lies behind a bridge of its own: neither other containers, nor the host's loopback, nor metadata services.
    Own,
    /// Nothing.
    None,
    /// Whatever the engine's host reaches, its loopback included.
    Host,
}

/// Label of every container: whose it is.
pub(super) const RUNNER: &str = "terrane.runner";
/// Label: the run.
pub(super) const RUN: &str = "terrane.run";
/// Label: the phase.
pub(super) const PHASE: &str = "terrane.phase";
/// Label of a volume: what tells it from an earlier one of the same name.
pub(super) const VOLUME: &str = "terrane.volume";

impl Docker {
    /// A container of this image that waits for its phase.
    pub(super) fn body(&self, image: &str, network: &str, labels: HashMap<String, String>) -> ContainerCreateBody {
        let script = PID1.replace("@IDLE@", &IDLE.to_string());
        ContainerCreateBody {
            image: Some(image.to_owned()),
            entrypoint: Some(["sh", "-c"].map(str::to_owned).into()),
            cmd: Some(vec![script]),
            user: Some(format!("{USER}:{USER}")),
            working_dir: Some(WORK.to_owned()),
            open_stdin: Some(true),
            // The phase outlives whoever streams to it.
            stdin_once: Some(false),
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            labels: Some(labels),
            host_config: Some(self.host(network)),
            ..ContainerCreateBody::default()
        }
    }

    fn host(&self, network: &str) -> HostConfig {
        let options = &self.options;
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let mut security = vec!["no-new-privileges".to_owned()];
        security.extend(options.seccomp.as_ref().map(|profile| format!("seccomp={profile}")));
        let tmpfs = format!("exec,nosuid,nodev,uid={USER},gid={USER},mode=700,size={}", options.work_size);
        let log = [("max-size", "256m"), ("max-file", "2"), ("compress", "false")];
        let limit =
            |name: &str, limit| ResourcesUlimits { name: Some(name.to_owned()), soft: Some(limit), hard: Some(limit) };
        HostConfig {
            readonly_rootfs: Some(true),
            tmpfs: Some(HashMap::from([(WORK.to_owned(), tmpfs)])),
            mounts: Some(vec![self.packages(false)]),
            cap_drop: Some(vec!["ALL".to_owned()]),
            security_opt: Some(security),
            network_mode: Some(network.to_owned()),
            dns: Some(options.dns.clone()).filter(|dns| !dns.is_empty()),
            extra_hosts: Some(options.hosts.clone()),
            memory: Some(signed(options.memory)),
            memory_swap: Some(signed(options.memory)),
            nano_cpus: Some(i64::from(options.cpus) * 1_000_000),
            pids_limit: Some(options.processes.into()),
            ulimits: Some(vec![limit("core", 0), limit("nofile", 4096)]),
            log_config: Some(HostConfigLogConfig {
                typ: Some("local".to_owned()),
                config: Some(log.map(|(key, value)| (key.to_owned(), value.to_owned())).into()),
            }),
            ..HostConfig::default()
        }
    }
}
