//! A `terrane runner` of its own: a data directory, a token, its log kept.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::network::Island;
use crate::server::Server;
use crate::undo::Undo;
use crate::{process, settings};

/// How long a graceful stop may take before it is a failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// A runner under test. Dropping it kills it, with whatever it started.
pub struct Runner {
    child: Option<Child>,
    url: String,
    authority: PathBuf,
    token: String,
    name: String,
    flags: Vec<String>,
    environment: Vec<(String, String)>,
    island: Option<Island>,
    // In this order: nothing that the runner started is left when its folder goes.
    _undo: Undo,
    folder: TempDir,
}

impl Runner {
    /// Starts one that comes with this token.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(server: &Server, token: &str) -> Self {
        let flags = settings::runner_executor();
        Self::start_with(server, token, &flags.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// As [`Runner::start`], with more flags of `terrane runner`, its executor's among them.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start_with(server: &Server, token: &str, flags: &[&str]) -> Self {
        let mut runner = Self::prepare(server, token, "story");
        runner.flags = flags.iter().map(|&flag| flag.to_owned()).collect();
        runner.restart();
        runner
    }

    /// One of this name that does not run yet.
    ///
    /// # Panics
    /// When it can have no folder.
    #[must_use]
    pub fn prepare(server: &Server, token: &str, name: &str) -> Self {
        // Short, since unix sockets below it must fit into 108 bytes.
        let folder = tempfile::Builder::new().prefix("tr-").tempdir().expect("a temporary folder");
        let place = folder.path().to_owned();
        let undo = Undo::at_the_end(move || {
            end_all(&place);
            let _ = fs::remove_dir_all(&place);
        });
        Self {
            child: None,
            url: server.url(),
            authority: server.certificate(),
            token: token.to_owned(),
            name: name.to_owned(),
            flags: Vec::new(),
            environment: Vec::new(),
            island: None,
            _undo: undo,
            folder,
        }
    }

    /// It will run in a network of its own.
    #[must_use]
    pub fn on(mut self, island: Island) -> Self {
        self.island = Some(island);
        self
    }

    /// It will look for its server at this address.
    #[must_use]
    pub fn to(mut self, url: &str) -> Self {
        url.clone_into(&mut self.url);
        self
    }

    /// It will find this in its environment.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.environment.push((key.to_owned(), value.to_owned()));
        self
    }

    /// The network that it is in.
    ///
    /// # Panics
    /// When it is in that of this machine.
    #[must_use]
    pub fn island(&self) -> &Island {
        self.island.as_ref().expect("a runner on an island")
    }

    /// Starts it, which must not be running, on the data that is there.
    ///
    /// # Panics
    /// When it runs already or cannot be started.
    pub fn restart(&mut self) {
        assert!(self.child.is_none(), "the runner runs already");
        let log = File::options().create(true).append(true).open(self.folder.path().join("log")).expect("a log");
        let mut command = match &self.island {
            Some(island) => island.command(&settings::binary()),
            None => Command::new(settings::binary()),
        };
        command.env_clear().env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("HOME", self.folder.path()).env("TERRANE_RUNNER_TOKEN", &self.token);
        command.envs(self.environment.iter().map(|(key, value)| (key, value)));
        command.args(["runner", "--server", &self.url, "--name", &self.name, "--slots", "2"]);
        command.arg("--data").arg(self.data()).arg("--ca-bundle").arg(&self.authority);
        command.args(&self.flags);
        for (flag, path) in [("--engines", settings::engines()), ("--providers", settings::providers())] {
            if !self.flags.iter().any(|set| set == flag) {
                command.arg(flag).arg(path);
            }
        }
        command.stdout(log.try_clone().expect("a log")).stderr(log).stdin(Stdio::null());
        self.child = Some(command.spawn().expect("start a runner"));
    }

    /// Its process.
    ///
    /// # Panics
    /// When it is not running.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("a running runner").id()
    }

    /// Its data directory.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Kills the runner alone; what it started goes on.
    ///
    /// # Panics
    /// When it is not running.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("a running runner");
        child.kill().expect("kill the runner");
        child.wait().expect("the end of the runner");
    }

    /// Kills it and everything that it started, as a power cut would.
    ///
    /// # Panics
    /// When it is not running.
    pub fn kill_all(&mut self) {
        self.kill();
        end_all(self.folder.path());
    }

    /// Its folder: log and data.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Whether it runs.
    ///
    /// # Panics
    /// When the system does not say.
    pub fn runs(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| child.try_wait().expect("ask for a child's status").is_none())
    }

    /// Asks it to stop.
    ///
    /// # Panics
    /// When it is not running.
    pub fn terminate(&self) {
        process::terminate(self.child.as_ref().expect("a running runner"));
    }

    /// Waits until it has ended.
    ///
    /// # Panics
    /// When it is not running, or still runs after a minute.
    pub fn ended(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("a running runner");
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = child.try_wait().expect("ask for a child's status") {
                return status;
            }
            if Instant::now() > deadline {
                let _ = child.kill();
                panic!("the runner did not stop within {PATIENCE:?}; its log:\n{}", self.log());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What it logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// Ends every process that names this folder, until there is none: one that is killed may just have started another.
fn end_all(folder: &Path) {
    loop {
        let left = process::that_name(folder);
        if left.is_empty() {
            return;
        }
        left.into_iter().for_each(process::kill);
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let text = format!("--- log of the runner in {} ---\n{}\n", self.folder.path().display(), self.log());
            // On stderr by way of the panic's own output: the test's runner shows it with the failed test only.
            std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes()).ok();
        }
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
        end_all(self.folder.path());
    }
}
