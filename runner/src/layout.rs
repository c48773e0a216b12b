//! Where things of one phase lie.

use protocol::Lease;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// One phase's directory: root-only, but for `w`, which is all that the engine sees.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// That of a phase under this lease: the same phase, claimed again while its earlier execution is still being ended, has another one.
    pub(crate) fn of(runs: &Path, lease: &Lease) -> Self {
        Self { root: runs.join(format!("{}.{}", lease.phase_id, lease.fence)) }
    }

    /// The lease under which an apply was begun here, as far as the name of the directory tells it.
    pub(crate) fn apply(&self) -> Option<Lease> {
        let (phase_id, fence) = self.root.file_name()?.to_str()?.rsplit_once('.')?;
        let fence = fence.parse().ok()?;
        phase_id.starts_with("apply-").then(|| Lease {
            phase_id: phase_id.to_owned(),
            fence,
            seconds: 0,
            agent: String::new(),
        })
    }

    /// The one at this path.
    pub(crate) fn at(root: PathBuf) -> Self {
        Self { root }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// What the next runner must know to go on with the phase.
    pub(crate) fn phase(&self) -> PathBuf {
        self.root.join("phase")
    }

    /// Removes all of it, what makes it a phase's first: half of a directory is never taken for a phase to go on with.
    pub(crate) fn remove(&self) -> io::Result<()> {
        match fs::remove_file(self.phase()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => points::pass("runner.ended.nameless"),
        }
        fs::remove_dir_all(&self.root)
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.root.join(crate::supervise::spec::name::LOG)
    }

    /// The last whole state.
    pub(crate) fn state(&self) -> PathBuf {
        self.root.join("state")
    }

    /// A state that is larger than the server takes.
    pub(crate) fn large_state(&self) -> PathBuf {
        self.root.join("state.large")
    }

    /// Says that nothing but the state is left, because the server did not take it; and holds how the phase ended.
    pub(crate) fn unsent(&self) -> PathBuf {
        self.root.join("unsent")
    }

    pub(crate) fn plan(&self) -> PathBuf {
        self.root.join("plan")
    }

    pub(crate) fn lock_file(&self) -> PathBuf {
        self.root.join(Self::LOCK_FILE)
    }

    /// The name of [`lock_file`](Self::lock_file).
    pub(crate) const LOCK_FILE: &str = "lock.hcl";

    /// What the engine may write: configuration, home, temporary files. Names are short, because the path of a socket must fit in 108 bytes.
    pub(crate) fn work(&self) -> PathBuf {
        self.root.join("w")
    }

    pub(crate) fn configuration(&self) -> PathBuf {
        self.work().join("c")
    }

    /// The root module.
    pub(crate) fn module(&self, working_directory: &str) -> PathBuf {
        self.configuration().join(working_directory)
    }

    pub(crate) fn cli_configuration(&self) -> PathBuf {
        self.work().join("rc")
    }

    /// What the server gives to the run beside its configuration.
    pub(crate) fn files(&self) -> PathBuf {
        self.work().join("i")
    }

    /// The engine's home directory.
    pub(crate) fn home(&self) -> PathBuf {
        self.work().join("h")
    }

    /// The plan file as the engine writes or reads it.
    pub(crate) fn work_plan(&self) -> PathBuf {
        self.work().join("plan")
    }

    /// The directory of what is computed from the plan file, behind a wall of its own.
    pub(crate) fn show(&self) -> Self {
        Self { root: self.root.join("show") }
    }

    /// The directory in which the way of a state through the API is tried.
    pub(crate) fn through_api(&self) -> Self {
        Self { root: self.root.join("api") }
    }

    /// The directory of what is found out about an engine before its first phase.
    pub(crate) fn prime(&self) -> Self {
        Self { root: self.root.join("prime") }
    }
}
