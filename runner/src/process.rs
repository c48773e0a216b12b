//! The supervisor of a phase as a runner sees it: its own child, one that an earlier runner left, or none any more.

use crate::{
    Options,
    events::register,
    supervise::spec::{Process, Spec},
};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::{io, os::fd::OwnedFd, process::Stdio};
use tokio::{
    io::{AsyncWriteExt, unix::AsyncFd},
    process::{Child, ChildStdin, Command},
};

/// A handle on a supervisor. Dropping it ends a plan, and lets an apply go on.
pub(crate) struct Supervisor {
    handle: Option<AsyncFd<OwnedFd>>,
    child: Option<(Child, ChildStdin)>,
}

impl Supervisor {
    /// Starts one, and tells it what to do.
    pub(crate) async fn start(options: &Options, spec: &Spec) -> io::Result<Self> {
        let (program, arguments) = &options.supervisor;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let handle = open(child.id().and_then(|id| i32::try_from(id).ok()))?;
        let mut input = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let json = serde_json::to_vec(spec)?;
        input.write_all(&(json.len() as u64).to_le_bytes()).await?;
        input.write_all(&json).await?;
        input.flush().await?;
        Ok(Self { handle, child: Some((child, input)) })
    }

    /// Takes over one that another runner started, if it still lives.
    pub(crate) fn adopt(process: Option<Process>) -> io::Result<Self> {
        let handle = open(process.map(|process| process.pid))?;
        // Only now is it certain that the number is still the same process.
        let lives = process.is_some_and(Process::lives);
        Ok(Self { handle: handle.filter(|_| lives), child: None })
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) {
        if let Some(handle) = &self.handle {
            handle.readable().await.map(|mut guard| guard.retain_ready()).ok();
        }
        if let Some((child, _)) = &mut self.child {
            child.wait().await.ok();
        }
    }

    /// Asks for a gentle end.
    pub(crate) fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    /// Asks for an end now.
    pub(crate) fn kill(&self) {
        self.signal(Signal::USR1);
    }

    fn signal(&self, signal: Signal) {
        if let Some(handle) = &self.handle {
            pidfd_send_signal(handle, signal).ok(); // it may have ended meanwhile
        }
    }
}

fn open(pid: Option<i32>) -> io::Result<Option<AsyncFd<OwnedFd>>> {
    let Some(pid) = pid.and_then(Pid::from_raw) else { return Ok(None) };
    match pidfd_open(pid, PidfdFlags::NONBLOCK) {
        Ok(handle) => Ok(Some(register(handle)?)),
        Err(rustix::io::Errno::SRCH) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
