//! The whole house, composed of its own images: what `docker-compose.yml` promises, seen from the engine and from a terraform beside it.

use std::fs;
use std::process::Command;
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};
use terrane_tests::composed::House;
use terrane_tests::process::eventually;
use terrane_tests::{Cli, ORGANIZATION, Version, settings};

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("compose::a_composed_house_serves_and_survives".into(), a_composed_house_serves_and_survives),
        trial("compose::the_units_are_sound".into(), the_units_are_sound),
    ]
}

/// How long a run may take to end: many times what it takes.
const PATIENCE: Duration = Duration::from_secs(120);

const QUICK: &str = "resource \"terraform_data\" \"it\" {\n  provisioner \"local-exec\" { command = \"test -e /.dockerenv && printf 'in-a-%s\\\\n' container; id -u\" }\n}\noutput \"who\" { value = terraform.workspace }\n";
const SLOW: &str = "resource \"terraform_data\" \"first\" {}\nresource \"terraform_data\" \"second\" {\n  depends_on = [terraform_data.first]\n  \
                    provisioner \"local-exec\" { command = \"printf 'now-%s\\\\n' waiting; sleep 15; printf 'now-%s\\\\n' done\" }\n}\n";

fn a_composed_house_serves_and_survives() {
    let house = House::up();
    walls_stand(&house);
    let _ = house.admin(&["user", "create", "owner", "--email", "owner@example.test", "--site-admin"]);
    let token = house.admin(&["token", "create", "--user", "owner"]);
    let organization =
        json!({ "type": "organizations", "attributes": { "name": ORGANIZATION, "email": "owner@example.test" } });
    let _ = house.api(&token).post("organizations", &json!({ "data": organization })).is(&[201]);

    let quick = workspace(&house, &token, "quick", QUICK);
    let said = quick.good(&["apply", "-auto-approve"]);
    assert!(said.contains("in-a-container") && said.contains("Apply complete! Resources: 1 added"), "{said}");
    let run = newest_run(&house, &token, "quick");
    let apply = phase(&house, &token, &run, "apply");
    assert_eq!(apply["attributes"]["image"], "hashicorp/terraform:1.11.4", "{apply}");
    let before = state(&house, &token, "quick");
    assert_eq!(before["outputs"]["who"]["value"], "quick");

    a_restart_of_the_server_harms_no_apply(&house, &token);
    nothing_is_lost_by_down_and_up(&house, &token, &quick, &before);
    a_token_is_rotated(&house, &quick);
}

/// What the containers may and see, as the engine and the kernel have it.
fn walls_stand(house: &House) {
    let socket = settings::composed().display().to_string();
    for (service, user, networks) in
        [("server", "65532:65532", 1), ("runner", "65532:65532", 1), ("database", "postgres", 1)]
    {
        let container = house.inspect(&house.container(service));
        let host = &container["HostConfig"];
        assert_eq!(container["Config"]["User"], user, "{service}");
        assert_eq!(host["ReadonlyRootfs"], true, "{service}");
        assert_eq!(host["CapDrop"], json!(["ALL"]), "{service}");
        assert_eq!(host["Privileged"], false, "{service}");
        let mounted = container["Mounts"].to_string();
        assert_eq!(mounted.contains("docker.sock"), service == "runner", "{service} mounts {mounted}");
        assert_eq!(container["NetworkSettings"]["Networks"].as_object().map(serde_json::Map::len), Some(networks));
        // What the kernel knows of its first process.
        let root = format!("/proc/{}", container["State"]["Pid"]);
        let status = fs::read_to_string(format!("{root}/status")).expect("the status of a process");
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line of the status");
            line.trim_start_matches(':').split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        assert!(of("Uid").iter().all(|uid| uid != "0"), "{service} runs as root: {status}");
        assert_eq!((of("CapEff"), of("NoNewPrivs")), (vec!["0000000000000000".into()], vec!["1".into()]), "{service}");
        let mounts = fs::read_to_string(format!("{root}/mountinfo")).expect("the mounts of a process");
        assert_eq!(mounts.contains("docker.sock"), service == "runner", "{service}: {mounts}");
        assert!(!fs::exists(format!("{root}/root{socket}")).unwrap_or(true), "{service} sees {socket}");
        let environment = fs::read_to_string(format!("{root}/environ")).expect("the environment of a process");
        assert!(!environment.contains("trna_"), "{service} has a token in its environment");
    }
    let database = house.inspect(&house.container("database"));
    assert_eq!(database["HostConfig"]["NetworkMode"], "none");
    let ports = house.inspect(&house.container("server"))["HostConfig"]["PortBindings"].clone();
    assert_eq!(ports["8443/tcp"][0]["HostIp"], "127.0.0.1", "{ports}");
    let handover = house.inspect(&house.container("runner"))["Mounts"].clone();
    let handover =
        handover.as_array().into_iter().flatten().find(|mount| mount["Destination"] == "/var/lib/terrane-handover");
    assert_eq!(handover.map(|mount| mount["RW"].clone()), Some(json!(false)));
    let _ = house.api("").request("POST", "/api/runner/enlist").send().map(|answer| assert_eq!(answer.status(), 401));

    let folder = house.folder();
    let copied = format!("{}:/var/lib/terrane-handover/token", house.container("runner"));
    let file = folder.join("token");
    house.docker(&["cp", "--archive", &copied, file.to_str().expect("a path of letters")]);
    let token = fs::read_to_string(&file).expect("the runner's token");
    assert!(token.starts_with("trna_"), "no token of a runner");
    for told in [house.compose(&["logs", "--no-color"]), house.compose(&["config"])] {
        assert!(!told.contains(token.trim()), "the runner's token is told");
    }
}

/// A terraform 1.11.4 in a folder with this configuration, signed in and initialised.
fn workspace(house: &House, token: &str, name: &str, configuration: &str) -> Cli {
    let cli = Cli::trusting(Version::V1_11_4, &house.host(), &house.certificate(), token);
    let cloud = format!(
        "terraform {{\n  cloud {{\n    hostname = {:?}\n    organization = {ORGANIZATION:?}\n    workspaces {{\n      name = {name:?}\n    }}\n  }}\n}}\n",
        house.host()
    );
    cli.write("main.tf", &format!("{cloud}{configuration}"));
    cli.good(&["init"]);
    cli
}

fn a_restart_of_the_server_harms_no_apply(house: &House, token: &str) {
    let slow = workspace(house, token, "slow", SLOW);
    let mut apply = slow.start(&["apply", "-auto-approve"]);
    apply.expect("now-waiting");
    let run = newest_run(house, token, "slow");
    house.compose(&["restart", "server"]);
    house.ready();
    let id = run["id"].as_str().expect("an id");
    eventually("the apply to end", PATIENCE, || {
        let run = house.api(token).get(&format!("runs/{id}")).is(&[200]).data();
        let status = run["attributes"]["status"].as_str().expect("a status").to_owned();
        assert!(matches!(status.as_str(), "applying" | "applied"), "the run is {status}");
        (status == "applied").then_some(())
    });
    let log = log(house, token, &run, "apply");
    for said in ["now-waiting", "now-done", "Apply complete!"] {
        assert_eq!(log.lines().filter(|line| line.contains(said)).count(), 1, "{said} in {log}");
    }
    assert_eq!(state(house, token, "slow")["resources"].as_array().map(Vec::len), Some(2));
    // The CLI does not bear that its stream of logs breaks off. Its run does not mind.
    let _ = apply.finish();
}

fn nothing_is_lost_by_down_and_up(house: &House, token: &str, quick: &Cli, before: &Value) {
    house.compose(&["down"]);
    house.compose(&["up", "--detach"]);
    house.ready();
    assert_eq!(&state(house, token, "quick"), before);
    let said = quick.good(&["apply", "-auto-approve", "-replace=terraform_data.it"]);
    assert!(said.contains("Apply complete! Resources: 1 added, 0 changed, 1 destroyed"), "{said}");
}

/// A token that is deleted is replaced at the next start, and nobody carries it.
fn a_token_is_rotated(house: &House, quick: &Cli) {
    let id = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
    let before = house.admin(&["runner-token", "list"]);
    assert_eq!(before.lines().count(), 1, "each start makes a token: {before}");
    let _ = house.admin(&["runner-token", "delete", &id(&before)]);
    house.compose(&["restart", "server", "runner"]);
    house.ready();
    let after = house.admin(&["runner-token", "list"]);
    assert!(after.lines().count() == 1 && id(&after) != id(&before), "{before} {after}");
    let said = quick.good(&["plan"]);
    assert!(said.contains("No changes."), "{said}");
}

fn newest_run(house: &House, token: &str, workspace: &str) -> Value {
    let path = format!("organizations/{ORGANIZATION}/workspaces/{workspace}");
    let workspace = house.api(token).get(&path).is(&[200]).data();
    let id = workspace["id"].as_str().expect("an id");
    house.api(token).get(&format!("workspaces/{id}/runs")).is(&[200]).data()[0].take()
}

fn phase(house: &House, token: &str, run: &Value, phase: &str) -> Value {
    let id = run["relationships"][phase]["data"]["id"].as_str().expect("a run has its phases");
    let path = if phase == "apply" { format!("applies/{id}") } else { format!("plans/{id}") };
    house.api(token).get(&path).is(&[200]).data()
}

/// The beginning of a phase's log, which is all of a short one.
fn log(house: &House, token: &str, run: &Value, of: &str) -> String {
    let phase = phase(house, token, run, of);
    let url = phase["attributes"]["log-read-url"].as_str().expect("a phase has a log");
    house.api("").get(&format!("{url}?limit=65536&offset=0")).is(&[200]).text()
}

fn state(house: &House, token: &str, workspace: &str) -> Value {
    let path = format!("organizations/{ORGANIZATION}/workspaces/{workspace}");
    let workspace = house.api(token).get(&path).is(&[200]).data();
    let id = workspace["id"].as_str().expect("an id");
    let version = house.api(token).get(&format!("workspaces/{id}/current-state-version")).is(&[200]).data();
    let url = version["attributes"]["hosted-state-download-url"].as_str().expect("a state has a URL");
    house.api(token).get(url).is(&[200]).json()
}

/// All units of `deploy/systemd`.
const UNITS: [&str; 4] =
    ["terrane.service", "terrane-runner.service", "terrane-backup.service", "terrane-backup.timer"];

/// As far as systemd can say of a unit that it does not start.
fn the_units_are_sound() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in UNITS {
        let unit = fs::read_to_string(settings::checkout().join("deploy/systemd").join(name)).expect("a unit");
        // systemd wants to see the programs where they will be.
        let there =
            unit.replace("/usr/local/bin/terrane-runner", "/bin/true").replace("/usr/local/bin/terrane", "/bin/true");
        fs::write(folder.path().join(name), there).expect("write a unit");
    }
    let verified = Command::new("systemd-analyze")
        .arg("verify")
        .args(UNITS)
        .current_dir(folder.path())
        .output()
        .expect("run systemd-analyze");
    let said = String::from_utf8_lossy(&verified.stderr);
    let ours: Vec<_> = said.lines().filter(|line| line.contains("terrane")).collect();
    assert!(verified.status.success() && ours.is_empty(), "{said}");
}
