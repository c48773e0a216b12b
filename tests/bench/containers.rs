//! From a run's creation to terraform's first byte out of a container: one that is made for it, and one that waited for it, beside what the
//! engine takes to make and start any container at all.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use terrane_tests::{Database, Server, Slug, Stage, Version, settings};

use crate::figures::{Figure, Spread};
use crate::runs::{CONFIGURATION, now, started_at};
use crate::stamped;

const VERSION: Version = Version::V1_11_4;
const IMAGE: &str = "terrane.test/stamped";
const TIMES: usize = 30;

/// The figures of one database.
pub(crate) fn figures(database: Database) -> Vec<Figure> {
    let Some(engine) = settings::docker() else {
        return vec![Figure::new("left out: TERRANE_TEST_DOCKER=off", "", "")];
    };
    let host = engine.last().expect("the engine's address").clone();
    add_image(&host);
    let alone = alone(Path::new(host.trim_start_matches("unix://")));
    let with = |warm: &str| {
        let image = format!("{IMAGE}:{{version}}");
        let mut flags: Vec<&str> = engine.iter().map(String::as_str).collect();
        flags.extend(["--image-terraform", &image, "--container-warm", warm]);
        first_bytes(&Stage::on(Server::start_with(database, &flags), VERSION))
    };
    let (cold, warm) = (with("0"), with("4"));
    let goal = format!("p50 < {:.1} ms, which is the engine's + 60", (alone.median().as_secs_f64() + 0.06) * 1_000.0);
    vec![
        Figure::limit("the engine makes and starts a container", alone.text()),
        Figure::new("run created to terraform's first byte, cold", cold.text(), &goal),
        Figure::new("run created to terraform's first byte, warm", warm.text(), "p50 < 45, p99 < 80 ms"),
    ]
}

/// An image whose terraform says when it was started.
fn add_image(host: &str) {
    let folder = tempfile::Builder::new().prefix("tt-engines-").tempdir().expect("a folder");
    stamped::engines(folder.path(), VERSION);
    let tag = format!("{IMAGE}:{}", VERSION.number());
    let tool = settings::checkout().join("tests/tools/docker");
    let added = Command::new(tool).args(["add", host, &tag]).arg(folder.path().join(VERSION.number())).status();
    assert!(added.expect("run tests/tools/docker").success(), "the stamping image was not made");
}

/// What a run waits for a container at least, when none is there.
fn alone(socket: &Path) -> Spread {
    let image = format!("{IMAGE}:{}", VERSION.number());
    let body = json!({ "Image": image, "Cmd": ["sleep", "600"], "HostConfig": { "ReadonlyRootfs": true } }).to_string();
    Spread::of(
        (0..TIMES)
            .map(|_| {
                let began = Instant::now();
                let made: Value =
                    serde_json::from_str(&ask(socket, "POST", "/containers/create", &body)).expect("JSON");
                let id = made["Id"].as_str().expect("a container");
                ask(socket, "POST", &format!("/containers/{id}/start"), "");
                let took = began.elapsed();
                ask(socket, "DELETE", &format!("/containers/{id}?force=1"), "");
                took
            })
            .collect(),
    )
}

/// What the engine answers, without its head.
fn ask(socket: &Path, method: &str, path: &str, body: &str) -> String {
    let mut stream = UnixStream::connect(socket).expect("the engine listens");
    let head = "Host: engine\r\nConnection: close\r\nContent-Type: application/json";
    write!(stream, "{method} {path} HTTP/1.0\r\n{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).expect("ask");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, said) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(head.split(' ').nth(1).is_some_and(|status| status.starts_with('2')), "{method} {path}: {answer}");
    said.to_owned()
}

fn first_bytes(stage: &Stage) -> Spread {
    let id = stage.create_workspace("one", json!({ "terraform-version": VERSION.number() }));
    let configuration = stage.uploaded(&id, true, &Slug::pack(&[("main.tf", CONFIGURATION)]));
    let first = || {
        let clock = now();
        let run = stage.queue(&id, &configuration, &json!({}));
        let run = stage.reaches(&run, &["planned_and_finished"]);
        let took = started_at(&stage.log(&run, "plan")).saturating_sub(clock);
        // Containers that the next run finds waiting are started after this one.
        std::thread::sleep(Duration::from_secs(1));
        took
    };
    let _ = first();
    Spread::of((0..TIMES).map(|_| first()).collect())
}
