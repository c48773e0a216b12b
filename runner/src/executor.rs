//! Where phases execute: as processes of this machine or in containers. Both leave the same files in a phase's directory, and whatever reads those
//! does not know which it was.

use crate::{Options, docker, docker::Docker, process, supervise::spec::Spec};
use std::{io, path::Path, sync::Arc};
use tokio::sync::watch;

/// What a runner executes phases with.
#[derive(Debug, Clone, Default)]
pub enum Executor {
    /// Processes behind a wall of namespaces and Landlock.
    #[default]
    Process,
    /// Containers.
    Docker(Box<docker::Options>),
}

/// A phase that executes.
pub(crate) enum Body {
    Process(process::Supervisor),
    Container(docker::Container),
}

impl Body {
    /// Starts it. `lease` tells when the lease ends, in milliseconds since the machine was started.
    pub(crate) async fn start(
        docker: Option<&Arc<Docker>>,
        options: &Options,
        certificates: &Path,
        spec: &Spec,
        lease: Option<watch::Receiver<u64>>,
    ) -> io::Result<Self> {
        match (docker, &spec.wall.container) {
            (Some(docker), Some(inside)) => {
                docker::Container::start(docker, spec, inside, certificates, lease).await.map(Self::Container)
            }
            _ => process::Supervisor::start(options, spec).await.map(Self::Process),
        }
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) {
        match self {
            Self::Process(supervisor) => supervisor.ended().await,
            Self::Container(container) => container.ended().await,
        }
    }

    /// Asks for a gentle end.
    pub(crate) fn interrupt(&self) {
        match self {
            Self::Process(supervisor) => supervisor.interrupt(),
            Self::Container(container) => container.interrupt(),
        }
    }

    /// Asks for an end now.
    pub(crate) fn kill(&self) {
        match self {
            Self::Process(supervisor) => supervisor.kill(),
            Self::Container(container) => container.kill(),
        }
    }
}
