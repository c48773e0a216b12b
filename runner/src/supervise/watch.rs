//! Watches over the steps: forwards an interrupt to the engine alone, kills what takes too long to heed it, ends what nobody wants any more.

use super::{
    spec::{Exit, Spec, Step, boot_milliseconds, name},
    step,
};
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        prctl,
        signal::{SigSet, Signal, kill},
        signalfd::{SfdFlags, SignalFd},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};
use std::{
    fs,
    io::{self, Read},
    os::fd::AsFd,
};

/// From the runner: kill now. (SIGINT and SIGTERM ask gently.)
pub(crate) const KILL_NOW: Signal = Signal::SIGUSR1;

struct Watch<'a> {
    spec: &'a Spec,
    signals: SignalFd,
    exit: Exit,
    /// When to kill: milliseconds since the machine was started.
    kill_at: Option<u64>,
    /// Whether standard input still says that the runner lives.
    attached: bool,
}

/// Runs the steps until one fails or all have succeeded.
pub(super) fn run(spec: &Spec) -> Exit {
    match Watch::new(spec) {
        Ok(mut watch) => {
            watch.steps();
            watch.exit
        }
        Err(error) => Exit { unstarted: Some(format!("cannot supervise: {error}")), ..Exit::default() },
    }
}

impl<'a> Watch<'a> {
    fn new(spec: &'a Spec) -> nix::Result<Self> {
        let mut set = SigSet::empty();
        for signal in [Signal::SIGCHLD, Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, KILL_NOW] {
            set.add(signal);
        }
        set.thread_block()?;
        prctl::set_child_subreaper(true)?;
        let signals = SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        Ok(Self { spec, signals, exit: Exit::default(), kill_at: None, attached: true })
    }

    fn steps(&mut self) {
        for step in &self.spec.steps {
            if self.exit.interrupted || self.exit.killed {
                return;
            }
            match self.step(step) {
                Ok(true) => self.exit.succeeded += 1,
                Ok(false) => return,
                Err(reason) => {
                    self.exit.unstarted = Some(reason);
                    return;
                }
            }
        }
    }

    fn step(&mut self, step: &Step) -> Result<bool, String> {
        let child = step::start(self.spec, step)?;
        let status =
            self.wait(child).map_err(|error| format!("cannot wait for {}: {error}", step.program.display()))?;
        match status {
            WaitStatus::Exited(_, 0) => {
                return keep(self.spec, step).map(|()| true).map_err(|error| format!("cannot keep a file: {error}"));
            }
            WaitStatus::Exited(_, code) => self.exit.code = Some(code),
            WaitStatus::Signaled(_, signal, _) => self.exit.signal = Some(signal as i32),
            _ => {}
        }
        if let Some(reason) = step::unstarted(&self.spec.directory) {
            return Err(reason);
        }
        step::tell(self.spec, step).ok();
        Ok(false)
    }

    /// Until the child has ended and nothing of it is left.
    fn wait(&mut self, child: Pid) -> nix::Result<WaitStatus> {
        let status = loop {
            while let Some(signal) = self.signals.read_signal()? {
                match Signal::try_from(i32::try_from(signal.ssi_signo).unwrap_or_default()) {
                    Ok(Signal::SIGINT | Signal::SIGTERM) => self.interrupt(child, self.spec.grace_seconds),
                    Ok(KILL_NOW) => self.kill(child),
                    _ => {}
                }
            }
            if let Some(status) = reap(child)? {
                break status;
            }
            self.lease(child);
            if self.kill_at.is_some_and(|at| boot_milliseconds() >= at) {
                self.kill(child);
            }
            self.sleep(child)?;
        };
        if !self.spec.wall.namespaces {
            end_orphans();
        }
        Ok(status)
    }

    /// Until a signal comes, the runner goes or the next deadline is there.
    fn sleep(&mut self, child: Pid) -> nix::Result<()> {
        let lease = if self.exit.abandoned { None } else { self.lease_end() };
        let next = match (self.kill_at, lease) {
            (Some(kill), Some(lease)) => Some(kill.min(lease)),
            (kill, lease) => kill.or(lease),
        };
        // One day more often than never costs nothing and spares a case.
        let wait = next.map_or(86_400_000, |next| next.saturating_sub(boot_milliseconds()).clamp(1, 86_400_000));
        let input = io::stdin();
        let mut descriptors = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        if self.attached {
            descriptors.push(PollFd::new(input.as_fd(), PollFlags::POLLIN));
        }
        match poll(&mut descriptors, PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX)) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
        let spoke = descriptors.get(1).and_then(PollFd::revents).is_some_and(|events| !events.is_empty());
        if spoke && !matches!(input.lock().read(&mut [0; 64]), Ok(1..)) {
            self.attached = false;
            if !self.spec.survive {
                self.kill(child);
            }
        }
        Ok(())
    }

    fn lease_end(&self) -> Option<u64> {
        fs::read_to_string(self.spec.directory.join(name::LEASE)).ok()?.trim().parse().ok()
    }

    fn lease(&mut self, child: Pid) {
        if !self.exit.abandoned && self.lease_end().is_none_or(|end| boot_milliseconds() >= end) {
            self.exit.abandoned = true;
            if self.spec.survive {
                self.interrupt(child, self.spec.abandoned_grace_seconds);
            } else {
                self.kill(child);
            }
        }
    }

    /// To the engine alone, which stops its providers and provisioners itself; and once, because a second one tells terraform to drop everything.
    fn interrupt(&mut self, child: Pid, grace_seconds: u64) {
        let at = boot_milliseconds().saturating_add(grace_seconds.saturating_mul(1000));
        self.kill_at = Some(self.kill_at.map_or(at, |other| other.min(at)));
        if std::mem::replace(&mut self.exit.interrupted, true) {
            return;
        }
        if heeds(child, Signal::SIGINT) {
            kill(child, Signal::SIGINT).ok();
            for inner in wrapped(child) {
                kill(inner, Signal::SIGINT).ok();
            }
        } else {
            self.kill(child);
        }
    }

    fn kill(&mut self, child: Pid) {
        self.exit.killed = true;
        self.kill_at = None;
        kill(child, Signal::SIGKILL).ok();
    }
}

/// Whether the process catches or ignores the signal. PID 1 of a namespace never gets a signal that it leaves at its default, which would end
/// any other process: an engine that is not so far yet is killed instead.
fn heeds(child: Pid, signal: Signal) -> bool {
    let bit = 1_u64 << (signal as u32 - 1);
    let status = fs::read_to_string(format!("/proc/{child}/status")).unwrap_or_default();
    let mask = |field: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
        u64::from_str_radix(line.trim(), 16).unwrap_or_default()
    };
    (mask("SigCgt:") | mask("SigIgn:")) & bit != 0
}

/// The engine inside an engine: terraform before 1.2 runs as a child of itself, and its outer process swallows the signal. Children of another
/// program are providers and provisioners, which the engine stops itself.
fn wrapped(child: Pid) -> Vec<Pid> {
    let Ok(program) = fs::read_link(format!("/proc/{child}/exe")) else { return Vec::new() };
    let children = fs::read_to_string(format!("/proc/{child}/task/{child}/children")).unwrap_or_default();
    let same = |pid: &Pid| fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|other| other == program);
    children.split_whitespace().filter_map(|pid| pid.parse().ok()).map(Pid::from_raw).filter(same).collect()
}

/// Takes leave of every process that has ended; the child's status when it is among them.
fn reap(child: Pid) -> nix::Result<Option<WaitStatus>> {
    let mut found = None;
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) | Err(nix::errno::Errno::ECHILD) => return Ok(found),
            Ok(status) if status.pid() == Some(child) => found = Some(status),
            Ok(_) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Without a PID namespace every orphan has become a child of this process: they are killed until there is none.
fn end_orphans() {
    let me = std::process::id().to_string();
    while !matches!(waitpid(None, Some(WaitPidFlag::WNOHANG)), Err(nix::errno::Errno::ECHILD)) {
        let Ok(entries) = fs::read_dir("/proc") else { return };
        for pid in entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok()) {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let parent = stat.rsplit_once(") ").and_then(|(_, fields)| fields.split(' ').nth(1));
            if parent == Some(me.as_str()) {
                kill(Pid::from_raw(pid), Signal::SIGKILL).ok();
            }
        }
    }
}

/// Copies out what a step leaves before a later one, which runs foreign code, could forge it.
fn keep(spec: &Spec, step: &Step) -> io::Result<()> {
    let Some((path, name)) = &step.keep else { return Ok(()) };
    let work = cap_std::fs::Dir::open_ambient_dir(&spec.wall.work, cap_std::ambient_authority())?;
    let beneath = path.strip_prefix(&spec.wall.work).unwrap_or(path);
    let mut bytes = Vec::new();
    match work.open(beneath) {
        Ok(file) if file.metadata()?.is_file() => file.take(16 << 20).read_to_end(&mut bytes)?,
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    super::write_bytes(&spec.directory, name, &bytes, false)
}
