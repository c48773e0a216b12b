//! The binary from outside: what it prints, how it ends.

#![cfg(test)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, ChildStderr, Command, Output, Stdio},
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

fn terrane(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_terrane"));
    command.args(arguments).env_clear().current_dir("/").stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> (Output, String, String) {
    let output = terrane(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    (output, out, err)
}

struct Server {
    process: Child,
    log: BufReader<ChildStderr>,
    address: String,
}

impl Server {
    /// Starts one and waits until it says that it is ready.
    fn start(data: &Path, arguments: &[&str]) -> Self {
        let data = data.to_str().unwrap();
        let mut command = terrane(&["serve", "--data", data, "--listen", "127.0.0.1:0", "--log-format", "json"]);
        let mut process = command.args(arguments).stderr(Stdio::piped()).spawn().unwrap();
        let mut server = Self { log: BufReader::new(process.stderr.take().unwrap()), process, address: String::new() };
        server.address = server.line("ready")["address"].as_str().unwrap().to_owned();
        server
    }

    /// The next line of the log with this message.
    fn line(&mut self, message: &str) -> serde_json::Value {
        let mut line = String::new();
        while self.log.read_line(&mut line).unwrap() > 0 {
            let value: serde_json::Value = serde_json::from_str(&line).unwrap();
            if value["message"] == message {
                return value;
            }
            line.clear();
        }
        panic!("the log ended without {message:?}")
    }

    fn signal(&self, name: &str) {
        let kill = Command::new("kill").args([&format!("-{name}"), &self.process.id().to_string()]).status().unwrap();
        assert!(kill.success());
    }

    fn stop(mut self) -> Option<i32> {
        self.signal("TERM");
        self.process.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone where the test went well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn ask(mut stream: impl Read + Write, path: &str) -> String {
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn trusting(data: &Path, address: &str) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(data.join("ca.pem")).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(terrane::tls::provider());
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(builder.with_root_certificates(roots).with_no_client_auth());
    let connection = ClientConnection::new(config, ServerName::try_from("localhost").unwrap()).unwrap();
    StreamOwned::new(connection, TcpStream::connect(address).unwrap())
}

#[test]
fn a_server_starts_from_nothing_serves_and_stops() {
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("data");
    let mut server = Server::start(&data, &[]);
    for path in ["/healthz", "/readyz"] {
        let answer = ask(trusting(&data, &server.address), path);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok\n"), "{answer}");
    }
    let mode = std::fs::metadata(data.join("admin.sock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // A second one on the same data refuses, by name of the first.
    let (second, _, err) = run(&["serve", "--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
    assert_eq!(
        err.replace(data.to_str().unwrap(), "DIR"),
        format!(
            "terrane: the data directory DIR is in use by another terrane (process {}); stop that one first or choose another directory with --data\n",
            server.process.id()
        )
    );

    server.signal("HUP");
    server.line("SIGHUP: reading the certificate again");
    ask(trusting(&data, &server.address), "/healthz");
    assert_eq!(server.stop(), Some(0));
    assert!(!data.join("admin.sock").exists());

    // What a killed one leaves behind is in nobody's way.
    let mut killed = Server::start(&data, &[]);
    killed.process.kill().unwrap();
    killed.process.wait().unwrap();
    assert!(data.join("admin.sock").exists());
    let again = Server::start(&data, &[]);
    assert_eq!(again.stop(), Some(0));
}

#[test]
fn without_tls_it_speaks_plain_http() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--tls", "off"]);
    let answer = ask(TcpStream::connect(&server.address).unwrap(), "/healthz");
    assert!(answer.ends_with("\r\n\r\nok\n"), "{answer}");
    assert!(!data.path().join("tls").exists());
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn health_is_what_the_server_itself_would_say() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().to_str().unwrap();
    let (output, _, err) = run(&["health", "--data", path]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err.contains("has the server been started?") && err.lines().count() == 1, "{err}");
    for tls in ["auto", "off"] {
        let server = Server::start(data.path(), &["--tls", tls]);
        let address = server.address.clone();
        let asked = ["health", "--data", path, "--tls", tls, "--listen", &address];
        let (output, out, err) = run(&asked);
        assert_eq!((output.status.code(), out.as_str(), err.as_str()), (Some(0), "", ""), "{tls}");
        assert_eq!(server.stop(), Some(0));
        let (output, _, err) = run(&asked);
        assert_eq!(output.status.code(), Some(1));
        assert!(err.starts_with("terrane: asking http") && err.contains(&address), "{err}");
    }
    let (certificate, key) = (data.path().join("tls/server.pem"), data.path().join("tls/server.pem"));
    let files = format!("{},{}", certificate.display(), key.display());
    let server = Server::start(data.path(), &["--tls", &files]);
    let (output, _, err) = run(&["health", "--data", path, "--tls", &files, "--listen", &server.address]);
    assert_eq!((output.status.code(), err.as_str()), (Some(0), ""));
    let (output, _, err) = run(&["health", "--data", path, "--listen", "127.0.0.1:0"]);
    assert!(output.status.code() == Some(1) && err.contains("port 0"), "{err}");
}

#[test]
fn a_runner_beside_it_finds_what_it_needs() {
    let parent = tempfile::tempdir().unwrap();
    let (data, handover) = (parent.path().join("data"), parent.path().join("handover"));
    let flags = ["--runner", "off", "--runner-handover", handover.to_str().unwrap()];
    let token = || std::fs::read_to_string(handover.join("token")).unwrap();
    let tokens = || run(&["admin", "--data", data.to_str().unwrap(), "runner-token", "list"]).1;

    assert_eq!(Server::start(&data, &flags).stop(), Some(0));
    let first = token();
    assert!(first.starts_with("trna_"));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&handover), mode(&handover.join("token"))), (0o700, 0o600));
    let authority = || std::fs::read(data.join("ca.pem")).unwrap();
    assert_eq!(std::fs::read(handover.join("ca.pem")).unwrap(), authority());

    // A good one stays, and so does the number of tokens.
    assert_eq!(Server::start(&data, &flags).stop(), Some(0));
    assert_eq!((token(), tokens().lines().count()), (first.clone(), 1));

    // One that was deleted is replaced, and so is one that is none.
    let listed = tokens();
    let id = listed.split('\t').next().unwrap();
    assert!(run(&["admin", "--data", data.to_str().unwrap(), "runner-token", "delete", id]).0.status.success());
    let mut server = Server::start(&data, &flags);
    let second = token();
    assert!(second.starts_with("trna_") && second != first);
    server.process.kill().unwrap();
    std::fs::write(handover.join("token"), "nonsense").unwrap();
    std::fs::write(handover.join("ca.pem"), "nonsense").unwrap();
    drop(server);
    assert_eq!(Server::start(&data, &flags).stop(), Some(0));
    assert!(token().starts_with("trna_") && token() != second);
    assert_eq!(std::fs::read(handover.join("ca.pem")).unwrap(), authority());

    // What cannot be laid out stops the start and is named.
    let (output, _, err) = run(&[
        "serve",
        "--data",
        data.to_str().unwrap(),
        "--listen",
        "127.0.0.1:0",
        "--runner-handover",
        "/proc/nowhere",
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err.contains("making the directory /proc/nowhere of --runner-handover"), "{err}");
}

#[test]
fn an_address_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = tempfile::tempdir().unwrap();
    let (output, _, err) = run(&["serve", "--data", data.path().to_str().unwrap(), "--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    let expected = "terrane: cannot listen on ADDRESS; choose another address with --listen: Address already in use (os error 98)\n";
    assert_eq!(err.replace(&address, "ADDRESS"), expected);
}

#[test]
fn a_bad_value_stops_every_command_with_one_line() {
    for command in ["serve", "config", "trust"] {
        let (output, out, err) = run(&[command, "--listen", "localhost"]);
        assert_eq!((output.status.code(), out.as_str()), (Some(2), ""));
        assert_eq!(
            err,
            "terrane: --listen: \"localhost\" is no such address; accepted: an IP address and a port, such as 127.0.0.1:8443 or [::]:443\n"
        );
    }
    let (output, _, err) =
        run(&["serve", "--tls", "/nowhere/cert.pem,/nowhere/key.pem", "--listen", "127.0.0.1:0", "--data", "/proc/x"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err.starts_with("terrane: cannot use /proc/x as data directory: ") && err.lines().count() == 1, "{err}");
}

#[test]
fn config_prints_what_holds_and_warns_on_standard_error() {
    let output = terrane(&["config", "--runner-slots", "3"]).env("TERRANE_DATBASE", "x").output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(
        out.contains("runner-slots = 3 # --runner-slots\n") && out.contains("data = \"/terrane-data\" # default\n")
    );
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(err, "terrane: TERRANE_DATBASE is set but is no setting; it is ignored\n");
}

#[test]
fn trust_names_the_authority_once_there_is_one() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().to_str().unwrap();
    let (output, _, err) = run(&["trust", "--data", path]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err.contains("start terrane serve once"), "{err}");
    assert_eq!(Server::start(data.path(), &[]).stop(), Some(0));
    let (_, out, _) = run(&["trust", "--data", path]);
    insta::assert_snapshot!(out.replace(path, "DIR"));
}

#[test]
fn admin_without_data_says_so() {
    let (output, out, err) = run(&["admin", "--data", "/nowhere", "user", "list"]);
    assert_eq!((output.status.code(), out.as_str()), (Some(1), ""));
    assert_eq!(
        err,
        "terrane: there is no data directory /nowhere; name the server's with --data, or start terrane serve once to make it\n"
    );
}
