//! Every version of a state, at little cost: written anew when nobody waits, come back as it came, compared, and gone back to.

use std::process::{Command, Output};
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, SqliteConnection};
use terrane_tests::api::send;
use terrane_tests::process::eventually;
use terrane_tests::terminal::says;
use terrane_tests::{Api, Cli, Database, Server, Stage, settings};

use crate::backups::bring_key;
use crate::stories;

stories! {
    NONE:
        every_version_comes_back_when_it_was_written_anew,
        a_deleted_workspace_comes_back;
    CLOUD:
        what_was_is_gone_back_to_and_planned,
}

const VERSIONS: usize = 140;

/// A state of some size with ids that nothing shortens, of which one differs from version to version.
fn state(serial: usize) -> String {
    let instances: Vec<Value> = (0..200)
        .map(|n| {
            let changed = if n == serial % 200 { serial } else { 0 };
            let mut seed = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ changed as u64;
            let mut id = || {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                format!("{seed:016x}")
            };
            json!({ "index_key": n, "attributes": { "id": id() + &id(), "arn": id(), "changed": changed } })
        })
        .collect();
    let resource = json!({ "mode": "managed", "type": "t", "name": "r", "provider": "p", "instances": instances });
    json!({ "version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": "l", "outputs": {}, "resources": [resource] })
        .to_string()
}

/// How many blobs lie as what they differ in from another.
fn deltas(stage: &Stage) -> i64 {
    const COUNT: &str = "SELECT count(*) FROM blobs WHERE base_blob_id IS NOT NULL";
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        match stage.server.postgres() {
            Some(url) => {
                let mut connection = PgConnection::connect(&url).await.expect("reach Postgres");
                sqlx::query_scalar(COUNT).fetch_one(&mut connection).await.expect("a number")
            }
            None => {
                let url = format!("sqlite:{}", stage.server.data().join("terrane.db").display());
                let mut connection = SqliteConnection::connect(&url).await.expect("open the database");
                sqlx::query_scalar(COUNT).fetch_one(&mut connection).await.expect("a number")
            }
        }
    })
}

/// The ids of all versions by their serial.
fn versions(stage: &Stage, workspace: &str) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    for page in 1.. {
        let filter = format!(
            "filter%5Borganization%5D%5Bname%5D={}&filter%5Bworkspace%5D%5Bname%5D={workspace}",
            stage.organization()
        );
        let path = format!("state-versions?{filter}&page%5Bsize%5D=100&page%5Bnumber%5D={page}");
        let listed = stage.api().get(&path).is(&[200]).data();
        let listed = listed.as_array().expect("a list").clone();
        let last = listed.len() < 100;
        all.extend(listed.iter().map(|version| {
            let serial = version["attributes"]["serial"].as_u64().expect("a serial");
            (usize::try_from(serial).expect("a small number"), version["id"].as_str().expect("an id").to_owned())
        }));
        if last {
            break;
        }
    }
    all.sort();
    all
}

fn every_version_comes_back_when_it_was_written_anew(stage: &mut Stage) {
    let _ = stage.create_workspace("app", json!({}));
    let address = stage.http_address("app");
    for serial in 1..=VERSIONS {
        let _ = send(stage.api().request("POST", &address).body(state(serial))).is(&[200]);
        // In the middle of what is done beside, each time somewhere else.
        if serial % 45 == 0 {
            stage.server.kill();
            stage.server.restart();
        }
    }
    // The first of each 64 stays whole, and so does the current one.
    let expected = i64::try_from(VERSIONS - 1 - VERSIONS.div_ceil(64)).expect("a small number");
    stage.server.kill();
    stage.server.restart();
    eventually("all old versions to be written anew", Duration::from_secs(60), || {
        let deltas = deltas(stage);
        assert!(deltas <= expected, "{deltas} of {expected}");
        (deltas == expected).then_some(())
    });
    let all = versions(stage, "app");
    assert_eq!(all.len(), VERSIONS);
    let are_whole = |api: &Api| {
        for (serial, id) in &all {
            let bytes = api.get(&format!("state-versions/{id}/download")).is(&[200]).body;
            assert!(bytes == state(*serial).as_bytes(), "the bytes of serial {serial} changed");
        }
    };
    are_whole(&stage.api());
    let _ = stage.server.terrane("verify", &[]).good();

    // A backup of it becomes the same on the other engine.
    let place = format!("file:{}", stage.server.folder().join("backups").display());
    let _ = stage.server.terrane("backup", &["--backup", &place]).good();
    let other = match stage.server.database() {
        Database::Sqlite => Database::Postgres,
        Database::Postgres => Database::Sqlite,
    };
    let mut new = Server::prepare(other, &["--backup", &place]);
    bring_key(&stage.server.data(), &new.data());
    let _ = new.terrane("restore", &[]).good();
    new.restart();
    are_whole(&new.api(&stage.token));
    let _ = new.terrane("verify", &[]).good();
    new.leave();
}

fn a_deleted_workspace_comes_back(stage: &mut Stage) {
    let id = stage.create_workspace("app", json!({}));
    for serial in 1..=3 {
        let _ = send(stage.api().request("POST", &stage.http_address("app")).body(state(serial))).is(&[200]);
    }
    let _ = stage.api().delete(&format!("workspaces/{id}")).is(&[204]);
    let listed =
        stage.api().get(&format!("organizations/{}/deleted-workspaces", stage.organization())).is(&[200]).data();
    assert_eq!(listed[0]["id"], id.as_str());
    let _ = stage.api().post(&format!("workspaces/{id}/actions/restore"), &json!({})).is(&[200]);
    assert_eq!(stage.state("app").expect("its state"), state(3).as_bytes());
    assert_eq!(versions(stage, "app").len(), 3);
}

/// `terrane state …` where a person would say it.
fn terrane(stage: &Stage, cli: &Cli, arguments: &[&str]) -> Output {
    let home = cli.work().parent().expect("a home");
    let mut command = Command::new(settings::binary());
    command.arg("state").args(arguments).arg("--ca-bundle").arg(stage.server.certificate());
    command.current_dir(cli.work()).env_clear().env("HOME", home).output().expect("run terrane")
}

fn said(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn what_was_is_gone_back_to_and_planned(stage: &mut Stage) {
    let _ = stage.create_workspace("app", json!({ "execution-mode": "local" }));
    let cli = stage.cli();
    let configuration = |word: &str| {
        stage.cloud("app")
            + &format!(
                "resource \"terraform_data\" \"it\" {{\n  input = {word:?}\n}}\noutput \"it\" {{\n  value = terraform_data.it.output\n}}\n"
            )
    };
    cli.write("main.tf", &configuration("one")).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    let first = stage.state("app").expect("a state");
    cli.write("main.tf", &configuration("two")).good(&["apply", "-auto-approve"]);

    let listed = said(&terrane(stage, &cli, &["list"]));
    assert!(
        listed.lines().count() >= 2 && listed.lines().next().is_some_and(|line| line.contains("current")),
        "{listed}"
    );
    let diff = said(&terrane(stage, &cli, &["diff"]));
    assert!(diff.contains("~ terraform_data.it\n") && diff.contains("input.value: \"one\" -> \"two\""), "{diff}");
    let asked = terrane(stage, &cli, &["rollback", "previous"]);
    assert!(!asked.status.success() && String::from_utf8_lossy(&asked.stderr).contains("--yes"), "it asks");
    let _ = said(&terrane(stage, &cli, &["rollback", "previous", "--yes"]));

    let (mut was, is): (Value, Value) = (
        serde_json::from_slice(&first).expect("JSON"),
        serde_json::from_slice(&stage.state("app").expect("a state")).expect("JSON"),
    );
    was["serial"] = is["serial"].clone();
    assert_eq!(was, is, "all but the serial is as it was");
    assert_eq!(cli.bytes(&["output", "-raw", "it"]), b"one");
    let planned = cli.good(&["plan"]);
    assert!(says(&planned, "Plan: 0 to add, 1 to change, 0 to destroy."), "the old difference: {planned}");
    stage.leaves_no_lock();
}
