//! One `terrane serve` process with a data directory and a port of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::api::Api;
use crate::{process, settings};

/// How long a start or a graceful stop may take before it is a failure: many times what either takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A server process under test.
pub struct Node {
    child: Option<Child>,
    port: u16,
    folder: PathBuf,
    data: PathBuf,
    flags: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Node {
    /// One that does not run yet. Its data directory lies in `folder`, as does its log.
    pub(crate) fn new(folder: &Path, data: &str, port: u16, flags: Vec<String>) -> Self {
        let data = folder.join(data);
        fs::create_dir(&data).expect("a data directory");
        Self { child: None, port, folder: folder.to_owned(), data, flags, environment: Vec::new() }
    }

    /// A `terrane` command on this data directory, in an environment that holds nothing of the person's own.
    pub(crate) fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(settings::binary());
        command.env_clear().env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("HOME", &self.folder).env("RUST_BACKTRACE", "1").current_dir(&self.folder);
        command.arg(verb).arg("--data").arg(&self.data);
        command
    }

    /// A `terrane` command with what this server is told.
    pub(crate) fn offline(&self, verb: &str) -> Command {
        let mut command = self.command(verb);
        command.envs(self.environment.iter().map(|(key, value)| (key, value))).args(&self.flags);
        command
    }

    /// Adds a flag, or gives it another value.
    pub(crate) fn set(&mut self, flag: &str, value: &str) {
        match self.flags.iter().position(|known| known == flag) {
            Some(at) => self.flags[at + 1] = value.to_owned(),
            None => self.flags.extend([flag.to_owned(), value.to_owned()]),
        }
    }

    /// Takes a flag away.
    pub(crate) fn unset(&mut self, flag: &str) {
        if let Some(at) = self.flags.iter().position(|known| known == flag) {
            self.flags.drain(at..at + 2);
        }
    }

    /// Adds to its environment.
    pub(crate) fn environment(&mut self, variables: &[(String, String)]) {
        self.environment.extend_from_slice(variables);
    }

    /// What a flag was given.
    pub(crate) fn flag(&self, flag: &str) -> Option<&str> {
        let at = self.flags.iter().position(|known| known == flag)?;
        self.flags.get(at + 1).map(String::as_str)
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Starts it without waiting for anything.
    ///
    /// # Panics
    /// When it runs already or cannot be started.
    pub fn spawn(&mut self) {
        assert!(self.child.is_none(), "the server runs already");
        let log = File::options().create(true).append(true).open(self.log_path()).expect("the server's log");
        let mut command = self.command("serve");
        command.envs(self.environment.iter().map(|(key, value)| (key, value)));
        command.args(["--listen", &self.host()]).args(&self.flags);
        if !self.flags.iter().any(|flag| flag == "--providers") {
            command.arg("--providers").arg(settings::providers());
        }
        let executor = settings::executor();
        if !executor.first().is_some_and(|chosen| self.flags.contains(chosen)) {
            command.args(executor);
        }
        if !self.flags.iter().any(|flag| flag == "--engines") {
            command.arg("--engines").arg(settings::engines());
        }
        command.stdout(log.try_clone().expect("the server's log")).stderr(log).stdin(Stdio::null());
        self.child = Some(command.spawn().expect("start the server"));
    }

    /// Starts it on the data that is there, and waits until it is ready.
    ///
    /// # Panics
    /// When it ends instead, or is not ready within a minute.
    pub fn start(&mut self) {
        self.spawn();
        let deadline = Instant::now() + PATIENCE;
        while !self.is_ready() {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().expect("ask for a child's status"));
            if let Some(status) = ended {
                self.child = None;
                panic!("the server ended instead of starting ({status}); its log:\n{}", self.log());
            }
            assert!(Instant::now() < deadline, "the server is not ready after {PATIENCE:?}; its log:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether it answers that it is ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.certificate().is_file() && self.api("").try_get("/readyz").is_some_and(|answer| answer.status == 200)
    }

    /// A client of this server with this token; an empty token is no token.
    #[must_use]
    pub fn api(&self, token: &str) -> Api {
        Api::new(&format!("https://{}", self.host()), &self.certificate(), token)
    }

    /// Kills the server alone, as a power cut would; what it started goes on.
    ///
    /// # Panics
    /// When it is not running.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("a running server");
        child.kill().expect("kill the server");
        child.wait().expect("the end of the server");
    }

    /// Asks the server to stop and waits until it has.
    ///
    /// # Panics
    /// When it is not running, or still runs after a minute.
    pub fn stop(&mut self) -> ExitStatus {
        process::terminate(self.child.as_ref().expect("a running server"));
        self.ends()
    }

    /// Waits until the server has ended.
    ///
    /// # Panics
    /// When it is not running, or still runs after a minute.
    pub fn ends(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("a running server");
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = child.try_wait().expect("ask for a child's status") {
                return status;
            }
            if Instant::now() > deadline {
                let _ = child.kill();
                panic!("the server did not stop within {PATIENCE:?} of SIGTERM; its log:\n{}", self.log());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether the server has ended by itself, within this time; if it has, it may be started again.
    ///
    /// # Panics
    /// When it is not running.
    pub fn ends_within(&mut self, patience: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + patience;
        loop {
            let child = self.child.as_mut().expect("a running server");
            if let Some(status) = child.try_wait().expect("ask for a child's status") {
                self.child = None;
                return Some(status);
            }
            if Instant::now() > deadline {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The process id of the running server; `None` when it does not run.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Where it listens: `127.0.0.1:PORT`.
    #[must_use]
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The data directory.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The certificate of the server's own CA.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.data.join("ca.pem")
    }

    /// Everything that every start of it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_path()).unwrap_or_default()).into_owned()
    }

    fn log_path(&self) -> PathBuf {
        let name = self.data.file_name().expect("a data directory has a name").to_string_lossy();
        self.folder.join(if name == "data" { "server.log".to_owned() } else { format!("{name}.log") })
    }

    /// Gives it what servers behind one address have in common: the authority that clients trust.
    ///
    /// # Panics
    /// When `other` was never started.
    pub(crate) fn trust_as(&self, other: &Self) {
        if !self.certificate().is_file() {
            fs::create_dir_all(self.data.join("tls")).expect("a folder for the authority");
            for file in ["tls/ca.key", "ca.pem"] {
                fs::copy(other.data.join(file), self.data.join(file)).expect("copy the authority");
            }
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
        // An apply survives its server on purpose; its folder is about to go.
        process::that_name(&self.data).into_iter().for_each(process::kill);
        if std::thread::panicking() {
            let log = self.log();
            let from = log.len().saturating_sub(20_000);
            let tail = log.get(log.ceil_char_boundary(from)..).unwrap_or_default();
            let name = self.data.display();
            // On stderr by way of the panic's own output: the runner shows it with the failed test only.
            std::io::Write::write_all(
                &mut std::io::stderr(),
                format!("--- log of the server on {name} ---\n{tail}\n").as_bytes(),
            )
            .ok();
        }
    }
}
