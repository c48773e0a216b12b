//! Starts one step: forks into new namespaces, raises the wall, becomes the engine.

use super::{
    spec::{Output, Spec, Step},
    wall,
};
use nix::{
    sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction},
    unistd::{Gid, Pid, Uid, dup2_stderr, dup2_stdin, dup2_stdout, execve},
};
use std::{
    ffi::CString,
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::{ffi::OsStrExt, fs::OpenOptionsExt},
    path::Path,
};

/// Output of a quiet step, until it is known whether it failed.
const HELD: &str = "held";
/// Why the wall could not be raised.
const UNSTARTED: &str = "unstarted";
/// How much of a quiet step's output is told when it fails: bytes.
const TOLD: u64 = 1 << 20;

struct Prepared {
    program: CString,
    arguments: Vec<CString>,
    environment: Vec<CString>,
    input: File,
    output: File,
    error: File,
    unstarted: File,
}

/// Starts the step and returns the process that runs it: PID 1 of its namespace where there is one.
pub(super) fn start(spec: &Spec, step: &Step) -> Result<Pid, String> {
    let prepared =
        prepare(spec, step).map_err(|error| format!("cannot prepare {}: {error}", step.program.display()))?;
    let (uid, gid) = (Uid::current(), Gid::current());
    match fork(wall::clone_flags(&spec.wall)).map_err(|error| format!("cannot start a process: {error}"))? {
        Some(child) => Ok(child),
        None => {
            let failed = become_engine(spec, step, &prepared, uid, gid);
            (&prepared.unstarted).write_all(failed.as_bytes()).ok();
            leave(125)
        }
    }
}

/// Why the wall of the step that just ended could not be raised, if it could not.
pub(super) fn unstarted(directory: &Path) -> Option<String> {
    fs::read_to_string(directory.join(UNSTARTED)).ok().filter(|text| !text.is_empty())
}

/// Puts what a failed step said into the log, when it was held back.
pub(super) fn tell(spec: &Spec, step: &Step) -> io::Result<()> {
    if step.output == Output::Log {
        return Ok(());
    }
    let mut log = append(&spec.directory.join(super::name::LOG))?;
    io::copy(&mut File::open(spec.directory.join(HELD))?.take(TOLD), &mut log)?;
    Ok(())
}

fn append(path: &Path) -> io::Result<File> {
    fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

fn create(path: &Path) -> io::Result<File> {
    fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)
}

fn prepare(spec: &Spec, step: &Step) -> io::Result<Prepared> {
    let text = |bytes: &[u8]| CString::new(bytes).map_err(io::Error::other);
    let program = text(step.program.as_os_str().as_bytes())?;
    let mut arguments = vec![program.clone()];
    for argument in &step.arguments {
        arguments.push(text(argument.as_bytes())?);
    }
    let mut environment = Vec::new();
    for (key, value) in &step.environment {
        environment.push(text(format!("{key}={value}").as_bytes())?);
    }
    let held = || create(&spec.directory.join(HELD));
    let (output, error) = match &step.output {
        Output::Log => {
            let log = append(&spec.directory.join(super::name::LOG))?;
            (log.try_clone()?, log)
        }
        Output::Quiet => {
            let held = held()?;
            (held.try_clone()?, held)
        }
        Output::File(name) => (create(&spec.directory.join(name))?, held()?),
    };
    Ok(Prepared {
        program,
        arguments,
        environment,
        input: File::open("/dev/null")?,
        output,
        error,
        unstarted: create(&spec.directory.join(UNSTARTED))?,
    })
}

/// Returns only when it fails, with the reason.
fn become_engine(spec: &Spec, step: &Step, prepared: &Prepared, uid: Uid, gid: Gid) -> String {
    if let Err(reason) = wall::enter(&spec.wall, &step.directory, uid, gid) {
        return reason;
    }
    let become_it = || -> nix::Result<std::convert::Infallible> {
        dup2_stdin(&prepared.input)?;
        dup2_stdout(&prepared.output)?;
        dup2_stderr(&prepared.error)?;
        default_signals()?;
        execve(&prepared.program, &prepared.arguments, &prepared.environment)
    };
    match become_it() {
        Ok(never) => match never {},
        Err(error) => format!("cannot execute {}: {error}", step.program.display()),
    }
}

/// Rust ignores SIGPIPE and the supervisor blocks what it waits for: the engine must find neither.
fn default_signals() -> nix::Result<()> {
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    #[expect(unsafe_code, reason = "a default disposition runs no handler of ours")]
    unsafe {
        sigaction(Signal::SIGPIPE, &default)?;
    }
    SigSet::all().thread_unblock()
}

/// `None` in the new process.
fn fork(flags: libc::c_int) -> nix::Result<Option<Pid>> {
    #[expect(
        unsafe_code,
        reason = "a fork with namespaces has no safe form; this process has one thread, so the child may allocate"
    )]
    let result = unsafe { libc::syscall(libc::SYS_clone, libc::c_long::from(flags | libc::SIGCHLD), 0, 0, 0, 0) };
    match nix::errno::Errno::result(result)? {
        0 => Ok(None),
        pid => Ok(Some(Pid::from_raw(i32::try_from(pid).map_err(|_| nix::errno::Errno::EOVERFLOW)?))),
    }
}

fn leave(code: libc::c_int) -> ! {
    #[expect(unsafe_code, reason = "a forked process must not run what its parent registered for its end")]
    unsafe {
        libc::_exit(code)
    }
}
