//! The registry: what is refused, what is served, and to whom.

use crate::town::{Answer, Town, inside, on_both};
use app::{Caller, Error, NewRun, NewTest};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

on_both! { a_module_is_served_as_it_was_uploaded  a_provider_is_served_when_it_is_whole  what_is_wrong_with_names_is_said
what_is_sent_at_once_is_judged_by_what_is_there  an_upload_that_fails_late_spoils_nothing }

/// The key that the sums are signed by, as gpg names it.
pub(crate) const KEY: &str = "817C7493EDC5E913";
const ARMOR: &str = include_str!("../../../../tests/fixtures/registry/key.asc");
/// Another one.
pub(crate) const OTHER_ARMOR: &str = include_str!("../../../mirror/tests/fixtures/ed25519.asc");
const SHASUMS: &str = include_str!("../../../../tests/fixtures/registry/SHA256SUMS");
const SIGNATURE: &[u8] = include_bytes!("../../../../tests/fixtures/registry/SHA256SUMS.sig");
const FILE: &str = "terraform-provider-echo_1.2.0_linux_amd64.zip";
const ARCHIVE: &[u8] =
    include_bytes!("../../../../tests/fixtures/registry/terraform-provider-echo_1.2.0_linux_amd64.zip");

/// What the table of routes and roles needs: a module and a provider with a version each, and a test of another module, whose id is
/// answered with that of its configuration.
pub(crate) async fn furnish(town: &Town) -> (String, String) {
    let owner: Caller = town.caller("owner").await;
    town.app.create_module(&owner, "acme", "net", "aws").await.unwrap();
    let version = town.app.create_module_version(&owner, ("acme", "net", "aws"), "1.0.0").await.unwrap();
    town.app.upload_module(&version.id, Box::pin(&b"archive"[..])).await.unwrap();
    town.app.create_gpg_key(&owner, "acme", ARMOR).await.unwrap();
    town.app.create_provider(&owner, "acme", "echo").await.unwrap();
    let protocols = ["5.0".to_owned()];
    let version = town.app.create_provider_version(&owner, ("acme", "echo"), "1.0.0", KEY, &protocols).await.unwrap();
    let sum = SHASUMS.split(' ').next().unwrap();
    let platform = ("linux", "amd64", sum, FILE);
    let platform = town.app.create_platform(&owner, ("acme", "echo"), "1.0.0", platform).await.unwrap();
    town.app.upload_sums(&version.id, "shasums", Box::pin(SHASUMS.as_bytes())).await.unwrap();
    town.app.upload_sums(&version.id, "signature", Box::pin(SIGNATURE)).await.unwrap();
    town.app.upload_platform(&platform.id, Box::pin(ARCHIVE)).await.unwrap();
    let tested = ("acme", "app", "aws");
    town.app.create_module(&owner, tested.0, tested.1, tested.2).await.unwrap();
    let configuration = town.app.create_test_configuration(&owner, tested).await.unwrap().id;
    town.app.upload_configuration(&configuration, Box::pin(&b"archive"[..])).await.unwrap();
    let new = NewTest { configuration_version: Some(configuration.clone()), ..NewTest::default() };
    let test = town.app.create_test(&owner, tested, &new).await.unwrap();
    (test.run.id.test().to_string(), configuration.to_string())
}

async fn make(town: &Town, path: &str, attributes: Value) -> Answer {
    let body = json!({ "data": { "attributes": attributes } }).to_string();
    town.ask("owner", "POST", path, body).await
}

/// Sends to an address of ours without a token.
async fn put(town: &Town, address: &Value, body: impl Into<Vec<u8>>) -> Answer {
    let path = address.as_str().unwrap().strip_prefix("https://terrane.test").unwrap();
    town.ask("nobody", "PUT", path, body.into()).await
}

async fn fetch(town: &Town, method: &str, address: &str) -> Answer {
    town.ask("nobody", method, address.strip_prefix("https://terrane.test").unwrap(), "").await
}

const MODULES: &str = "/api/v2/organizations/acme/registry-modules";

async fn a_module_is_served_as_it_was_uploaded(town: &Town) {
    let made = make(town, MODULES, json!({ "name": "net", "provider": "aws", "registry-name": "private" })).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let versions = format!("{MODULES}/private/acme/net/aws/versions");
    let made = make(town, &versions, json!({ "version": "1.0.0" })).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(make(town, &versions, json!({ "version": "1.0.0" })).await.status, 422);
    let serve = "/api/registry/v1/modules/acme/net/aws";
    let listed = town.ask("read", "GET", &format!("{serve}/versions"), "").await.json();
    assert_eq!(listed["modules"][0]["versions"], json!([]), "a version without an archive is offered");
    assert_eq!(town.ask("read", "GET", &format!("{serve}/1.0.0/download"), "").await.status, 404);

    // Who lost the answer asks again; who only reads is told no address.
    let again = format!("{MODULES}/private/acme/net/aws/version?module_version=1.0.0");
    assert!(town.ask("read", "GET", &again, "").await.json()["data"]["links"].is_null());
    let listed = town.ask("read", "GET", MODULES, "").await.json();
    assert_eq!(listed["data"][0]["attributes"]["status"], "pending");
    let upload = town.ask("owner", "GET", &again, "").await.json()["data"]["links"]["upload"].clone();
    // Large enough to lie in the object store.
    let archive: Vec<u8> = (0..300_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    assert_eq!(put(town, &upload, archive.clone()).await.status, 200);
    assert_eq!(put(town, &upload, &b"another"[..]).await.status, 409, "a version never changes");
    let listed = town.ask("read", "GET", &format!("{serve}/versions"), "").await.json();
    assert_eq!(listed["modules"][0]["versions"], json!([{ "version": "1.0.0" }]));
    let shown = town.ask("owner", "GET", &again, "").await.json();
    assert_eq!((&shown["data"]["attributes"]["status"], &shown["data"]["links"]), (&json!("ok"), &Value::Null));
    for (actor, may) in [("owner", true), ("write", false)] {
        let listed = town.ask(actor, "GET", MODULES, "").await.json();
        let module = &listed["data"][0]["attributes"];
        assert_eq!((&module["status"], &module["permissions"]["can-delete"]), (&json!("setup_complete"), &json!(may)));
        assert!(module.get("version-statuses").is_none(), "what was not read is not told: {module}");
    }
    assert_eq!(make(town, MODULES, json!({ "name": "app", "provider": "aws" })).await.status, 201);
    let page = format!("{MODULES}?page%5Bsize%5D=1&page%5Bnumber%5D=2");
    let page = town.ask("read", "GET", &page, "").await.json();
    assert_eq!((&page["data"][0]["attributes"]["name"], &page["data"][1]), (&json!("net"), &Value::Null));
    assert_eq!(page["meta"]["pagination"]["total-count"], 2);
    let answer = town.ask("read", "GET", &format!("{serve}/1.0.0/download"), "").await;
    assert_eq!(answer.status, 204);
    let address = answer.headers["x-terraform-get"].to_str().unwrap().to_owned();
    assert!(address.ends_with(".tar.gz"), "the CLI tells by its name what it is: {address}");
    let head = fetch(town, "HEAD", &address).await;
    assert_eq!((head.status.as_u16(), head.headers["content-length"].to_str().unwrap()), (200, "300000"));
    assert_eq!(fetch(town, "GET", &address).await.body, archive);
    town.clock.pass(601);
    assert_eq!(fetch(town, "GET", &address).await.status, 401, "an address is good for a while");

    // Its own runs read it, and nobody of another organization.
    let owner = town.caller("owner").await;
    town.new_run(&owner, &town.workspace, NewRun::default()).await;
    let job = town.app.claim(&inside(), None).await.unwrap();
    let token = format!("Bearer {}", job.token.expose_secret());
    let path = format!("{serve}/1.0.0/download");
    assert_eq!(town.ask_with("run", "GET", &path, "", &[("authorization", &token)]).await.status, 204);
    for (actor, status) in [("nobody", 401), ("stranger", 404), ("foreign-run", 404)] {
        assert_eq!(town.ask(actor, "GET", &path, "").await.status, status, "{actor}");
    }
    let one = format!("{MODULES}/private/acme/net/aws");
    let shown = town.ask("read", "GET", &one, "").await.json();
    assert_eq!(shown["data"]["attributes"]["status"], "setup_complete");
    assert_eq!(town.ask("write", "DELETE", &one, "").await.status, 403);
    assert_eq!(town.ask("owner", "DELETE", &format!("{one}/1.0.0"), "").await.status, 204);
    assert_eq!(town.ask("owner", "DELETE", &one, "").await.status, 204);
    assert_eq!(town.ask("read", "GET", &path, "").await.status, 404);
}

async fn a_provider_is_served_when_it_is_whole(town: &Town) {
    let keys = "/api/registry/private/v2/gpg-keys";
    let made = make(town, keys, json!({ "namespace": "acme", "ascii-armor": ARMOR })).await;
    assert_eq!((made.status.as_u16(), &made.json()["data"]["attributes"]["key-id"]), (201, &json!(KEY)));
    assert_eq!(make(town, keys, json!({ "namespace": "acme", "ascii-armor": "no key" })).await.status, 422);
    let both = format!("{OTHER_ARMOR}\n{}", ARMOR.replace("PUBLIC", "PRIVATE"));
    assert_eq!(make(town, keys, json!({ "namespace": "acme", "ascii-armor": both })).await.status, 422);
    assert_eq!(make(town, keys, json!({ "namespace": "acme", "ascii-armor": OTHER_ARMOR })).await.status, 201);
    let providers = "/api/v2/organizations/acme/registry-providers";
    assert_eq!(make(town, providers, json!({ "name": "echo", "registry-name": "private" })).await.status, 201);
    let versions = format!("{providers}/private/acme/echo/versions");
    let unknown = make(town, &versions, json!({ "version": "1.2.0", "key-id": "0123", "protocols": ["5.0"] })).await;
    assert!(unknown.status == 422 && unknown.text().contains("no GPG key 0123"), "{}", unknown.text());
    let announced = make(town, &versions, json!({ "version": "1.2.0", "key-id": KEY, "protocols": ["5.0"] })).await;
    assert_eq!(announced.status, 201, "{}", announced.text());
    let links = announced.json()["data"]["links"].clone();
    let sum = SHASUMS.split(' ').next().unwrap();
    let platforms = format!("{versions}/1.2.0/platforms");
    let platform = json!({ "os": "linux", "arch": "amd64", "shasum": sum, "filename": FILE });
    let platform = make(town, &platforms, platform).await;
    assert_eq!(platform.status, 201, "{}", platform.text());
    let binary = platform.json()["data"]["links"]["provider-binary-upload"].clone();

    // Whoever lost an answer reads where to upload, if they publish.
    let numbered = format!("{versions}/1.2.0");
    for path in [numbered.clone(), format!("{platforms}/linux/amd64")] {
        assert!(town.ask("write", "GET", &path, "").await.json()["data"]["links"].is_null(), "{path}");
    }
    let read = town.ask("owner", "GET", &numbered, "").await.json();
    assert_eq!(read["data"]["links"], links);
    let read = town.ask("owner", "GET", &format!("{platforms}/linux/amd64"), "").await.json();
    assert_eq!(read["data"]["links"], json!({ "provider-binary-upload": binary }));
    for path in
        [providers.to_owned(), versions.clone(), platforms.clone(), format!("{keys}?filter%5Bnamespace%5D=acme")]
    {
        let and = if path.contains('?') { '&' } else { '?' };
        let page = town.ask("read", "GET", &format!("{path}{and}page%5Bnumber%5D=9&page%5Bsize%5D=1"), "").await.json();
        assert_eq!(page["data"], json!([]), "{path}");
        assert_ne!(page["meta"]["pagination"]["total-count"], 0, "{path}");
    }
    let listed = town.ask("write", "GET", providers, "").await.json();
    assert_eq!(listed["data"][0]["attributes"]["permissions"]["can-delete"], false);
    assert!(listed["data"][0]["relationships"].get("registry-provider-versions").is_none());

    // Sums in which the announced archive is another, or none.
    for (from, to, word) in [(sum, &*"0".repeat(64), "has the sum"), (FILE, "other.zip", "does not stand")] {
        let refused = put(town, &links["shasums-upload"], SHASUMS.replace(from, to)).await;
        assert!(refused.status == 422 && refused.text().contains(word), "{}", refused.text());
    }
    let serve = "/api/registry/v1/providers/acme/echo";
    let download = format!("{serve}/1.2.0/download/linux/amd64");
    // The signature first: what comes second has to fit.
    assert_eq!(put(town, &links["shasums-sig-upload"], &SIGNATURE[..20]).await.status, 200);
    let refused = put(town, &links["shasums-upload"], SHASUMS).await;
    assert!(refused.status == 422 && refused.text().contains("signature"), "{}", refused.text());
    assert_eq!(put(town, &links["shasums-sig-upload"], SIGNATURE).await.status, 200);
    assert_eq!(put(town, &links["shasums-upload"], format!("{SHASUMS}\n")).await.status, 422);
    assert_eq!(put(town, &links["shasums-upload"], SHASUMS).await.status, 200);
    assert_eq!(put(town, &links["shasums-upload"], SHASUMS).await.status, 409);
    assert_eq!(town.ask("read", "GET", &download, "").await.status, 404);
    assert_eq!(town.ask("read", "GET", &format!("{serve}/versions"), "").await.json()["versions"], json!([]));
    let refused = put(town, &binary, &b"another"[..]).await;
    assert!(refused.status == 422 && refused.text().contains("SHA-256"), "{}", refused.text());
    assert_eq!(put(town, &binary, ARCHIVE).await.status, 200);
    assert_eq!(put(town, &binary, ARCHIVE).await.status, 409);

    let listed = town.ask("read", "GET", &format!("{serve}/versions"), "").await.json();
    let platforms = json!([{ "os": "linux", "arch": "amd64" }]);
    assert_eq!(listed["versions"], json!([{ "version": "1.2.0", "protocols": ["5.0"], "platforms": platforms }]));
    let package = town.ask("read", "GET", &download, "").await.json();
    assert_eq!((&package["shasum"], &package["filename"]), (&json!(sum), &json!(FILE)));
    assert_eq!(package["signing_keys"]["gpg_public_keys"][0], json!({ "key_id": KEY, "ascii_armor": ARMOR }));
    for (key, bytes) in
        [("download_url", ARCHIVE), ("shasums_url", SHASUMS.as_bytes()), ("shasums_signature_url", SIGNATURE)]
    {
        let address = package[key].as_str().unwrap();
        assert_eq!(fetch(town, "HEAD", address).await.status, 200, "{key}");
        assert_eq!(fetch(town, "GET", address).await.body, bytes, "{key}");
    }
    assert_eq!(town.ask("read", "GET", &format!("{serve}/1.2.0/download/linux/arm64"), "").await.status, 404);
    assert_eq!(town.ask("stranger", "GET", &download, "").await.status, 404);
    let key = format!("{keys}/acme/{KEY}");
    assert_eq!(town.ask("owner", "DELETE", &key, "").await.status, 409, "a version is signed by it");
    assert_eq!(town.ask("owner", "DELETE", &format!("{versions}/1.2.0"), "").await.status, 204);
    assert_eq!(town.ask("owner", "DELETE", &key, "").await.status, 204);
    assert_eq!(town.ask("read", "GET", &download, "").await.status, 404);
}

async fn what_is_wrong_with_names_is_said(town: &Town) {
    let providers = "/api/v2/organizations/acme/registry-providers";
    for (path, attributes, word) in [
        (MODULES, json!({ "name": "Net", "provider": "aws" }), "name"),
        (MODULES, json!({ "name": "a/b", "provider": "aws" }), "name"),
        (MODULES, json!({ "name": "net", "provider": "" }), "provider"),
        (MODULES, json!({ "name": "net", "provider": "aws", "registry-name": "public" }), "registry-name"),
        (MODULES, json!({ "name": "net", "provider": "aws", "namespace": "other" }), "namespace"),
        (providers, json!({ "name": "-" }), "name"),
    ] {
        let refused = make(town, path, attributes.clone()).await;
        assert_eq!(refused.status, 422, "{attributes}: {}", refused.text());
        let pointer = refused.json()["errors"][0]["source"]["pointer"].as_str().unwrap().to_owned();
        assert!(pointer.ends_with(word), "{attributes}: {pointer}");
    }
    assert_eq!(make(town, MODULES, json!({ "name": "net", "provider": "aws" })).await.status, 201);
    assert_eq!(make(town, MODULES, json!({ "name": "net", "provider": "aws" })).await.status, 422);
    let versions = format!("{MODULES}/private/acme/net/aws/versions");
    for number in ["", "1", "v1.0.0", "1.0", "1.0.0+x", "01.0.0"] {
        assert_eq!(make(town, &versions, json!({ "version": number })).await.status, 422, "{number}");
    }
    assert_eq!(town.ask("owner", "GET", &format!("{MODULES}/private/other/net/aws"), "").await.status, 404);
}

/// Check sums and a signature that is not theirs, and check sums and an archive that does not stand among them: each pair sent at once, again and
/// again, so that each is judged before the other is saved. Only one of a pair may be kept.
async fn what_is_sent_at_once_is_judged_by_what_is_there(town: &Town) {
    let (app, owner) = (&town.app, town.caller("owner").await);
    app.create_gpg_key(&owner, "acme", ARMOR).await.unwrap();
    app.create_provider(&owner, "acme", "echo").await.unwrap();
    let protocols = ["5.0".to_owned()];
    let refused = |answer: app::Result<()>| match answer {
        Ok(()) => 0,
        Err(Error::Conflict(_) | Error::Invalid(_)) => 1,
        Err(other) => panic!("{other}"),
    };
    for n in 0..20 {
        let number = format!("1.0.{n}");
        let version = app.create_provider_version(&owner, ("acme", "echo"), &number, KEY, &protocols).await.unwrap();
        let sums = async || app.upload_sums(&version.id, "shasums", Box::pin(SHASUMS.as_bytes())).await;
        let wrong = app.upload_sums(&version.id, "signature", Box::pin(&SIGNATURE[..20]));
        let (one, other) = tokio::join!(sums(), wrong);
        assert_eq!(refused(one) + refused(other), 1, "sums and a signature: attempt {n}");

        let number = format!("2.0.{n}");
        let version = app.create_provider_version(&owner, ("acme", "echo"), &number, KEY, &protocols).await.unwrap();
        let sums = app.upload_sums(&version.id, "shasums", Box::pin(SHASUMS.as_bytes()));
        let sum = "0".repeat(64);
        let platform = app.create_platform(&owner, ("acme", "echo"), &number, ("linux", "amd64", &sum, FILE));
        let (one, other) = tokio::join!(sums, platform);
        assert_eq!(refused(one) + refused(other.map(drop)), 1, "sums and a platform: attempt {n}");
    }
}

async fn an_upload_that_fails_late_spoils_nothing(town: &Town) {
    let (app, owner) = (&town.app, town.caller("owner").await);
    app.create_module(&owner, "acme", "net", "aws").await.unwrap();
    let version = app.create_module_version(&owner, ("acme", "net", "aws"), "1.0.0").await.unwrap();
    // One that has begun, while another one comes whole.
    let (mut sender, body) = tokio::io::duplex(1);
    let good = async {
        sender.write_all(b"bro").await.unwrap();
        app.upload_module(&version.id, Box::pin(&b"archive"[..])).await.unwrap();
        sender.write_all(b"ken").await.unwrap();
        drop(sender);
    };
    let (late, ()) = tokio::join!(app.upload_module(&version.id, Box::pin(body)), good);
    assert!(matches!(late, Err(Error::Invalid(_))), "{late:?}");
    let (_, versions) = app.module(&owner, "acme", "net", "aws").await.unwrap();
    assert_eq!((versions[0].status.as_str(), &versions[0].error), ("ok", &None));
    // And a second good one, which was late.
    let version = app.create_module_version(&owner, ("acme", "net", "aws"), "1.1.0").await.unwrap();
    let (mut sender, body) = tokio::io::duplex(1);
    let good = async {
        sender.write_all(b"ano").await.unwrap();
        app.upload_module(&version.id, Box::pin(&b"archive"[..])).await.unwrap();
        sender.write_all(b"ther").await.unwrap();
        drop(sender);
    };
    let (late, ()) = tokio::join!(app.upload_module(&version.id, Box::pin(body)), good);
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
}
