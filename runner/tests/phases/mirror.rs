//! Engines from a release mirror: a directory of fixtures behind a small HTTP server.

use crate::rig::Rig;
use protocol::{Outcome, Phase};
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::Path,
};
use terrane_runner::Mirror;

/// Serves the fixtures for as long as the tests run; returns the address.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let mut request = String::new();
            BufReader::new(&connection).read_line(&mut request).unwrap();
            let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
            let found = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mirror").join(path));
            let (status, body) = found.map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            (&connection).write_all(&[head.as_bytes(), &body].concat()).ok();
        }
    });
    address
}

async fn plan(version: &str, key: Option<&str>) -> (Rig, Outcome) {
    rustls::crypto::ring::default_provider().install_default().ok();
    let mut rig = Rig::new();
    let keys = key.map(|key| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(key));
    rig.options.mirror = Some(Mirror { address: serve(), keys, token: None });
    rig.configuration(&[("main.tf", "")]);
    let mut job = rig.job(Phase::Plan);
    job.version = version.into();
    let outcome = rig.execute(job).await;
    (rig, outcome)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_release_is_fetched_and_kept() {
    for version in ["9.9.8", "~> 9.9", "latest"] {
        let (rig, outcome) = plan(version, Some("rsa3072.asc")).await;
        assert!(matches!(outcome, Outcome::Planned { .. }), "{version} {outcome:?}");
        assert!(rig.server.log().starts_with("\u{2}Terraform v9.9.8\n"), "{}", rig.server.log());
        assert!(rig.server.log().contains("planned by a fetched engine"));
        assert!(rig.options.engines.join("9.9.8/terraform").exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_as_published_or_not_signed_is_never_unpacked() {
    for (version, key, words) in [
        ("9.9.7", None, "check sum"),
        ("9.9.8", Some("rsa2048.asc"), "none of the trusted keys"),
        ("9.9.8", Some("missing.asc"), "key file"),
    ] {
        let (rig, outcome) = plan(version, key).await;
        let Outcome::Failed { reason, .. } = outcome else { panic!("{outcome:?}") };
        assert!(reason.contains(words), "{reason}");
        assert!(!rig.options.engines.join(version).exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_mirror_has_is_named_when_nothing_will_do() {
    let (_, outcome) = plan("~> 11.0", None).await;
    let Outcome::Failed { reason, .. } = outcome else { panic!("{outcome:?}") };
    assert!(reason.contains("9.9.8") && reason.contains("1.11.4"), "{reason}");
}
