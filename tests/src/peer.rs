//! Object stores of this machine's own: what the tests run where their users have a cloud.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::process::eventually;
use crate::settings;

/// What the account that every Azurite has signed for everybody, until the end of the century.
const SIGNED: &str = "sv=2019-12-12&ss=b&srt=sco&sp=rwdlc&se=2100-01-01T00%3A00%3A00Z&sig=h4fa2ExaX1x5V5UX0EbNoyeY3Mx%2B8CmQUCSRPIeSGlw%3D";

/// A peer that is no server of ours; it ends with the story, or before.
pub struct Peer {
    child: Child,
    port: u16,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Peer {
    fn start(program: &str, arguments: impl FnOnce(&str) -> Vec<String>) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let program = settings::checkout().join(".tools").join(program);
        let mut command = Command::new(&program);
        command.args(arguments(&port.to_string())).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}: run `make tools`", program.display()));
        eventually("the store", Duration::from_secs(60), || TcpStream::connect(("127.0.0.1", port)).ok());
        Self { child, port }
    }

    /// What speaks as Amazon's S3 and KMS.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn moto() -> Self {
        Self::start("venv/bin/moto_server", |port| ["-H", "127.0.0.1", "-p", port].map(str::to_owned).into())
    }

    /// What speaks as Azure's Blob Storage, and keeps its files in this folder.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn azurite(folder: &str) -> Self {
        Self::start("azurite/node_modules/.bin/azurite-blob", |port| {
            let where_it_is = ["--blobHost", "127.0.0.1", "--blobPort", port, "--location", folder];
            let how = ["--silent", "--skipApiVersionCheck", "--disableTelemetry"];
            where_it_is.into_iter().chain(how).map(str::to_owned).collect()
        })
    }

    /// Where it is: for Amazon's clients.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Makes a bucket.
    ///
    /// # Panics
    /// When it does not.
    pub fn make_bucket(&self, name: &str) {
        self.make(&format!("/{name}"));
    }

    /// Makes a container.
    ///
    /// # Panics
    /// When it does not.
    pub fn make_container(&self, name: &str) {
        self.make(&format!("/devstoreaccount1/{name}?restype=container&{SIGNED}"));
    }

    /// A SAS URL of a container, good for everybody.
    #[must_use]
    pub fn container(&self, name: &str) -> String {
        format!("{}/devstoreaccount1/{name}?{SIGNED}", self.address())
    }

    fn make(&self, path: &str) {
        // A second installation is refused and changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let made = reqwest::blocking::Client::new()
            .put(format!("{}{path}", self.address()))
            .header("x-ms-version", "2021-12-02")
            .send();
        let status = made.expect("ask the store").status();
        assert!(status.is_success(), "{status}");
    }
}
