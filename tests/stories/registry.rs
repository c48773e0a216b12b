//! Modules and providers of an organization's own, published by the API and installed by `terraform init`.

use serde_json::{Value, json};
use terrane_tests::api::send;
use terrane_tests::{Cli, ORGANIZATION, Slug, Stage};

use crate::{stories, uploads};

stories! {
    CLOUD:
        a_module_is_published_and_used_here_and_in_a_run,
        a_provider_is_published_and_installed;
}

const FILE: &str = "terraform-provider-echo_1.2.0_linux_amd64.zip";
const ARCHIVE: &[u8] = include_bytes!("../fixtures/registry/terraform-provider-echo_1.2.0_linux_amd64.zip");
const SHASUMS: &[u8] = include_bytes!("../fixtures/registry/SHA256SUMS");
const SIGNATURE: &[u8] = include_bytes!("../fixtures/registry/SHA256SUMS.sig");
const KEY: &str = include_str!("../fixtures/registry/key.asc");

fn post(stage: &Stage, path: &str, kind: &str, attributes: &Value) -> Value {
    let document = json!({ "data": { "type": kind, "attributes": attributes } });
    stage.api().post(path, &document).is(&[201]).data()
}

/// Sends a file to the address that an answer links to. No token goes along.
fn upload(stage: &Stage, announced: &Value, link: &str, bytes: &[u8]) -> terrane_tests::Answer {
    let address = announced["links"][link].as_str().expect("an address to upload to");
    send(stage.server.api("").request("PUT", address).body(bytes.to_vec()))
}

/// Whether the CLI says that it came without a token, rather than that anything else went wrong.
fn turned_away(shown: &str) -> bool {
    shown.contains("401 Unauthorized") || shown.contains("authentication credentials")
}

fn a_module_is_published_and_used_here_and_in_a_run(stage: &mut Stage) {
    let modules = format!("organizations/{ORGANIZATION}/registry-modules");
    post(
        stage,
        &modules,
        "registry-modules",
        &json!({ "name": "greeting", "provider": "test", "registry-name": "private" }),
    );
    let versions = format!("{modules}/private/{ORGANIZATION}/greeting/test/versions");
    for (number, word) in [("1.0.0", "hello"), ("1.1.0", "welcome")] {
        let version = post(stage, &versions, "registry-module-versions", &json!({ "version": number }));
        if number == "1.0.0" {
            for (what, slug) in uploads::hostile() {
                let refused = upload(stage, &version, "upload", &slug.0);
                assert_eq!(refused.status, 422, "{what}: {}", refused.text());
            }
            let module = stage.api().get(&format!("{modules}/private/{ORGANIZATION}/greeting/test")).is(&[200]).data();
            let said = &module["attributes"]["version-statuses"][0];
            assert_eq!(said["status"], "reg_ingress_failed");
            assert!(said["error"].as_str().is_some_and(|error| !error.is_empty()), "no reason is given: {module}");
        }
        let archive = Slug::pack(&[("main.tf", &format!("output \"word\" {{\n  value = {word:?}\n}}\n"))]);
        let _ = upload(stage, &version, "upload", &archive.0).is(&[200]);
    }
    let host = stage.server.host();
    let using = |version: &str| {
        format!(
            "module \"greeting\" {{\n  source  = \"{host}/{ORGANIZATION}/greeting/test\"\n  version = {version:?}\n}}\n\
             output \"word\" {{\n  value = module.greeting.word\n}}\n"
        )
    };
    let cli = stage.cli();
    cli.write("main.tf", &using("~> 1.0.0")).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    assert_eq!(cli.bytes(&["output", "-raw", "word"]), b"hello");
    cli.write("main.tf", &using("~> 1.0")).good(&["init", "-upgrade"]);
    cli.good(&["apply", "-auto-approve"]);
    assert_eq!(cli.bytes(&["output", "-raw", "word"]), b"welcome");

    let remote = stage.cli();
    remote.write("main.tf", &(stage.cloud("greeted") + &using("1.1.0"))).good(&["init"]);
    remote.good(&["apply", "-auto-approve"]);
    assert_eq!(remote.bytes(&["output", "-raw", "word"]), b"welcome");

    let stranger = Cli::visiting(stage.version(), &stage.server);
    let shown = stranger.write("main.tf", &using("1.1.0")).bad(&["init"]);
    assert!(turned_away(&shown), "{shown}");
}

fn a_provider_is_published_and_installed(stage: &mut Stage) {
    let key = post(
        stage,
        "/api/registry/private/v2/gpg-keys",
        "gpg-keys",
        &json!({ "namespace": ORGANIZATION, "ascii-armor": KEY }),
    );
    let providers = format!("organizations/{ORGANIZATION}/registry-providers");
    let made = json!({ "name": "echo", "namespace": ORGANIZATION, "registry-name": "private" });
    post(stage, &providers, "registry-providers", &made);
    let versions = format!("{providers}/private/{ORGANIZATION}/echo/versions");
    let announced = json!({ "version": "1.2.0", "key-id": key["attributes"]["key-id"], "protocols": ["5.0"] });
    let version = post(stage, &versions, "registry-provider-versions", &announced);
    let _ = upload(stage, &version, "shasums-upload", SHASUMS).is(&[200]);
    let refused = upload(stage, &version, "shasums-sig-upload", &SIGNATURE[..SIGNATURE.len() - 1]).refuses(&[422]);
    assert!(refused.contains("signature"), "{refused}");
    let _ = upload(stage, &version, "shasums-sig-upload", SIGNATURE).is(&[200]);
    let sum = std::str::from_utf8(SHASUMS).expect("a text").split(' ').next().expect("a sum");
    let platform = json!({ "os": "linux", "arch": "amd64", "shasum": sum, "filename": FILE });
    let platform =
        post(stage, &format!("{versions}/1.2.0/platforms"), "registry-provider-version-platforms", &platform);

    let host = stage.server.host();
    let cli = stage.cli();
    // All providers come from where they are published.
    cli.settings("");
    let wanted = format!(
        "terraform {{\n  required_providers {{\n    echo = {{\n      source  = \"{host}/{ORGANIZATION}/echo\"\n      version = \"1.2.0\"\n    }}\n  }}\n}}\n"
    );
    let shown = cli.write("main.tf", &wanted).bad(&["init"]);
    assert!(shown.contains("no available releases") || shown.contains("Failed to query"), "{shown}");
    let refused = upload(stage, &platform, "provider-binary-upload", b"another file").refuses(&[422]);
    assert!(refused.contains("SHA-256"), "{refused}");
    let _ = upload(stage, &platform, "provider-binary-upload", ARCHIVE).is(&[200]);

    let shown = cli.good(&["init"]);
    assert!(shown.contains("Installed") && shown.contains("echo v1.2.0"), "{shown}");
    let stranger = Cli::visiting(stage.version(), &stage.server);
    stranger.settings("");
    let shown = stranger.write("main.tf", &wanted).bad(&["init"]);
    assert!(turned_away(&shown), "{shown}");
}
