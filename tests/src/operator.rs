//! What the operator of a server does on its machine: `terrane admin` and the commands that work on the data itself.

use std::io::Write as _;
use std::process::{Child, Command, Output, Stdio};

use crate::server::Server;

/// The password of the first user, for the pages.
pub const PASSWORD: &str = "correct horse battery";

/// How a command ended, and what it said.
#[derive(Debug)]
pub struct Said {
    /// Whether it ended with 0.
    pub good: bool,
    /// What it printed on stdout, without the line's end.
    pub out: String,
    /// What it printed on stderr.
    pub told: String,
}

impl Said {
    /// What it printed on stdout.
    ///
    /// # Panics
    /// When it did not end well.
    #[track_caller]
    #[must_use]
    pub fn good(self) -> String {
        assert!(self.good, "{}{}", self.out, self.told);
        self.out
    }

    /// What it printed on stderr.
    ///
    /// # Panics
    /// When it ended well.
    #[track_caller]
    #[must_use]
    pub fn refused(self) -> String {
        assert!(!self.good, "{}{}", self.out, self.told);
        self.told
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        Self { good: output.status.success(), out: text(&output.stdout), told: text(&output.stderr) }
    }
}

impl Server {
    /// Runs `terrane admin ARGUMENTS…` and gives what it printed on stdout, without the line's end.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    #[must_use]
    pub fn admin(&self, arguments: &[&str]) -> String {
        self.admin_told(arguments, "")
    }

    /// As [`Server::admin`], with this on standard input.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    #[must_use]
    pub fn admin_told(&self, arguments: &[&str], input: &str) -> String {
        let mut command = self.nodes[0].command("admin");
        command.args(arguments);
        if let Some(schema) = &self.schema {
            command.env("TERRANE_DATABASE", schema.url());
        }
        said(command, arguments, input)
    }

    /// Makes the first user, a site administrator with [`PASSWORD`], and gives a token of theirs.
    ///
    /// # Panics
    /// When the server refuses.
    #[must_use]
    pub fn owner(&self) -> String {
        let words = ["user", "create", "owner", "--email", "owner@example.test", "--site-admin", "--password-stdin"];
        let _ = self.admin_told(&words, PASSWORD);
        self.admin(&["token", "create", "--user", "owner", "--description", "story"])
    }

    /// Runs `terrane VERB ARGUMENTS…` on its data, with the flags that it is served with.
    ///
    /// # Panics
    /// When there is no program.
    #[must_use]
    pub fn terrane(&self, verb: &str, arguments: &[&str]) -> Said {
        self.terrane_told(0, verb, arguments, "")
    }

    /// As [`Server::terrane`], with those of one of its processes, and with this on standard input.
    ///
    /// # Panics
    /// When there is no program.
    #[must_use]
    pub fn terrane_told(&self, node: usize, verb: &str, arguments: &[&str], input: &str) -> Said {
        let mut child = self.start_terrane(node, verb, arguments);
        // A command that reads nothing may have closed it.
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        child.wait_with_output().expect("run terrane").into()
    }

    /// As [`Server::terrane_told`], without waiting for its end.
    ///
    /// # Panics
    /// When there is no program.
    #[must_use]
    pub fn start_terrane(&self, node: usize, verb: &str, arguments: &[&str]) -> Child {
        let mut command = self.nodes[node].offline(verb);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("run terrane")
    }
}

/// Runs a command to its good end and gives what it printed on stdout, without the line's end.
#[track_caller]
fn said(mut command: Command, arguments: &[&str], input: &str) -> String {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("run terrane");
    // A command that reads nothing may have closed it.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("run terrane");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "terrane {arguments:?}: {}\n{stdout}{stderr}", output.status);
    stdout.trim_end().to_owned()
}
