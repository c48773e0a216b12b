//! Programs that play a cloud, from `make tools`. One that is missing fails the test.

use std::{
    ffi::OsStr,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A program that listens on this machine, until it is dropped.
pub(crate) struct Peer {
    child: Child,
    pub(crate) port: u16,
}

impl Peer {
    /// Starts a program of `.tools`, which is told its port, and waits until it listens.
    pub(crate) fn start<A: AsRef<OsStr>>(program: &str, arguments: impl FnOnce(&str) -> Vec<A>) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let program = tools().join(program);
        let mut command = Command::new(&program);
        command.args(arguments(&port.to_string())).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}; run `make tools`", program.display()));
        let mut peer = Self { child, port };
        let patience = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = peer.child.try_wait().unwrap() {
                panic!("{} ended with {status}; run `make tools`", program.display());
            }
            assert!(Instant::now() < patience, "{} does not listen", program.display());
            thread::sleep(Duration::from_millis(50));
        }
        peer
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn tools() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools = here.ancestors().map(|folder| folder.join(".tools")).find(|tools| tools.is_dir());
    tools.expect("there is no folder .tools: run `make tools`")
}
