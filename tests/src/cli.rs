//! A real terraform binary of one version with a home directory, a working directory and credentials of its own.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::json;
use tempfile::TempDir;

use crate::server::Server;
use crate::settings;
use crate::terminal::Terminal;

/// The terraform versions that the tests drive, older ones first.
#[expect(missing_docs, reason = "their names say what they are")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    V0_12_29,
    V0_13_4,
    V0_14_6,
    V0_15_0,
    V1_0_3,
    V1_5_7,
    V1_6_6,
    V1_8_4,
    V1_9_8,
    V1_11_4,
    V1_12_2,
    V1_13_5,
    V1_14_9,
    V1_15_5,
}

impl Version {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::V0_12_29,
        Self::V0_13_4,
        Self::V0_14_6,
        Self::V0_15_0,
        Self::V1_0_3,
        Self::V1_5_7,
        Self::V1_6_6,
        Self::V1_8_4,
        Self::V1_9_8,
        Self::V1_11_4,
        Self::V1_12_2,
        Self::V1_13_5,
        Self::V1_14_9,
        Self::V1_15_5,
    ];

    /// The number as terraform writes it.
    #[must_use]
    pub fn number(self) -> &'static str {
        match self {
            Self::V0_12_29 => "0.12.29",
            Self::V0_13_4 => "0.13.4",
            Self::V0_14_6 => "0.14.6",
            Self::V0_15_0 => "0.15.0-rc2",
            Self::V1_0_3 => "1.0.3",
            Self::V1_5_7 => "1.5.7",
            Self::V1_6_6 => "1.6.6",
            Self::V1_8_4 => "1.8.4",
            Self::V1_9_8 => "1.9.8",
            Self::V1_11_4 => "1.11.4",
            Self::V1_12_2 => "1.12.2",
            Self::V1_13_5 => "1.13.5",
            Self::V1_14_9 => "1.14.9",
            Self::V1_15_5 => "1.15.5",
        }
    }

    /// Whether it knows the `cloud` block; older ones know `backend "remote"` only.
    #[must_use]
    pub fn knows_cloud(self) -> bool {
        self > Self::V1_0_3
    }

    /// Whether its binary is in the engines directory.
    #[must_use]
    pub fn is_there(self) -> bool {
        self.path().is_file()
    }

    fn path(self) -> PathBuf {
        settings::engines().join(self.number()).join("terraform")
    }

    /// Its binary in the engines directory.
    ///
    /// # Panics
    /// When it is not there, saying how to get it.
    #[must_use]
    pub fn binary(self) -> PathBuf {
        let path = self.path();
        assert!(path.is_file(), "no terraform {self}: run `tests/tools/engines {self}` first");
        path
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.number())
    }
}

/// A person's terminal: a terraform, a home, a folder with a configuration.
pub struct Cli {
    version: Version,
    home: TempDir,
    work: PathBuf,
    environment: Vec<(String, String)>,
}

impl Cli {
    /// A terraform that knows no server.
    ///
    /// # Panics
    /// When the version is not there or no folder can be made.
    #[must_use]
    pub fn new(version: Version) -> Self {
        let home = tempfile::Builder::new().prefix("tt-home-").tempdir().expect("a temporary folder");
        let work = home.path().join("work");
        fs::create_dir(&work).expect("a working directory");
        let mirror = settings::providers().display().to_string();
        let installation =
            format!("provider_installation {{\n  filesystem_mirror {{\n    path = {mirror:?}\n  }}\n}}\n");
        fs::write(home.path().join(".terraformrc"), installation).expect("a CLI configuration");
        let _ = version.binary();
        Self { version, home, work, environment: Vec::new() }
    }

    /// A terraform that trusts `server` and holds `token` for it.
    ///
    /// # Panics
    /// As [`Cli::new`].
    #[must_use]
    pub fn signed_in(version: Version, server: &Server, token: &str) -> Self {
        Self::trusting(version, &server.host(), &server.certificate(), token)
    }

    /// A terraform that trusts `server` and holds no token for it.
    ///
    /// # Panics
    /// As [`Cli::new`].
    #[must_use]
    pub fn visiting(version: Version, server: &Server) -> Self {
        let mut cli = Self::new(version);
        // `terraform login` does not make it.
        fs::create_dir(cli.home.path().join(".terraform.d")).expect("a folder for credentials");
        cli.set("SSL_CERT_FILE", server.certificate().to_str().expect("a path of letters"));
        cli
    }

    /// A terraform that trusts the server at `127.0.0.1:PORT` by this certificate and holds `token` for it.
    ///
    /// # Panics
    /// As [`Cli::new`].
    #[must_use]
    pub fn trusting(version: Version, host: &str, certificate: &Path, token: &str) -> Self {
        let mut cli = Self::new(version);
        let folder = cli.home.path().join(".terraform.d");
        fs::create_dir(&folder).expect("a folder for credentials");
        let named = host.replace("127.0.0.1", "localhost");
        let credentials = json!({ "credentials": { host: { "token": token }, named: { "token": token } } });
        fs::write(folder.join("credentials.tfrc.json"), credentials.to_string()).expect("write the credentials");
        cli.set("SSL_CERT_FILE", certificate.to_str().expect("a path of letters"));
        cli
    }

    /// Sets a variable of the environment for every further command.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.environment.retain(|(set, _)| set != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Replaces the CLI configuration (`.terraformrc`), credentials apart.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn settings(&self, text: &str) {
        fs::write(self.home.path().join(".terraformrc"), text).expect("a CLI configuration");
    }

    /// Writes a file of the configuration.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.work.join(name);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("make a folder");
        fs::write(&path, text).unwrap_or_else(|error| panic!("write {}: {error}", path.display()));
        self
    }

    /// The folder with the configuration.
    #[must_use]
    pub fn work(&self) -> &Path {
        &self.work
    }

    /// The version of this terraform.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Starts a command on a pseudo-terminal.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(&self, arguments: &[&str]) -> Terminal {
        let description = format!("terraform {} ({})", arguments.join(" "), self.version);
        let command =
            pty_process::blocking::Command::new(self.version.binary()).args(arguments).current_dir(&self.work);
        Terminal::spawn(&description, command.env_clear().envs(self.variables()))
    }

    /// Runs a command that must succeed and gives what was on the screen.
    ///
    /// # Panics
    /// When its exit code is not 0.
    #[track_caller]
    pub fn good(&self, arguments: &[&str]) -> String {
        self.start(arguments).exits(0)
    }

    /// Runs a command that must exit 1 and gives what was on the screen.
    ///
    /// # Panics
    /// When its exit code is not 1.
    #[track_caller]
    #[must_use]
    pub fn bad(&self, arguments: &[&str]) -> String {
        self.start(arguments).exits(1)
    }

    /// Runs a command without a terminal, for what it writes byte by byte.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn piped(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(self.version.binary());
        command.args(arguments).current_dir(&self.work).env_clear().envs(self.variables());
        command.output().unwrap_or_else(|error| panic!("start terraform {arguments:?}: {error}"))
    }

    /// What a command that must succeed writes to stdout, byte by byte.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    #[must_use]
    pub fn bytes(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.piped(arguments);
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "terraform {arguments:?}: {}\n{stdout}{stderr}", output.status);
        output.stdout
    }

    /// No `TF_CLI_CONFIG_FILE`: where it is set, terraform does not read `credentials.tfrc.json`.
    fn variables(&self) -> Vec<(String, String)> {
        let home = self.home.path().display().to_string();
        let fixed = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("TERM", "xterm".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("CHECKPOINT_DISABLE", "1".to_owned()),
            ("HOME", home),
        ];
        let fixed = fixed.into_iter().map(|(name, value)| (name.to_owned(), value));
        fixed.chain(self.environment.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIGURATION: &str = "resource \"terraform_data\" \"it\" {\n  input = \"value\"\n}\n";

    #[test]
    fn a_real_terraform_asks_and_is_answered() {
        for version in [Version::V1_11_4, Version::V1_15_5] {
            let cli = Cli::new(version);
            cli.write("main.tf", CONFIGURATION).good(&["init"]);
            let mut apply = cli.start(&["apply"]);
            apply.expect("Plan: 1 to add").expect("Enter a value:").type_line("no").expect("Apply cancelled");
            apply.exits(1);
            let mut apply = cli.start(&["apply"]);
            apply.expect("Enter a value:").type_line("yes").expect("Apply complete! Resources: 1 added");
            apply.exits(0);
        }
    }

    #[test]
    fn the_oldest_terraform_runs() {
        let cli = Cli::new(Version::V1_0_3);
        cli.write("main.tf", "output \"it\" {\n  value = 7\n}\n").good(&["init"]);
        cli.good(&["apply", "-auto-approve"]);
        assert_eq!(cli.bytes(&["output", "-raw", "it"]), b"7");
    }

    #[test]
    fn nothing_of_the_person_who_runs_the_tests_reaches_terraform() {
        let cli = Cli::new(Version::V1_11_4);
        let names: Vec<_> = cli.variables().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["PATH", "TERM", "LANG", "CHECKPOINT_DISABLE", "HOME"]);
    }
}
