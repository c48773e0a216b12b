//! What a supervisor is told when it is started, and what it leaves when it ends: the whole contract between it and a runner, which may be
//! another process by then.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// One piece of work: steps one after another, each behind a wall of its own. It is sent on standard input and never lies on a disk, because
/// the environment holds secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Spec {
    /// Where log, lease and exit lie. Nothing behind the wall sees it.
    pub(crate) directory: PathBuf,
    pub(crate) steps: Vec<Step>,
    pub(crate) wall: Wall,
    /// Whether the work goes on when the runner is gone, for as long as the lease says.
    pub(crate) survive: bool,
    /// Seconds between an interrupt and a kill.
    pub(crate) grace_seconds: u64,
    /// The same when the interrupt came because nobody prolonged the lease.
    pub(crate) abandoned_grace_seconds: u64,
    /// The state file that is followed, beneath `wall.work`.
    pub(crate) state: Option<PathBuf>,
    /// What is looked at afterwards, beneath `wall.work`: it is brought out of a container.
    pub(crate) fetch: Vec<PathBuf>,
}

/// What surrounds a step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Wall {
    /// The only directory that can be written.
    pub(crate) work: PathBuf,
    /// Directories that vanish, but for what `work` and `read` name beneath them.
    pub(crate) hide: Vec<PathBuf>,
    /// What can be read and executed beside the system's own directories.
    pub(crate) read: Vec<PathBuf>,
    /// TCP ports that can be dialled.
    pub(crate) ports: Vec<u16>,
    /// Who the step runs as where the supervisor is root and has namespaces.
    pub(crate) uid: u32,
    /// Own PID, mount and IPC namespaces.
    pub(crate) namespaces: bool,
    /// Landlock.
    pub(crate) landlock: bool,
    /// The container that takes the place of all this.
    #[serde(default)]
    pub(crate) container: Option<Container>,
}

/// The container of a phase.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Container {
    pub(crate) image: crate::docker::Image,
    /// The site's own image of that version, where the workspace chose `image`: in this one a plan is looked at.
    #[serde(default)]
    pub(crate) judge: Option<crate::docker::Image>,
    /// The run's id.
    pub(crate) run: String,
    /// The phase's id.
    pub(crate) phase: String,
}

/// One program to run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) directory: PathBuf,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) output: Output,
    /// A file beneath `wall.work` to copy to a name in `directory` when the step has succeeded and nothing of it is left.
    pub(crate) keep: Option<(PathBuf, String)>,
}

/// Where the output of a step goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Output {
    /// Both streams to the log.
    Log,
    /// To the log only when the step fails.
    Quiet,
    /// Standard output to a file of this name in `directory`, standard error to the log when the step fails.
    File(String),
}

/// How the work ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exit {
    /// How many steps succeeded.
    pub(crate) succeeded: usize,
    /// The exit code of the step that failed.
    pub(crate) code: Option<i32>,
    /// The signal that ended the step that failed.
    pub(crate) signal: Option<i32>,
    /// An interrupt was sent.
    pub(crate) interrupted: bool,
    /// A kill was sent.
    pub(crate) killed: bool,
    /// The lease ran out and nobody came.
    pub(crate) abandoned: bool,
    /// Why a step could not be started.
    pub(crate) unstarted: Option<String>,
    /// The limit in bytes, when the place for its files was full.
    #[serde(default)]
    pub(crate) room: Option<u64>,
    /// The limit in bytes, when a process was killed because its container had used up its memory.
    #[serde(default)]
    pub(crate) memory: Option<u64>,
    /// Why it was interrupted, when the runner could not write the files of the phase.
    #[serde(default)]
    pub(crate) files: Option<String>,
    /// What became of a container that never said how its phase ended.
    #[serde(default)]
    pub(crate) lost: Option<String>,
}

/// A process, told from a later one with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    /// Clock ticks between the start of the machine and that of the process.
    pub(crate) start: u64,
}

impl Process {
    /// The process with this number, when there is one.
    pub(crate) fn find(pid: i32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (_, fields) = stat.rsplit_once(") ")?;
        Some(Self { pid, start: fields.split(' ').nth(19)?.parse().ok()? })
    }

    /// Whether it still exists (a zombie does).
    pub(crate) fn lives(self) -> bool {
        Self::find(self.pid) == Some(self)
    }
}

/// Names in `Spec::directory`.
pub(crate) mod name {
    /// The engine's output, without the last byte that ends a log.
    pub(crate) const LOG: &str = "log";
    /// When the lease ends: milliseconds since the machine was started.
    pub(crate) const LEASE: &str = "lease";
    /// The supervisor's [`Process`](super::Process).
    pub(crate) const SUPERVISOR: &str = "supervisor";
    /// What the next runner must know of a container.
    pub(crate) const CONTAINER: &str = "container";
    /// [`Exit`](super::Exit)
    pub(crate) const EXIT: &str = "exit";
}

/// Milliseconds since the machine was started, sleep included: a clock that nobody sets and that two processes share.
pub(crate) fn boot_milliseconds() -> u64 {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME)
        .map_or_else(|_| std::time::Duration::ZERO, Into::into);
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
