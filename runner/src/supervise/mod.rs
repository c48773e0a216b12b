//! The process between a runner and an engine. It builds the wall, starts one step after another behind it, and writes to files how that went,
//! so that the runner may die meanwhile: an apply goes on without it, and the next runner finds log, lease and exit where this one left them.
//!
//! It is a program of one thread, started from the runner's own executable before any runtime exists: it forks, and the death signal of its
//! children counts threads.

mod probe;
pub(crate) mod spec;
mod step;
pub(crate) mod wall;
mod watch;

use spec::{Process, Spec, name};
use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

pub(crate) use probe::Probe;

/// The whole life of a supervisor. What it is to do comes on standard input; `arguments` are those after `supervise`.
///
/// Call it first in `main`, before any thread is started.
pub fn main(arguments: &[OsString]) -> ! {
    let code = match arguments.first().and_then(|first| first.to_str()) {
        None => run(),
        Some("probe") => probe::main(),
        Some("nothing") => 0,
        Some(_) => 2,
    };
    std::process::exit(code)
}

/// 0: the exit file tells how it went. 1: there was nobody to tell.
fn run() -> i32 {
    close_inherited();
    nix::unistd::setsid().ok();
    let Ok(spec) = read_spec() else { return 1 };
    if announce(&spec.directory).is_err() {
        return 1; // the directory is gone: nobody waits for this any more
    }
    let exit = watch::run(&spec);
    match write_whole(&spec.directory, name::EXIT, &exit, spec.survive) {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

/// Closes what the server was started with beside its standard streams: a run would inherit it, through every wall.
fn close_inherited() {
    #[expect(unsafe_code, reason = "this process has one thread, and has opened nothing yet that it will use")]
    // An old kernel that does not know the call leaves them open, as before.
    unsafe {
        libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0);
    }
}

/// A length of eight bytes, then JSON. The end of the stream comes only when the runner is gone.
fn read_spec() -> io::Result<Spec> {
    let mut input = io::stdin().lock();
    let mut length = [0; 8];
    input.read_exact(&mut length)?;
    let mut json = Vec::new();
    let length = u64::from_le_bytes(length);
    if (&mut input).take(length).read_to_end(&mut json)? as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_slice(&json)?)
}

fn announce(directory: &Path) -> io::Result<()> {
    let pid = i32::try_from(std::process::id()).map_err(io::Error::other)?;
    let process = Process::find(pid).ok_or(io::ErrorKind::NotFound)?;
    write_whole(directory, name::SUPERVISOR, &process, false)
}

/// Writes a file so that a reader sees all of it or nothing; a durable one is there after a loss of power too.
pub(crate) fn write_whole<T: serde::Serialize>(
    directory: &Path,
    name: &str,
    value: &T,
    durable: bool,
) -> io::Result<()> {
    write_bytes(directory, name, &serde_json::to_vec(value)?, durable)
}

/// [`write_whole`] of bytes.
pub(crate) fn write_bytes(directory: &Path, name: &str, bytes: &[u8], durable: bool) -> io::Result<()> {
    let (new, path) = (directory.join(format!("{name}.new")), directory.join(name));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    points::pass("runner.file.written");
    if durable {
        file.sync_all()?;
    }
    fs::rename(new, path)?;
    points::pass("runner.file.renamed");
    if durable { File::open(directory)?.sync_all() } else { Ok(()) }
}
