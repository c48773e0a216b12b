//! Where large sealed bytes are kept: a bucket and a container, and what is served while they are away.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};
use terrane_tests::api::{Answer, send};
use terrane_tests::process::eventually;
use terrane_tests::{Peer, Server, Slug, Stage, Version};

use crate::stories;

stories! {
    NONE:
        a_large_state_lives_in_a_bucket,
        a_large_state_lives_in_a_container,
        a_store_that_cannot_be_used_stops_the_start;
}

fn a_large_state_lives_in_a_bucket(stage: &mut Stage) {
    let moto = Peer::moto();
    moto.make_bucket("states");
    let endpoint = moto.address();
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
    azurite.make_container("states");
    let signed = azurite.container("states");
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
    let endpoint = moto.address();
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
