//! A state and a log of a gigabyte on their way in and out: how much memory the server takes for them.

use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use terrane_tests::process::resident_kib;
use terrane_tests::{Database, Peer, Server, Slug, Stage, Version};

use crate::figures::{Figure, seconds};

const VERSION: Version = Version::V1_11_4;
/// Of each: bytes.
const SIZE: usize = 1_000_000_000;
/// Long enough for either.
const PATIENCE: Duration = Duration::from_secs(900);
/// The `terraform` of the engines directory: its plan says a gigabyte, half of which compresses to nothing.
const TALKATIVE: &str = "#!/bin/sh\ncase $1 in\ninit) mkdir -p .terraform; echo '{}' > .terraform/terraform.tfstate;;\n\
    version) echo '{\"terraform_version\":\"1.11.4\"}';;\nplan) head -c 375000000 /dev/urandom | base64 -w 100; yes 'the same line again' | head -c 495000000;;\nesac\n";

/// The figures of one database.
pub(crate) fn figures(database: Database) -> Vec<Figure> {
    let folder = tempfile::Builder::new().prefix("tt-engines-").tempdir().expect("a folder");
    talkative(folder.path());
    let engines = folder.path().to_str().expect("a path of letters").to_owned();
    let stage = large(database, &["--engines", &engines]);
    let mut figures = state(&stage, "a folder");
    figures.extend(log(&stage));
    drop(stage);
    figures.extend(in_a_bucket(database));
    figures.extend(in_a_container(database));
    figures
}

fn in_a_bucket(database: Database) -> Vec<Figure> {
    let moto = Peer::moto();
    moto.make_bucket("giants");
    let (address, secret) = (moto.address(), "nobody:a-secret");
    let place = ["--objects", "s3:giants/site", "--objects-endpoint", &address, "--objects-credential", secret];
    state(&large(database, &place), "a bucket")
}

fn in_a_container(database: Database) -> Vec<Figure> {
    let folder = tempfile::tempdir().expect("a folder");
    let azurite = Peer::azurite(folder.path().to_str().expect("a path of letters"));
    azurite.make_container("giants");
    let signed = azurite.container("giants");
    state(&large(database, &["--objects", "azblob:giants/site", "--objects-credential", &signed]), "a container")
}

/// A server that takes such states, and has these flags.
fn large(database: Database, flags: &[&str]) -> Stage {
    let flags = [&["--max-state-size", "2GiB"], flags].concat();
    Stage::on(Server::start_with(database, &flags), VERSION)
}

fn talkative(folder: &Path) {
    let place = folder.join(VERSION.number());
    std::fs::create_dir_all(&place).expect("an engines directory");
    let path = place.join("terraform");
    std::fs::write(&path, TALKATIVE).expect("write a terraform");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("make it a program");
}

fn state(stage: &Stage, place: &str) -> Vec<Figure> {
    const PATH: &str = "/api/http/acme/giant";
    let _ = stage.create_workspace("giant", json!({ "execution-mode": "local" }));
    let sent = watched(stage, || {
        let body = reqwest::blocking::Body::new(Generated::new());
        let answer = stage.api().request("POST", PATH).timeout(PATIENCE).body(body).send().expect("an answer");
        assert_eq!(answer.status(), 200, "{:?}", answer.text());
    });
    let mut length = 0;
    let read = watched(stage, || {
        let mut answer = stage.api().request("GET", PATH).timeout(PATIENCE).send().expect("an answer");
        length = io::copy(&mut answer, &mut io::sink()).expect("a whole state");
    });
    assert!(usize::try_from(length).is_ok_and(|length| length >= SIZE), "{length} bytes came back");
    vec![
        Figure::new(&format!("1 GB state into {place}"), sent, "< 64 MB"),
        Figure::new(&format!("1 GB state out of {place}"), read, "< 64 MB"),
    ]
}

fn log(stage: &Stage) -> Vec<Figure> {
    let workspace = stage.create_workspace("talk", json!({ "terraform-version": VERSION.number() }));
    let configuration = stage.uploaded(&workspace, true, &Slug::pack(&[("main.tf", "")]));
    let mut log = String::new();
    let said = watched(stage, || {
        let run = stage.queue(&workspace, &configuration, &json!({}));
        loop {
            let run = stage.run(&run);
            let status = run["attributes"]["status"].as_str().expect("a status").to_owned();
            let plan = run["relationships"]["plan"]["data"]["id"].as_str().expect("a plan").to_owned();
            let plan: Value = stage.api().get(&format!("plans/{plan}")).is(&[200]).data();
            plan["attributes"]["log-read-url"].as_str().expect("a log").clone_into(&mut log);
            // The program makes no plan: what it says is all there is.
            if ["errored", "planned_and_finished"].contains(&status.as_str()) {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let (anonymous, mut offset, mut wire) = (stage.server.api(""), 0, 0);
    let read = watched(stage, || {
        loop {
            let answer = anonymous.get(&format!("{log}?limit=65536&offset={offset}")).is(&[200]);
            let headers: usize = answer.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
            offset += answer.body.len();
            wire += answer.body.len() + headers;
            if answer.body.is_empty() || answer.body.ends_with(b"\x03") {
                break;
            }
        }
    });
    assert!(offset >= SIZE, "the log has {offset} bytes");
    let ratio = format!("{:.3} x", wire as f64 / offset as f64);
    vec![
        Figure::new("1 GB log in, runner included", said, "< 64 MB"),
        Figure::new("1 GB log out, as the CLI reads it", read, "< 64 MB"),
        Figure::new("  bytes over the wire for each of the log", ratio, "<= 1.05 x"),
    ]
}

/// How much the server's memory grew while this was done, and how long it took.
fn watched(stage: &Stage, work: impl FnOnce()) -> String {
    let (before, most, done) = (resident_kib(stage.server.pid()), AtomicU64::new(0), AtomicBool::new(false));
    let began = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                most.fetch_max(resident_kib(stage.server.pid()), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        work();
        done.store(true, Ordering::Relaxed);
    });
    let grown = most.into_inner().saturating_sub(before);
    format!("+{:.1} MB in {}", grown as f64 / 1024.0, seconds(began.elapsed()))
}

/// A state of [`SIZE`] bytes that compresses to about three quarters, made while it is read.
struct Generated {
    left: usize,
    ready: Vec<u8>,
    given: usize,
    seed: u64,
}

impl Generated {
    /// Bytes of one instance.
    const INSTANCE: usize = 1_000_000;

    fn new() -> Self {
        let head = "{\"version\":4,\"terraform_version\":\"1.11.4\",\"serial\":1,\"lineage\":\"giant\",\"outputs\":{},\"resources\":[{\"mode\":\"managed\",\"type\":\"t\",\"name\":\"n\",\"provider\":\"p\",\"instances\":[{}";
        Self { left: SIZE + Self::INSTANCE, ready: head.into(), given: 0, seed: 1 }
    }

    fn instance(&mut self) {
        self.ready.clear();
        let number = self.left;
        self.ready.extend(format!(",{{\"index_key\":{number},\"attributes\":{{\"value\":\"").bytes());
        for _ in 0..Self::INSTANCE {
            self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Letters and digits: no value needs to be escaped.
            self.ready.push(b"0123456789abcdefghijklmnopqrstuv"[(self.seed >> 59) as usize]);
        }
        self.ready.extend(b"\"}}");
    }
}

impl Read for Generated {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.ready.len() {
            self.given = 0;
            match self.left {
                0 => {
                    self.ready.clear();
                    return Ok(0);
                }
                left if left <= Self::INSTANCE => {
                    self.left = 0;
                    self.ready = b"]}]}".to_vec();
                }
                _ => {
                    self.instance();
                    self.left -= Self::INSTANCE;
                }
            }
        }
        let rest = &self.ready[self.given..];
        let length = buffer.len().min(rest.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.given += length;
        Ok(length)
    }
}
