//! A server of its own: a fresh data directory, a fresh database, a port of its own, its log kept. On Postgres it may be several
//! processes on one database that behave as one; see [`settings::servers`].

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU16, Ordering};

use tempfile::TempDir;

use crate::api::Api;
use crate::database::{Database, Schema};
use crate::node::Node;
use crate::runner::Runner;
use crate::{front, settings};

/// A server under test. Dropping it kills it, with whatever it started, and removes its data.
pub struct Server {
    // Dropped first: it speaks to the nodes.
    runner: Option<Runner>,
    pub(crate) nodes: Vec<Node>,
    address: SocketAddrV4,
    database: Database,
    // Dropped in this order: the database while the folder that names it is still there.
    pub(crate) schema: Option<Schema>,
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

    /// As [`Server::start_with`], but one process however many other servers are: for what one runner keeps on its own machine.
    ///
    /// # Panics
    /// When it does not become ready; the message holds its log.
    #[must_use]
    pub fn alone(database: Database, flags: &[&str]) -> Self {
        let mut server = Self::behind_one_address(database, &[flags]);
        server.restart();
        server
    }

    /// Everything but the start: a data directory, a database and a port.
    ///
    /// # Panics
    /// When the Postgres server cannot be reached.
    #[must_use]
    pub fn prepare(database: Database, flags: &[&str]) -> Self {
        let count = if database == Database::Postgres { settings::servers() } else { 1 };
        let mut server = Self::behind_one_address(database, &vec![flags; count]);
        if count > 1 {
            server.stand_at(Ipv4Addr::LOCALHOST);
        }
        server
    }

    /// Has it reached at another address of this machine, by a front before its processes. Before its first start.
    ///
    /// # Panics
    /// When nothing can listen there.
    pub fn stand_at(&mut self, address: Ipv4Addr) {
        let address = SocketAddrV4::new(address, free_port());
        front::stand(address, self.nodes.iter().map(Node::port).collect());
        self.move_to(address);
    }

    /// Several servers on one Postgres, each with flags of its own, that say of themselves to be reached where the first one listens.
    ///
    /// # Panics
    /// When one of them does not become ready; the message holds its log.
    #[must_use]
    pub fn cluster(flags: &[&[&str]]) -> Self {
        let mut server = Self::behind_one_address(Database::Postgres, flags);
        server.restart();
        server
    }

    fn behind_one_address(database: Database, flags: &[&[&str]]) -> Self {
        // Short, since unix sockets below it must fit into 108 bytes.
        let folder = tempfile::Builder::new().prefix("tt-").tempdir().expect("a temporary folder");
        let schema = (database == Database::Postgres).then(|| Schema::create(folder.path()));
        let node = |(number, flags): (usize, &&[&str])| {
            let mut flags: Vec<String> = flags.iter().map(|&flag| flag.to_owned()).collect();
            if let Some(schema) = &schema {
                flags.extend(["--database".to_owned(), schema.url()]);
            }
            let name = if number == 0 { "data".to_owned() } else { format!("data-{number}") };
            Node::new(folder.path(), &name, free_port(), flags)
        };
        let nodes: Vec<Node> = flags.iter().enumerate().map(node).collect();
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, nodes[0].port());
        let mut server = Self { runner: None, nodes, address, database, schema, folder };
        if server.nodes.len() > 1 {
            let shared = [
                ("--objects", format!("file:{}", server.folder().join("objects").display())),
                ("--master-key", server.data().join("master.key").display().to_string()),
            ];
            for node in &mut server.nodes {
                shared.iter().for_each(|(flag, value)| node.set(flag, value));
            }
            server.move_to(address);
        }
        server
    }

    /// Has all of them say that they are reached at this address.
    fn move_to(&mut self, address: SocketAddrV4) {
        self.address = address;
        let url = self.url();
        self.nodes.iter_mut().for_each(|node| node.set("--url", &url));
    }

    /// Gives all of its processes a flag, or another value of it, from their next start on; without a value it is taken away.
    pub fn set(&mut self, flag: &str, value: Option<&str>) {
        self.nodes.iter_mut().for_each(|node| match value {
            Some(value) => node.set(flag, value),
            None => node.unset(flag),
        });
    }

    /// Starts its first process, which must end by itself instead, and gives what the log says of that.
    ///
    /// # Panics
    /// When it is still there after a minute, or ends well.
    #[must_use]
    pub fn refuses_to_start(&mut self) -> String {
        let before = self.nodes[0].log().len();
        self.spawn();
        let status = self.nodes[0].ends();
        assert!(!status.success(), "the server ended well");
        self.nodes[0].log().split_off(before)
    }

    /// Adds to the environment of its processes, from their next start on.
    pub fn environment(&mut self, variables: &[(String, String)]) {
        self.nodes.iter_mut().for_each(|node| node.environment(variables));
    }

    /// Starts the server, which must not be running, on the data that is there, and waits until it is ready.
    ///
    /// # Panics
    /// When it ends instead, or is not ready within a minute.
    pub fn restart(&mut self) {
        let (first, others) = self.nodes.split_first_mut().expect("at least one");
        first.start();
        for other in others {
            other.trust_as(first);
            other.start();
        }
        self.start_runner();
    }

    /// Starts the runner beside it where the tests want one, once.
    fn start_runner(&mut self) {
        let elsewhere = ["--executor", "--runner"].iter().any(|flag| self.nodes[0].flag(flag).is_some());
        if settings::runner() && !elsewhere && self.runner.is_none() {
            let token = self.admin(&["runner-token", "create", "--description", "tests"]);
            // What the server's own runner would be told.
            let told = [("--engines", "--engines"), ("--providers", "--providers"), ("--runner-ports", "--ports")];
            let told = told.map(|(here, there)| self.nodes[0].flag(here).map(|value| [there, value]));
            self.runner = Some(Runner::start_with(
                self,
                &token,
                told.into_iter().flatten().flatten().collect::<Vec<_>>().as_slice(),
            ));
        }
    }

    /// Starts the first of its processes without waiting for anything.
    ///
    /// # Panics
    /// When it runs already or cannot be started.
    pub fn spawn(&mut self) {
        self.nodes[0].spawn();
    }

    /// Whether it answers that it is ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.nodes.iter().all(Node::is_ready)
    }

    /// One of its processes: there is one, unless several stand behind one address.
    ///
    /// # Panics
    /// When there are fewer.
    #[must_use]
    pub fn node(&self, number: usize) -> &Node {
        &self.nodes[number]
    }

    /// One of its processes, to be killed or started.
    ///
    /// # Panics
    /// When there are fewer.
    #[must_use]
    pub fn node_mut(&mut self, number: usize) -> &mut Node {
        &mut self.nodes[number]
    }

    /// How many processes it consists of.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Asks it to stop, which it must do, and looks whether it logged an error.
    ///
    /// # Panics
    /// When it did.
    pub fn leave(&mut self) {
        let status = self.stop();
        assert!(status.success(), "the server stopped with {status}; its log:\n{}", self.log());
        let log = self.log();
        let errors: Vec<_> = log.lines().filter(|line| line.contains("ERROR") || line.contains("panicked")).collect();
        assert!(errors.is_empty(), "the server logged errors:\n{}", errors.join("\n"));
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
        self.nodes.iter_mut().for_each(Node::kill);
    }

    /// Asks the server to stop and waits until it has.
    ///
    /// # Panics
    /// When it is not running, or still runs after a minute.
    pub fn stop(&mut self) -> ExitStatus {
        let ended: Vec<ExitStatus> = self.nodes.iter_mut().map(Node::stop).collect();
        ended.iter().find(|status| !status.success()).copied().unwrap_or(ended[0])
    }

    /// The process id of the running server; of its first process, if there are several.
    ///
    /// # Panics
    /// When it is not running.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.nodes[0].pid().expect("a running server")
    }

    /// The process ids of the running server.
    #[must_use]
    pub fn pids(&self) -> Vec<u32> {
        self.nodes.iter().filter_map(Node::pid).collect()
    }

    /// `127.0.0.1:PORT`, unless it stands elsewhere: the host name that configurations name. It holds a dot, as module and provider sources need.
    #[must_use]
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Its address: `https://` and [`Server::host`].
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.host())
    }

    /// The data directory; of the first process, if there are several.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.nodes[0].data().to_owned()
    }

    /// The folder that holds the data directory and the log.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The certificate of the server's own CA.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.nodes[0].certificate()
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
        self.nodes.iter().map(Node::log).collect()
    }
}

/// A port that nothing listens on, outside the range from which the kernel takes ports for outgoing connections: a server that
/// is killed and restarted finds its port still free.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() * 7 % 12_000).expect("below 12,000");
    (0..12_000)
        .map(|_| 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000)
        .find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok())
        .expect("a free port")
}
