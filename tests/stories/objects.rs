//! Where large sealed bytes are kept: a bucket and a container, and what is served while they are away.

use std::fmt::Write as _;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use terrane_tests::api::{Answer, send};
use terrane_tests::process::eventually;
use terrane_tests::{Server, Slug, Stage, Version, settings};

use crate::stories;

stories! {
    NONE:
        a_large_state_lives_in_a_bucket,
        a_large_state_lives_in_a_container,
        a_store_that_cannot_be_used_stops_the_start;
}

/// What the account that every Azurite has signed for everybody, until the end of the century.
const SIGNED: &str = "sv=2019-12-12&ss=b&srt=sco&sp=rwdlc&se=2100-01-01T00%3A00%3A00Z&sig=h4fa2ExaX1x5V5UX0EbNoyeY3Mx%2B8CmQUCSRPIeSGlw%3D";

/// A store of this machine's own; it ends with the story, or before.
struct Peer {
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

    fn moto() -> Self {
        Self::start("venv/bin/moto_server", |port| ["-H", "127.0.0.1", "-p", port].map(str::to_owned).into())
    }

    fn azurite(folder: &str) -> Self {
        Self::start("azurite/node_modules/.bin/azurite-blob", |port| {
            let where_it_is = ["--blobHost", "127.0.0.1", "--blobPort", port, "--location", folder];
            let how = ["--silent", "--skipApiVersionCheck", "--disableTelemetry"];
            where_it_is.into_iter().chain(how).map(str::to_owned).collect()
        })
    }

    /// Makes the bucket or the container.
    fn make(&self, path: &str) {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let made = reqwest::blocking::Client::new().put(url).header("x-ms-version", "2021-12-02").send();
        let status = made.expect("ask the store").status();
        assert!(status.is_success(), "{status}");
    }
}

fn a_large_state_lives_in_a_bucket(stage: &mut Stage) {
    let moto = Peer::moto();
    moto.make("/states");
    let endpoint = format!("http://127.0.0.1:{}", moto.port);
    let mut server =
        Server::prepare(stage.server.database(), &["--objects", "s3:states/a/site", "--objects-endpoint", &endpoint]);
    // As Amazon's own tools have it.
    let credentials = [("AWS_ACCESS_KEY_ID", "nobody"), ("AWS_SECRET_ACCESS_KEY", "a-secret-of-the-cloud")];
    server.environment(&credentials.map(|(name, value)| (name.to_owned(), value.to_owned())));
    server.restart();
    play(server, moto, "a-secret-of-the-cloud");
}

fn a_large_state_lives_in_a_container(stage: &mut Stage) {
    let azurite = Peer::azurite(stage.server.folder().join("azurite").to_str().expect("a path of letters"));
    azurite.make(&format!("/devstoreaccount1/states?restype=container&{SIGNED}"));
    let signed = format!("http://127.0.0.1:{}/devstoreaccount1/states?{SIGNED}", azurite.port);
    let flags = ["--objects", "azblob:states/a/site", "--objects-credential", &signed];
    let server = Server::start_with(stage.server.database(), &flags);
    play(server, azurite, "h4fa2ExaX1x5V5UX0EbNoyeY3Mx");
}

fn play(server: Server, peer: Peer, secret: &str) {
    let mut stage = Stage::on(server, Version::V1_11_4);
    let random = random(300_000);
    let id = stage.create_workspace("app", json!({ "auto-apply": true, "terraform-version": "1.11.4" }));
    let configuration = "resource \"terraform_data\" \"it\" {\n  input = file(\"random.txt\")\n}\noutput \"it\" {\n  value = terraform_data.it.output\n}\n";
    let slug = Slug::pack(&[("main.tf", configuration), ("random.txt", &random)]);
    let run = stage.queue(&id, &stage.uploaded(&id, false, &slug), &json!({}));
    stage.reaches(&run, &["applied"]);
    let applied = stage.state("app").expect("a state");
    let state: Value = serde_json::from_slice(&applied).expect("JSON");
    assert!(state["outputs"]["it"]["value"] == random.as_str(), "another content comes back");

    let (large, small) = (text(1, &random), text(1, "small"));
    for (workspace, state) in [("large", &large), ("small", &small)] {
        let _ = door(&stage, "POST", workspace, state).is(&[200]);
        assert!(door(&stage, "GET", workspace, "").is(&[200]).body == state.as_bytes(), "{workspace}");
    }

    drop(peer);
    let away = "because the server's object store does not do its part; everything small is served as always";
    for (method, workspace) in [("GET", "large"), ("POST", "large"), ("POST", "new")] {
        let refused = door(&stage, method, workspace, &large.replace("a-lineage", "another")).is(&[503]).text();
        assert!(refused.contains(away) && !refused.contains("127.0.0.1"), "{method} {workspace}: {refused}");
    }
    assert_eq!(door(&stage, "GET", "small", "").is(&[200]).body, small.as_bytes());
    let _ = door(&stage, "POST", "small", &text(2, "smaller")).is(&[200]);
    let log = stage.server.log();
    assert!(log.contains("Connection refused") && log.contains("see that the store"), "{log}");
    assert!(!log.contains(secret), "{log}");
    assert!(stage.server.stop().success());
}

fn a_store_that_cannot_be_used_stops_the_start(stage: &mut Stage) {
    let moto = Peer::moto();
    let endpoint = format!("http://127.0.0.1:{}", moto.port);
    let flags = ["--objects", "s3:states", "--objects-endpoint", &endpoint, "--objects-credential", "nobody:a-secret"];
    let mut server = Server::prepare(stage.server.database(), &flags);
    server.spawn();
    let log = eventually("the server to end", Duration::from_secs(60), || {
        let log = server.log();
        log.contains("NoSuchBucket").then_some(log)
    });
    assert!(log.contains("proving the store of --objects"), "{log}");
    assert!(log.contains("make the bucket, or name another one with --objects"), "{log}");
    assert!(!log.contains("a-secret"), "{log}");
}

/// Text that hardly compresses, the same each time.
fn random(length: usize) -> String {
    let mut number = 0x9e37_79b9_7f4a_7c15_u64;
    let mut text = String::new();
    while text.len() < length {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        write!(text, "{number:016x}").expect("writing to a text");
    }
    text
}

/// A state with this output.
fn text(serial: u64, value: &str) -> String {
    let outputs = json!({ "it": { "value": value, "type": "string" } });
    json!({ "version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": "a-lineage", "outputs": outputs, "resources": [] })
        .to_string()
}

fn door(stage: &Stage, method: &str, workspace: &str, body: &str) -> Answer {
    let request = stage.api().request(method, &stage.http_address(workspace));
    send(request.header("content-type", "application/json").body(body.to_owned()))
}
