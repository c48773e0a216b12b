//! A `terrane serve` of its own: a fresh data directory, a fresh database, a port of its own, its log kept.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::api::Api;
use crate::database::{Database, Schema};
use crate::{process, settings};

/// How long a start or a graceful stop may take before it is a failure: many times what either takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server under test. Dropping it kills it, with whatever it started, and removes its data.
pub struct Server {
    child: Option<Child>,
    port: u16,
    flags: Vec<String>,
    binary: PathBuf,
    database: Database,
    // Dropped in this order: the database while the folder that names it is still there.
    schema: Option<Schema>,
    folder: TempDir,
}

impl Server {
    /// Starts one on a fresh database and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready; the message holds its log.
    #[must_use]
    pub fn start(database: Database) -> Self {
        Self::start_with(database, &[])
    }

    /// As [`Server::start`], with more flags of `terrane serve`.
    ///
    /// # Panics
    /// When it does not become ready; the message holds its log.
    #[must_use]
    pub fn start_with(database: Database, flags: &[&str]) -> Self {
        let mut server = Self::prepare(database, flags);
        server.restart();
        server
    }

    /// Everything but the start: a data directory, a database and a port.
    ///
    /// # Panics
    /// When the Postgres server cannot be reached.
    #[must_use]
    pub fn prepare(database: Database, flags: &[&str]) -> Self {
        // Short, since unix sockets below it must fit into 108 bytes.
        let folder = tempfile::Builder::new().prefix("tt-").tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("data")).expect("a data directory");
        let schema = (database == Database::Postgres).then(|| Schema::create(folder.path()));
        let flags = flags.iter().map(|&flag| flag.to_owned()).collect();
        Self { child: None, port: free_port(), flags, binary: settings::binary(), database, schema, folder }
    }

    /// Starts the server, which must not be running, on the data that is there, and waits until it is ready.
    ///
    /// # Panics
    /// When it ends instead, or is not ready within a minute.
    pub fn restart(&mut self) {
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

    /// Starts the server without waiting for anything.
    ///
    /// # Panics
    /// When it runs already or cannot be started.
    pub fn spawn(&mut self) {
        assert!(self.child.is_none(), "the server runs already");
        let log = File::options().create(true).append(true).open(self.log_path()).expect("the server's log");
        let mut command = self.command("serve");
        command.args(["--listen", &self.host()]).arg("--providers").arg(settings::providers()).args(&self.flags);
        if !self.flags.iter().any(|flag| flag == "--executor") {
            command.args(settings::executor());
        }
        if !self.flags.iter().any(|flag| flag == "--engines") {
            command.arg("--engines").arg(settings::engines());
        }
        if let Some(schema) = &self.schema {
            command.args(["--database", &schema.url()]);
        }
        command.stdout(log.try_clone().expect("the server's log")).stderr(log).stdin(Stdio::null());
        self.child = Some(command.spawn().unwrap_or_else(|error| panic!("start {}: {error}", self.binary.display())));
    }

    /// Whether it answers that it is ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.certificate().is_file() && self.api("").try_get("/readyz").is_some_and(|answer| answer.status == 200)
    }

    /// A `terrane` command on this server's data directory, in an environment that holds nothing of the person's own.
    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.binary);
        command.env_clear().env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("HOME", self.folder.path()).env("RUST_BACKTRACE", "1").current_dir(self.folder.path());
        command.arg(verb).arg("--data").arg(self.data());
        command
    }

    /// Runs `terrane admin ARGUMENTS…` and gives what it printed on stdout, without the line's end.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    #[must_use]
    pub fn admin(&self, arguments: &[&str]) -> String {
        let mut command = self.command("admin");
        command.args(arguments);
        if let Some(schema) = &self.schema {
            command.env("TERRANE_DATABASE", schema.url());
        }
        let output = command.stdin(Stdio::null()).output().expect("run terrane admin");
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "terrane admin {arguments:?}: {}\n{stdout}{stderr}", output.status);
        stdout.trim_end().to_owned()
    }

    /// A client with this token; an empty token is no token.
    #[must_use]
    pub fn api(&self, token: &str) -> Api {
        Api::new(&self.url(), &self.certificate(), token)
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
        let mut child = self.child.take().expect("a running server");
        process::terminate(&child);
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

    /// The process id of the running server.
    ///
    /// # Panics
    /// When it is not running.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("a running server").id()
    }

    /// `127.0.0.1:PORT`: the host name that configurations name. It holds a dot, as module and provider sources need.
    #[must_use]
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.host())
    }

    /// The data directory.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The folder that holds the data directory and the log.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The certificate of the server's own CA.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.data().join("ca.pem")
    }

    /// Which database it runs on.
    #[must_use]
    pub fn database(&self) -> Database {
        self.database
    }

    /// The URL of the Postgres database it runs on, if it does.
    #[must_use]
    pub fn postgres(&self) -> Option<String> {
        self.schema.as_ref().map(Schema::url)
    }

    /// Everything that every start of it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_path()).unwrap_or_default()).into_owned()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
        // An apply survives its server on purpose; its folder is about to go.
        process::that_name(&self.data()).into_iter().for_each(process::kill);
        if std::thread::panicking() {
            let log = self.log();
            let from = log.len().saturating_sub(20_000);
            let tail = log.get(log.ceil_char_boundary(from)..).unwrap_or_default();
            // On stderr by way of the panic's own output: the runner shows it with the failed test only.
            std::io::Write::write_all(
                &mut std::io::stderr(),
                format!("--- log of the server ---\n{tail}\n").as_bytes(),
            )
            .ok();
        }
    }
}

/// A port that nothing listens on, outside the range from which the kernel takes ports for outgoing connections: a server that
/// is killed and restarted finds its port still free.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() * 7 % 12_000).expect("below 12,000");
    (0..12_000)
        .map(|_| 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000)
        .find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok())
        .expect("a free port")
}
