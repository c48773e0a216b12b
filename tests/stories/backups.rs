//! A site is backed up while it works, and restored onto the other database and another object store.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use terrane_tests::api::{Answer, send};
use terrane_tests::{Api, Database, Peer, Server, Slug, Stage, Version};

use crate::stories;

stories! {
    NONE:
        a_working_site_moves_to_the_other_engine_and_a_bucket,
        a_site_with_a_bucket_moves_to_a_container,
        what_is_damaged_is_named_and_never_restored,
        a_site_that_is_not_empty_stays,
        what_was_altered_is_found,
        a_place_is_one_sites_backups_alone;
}

/// So many write at once.
const WRITERS: usize = 4;

fn other(database: Database) -> Database {
    match database {
        Database::Sqlite => Database::Postgres,
        Database::Postgres => Database::Sqlite,
    }
}

fn a_working_site_moves_to_the_other_engine_and_a_bucket(stage: &mut Stage) {
    let moto = Peer::moto();
    moto.make_bucket("restored");
    let (endpoint, credential) = (moto.address(), "nobody:a-secret");
    let place = format!("file:{}", stage.server.folder().join("backups").display());
    let flags = ["--objects", "s3:restored/site", "--objects-endpoint", &endpoint, "--objects-credential", credential];
    let flags = [&flags[..], &["--backup", &place]].concat();
    let new = Server::prepare(other(stage.server.database()), &flags);
    drill(stage, &["--backup", &place], new);
}

fn a_site_with_a_bucket_moves_to_a_container(stage: &mut Stage) {
    let moto = Peer::moto();
    ["site", "backups"].iter().for_each(|bucket| moto.make_bucket(bucket));
    let azurite = Peer::azurite(stage.server.folder().join("azurite").to_str().expect("a path of letters"));
    azurite.make_container("restored");
    let (endpoint, credential, signed) = (moto.address(), "nobody:a-secret", azurite.container("restored"));
    let backup = ["--backup", "s3:backups", "--backup-endpoint", &endpoint, "--backup-credential", credential];
    let objects = ["--objects", "s3:site", "--objects-endpoint", &endpoint, "--objects-credential", credential];
    let server = Server::start_with(stage.server.database(), &objects);
    let mut old = Stage::on(server, Version::V1_11_4);
    let objects = ["--objects", "azblob:restored", "--objects-credential", &signed];
    let new = Server::prepare(other(stage.server.database()), &[&objects[..], &backup].concat());
    drill(&mut old, &backup, new);
}

/// What clients were told to be kept: by workspace and serial.
type Kept = BTreeMap<(String, u64), String>;

fn drill(stage: &mut Stage, backup: &[&str], mut new: Server) {
    let app = furnish(stage);
    let kept: Arc<Mutex<Kept>> = Arc::default();
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (kept, stop, api) = (kept.clone(), stop.clone(), stage.api());
            let address = stage.http_address(&format!("written-{writer}"));
            std::thread::spawn(move || write(&api, &address, writer, &kept, &stop))
        })
        .collect();
    let enough = |least: usize| {
        while kept.lock().expect("the list").len() < least {
            std::thread::yield_now();
        }
    };
    enough(20);
    let first = stage.server.terrane("backup", backup).good();
    enough(60);
    let before = kept.lock().expect("the list").clone();
    // Keys are rotated while all of them write: what was backed up before opens too.
    let _ = stage.server.terrane("keys", &["rotate"]).good();
    let said = stage.server.terrane("backup", backup);
    assert!(said.told.contains("objects (new") && !said.told.contains("(new 0)"), "{}", said.told);
    let second = said.good();
    enough(80);
    stop.store(true, Ordering::Relaxed);
    writers.into_iter().for_each(|writer| writer.join().expect("a writer"));
    let listed = stage.server.terrane("backup", &[&["list"], backup].concat()).good();
    let ids: Vec<&str> = listed.lines().filter_map(|line| line.split('\t').next()).collect();
    assert_eq!(ids, [first.as_str(), second.as_str()]);
    let _ = stage.server.terrane("verify", &[]).good();
    let all = every_version(&stage.api());
    assert_eq!(stage.server.terrane("backup", &[&["prune", "--keep", "1"], backup].concat()).good(), "");

    bring_key(&stage.server.data(), &new.data());
    let restored = new.terrane("restore", &[]);
    assert!(restored.told.contains(&second), "the newest: {}", restored.told);
    let _ = restored.good();
    new.restart();
    // The tokens are good there too.
    let api = new.api(&stage.token);
    let found = every_version(&api);
    for ((workspace, serial), state) in &before {
        assert!(
            found.get(&(workspace.clone(), *serial)) == Some(state),
            "{workspace} {serial} was acknowledged and is lost"
        );
    }
    assert!(found.len() > before.len(), "the run's states are there too");
    for (which, state) in &found {
        assert!(all.get(which) == Some(state), "{which:?} has other bytes");
    }
    let run = &api.get(&format!("workspaces/{app}/runs")).is(&[200]).data()[0];
    assert_eq!(run["attributes"]["status"], "applied");
    let plan = run["relationships"]["plan"]["data"]["id"].as_str().expect("a plan");
    let log = api.get(&format!("plans/{plan}")).is(&[200]).data()["attributes"]["log-read-url"].clone();
    assert!(api.get(log.as_str().expect("a URL")).is(&[200]).text().contains("terraform_data.it"));
    let _ = new.terrane("verify", &[]).good();
    new.leave();
}

/// A run with plan, log, variables and a large state.
fn furnish(stage: &Stage) -> String {
    let id = stage.create_workspace("app", json!({ "auto-apply": true, "terraform-version": "1.11.4" }));
    let attributes = json!({ "key": "secret", "value": "hunter2", "category": "terraform", "sensitive": true });
    let variable = json!({ "data": { "type": "vars", "attributes": attributes } });
    let _ = stage.api().post(&format!("workspaces/{id}/vars"), &variable).is(&[201]);
    let configuration =
        "variable \"secret\" {\n  sensitive = true\n}\nresource \"terraform_data\" \"it\" {\n  input = var.secret\n}\n";
    let slug = Slug::pack(&[("main.tf", configuration)]);
    let run = stage.queue(&id, &stage.uploaded(&id, false, &slug), &json!({}));
    let _ = stage.reaches(&run, &["applied"]);
    id
}

fn write(api: &Api, address: &str, writer: usize, kept: &Mutex<Kept>, stop: &AtomicBool) {
    for serial in 1.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        // Every third is too large for a row.
        let length = if serial % 3 == 0 { 150_000 } else { 100 };
        let state = state(serial, &noise(writer as u64 * 1_000_003 + serial, length));
        let request = api.request("POST", address).header("content-type", "application/json");
        let _ = send(request.body(state.clone())).is(&[200]);
        kept.lock().expect("the list").insert((format!("written-{writer}"), serial), state);
    }
}

/// All state versions of all workspaces: by workspace and serial.
fn every_version(api: &Api) -> Kept {
    let mut all = Kept::new();
    for workspace in pages(api, "organizations/acme/workspaces?") {
        let name = workspace["attributes"]["name"].as_str().expect("a name").to_owned();
        let address = format!("state-versions?filter[workspace][name]={name}&filter[organization][name]=acme&");
        for version in pages(api, &address) {
            let url = version["attributes"]["hosted-state-download-url"].as_str().expect("a URL").to_owned();
            let serial = version["attributes"]["serial"].as_u64().expect("a serial");
            all.insert((name.clone(), serial), api.get(&url).is(&[200]).text());
        }
    }
    all
}

fn pages(api: &Api, address: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for page in 1.. {
        let answer = api.get(&format!("{address}page[size]=100&page[number]={page}")).is(&[200]).data();
        let found = answer.as_array().cloned().unwrap_or_default();
        let last = found.len() < 100;
        all.extend(found);
        if last {
            break;
        }
    }
    all
}

pub(crate) fn bring_key(from: &Path, to: &Path) {
    fs::copy(from.join("master.key"), to.join("master.key")).expect("the master key");
}

/// Text that hardly compresses, another for each seed.
fn noise(seed: u64, length: usize) -> String {
    let mut number = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::new();
    while text.len() < length {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        text += &format!("{number:016x}");
    }
    text
}

fn state(serial: u64, value: &str) -> String {
    let outputs = json!({ "it": { "value": value, "type": "string" } });
    json!({ "version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": "a-lineage", "outputs": outputs, "resources": [] })
        .to_string()
}

fn post(stage: &Stage, workspace: &str, state: &str) -> Answer {
    let request = stage.api().request("POST", &stage.http_address(workspace));
    send(request.header("content-type", "application/json").body(state.to_owned()))
}

/// A site with a small and a large state, and a place with a backup of it.
fn backed_up(stage: &Stage) -> (PathBuf, String) {
    let _ = post(stage, "small", &state(1, "small")).is(&[200]);
    let _ = post(stage, "large", &state(1, &noise(7, 300_000))).is(&[200]);
    let folder = stage.server.folder().join("backups");
    let place = format!("file:{}", folder.display());
    let _ = stage.server.terrane("backup", &["--backup", &place]).good();
    (folder, place)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// Every part of a backup, cut, altered, removed and exchanged: nothing is restored, and what is wrong is named.
fn what_is_damaged_is_named_and_never_restored(stage: &mut Stage) {
    let (folder, place) = backed_up(stage);
    let new = Server::prepare(stage.server.database(), &["--backup", &place]);
    bring_key(&stage.server.data(), &new.data());
    let parts = files(&folder);
    assert_eq!(parts.len(), 6, "{parts:?}");
    // What an earlier try brought is not brought again.
    let restore = || {
        let _ = fs::remove_dir_all(new.data().join("objects"));
        new.terrane("restore", &[]).refused()
    };
    for part in &parts {
        let whole = fs::read(part).expect("a part");
        let flipped = |at: usize| {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            bytes
        };
        let damaged = [
            whole[..whole.len() / 2].to_vec(),
            whole[..whole.len() - 1].to_vec(),
            flipped(whole.len() / 2),
            flipped(whole.len() - 2),
            Vec::new(),
        ];
        for bytes in damaged {
            fs::write(part, &bytes).expect("a part");
            let refused = restore();
            assert!(!refused.contains("panicked"), "{refused}");
            let name = part.file_name().and_then(|name| name.to_str()).expect("a name");
            assert!(refused.contains(name) || refused.contains("master key"), "{name} is not named: {refused}");
        }
        fs::remove_file(part).expect("a part");
        let refused = restore();
        assert!(
            refused.contains("no finished backup") || refused.contains("is gone from") || refused.contains("not there"),
            "{refused}"
        );
        fs::write(part, &whole).expect("a part");
    }
    // A stranger's key, an absent backup.
    fs::rename(new.data().join("master.key"), new.data().join("kept.key")).expect("the master key");
    let refused = new.terrane("restore", &[]).refused();
    assert!(refused.contains("master.key"), "{refused}");
    let stranger = Server::start(stage.server.database());
    bring_key(&stranger.data(), &new.data());
    let refused = new.terrane("restore", &[]).refused();
    assert!(refused.contains("sealed for another master key"), "{refused}");
    let refused = stranger.terrane("backup", &["--backup", &place]).refused();
    assert!(refused.contains("sealed for another master key"), "{refused}");
    bring_key(&stage.server.data(), &new.data());
    let refused = new.terrane("restore", &["--id", "20200101T000000000Z-aaaaaa"]).refused();
    assert!(refused.contains("no finished backup 20200101T000000000Z-aaaaaa"), "{refused}");
    let _ = new.terrane("restore", &[]).good();
}

fn a_site_that_is_not_empty_stays(stage: &mut Stage) {
    let (_, place) = backed_up(stage);
    let refused = stage.server.terrane("restore", &["--backup", &place]).refused();
    assert!(refused.contains("in use by another terrane"), "{refused}");
    let _ = stage.server.stop();
    let refused = stage.server.terrane("restore", &["--backup", &place]).refused();
    assert!(refused.contains("the database is not empty: it has 1 organizations and 1 users"), "{refused}");
    stage.server.restart();
    assert!(stage.state("small").is_some());
    let refused = stage.server.terrane("backup", &[]).refused();
    assert!(refused.contains("--backup"), "{refused}");
}

/// Blobs that are cut, altered, exchanged or gone are refused when they are asked for, and found by `terrane verify`.
fn what_was_altered_is_found(stage: &mut Stage) {
    // Its log says what it refused.
    let mut stage = Stage::on(Server::start(stage.server.database()), Version::V1_11_4);
    let stage = &mut stage;
    let _ = post(stage, "one", &state(1, &noise(1, 300_000))).is(&[200]);
    let _ = post(stage, "two", &state(1, &noise(2, 300_000))).is(&[200]);
    let said = stage.server.terrane("verify", &[]);
    assert!(said.good && said.told.contains("2 state versions have their hashes"), "{}", said.told);
    let objects: Vec<PathBuf> = files(&stage.server.data().join("objects"))
        .into_iter()
        .filter(|path| path.to_string_lossy().contains("blob-"))
        .collect();
    let [one, two] = &objects[..] else { panic!("{objects:?}") };
    let (first, second) = (fs::read(one).expect("an object"), fs::read(two).expect("an object"));
    let mut flipped = first.clone();
    flipped[100_000] ^= 1;
    let found = |what: &str| {
        let said = stage.server.terrane("verify", &[]);
        assert!(!said.good && said.told.contains("cannot be read"), "{what}: {}", said.told);
        assert!(said.out.contains("state version sv-"), "{what}: {}", said.out);
        said.out.lines().count()
    };
    for bytes in [&first[..first.len() - 1], &flipped, &second, &[]] {
        fs::write(one, bytes).expect("an object");
        assert_eq!(found("altered"), 1);
        let answers = ["one", "two"].map(|workspace| {
            let request = stage.api().request("GET", &stage.http_address(workspace));
            // The connection may break off in the middle: never a whole state that is another one.
            terrane_tests::api::try_send(request).map(|answer| (answer.status, answer.body))
        });
        let whole = [state(1, &noise(1, 300_000)), state(1, &noise(2, 300_000))];
        let good = answers
            .iter()
            .zip(&whole)
            .filter(|(answer, whole)| matches!(answer, Ok((200, body)) if body == whole.as_bytes()));
        assert_eq!(good.count(), 1, "only the whole one is served");
        assert!(
            answers
                .iter()
                .flatten()
                .all(|(status, body)| *status != 200 || whole.iter().any(|state| body == state.as_bytes()))
        );
    }
    fs::write(one, &second).expect("an object");
    fs::write(two, &first).expect("an object");
    assert_eq!(found("exchanged"), 2);
    fs::write(one, &first).expect("an object");
    fs::remove_file(two).expect("an object");
    assert_eq!(found("gone"), 1);
    // A backup of what is left is made, and says what it lacks.
    let place = format!("file:{}", stage.server.folder().join("backups").display());
    let refused = stage.server.terrane("backup", &["--backup", &place]).refused();
    assert!(refused.contains("1 objects that rows point at are not in the store"), "{refused}");
    fs::write(two, &second).expect("an object");
    let _ = stage.server.terrane("verify", &[]).good();
    let log = stage.server.log();
    assert!(log.contains("opening blob blob-") && log.contains("does not open"), "{log}");
    assert!(stage.server.stop().success());
}

/// Two first backups at once, a header that is gone, the site's own folders: no backup is told that is none.
fn a_place_is_one_sites_backups_alone(stage: &mut Stage) {
    let (folder, place) = backed_up(stage);
    let backup = ["--backup", place.as_str()];
    let whole = stage.server.terrane("backup", &["verify", "--backup", &place]);
    assert!(whole.good && whole.told.contains("parts are whole"), "{whole:?}");
    let header = folder.join("terrane-backups");
    let kept = fs::read(&header).expect("a header");
    fs::remove_file(&header).expect("a header");
    let refused = stage.server.terrane("backup", &backup).refused();
    assert!(refused.contains("terrane-backups is gone from"), "{refused}");
    fs::write(&header, &kept).expect("a header");

    // What has rotted is named, and written anew once it is gone.
    let pack = files(&folder.join("packs")).remove(0);
    let mut bytes = fs::read(&pack).expect("a pack");
    bytes[40] ^= 1;
    fs::write(&pack, &bytes).expect("a pack");
    let said = stage.server.terrane("backup", &["verify", "--backup", &place]);
    let name = pack.file_name().and_then(|name| name.to_str()).expect("a name");
    assert!(!said.good && said.out.contains(name), "{said:?}");
    fs::remove_file(&pack).expect("a pack");
    let _ = stage.server.terrane("backup", &backup).good();
    let _ = stage.server.terrane("backup", &["verify", "--backup", &place]).good();

    for own in [stage.server.data(), stage.server.data().join("objects"), stage.server.folder().to_owned()] {
        let refused = stage.server.terrane("backup", &["--backup", &format!("file:{}", own.display())]).refused();
        assert!(refused.contains("lie in each other"), "{refused}");
    }

    let twice = format!("file:{}", stage.server.folder().join("twice").display());
    let said = std::thread::scope(|scope| {
        let both = [(); 2].map(|()| scope.spawn(|| stage.server.terrane("backup", &["--backup", &twice])));
        both.map(|one| one.join().expect("a backup"))
    });
    let made: Vec<&str> = said.iter().filter(|said| said.good).map(|said| said.out.as_str()).collect();
    assert!(!made.is_empty(), "one of them stands: {said:?}");
    for id in made {
        let _ = stage.server.terrane("backup", &["verify", "--id", id, "--backup", &twice]).good();
    }
    if let Some(url) = stage.server.postgres() {
        let other = Server::prepare(Database::Sqlite, &["--backup", &place]);
        bring_key(&stage.server.data(), &other.data());
        let refused = other.terrane("restore", &["--database", &url]).refused();
        assert!(refused.contains("in use by a server"), "{refused}");
    }
}
