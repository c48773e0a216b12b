//! What leads to points that clients alone do not pass: a first start, and the operator's commands.

use std::fs::{self, File, FileTimes};
use std::path::Path;
use std::time::Duration;

use terrane_tests::operator::Said;
use terrane_tests::{Database, Server, Stage, Version};

use super::{PATIENCE, arm, ends, examine};
use crate::clients::{Clients, Size};
use crate::report::Report;

/// What an escrow is sealed with.
const PASSPHRASE: &str = "correct horse battery staple\n";
/// Longer than what a prune spares because it may belong to a backup that is being made.
const OLD: Duration = Duration::from_secs(49 * 3600);

/// The first start of a new server ends at the point, and the second one goes on with what is there.
pub(super) fn first(database: Database, point: &str, report: &mut Report) {
    let mut server = Server::prepare(database, &[]);
    arm(&mut server, point);
    server.spawn();
    ends(&mut server, point, report);
    arm(&mut server, "");
    server.restart();
    let mut stage = Stage::on(server, Version::V1_11_4);
    let clients = Clients::start(&stage, "first", 1, 2, Size::Small);
    let went_on = clients.go_on(3, PATIENCE);
    report.zero("clients that did not go on", u64::from(!went_on), || format!("{point}: no write was acknowledged"));
    report.take(point, &clients.end(&stage));
    examine(&stage.server, point, report);
    let stopped = stage.server.stop();
    report.zero("servers that do not stop", u64::from(!stopped.success()), || format!("{point}: {stopped}"));
}

/// A command ends at the point. The server goes on, and so does whoever runs the command again.
fn ended(said: &Said, point: &str, report: &mut Report) {
    let name = point.split(':').next().unwrap_or(point);
    let by_itself = !said.good && said.told.contains(&format!("the point {name} ends this process"));
    report.count("kills", u64::from(by_itself));
    report.zero("points that were not passed", u64::from(!by_itself), || format!("{point}: {}{}", said.out, said.told));
}

fn good(said: &Said, what: &str, point: &str, report: &mut Report) {
    report.zero("commands that failed afterwards", u64::from(!said.good), || {
        format!("{point}: {what}: {}{}", said.out, said.told)
    });
}

/// A place for backups of its own for this point.
fn place(stage: &Stage, label: &str) -> String {
    format!("file:{}", stage.server.folder().join(format!("backups-{label}")).display())
}

/// A backup ends at the point, under clients that write; the next one is whole.
pub(super) fn backup(stage: &mut Stage, label: &str, point: &str, report: &mut Report) {
    let place = place(stage, label);
    let clients = Clients::start(stage, label, 2, 2, Size::Large);
    report.zero("clients that did not go on", u64::from(!clients.go_on(3, PATIENCE)), || point.to_owned());
    arm(&mut stage.server, point);
    ended(&stage.server.terrane("backup", &["--backup", &place]), point, report);
    arm(&mut stage.server, "");
    let listed = stage.server.terrane("backup", &["list", "--backup", &place]);
    good(&listed, "list", point, report);
    // What is offered is whole, whenever its backup was cut off.
    if !listed.out.is_empty() {
        good(&stage.server.terrane("backup", &["verify", "--backup", &place]), "verify", point, report);
    }
    good(&stage.server.terrane("backup", &["--backup", &place]), "backup", point, report);
    good(&stage.server.terrane("backup", &["verify", "--backup", &place]), "verify", point, report);
    report.take(point, &clients.end(stage));
}

/// A prune ends at the point; what stays is whole, and the next one finishes.
pub(super) fn prune(stage: &mut Stage, label: &str, point: &str, report: &mut Report) {
    let place = place(stage, label);
    for backup in 0..2 {
        let clients = Clients::start(stage, &format!("{label}-{backup}"), 1, 2, Size::Large);
        report.zero("clients that did not go on", u64::from(!clients.go_on(2, PATIENCE)), || point.to_owned());
        report.take(point, &clients.end(stage));
        good(&stage.server.terrane("backup", &["--backup", &place]), "backup", point, report);
    }
    age(Path::new(place.trim_start_matches("file:")));
    arm(&mut stage.server, point);
    ended(&stage.server.terrane("backup", &["prune", "--keep", "1", "--backup", &place]), point, report);
    arm(&mut stage.server, "");
    good(&stage.server.terrane("backup", &["verify", "--backup", &place]), "verify", point, report);
    good(&stage.server.terrane("backup", &["prune", "--keep", "1", "--backup", &place]), "prune", point, report);
    good(&stage.server.terrane("backup", &["verify", "--backup", &place]), "verify", point, report);
}

/// Makes everything in a folder older.
fn age(folder: &Path) {
    for entry in fs::read_dir(folder).expect("a folder of backups").flatten() {
        if entry.path().is_dir() {
            age(&entry.path());
            continue;
        }
        let modified = entry.metadata().and_then(|file| file.modified()).expect("when it was written");
        let file = File::options().write(true).open(entry.path()).expect("a part of a backup");
        file.set_times(FileTimes::new().set_modified(modified - OLD)).expect("make it older");
    }
}

/// A restore ends at the point. Either nothing of it is there and it is done again, or all of it.
pub(super) fn restore(stage: &mut Stage, label: &str, point: &str, report: &mut Report) {
    let place = place(stage, label);
    let clients = Clients::start(stage, label, 1, 2, Size::Large);
    report.zero("clients that did not go on", u64::from(!clients.go_on(3, PATIENCE)), || point.to_owned());
    report.take(point, &clients.end(stage));
    good(&stage.server.terrane("backup", &["--backup", &place]), "backup", point, report);
    let mut new = Server::prepare(stage.server.database(), &["--backup", &place]);
    fs::copy(stage.server.data().join("master.key"), new.data().join("master.key")).expect("the master key");
    arm(&mut new, point);
    ended(&new.terrane("restore", &[]), point, report);
    arm(&mut new, "");
    let again = new.terrane("restore", &[]);
    if !point.starts_with("restore.committed") {
        good(&again, "restore", point, report);
    }
    new.restart();
    let name = format!("{label}-0");
    let path = format!("organizations/{}/workspaces/{name}", stage.organization());
    let current = |server: &Server| {
        let workspace = server.api(&stage.token).get(&path).is(&[200]).data();
        let id = workspace["id"].as_str().expect("an id").to_owned();
        let version = server.api(&stage.token).get(&format!("workspaces/{id}/current-state-version")).is(&[200]).data();
        let url = format!("state-versions/{}/download", version["id"].as_str().expect("an id"));
        server.api(&stage.token).get(&url).is(&[200]).body
    };
    let lost = current(&stage.server) != current(&new);
    report.zero("lost acknowledged states", u64::from(lost), || format!("{point}: the restored site lacks it"));
    examine(&new, point, report);
    let _ = new.stop();
}

/// Writing an escrow ends at the point: nothing was told, and another one is made.
pub(super) fn escrow(stage: &mut Stage, label: &str, point: &str, report: &mut Report) {
    let path = |name: &str| stage.server.folder().join(format!("{label}-{name}")).display().to_string();
    let (first, second) = (path("first"), path("second"));
    arm(&mut stage.server, point);
    ended(&stage.server.terrane_told(0, "keys", &["escrow", "--to", &first], PASSPHRASE), point, report);
    arm(&mut stage.server, "");
    good(&stage.server.terrane_told(0, "keys", &["escrow", "--to", &second], PASSPHRASE), "escrow", point, report);
    examine(&stage.server, point, report);
}
