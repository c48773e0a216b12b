//! The house as `docker-compose.yml` puts it together, on the tests' own engine: built, started, asked, stopped.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::api::Api;
use crate::process::eventually;
use crate::settings;

/// How long the server may take to be ready: many times what it takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// A composed house. Dropping it removes its containers and its volumes.
pub struct House {
    socket: PathBuf,
    project: String,
    port: u16,
    folder: TempDir,
}

impl House {
    /// Builds the images and starts everything.
    ///
    /// # Panics
    /// When there is no engine, or something does not start.
    #[must_use]
    pub fn up() -> Self {
        let folder = tempfile::Builder::new().prefix("tc-").tempdir().expect("a temporary folder");
        let port = free_port();
        let house = Self { socket: settings::composed(), project: format!("terrane{port}"), port, folder };
        house.compose(&["up", "--detach", "--build"]);
        house.ready();
        let copied = format!("{}:/var/lib/terrane/ca.pem", house.container("server"));
        house.docker(&["cp", &copied, house.certificate().to_str().expect("a path of letters")]);
        house
    }

    /// Runs docker-compose and gives what it printed on standard output.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    pub fn compose(&self, arguments: &[&str]) -> String {
        good(self.composing(arguments), arguments)
    }

    fn composing(&self, arguments: &[&str]) -> Command {
        let mut command = self.client("docker-compose");
        command.args([
            "--project-name",
            &self.project,
            "--file",
            "docker-compose.yml",
            "--file",
            "deploy/compose.local.yml",
        ]);
        command.args(arguments);
        command
    }

    /// Runs docker and gives what it printed on standard output.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    pub fn docker(&self, arguments: &[&str]) -> String {
        let mut command = self.client("docker");
        command.args(arguments);
        good(command, arguments)
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(settings::checkout()).env_clear();
        command
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", self.folder.path());
        command.env("DOCKER_HOST", format!("unix://{}", self.socket.display()));
        let group = fs::metadata(&self.socket).expect("the engine's socket").gid();
        command.env("DOCKER_SOCKET", &self.socket).env("DOCKER_GID", group.to_string());
        command.env("TERRANE_PUBLISH", format!("127.0.0.1:{}", self.port)).env("TERRANE_URL", self.url());
        command
    }

    /// Waits until the server answers that it would serve.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn ready(&self) {
        let container = self.container("server");
        eventually("the composed server to be ready", PATIENCE, || {
            (self.inspect(&container)["State"]["Health"]["Status"] == "healthy").then_some(())
        });
    }

    /// Runs `terrane admin ARGUMENTS…` in the server's container and gives what it printed on stdout, without the line's end.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    pub fn admin(&self, arguments: &[&str]) -> String {
        let all: Vec<_> = ["exec", "-T", "server", "terrane", "admin"].iter().chain(arguments).copied().collect();
        self.compose(&all).trim_end().to_owned()
    }

    /// The id of a service's container.
    ///
    /// # Panics
    /// When it has none.
    #[track_caller]
    #[must_use]
    pub fn container(&self, service: &str) -> String {
        let id = self.compose(&["ps", "--quiet", service]).trim().to_owned();
        assert!(!id.is_empty(), "the service {service} has no container");
        id
    }

    /// What the engine knows of a container.
    ///
    /// # Panics
    /// When there is none of this id.
    #[track_caller]
    #[must_use]
    pub fn inspect(&self, container: &str) -> Value {
        let all: Value = serde_json::from_str(&self.docker(&["inspect", container])).expect("JSON");
        all[0].clone()
    }

    /// A client with this token; an empty token is no token.
    #[must_use]
    pub fn api(&self, token: &str) -> Api {
        Api::new(&self.url(), &self.certificate(), token)
    }

    /// `127.0.0.1:PORT`.
    #[must_use]
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.host())
    }

    /// The certificate of the server's own CA, copied out of its container.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A folder that goes with the house.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Ok(Output { stdout, .. }) = self.composing(&["logs", "--no-color"]).output()
        {
            // What a failed test prints is for its reader.
            let mut stderr = std::io::stderr().lock();
            let _ = std::io::Write::write_all(&mut stderr, &stdout);
        }
        // What runs left would keep the network of the engine's next house.
        let _ = self.composing(&["down", "--volumes", "--timeout", "5"]).output();
    }
}

/// A port that nothing listens on, and that no server under test takes while the house is down: those have theirs above 20,000.
fn free_port() -> u16 {
    let start = u16::try_from(std::process::id() % 10_000).expect("below 10,000");
    let mut ports = (0..10_000).map(|next| 10_000 + (start + next) % 10_000);
    ports.find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok()).expect("a free port")
}

#[track_caller]
fn good(mut command: Command, arguments: &[&str]) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{:?}: {error}", command.get_program()));
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{:?} {arguments:?}: {}\n{stdout}{stderr}", command.get_program(), output.status);
    stdout.into_owned()
}
