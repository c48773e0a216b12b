//! The keys that everything is sealed with: rotated while people work, moved, lost.

use std::fs;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};
use terrane_tests::api::{Answer, Api, send};
use terrane_tests::process::eventually;
use terrane_tests::{ORGANIZATION, Peer, Server, Slug, Stage, Version};

use tokio::runtime::Runtime;

use crate::{fakes, stories, trial};

stories! {
    NONE:
        a_rotation_is_noticed_by_nobody,
        a_rotation_that_is_cut_off_goes_on,
        the_master_key_moves_to_kms_and_back,
        the_master_key_lives_in_a_vault,
        a_key_service_that_is_away_is_needed_by_a_start_only,
        a_wrong_an_older_and_no_master_key_are_told,
        a_lost_master_key_is_recovered_from_an_escrow,
        a_lost_site_comes_back_from_its_backups_and_an_escrow,
}

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial("postgres::keys::a_rotation_of_two_servers_is_noticed_by_nobody".into(), two_servers)]
}

fn a_rotation_is_noticed_by_nobody(stage: &mut Stage) {
    rotate_under_load(stage, 0);
}

/// The second server learns of new root keys by what it meets.
fn two_servers() {
    let mut stage = Stage::on(Server::cluster(&[&[], &["--runner", "off"]]), Version::V1_11_4);
    rotate_under_load(&mut stage, 1);
    stage.leave();
}

/// Rotates at the first server while clients work with that one and with `other`.
fn rotate_under_load(stage: &mut Stage, other: usize) {
    let kept = Kept::make(stage);
    kept.works(stage);
    let mut crowd = Crowd::default();
    for number in 0..4 {
        let api = stage.server.node(if number % 2 == 0 { 0 } else { other }).api(&stage.token);
        crowd.add(move |times| write_state(&api, number, times));
    }
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("planned") + "output \"it\" {\n  value = 1\n}\n")).good(&["init"]);
    crowd.add(move |_| drop(cli.good(&["plan"])));
    let mut roots = vec![current(&status(stage, 0))];
    for _ in 0..3 {
        crowd.works();
        let (said, complained) = keys(stage, 0, &["rotate"], "").expect("a rotation");
        assert!(said.is_empty() && complained.contains("wraps data keys from now on"), "{complained}");
        roots.push(current(&status(stage, 0)));
    }
    crowd.works();
    crowd.leave();
    let mut different = roots.clone();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), 4, "{roots:?}");
    kept.works(stage);
    // What the other server still wrapped with a root key that it knew is found by the next rotation, or by the reconciler.
    eventually("everything to be wrapped by the current root key", Duration::from_secs(150), || {
        let now = status(stage, 0);
        (!now["rotating"].as_bool().expect("a truth value")).then_some(())
    });
    let now = status(stage, 0);
    let data = now["roots"].as_array().expect("root keys").iter().filter(|root| root["purpose"] == "data");
    for root in data {
        let (stage, wraps) = (root["stage"].as_str().expect("a stage"), root["wraps"].as_u64().expect("a number"));
        assert!((stage, wraps > 0) == ("current", true) || (stage, wraps) == ("retired", 0), "{root}");
    }
}

/// Clients that do the same again and again.
#[derive(Default)]
struct Crowd {
    stop: Arc<AtomicBool>,
    busy: Vec<(Arc<AtomicU64>, JoinHandle<()>)>,
}

impl Crowd {
    /// One more, who is told how often it was done before.
    fn add(&mut self, work: impl Fn(u64) + Send + 'static) {
        let (stop, done) = (self.stop.clone(), Arc::new(AtomicU64::new(0)));
        let counted = done.clone();
        let busy = thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                work(counted.load(Ordering::Relaxed));
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        self.busy.push((done, busy));
    }

    /// Waits until everybody has done it twice more: one was begun after this.
    fn works(&self) {
        let before: Vec<u64> = self.busy.iter().map(|(done, _)| done.load(Ordering::Relaxed)).collect();
        eventually("everybody to work", Duration::from_secs(120), || {
            let mut all = self.busy.iter().zip(&before);
            assert!(self.busy.iter().all(|(_, busy)| !busy.is_finished()), "a request failed");
            all.all(|((done, _), before)| done.load(Ordering::Relaxed) > before + 1).then_some(())
        });
    }

    /// Lets them end; a request that failed is told.
    fn leave(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.busy.into_iter().for_each(|(_, busy)| busy.join().expect("no request fails"));
    }
}

/// Writes a state through the http door and reads it back.
fn write_state(api: &Api, number: usize, times: u64) {
    let serial = times + 1;
    // Every fourth workspace is a new one, with a data key of its own.
    let name = format!("state-{number}-{}", if serial.is_multiple_of(4) { serial } else { 0 });
    let body = state(serial);
    let path = format!("/api/http/{ORGANIZATION}/{name}");
    let ask = |method: &str, body: String| -> Answer {
        send(api.request(method, &path).header("content-type", "application/json").body(body))
    };
    let _ = ask("POST", body.clone()).is(&[200]);
    assert_eq!(ask("GET", String::new()).is(&[200]).text(), body);
}

fn state(serial: u64) -> String {
    json!({ "version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": "a-lineage", "outputs": {}, "resources": [] })
        .to_string()
}

fn a_rotation_that_is_cut_off_goes_on(stage: &mut Stage) {
    let kept = Kept::make(stage);
    // Enough that a rotation takes a while.
    for number in 0..400 {
        let _ = stage.create_workspace(&format!("one-of-many-{number}"), json!({}));
    }
    let before = current(&status(stage, 0));
    let rotating = stage.server.start_terrane(0, "keys", &["rotate"]);
    eventually("the rotation to begin", Duration::from_secs(60), || {
        stage.server.log().contains("another root key wraps data keys").then_some(())
    });
    stage.server.kill();
    let _ = rotating.wait_with_output().expect("the end of the rotation");
    stage.server.restart();
    kept.works(stage);
    // The reconciler of the new start goes on, if this does not.
    let (_, said) = keys(stage, 0, &["rotate"], "").expect("a rotation");
    assert!(said.contains("data keys were wrapped again"), "{said}");
    let now = status(stage, 0);
    assert!(current(&now) != before && now["rotating"] == false, "{now}");
    kept.works(stage);
}

/// Runs `terrane keys`; what it printed on stdout and on stderr, or on stderr alone when it fails.
fn keys(stage: &Stage, node: usize, arguments: &[&str], input: &str) -> Result<(String, String), String> {
    let said = stage.server.terrane_told(node, "keys", arguments, input);
    if said.good { Ok((said.out, said.told)) } else { Err(said.told) }
}

/// What a site says of its keys.
fn status(stage: &Stage, node: usize) -> Value {
    let (said, _) = keys(stage, node, &["status", "--json"], "").expect("the status of the keys");
    serde_json::from_str(&said).expect("JSON")
}

/// The root key that wraps data keys.
fn current(status: &Value) -> String {
    let roots = status["roots"].as_array().expect("root keys");
    let current = roots.iter().find(|root| root["purpose"] == "data" && root["stage"] == "current");
    current.and_then(|root| root["id"].as_str()).expect("a current root key").to_owned()
}

/// Something of everything that is sealed, signed or hashed.
struct Kept {
    workspace: String,
    configuration: String,
    /// A signed address of a module's archive.
    archive: String,
    /// What a run logged of its sensitive variable.
    log: String,
}

/// A run that shows that it got a sensitive variable, an SSH key and a token of its own, without showing them.
const SHOWING: &str = "\
variable \"secret\" {
  sensitive = true
}
resource \"terraform_data\" \"it\" {
  triggers_replace = timestamp()
  provisioner \"local-exec\" {
    command = \"echo secret-is-${nonsensitive(sha256(var.secret))} ${length(nonsensitive(var.secret))}; \
test -n \\\"$GIT_SSH_COMMAND\\\" && echo has-an-ssh-key; test -n \\\"$TFC_WORKLOAD_IDENTITY_TOKEN\\\" && echo has-an-identity\"
  }
}
";

/// What begins and ends as a key does is taken for one; no run uses it.
const SSH: &str = "-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----";

impl Kept {
    fn make(stage: &Stage) -> Self {
        let api = stage.api();
        let workspace = stage.create_workspace("kept", json!({ "auto-apply": true, "terraform-version": "1.11.4" }));
        let set = |key: &str, value: &str, category: &str, sensitive: bool| {
            let attributes = json!({ "key": key, "value": value, "category": category, "sensitive": sensitive });
            let document = json!({ "data": { "type": "vars", "attributes": attributes } });
            let _ = api.post(&format!("workspaces/{workspace}/vars"), &document).is(&[201]);
        };
        set("secret", "hunter2 of the keys", "terraform", true);
        set("TFC_WORKLOAD_IDENTITY_AUDIENCE", "anybody", "env", false);
        let ssh = json!({ "name": "ssh", "value": SSH });
        let document = json!({ "data": { "type": "ssh-keys", "attributes": ssh } });
        let ssh = api.post(&format!("organizations/{ORGANIZATION}/ssh-keys"), &document).is(&[201]).data();
        let document = json!({ "data": { "type": "workspaces", "attributes": { "id": ssh["id"] } } });
        let _ = api.patch(&format!("workspaces/{workspace}/relationships/ssh-key"), &document).is(&[200]);
        let hook = json!({ "data": { "type": "hooks", "attributes": { "script": "echo the-hook-was-here" } } });
        let put = api.document("PUT", &format!("organizations/{ORGANIZATION}/hooks/pre-plan"), hook.to_string());
        let _ = put.is(&[200, 201]);
        let modules = format!("organizations/{ORGANIZATION}/registry-modules");
        let module = json!({ "name": "kept", "provider": "test", "registry-name": "private" });
        let document = json!({ "data": { "type": "registry-modules", "attributes": module } });
        let _ = api.post(&modules, &document).is(&[201]);
        let versions = format!("{modules}/private/{ORGANIZATION}/kept/test/versions");
        let document = json!({ "data": { "type": "registry-module-versions", "attributes": { "version": "1.0.0" } } });
        let version = api.post(&versions, &document).is(&[201]).data();
        let address = version["links"]["upload"].as_str().expect("an address to upload to");
        let archive = Slug::pack(&[("main.tf", "output \"kept\" {\n  value = 1\n}\n")]);
        let _ = send(stage.server.api("").request("PUT", address).body(archive.0)).is(&[200]);
        let configuration = stage.uploaded(&workspace, false, &Slug::pack(&[("main.tf", SHOWING)]));
        let found =
            api.get(&format!("/api/registry/v1/modules/{ORGANIZATION}/kept/test/1.0.0/download")).is(&[200, 204]);
        let archive = found.headers.get("x-terraform-get").and_then(|value| value.to_str().ok());
        let archive = archive.expect("an address").to_owned();
        let mut kept = Self { workspace, configuration, archive, log: String::new() };
        kept.log = kept.run(stage);
        let said = kept.log.lines().find(|line| line.contains("secret-is-")).unwrap_or_else(|| panic!("{}", kept.log));
        kept.log = said.trim().to_owned();
        kept
    }

    fn run(&self, stage: &Stage) -> String {
        let run = stage.queue(&self.workspace, &self.configuration, &json!({}));
        let run = stage.reaches(&run, &["applied"]);
        let log = stage.log(&run, "plan") + &stage.log(&run, "apply");
        for said in ["the-hook-was-here", "has-an-ssh-key", "has-an-identity"] {
            assert!(log.contains(said), "{said} is missing: {log}");
        }
        log
    }

    /// Everything still is what it was.
    fn works(&self, stage: &Stage) {
        let log = self.run(stage);
        assert!(log.contains(&self.log), "another secret: {} is not in {log}", self.log);
        // Signed before whatever happened since.
        assert!(!stage.server.api("").get(&self.archive).is(&[200]).body.is_empty());
    }
}

fn the_master_key_moves_to_kms_and_back(stage: &mut Stage) {
    let kept = Kept::make(stage);
    let moto = Peer::moto();
    let key = made(&moto);
    let file = stage.server.data().join("master.key");
    let endpoint = moto.address();
    let credentials = [("AWS_ACCESS_KEY_ID", "nobody"), ("AWS_SECRET_ACCESS_KEY", "a-secret-of-the-cloud")];
    stage.server.environment(&credentials.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let (kms, old) = (format!("awskms:{key}"), format!("file:{}", file.display()));

    // There.
    assert!(stage.server.stop().success());
    for (flag, value) in [("--master-key", &kms), ("--old-master-key", &old), ("--master-key-endpoint", &endpoint)] {
        stage.server.set(flag, Some(value));
    }
    stage.server.set("--master-key-region", Some("us-east-1"));
    stage.server.restart();
    assert!(stage.server.log().contains("a root key is wrapped by the new master key"), "{}", stage.server.log());
    assert!(stage.server.stop().success());
    stage.server.set("--old-master-key", None);
    fs::remove_file(&file).expect("the key file is not needed any more");
    stage.server.restart();
    kept.works(stage);
    let (_, said) = keys(stage, 0, &["rotate"], "").expect("a rotation");
    assert!(said.contains("data keys were wrapped again"), "{said}");
    let now = status(stage, 0);
    let masters = || now["roots"].as_array().expect("root keys").iter().filter(|root| root["stage"] == "current");
    assert!(masters().all(|root| root["master"].as_str().is_some_and(|master| master.ends_with(&key))), "{now}");
    assert!(now["answers"] == true && now["master"].as_str().is_some_and(|name| name.contains(&key)), "{now}");

    // And back, to a file that is made.
    assert!(stage.server.stop().success());
    let another = format!("file:{}", stage.server.data().join("another.key").display());
    stage.server.set("--old-master-key", Some(&kms));
    stage.server.set("--master-key", Some(&another));
    stage.server.restart();
    assert!(stage.server.stop().success());
    for flag in ["--old-master-key", "--master-key-endpoint", "--master-key-region"] {
        stage.server.set(flag, None);
    }
    drop(moto);
    stage.server.restart();
    kept.works(stage);
    assert!(!stage.server.log().contains("a-secret-of-the-cloud"));
}

/// While the key service is away, everything is served, and nothing starts.
fn a_key_service_that_is_away_is_needed_by_a_start_only(base: &mut Stage) {
    // In the end nobody can bring its key back.
    let stage = &mut Stage::on(Server::start(base.server.database()), Version::V1_11_4);
    let kept = Kept::make(stage);
    let moto = Peer::moto();
    let key = made(&moto);
    let credentials = [("AWS_ACCESS_KEY_ID", "nobody"), ("AWS_SECRET_ACCESS_KEY", "a-secret-of-the-cloud")];
    stage.server.environment(&credentials.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(stage.server.stop().success());
    let old = format!("file:{}", stage.server.data().join("master.key").display());
    let endpoint = moto.address();
    let flags =
        [("--master-key", format!("awskms:{key}")), ("--old-master-key", old), ("--master-key-endpoint", endpoint)];
    flags.iter().for_each(|(flag, value)| stage.server.set(flag, Some(value)));
    stage.server.restart();
    stage.server.set("--old-master-key", None);
    drop(moto);
    kept.works(stage);
    let refused = keys(stage, 0, &["rotate"], "").expect_err("nothing wraps a new root key");
    assert!(refused.contains("no connection") && refused.contains("--master-key-endpoint"), "{refused}");
    let refused = keys(stage, 0, &["status"], "").expect_err("the key service is away");
    assert!(refused.contains("the master key does not do its part"), "{refused}");
    kept.works(stage);
    assert!(stage.server.stop().success());
    let said = stage.server.refuses_to_start();
    assert!(
        said.contains("the root keys are wrapped by the master key awskms:") && said.contains("no connection"),
        "{said}"
    );
    assert!(said.contains("the server starts once it answers") && !said.contains("a-secret-of-the-cloud"), "{said}");
    // The file still opens nothing: the root keys have moved.
    stage.server.set("--master-key", None);
    stage.server.set("--master-key-endpoint", None);
    let said = stage.server.refuses_to_start();
    assert!(said.contains("is sealed with the master key awskms:"), "{said}");
}

fn a_wrong_an_older_and_no_master_key_are_told(stage: &mut Stage) {
    let kept = Kept::make(stage);
    let (first, _) = keys(stage, 0, &["generate"], "").expect("a key");
    let (second, _) = keys(stage, 0, &["generate"], "").expect("a key");
    let variables = [("FIRST", first.trim()), ("SECOND", second.trim()), ("NONSENSE", "trnk_short")];
    stage.server.environment(&variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(stage.server.stop().success());
    let all = format!("of {} workspaces", 1);
    let file = format!("file:{}", stage.server.data().join("master.key").display());
    // Another one.
    stage.server.set("--master-key", Some("env:FIRST"));
    let said = stage.server.refuses_to_start();
    let told = [
        "is sealed with the master key",
        "the key in the variable FIRST does not open it",
        &all,
        "terrane keys recover",
    ];
    assert!(told.iter().all(|told| said.contains(told)), "{said}");
    // An older one: the root keys have moved to a variable, and from there to another.
    stage.server.set("--old-master-key", Some(&file));
    stage.server.restart();
    kept.works(stage);
    assert!(stage.server.stop().success());
    stage.server.set("--old-master-key", Some("env:FIRST"));
    stage.server.set("--master-key", Some("env:SECOND"));
    stage.server.restart();
    assert!(stage.server.stop().success());
    stage.server.set("--old-master-key", None);
    stage.server.set("--master-key", Some("env:FIRST"));
    let said = stage.server.refuses_to_start();
    assert!(said.contains("the states of 0 of 1 workspaces can be read, and those of 1 not"), "{said}");
    for (variable, wrong) in [("NONSENSE", "does not hold a key"), ("NOBODY", "there is no variable NOBODY")] {
        stage.server.set("--master-key", Some(&format!("env:{variable}")));
        let said = stage.server.refuses_to_start();
        assert!(said.contains(wrong) && !said.contains("trnk_short"), "{said}");
    }
    stage.server.set("--master-key", Some("env:SECOND"));
    stage.server.restart();
    kept.works(stage);
    for key in [first.trim(), second.trim()] {
        assert!(!stage.server.log().contains(key), "a key is in the log");
    }
}

fn a_lost_master_key_is_recovered_from_an_escrow(stage: &mut Stage) {
    const PASSPHRASE: &str = "correct horse battery staple\n";
    let kept = Kept::make(stage);
    let folder = stage.server.folder().to_owned();
    let path = |name: &str| folder.join(name).to_str().expect("a path of letters").to_owned();
    let (early, late) = (path("early.escrow"), path("late.escrow"));
    let refused = keys(stage, 0, &["escrow", "--to", &early], "hunter2\n").expect_err("it is too short");
    assert!(refused.contains("needs at least 12") && !fs::exists(&early).expect("look for a file"), "{refused}");
    let _ = keys(stage, 0, &["escrow", "--to", &early], PASSPHRASE).expect("an escrow");
    let _ = keys(stage, 0, &["escrow", "--to", &early], PASSPHRASE).expect_err("it is there already");
    let _ = keys(stage, 0, &["rotate"], "").expect("a rotation");
    let never = |status: &Value| {
        let roots = status["roots"].as_array().expect("root keys").iter();
        roots.filter(|root| root["stage"] == "current" && root["escrowed-at"].is_null()).count()
    };
    assert_eq!(never(&status(stage, 0)), 1, "the new root key is in no escrow");
    let _ = keys(stage, 0, &["escrow", "--to", &late], PASSPHRASE).expect("an escrow");
    assert_eq!(never(&status(stage, 0)), 0);

    assert!(stage.server.stop().success());
    fs::remove_file(stage.server.data().join("master.key")).expect("lose the key");
    let said = stage.server.refuses_to_start();
    assert!(said.contains("there is no key file") && said.contains("terrane keys recover"), "{said}");
    let recover =
        |stage: &Stage, from: &str, passphrase: &str| keys(stage, 0, &["recover", "--from", from], passphrase);
    let refused = recover(stage, &late, "another horse battery staple\n").expect_err("another passphrase");
    assert!(refused.contains("the passphrase is another one"), "{refused}");
    let stranger = Stage::on(Server::start(stage.server.database()), Version::V1_11_4);
    let foreign = path("foreign.escrow");
    let _ = keys(&stranger, 0, &["escrow", "--to", &foreign], PASSPHRASE).expect("an escrow");
    let refused = recover(stage, &foreign, PASSPHRASE).expect_err("another site's");
    assert!(refused.contains("the escrow is of the site"), "{refused}");
    stranger.leave();
    let refused = recover(stage, &early, PASSPHRASE).expect_err("it lacks the new root key");
    assert!(refused.contains("the escrow is older than some root keys"), "{refused}");
    let said = stage.server.refuses_to_start();
    assert!(said.contains("the states of 0 of 1 workspaces can be read"), "{said}");
    let (_, said) = recover(stage, &late, PASSPHRASE).expect("the root keys are back");
    assert!(said.contains("are wrapped by the master key of these settings now"), "{said}");
    stage.server.restart();
    kept.works(stage);
}

/// Master key, database and objects are gone.
fn a_lost_site_comes_back_from_its_backups_and_an_escrow(stage: &mut Stage) {
    const PASSPHRASE: &str = "correct horse battery staple\n";
    let _kept = Kept::make(stage);
    let path = |name: &str| stage.server.folder().join(name).to_str().expect("a path of letters").to_owned();
    let (escrow, backups) = (path("an.escrow"), format!("file:{}", path("backups")));
    let _ = keys(stage, 0, &["escrow", "--to", &escrow], PASSPHRASE).expect("an escrow");
    let _ = stage.server.terrane("backup", &["--backup", &backups]).good();

    let mut server = Server::prepare(stage.server.database(), &["--backup", &backups]);
    let refused = server.terrane("restore", &[]).refused();
    assert!(refused.contains("master.key"), "{refused}");
    let recover = |server: &Server| server.terrane_told(0, "keys", &["recover", "--from", &escrow], PASSPHRASE);
    let first = recover(&server);
    assert!(first.good && first.told.contains("nothing is in the database yet"), "{first:?}");
    // The rows are there then, and their root keys are still wrapped by what was lost.
    let refused = server.terrane("restore", &[]).refused();
    assert!(refused.contains("restored ") && refused.contains("does not open it"), "{refused}");
    let second = recover(&server);
    assert!(second.good && second.told.contains("are wrapped by the master key of these settings now"), "{second:?}");
    let _ = server.terrane("verify", &[]).good();
    server.restart();
    let _ = server.api(&stage.token).get(&format!("organizations/{ORGANIZATION}")).is(&[200]);
    let _ = server.terrane("backup", &[]).good();
    assert!(server.stop().success());
}

/// Both are asked as their vendors have it by a server of the tests, which refuses everything else.
fn the_master_key_lives_in_a_vault(stage: &mut Stage) {
    let kept = Kept::make(stage);
    let (transit, key_vault) = served();
    let backups = format!("file:{}", stage.server.folder().join("backups").display());
    stage.server.set("--backup", Some(&backups));
    let _ = stage.server.terrane("backup", &[]).good();
    let file = format!("file:{}", stage.server.data().join("master.key").display());
    let secrets = [fakes::transit::TOKEN, fakes::key_vault::SECRET];

    let address = format!("http://{transit}");
    let there = [
        ("--master-key", "vault:one"),
        ("--old-master-key", &file),
        ("--master-key-endpoint", &address),
        ("--master-key-credential", fakes::transit::TOKEN),
        ("--master-key-namespace", fakes::transit::NAMESPACE),
    ];
    moves(stage, &kept, &there, "vault:team/transit/one");

    // From there through a file, and on.
    stage.server.set("--master-key", Some(&file));
    stage.server.set("--old-master-key", Some("vault:one"));
    stage.server.restart();
    let _ = stage.server.terrane("backup", &[]).good();
    assert!(stage.server.stop().success());
    for (flag, _) in there {
        stage.server.set(flag, None);
    }
    let key = format!("azurekeyvault:http://{key_vault}/keys/one");
    let credential = format!("{}:{}", fakes::key_vault::APPLICATION, fakes::key_vault::SECRET);
    let there = [("--master-key", key.as_str()), ("--old-master-key", &file), ("--master-key-credential", &credential)];
    moves(stage, &kept, &there, &format!("{key}/{}", fakes::key_vault::VERSION));

    let said = stage.server.terrane("config", &[]).good();
    assert!(said.contains(&format!("master-key = {key:?}")), "{said}");
    for secret in secrets {
        assert!(!stage.server.log().contains(secret) && !said.contains(secret), "{secret} is told");
    }
    stage.server.restart();
}

/// Moves the root keys with these flags, which hold the old master key too, and looks whether everything is still what it was.
fn moves(stage: &mut Stage, kept: &Kept, flags: &[(&str, &str)], master: &str) {
    if stage.server.is_ready() {
        assert!(stage.server.stop().success());
    }
    for (flag, value) in flags {
        stage.server.set(flag, Some(value));
    }
    stage.server.restart();
    // The place of the backups moves with the first one.
    let _ = stage.server.terrane("backup", &[]).good();
    assert!(stage.server.stop().success());
    stage.server.set("--old-master-key", None);
    stage.server.restart();
    kept.works(stage);
    let _ = stage.server.terrane("backup", &[]).good();
    let _ = keys(stage, 0, &["rotate"], "").expect("a rotation");
    let now = status(stage, 0);
    let live = now["roots"].as_array().expect("root keys").iter().filter(|root| root["stage"] == "current");
    assert!(live.map(|root| &root["master"]).all(|named| named == master), "{now}");
    let _ = stage.server.terrane("verify", &[]).good();
    assert!(stage.server.stop().success());
}

/// A transit engine and a key vault, until the tests end.
fn served() -> (SocketAddr, SocketAddr) {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));
    RUNTIME.block_on(async { (fakes::transit::start().await, fakes::key_vault::start().await) })
}

/// Makes a key of KMS; its id.
fn made(moto: &Peer) -> String {
    let client = reqwest::blocking::Client::new();
    let request = client.post(moto.address()).header("x-amz-target", "TrentService.CreateKey");
    let signed =
        "AWS4-HMAC-SHA256 Credential=nobody/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=none";
    let request = request.header("content-type", "application/x-amz-json-1.1").header("authorization", signed);
    let answer = request.body("{}").send().and_then(reqwest::blocking::Response::text).expect("a key of KMS");
    let made: Value = serde_json::from_str(&answer).expect("JSON");
    made["KeyMetadata"]["KeyId"].as_str().expect("the id of a key").to_owned()
}
