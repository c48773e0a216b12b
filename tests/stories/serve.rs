//! The server as a process: its start, its end, its commands.

use std::process::Command;

use serde_json::Value;
use terrane_tests::api::Answer;
use terrane_tests::{Server, Stage, Terminal, Version, settings};

use crate::stories;

stories! {
    NONE:
        discovery_tells_clients_what_they_need,
        a_second_server_on_the_same_data_does_not_start,
        the_admin_commands_work_with_and_without_a_server,
        a_token_ends_with_its_time_and_is_told_once,
        it_stops_when_asked_and_goes_on_where_it_was,
        a_bad_value_stops_the_start_with_one_line,
        the_demo_ends_in_a_page_of_its_run,
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn discovery_tells_clients_what_they_need(stage: &mut Stage) {
    let anonymous = stage.server.api("");
    let services = anonymous.get("/.well-known/terraform.json").is(&[200]);
    assert!(header(&services, "content-type").starts_with("application/json"));
    for service in ["tfe.v2", "tfe.v2.1", "tfe.v2.2", "state.v2"] {
        let base = services.json()[service].as_str().unwrap_or_default().to_owned();
        assert!(base.ends_with("/api/v2/"), "{service} is {base:?}");
    }
    let ping = stage.api().get("ping").is(&[200, 204]);
    let version: f64 = header(&ping, "tfp-api-version").parse().expect("an API version");
    assert!(version >= 2.6, "import blocks in a run need 2.6");
    let release = header(&ping, "x-tfe-version");
    let month =
        release.strip_prefix('v').and_then(|rest| rest.split('-').next()).and_then(|month| month.parse::<u32>().ok());
    assert!(month.is_some_and(|month| month >= 202_302), "X-TFE-Version {release:?} breaks every plan");
    assert!(!header(&ping, "tfp-appname").is_empty());
    if let Ok(limit) = header(&ping, "x-ratelimit-limit").parse::<f64>() {
        assert!(limit >= 30.0, "a limit of {limit} makes every call of the CLI fail");
    }
    let entitlements = stage.api().get("organizations/acme/entitlement-set").is(&[200]).data();
    assert_eq!(entitlements["attributes"]["operations"], true, "plans would silently run locally");
}

fn a_second_server_on_the_same_data_does_not_start(stage: &mut Stage) {
    let mut command = Command::new(settings::binary());
    command.env_clear().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(stage.server.data());
    if let Some(url) = stage.server.postgres() {
        command.args(["--database", &url]);
    }
    let output = command.output().expect("run terrane serve");
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success(), "a second server ran on the same data: {said}");
    assert!(said.contains(&*stage.server.data().to_string_lossy()), "it does not say which data is taken: {said}");
    let _ = stage.server.api("").get("/readyz").is(&[200]);
}

fn the_admin_commands_work_with_and_without_a_server(stage: &mut Stage) {
    let _ = stage.server.admin(&["organization", "create", "with-server", "--email", "a@example.test"]);
    let _ = stage.api().get("organizations/with-server").is(&[200]);
    let _ = stage.server.stop();
    let _ = stage.server.admin(&["user", "create", "offline", "--email", "offline@example.test"]);
    let token =
        stage.server.admin(&["token", "create", "--user", "offline", "--description", "made while nothing ran"]);
    let _ = stage.server.admin(&["organization", "create", "without-server", "--email", "a@example.test"]);
    let users = stage.server.admin(&["user", "list"]);
    assert!(users.contains("owner") && users.contains("offline@example.test"), "{users}");
    stage.server.restart();
    let account = stage.server.api(&token).get("account/details").is(&[200]).data();
    assert_eq!(account["attributes"]["username"], "offline");
    let _ = stage.api().get("organizations/without-server").is(&[200]);
}

fn a_token_ends_with_its_time_and_is_told_once(stage: &mut Stage) {
    let token = stage.server.admin(&["token", "create", "--user", "owner", "--ttl", "30d"]);
    assert!(!token.contains(char::is_whitespace), "more than the token stands on stdout: {token:?}");
    let _ = stage.server.api(&token).get("account/details").is(&[200]);
    assert!(!stage.server.admin(&["user", "list"]).contains(&token));
    assert!(!stage.server.log().contains(&token), "the log holds a token");
}

fn it_stops_when_asked_and_goes_on_where_it_was(stage: &mut Stage) {
    let before = stage.api().get("organizations/acme").is(&[200]).data();
    let certificate = std::fs::read(stage.server.certificate()).expect("a CA");
    assert!(stage.server.stop().success());
    stage.server.restart();
    assert_eq!(stage.api().get("organizations/acme").is(&[200]).data(), before);
    assert_eq!(
        std::fs::read(stage.server.certificate()).expect("a CA"),
        certificate,
        "clients must not have to trust anew"
    );
    let health: Value = stage.api().get("/healthz").is(&[200]).text().into();
    assert_ne!(health, "");
}

fn a_bad_value_stops_the_start_with_one_line(stage: &mut Stage) {
    let folder = Server::prepare(stage.server.database(), &[]);
    for flags in [["--listen", "nowhere"], ["--tls", "perhaps"], ["--database", "oracle:x"], ["--runner", "maybe"]] {
        let mut command = Command::new(settings::binary());
        command.env_clear().arg("serve").arg("--data").arg(folder.data()).args(flags);
        let output = command.output().expect("run terrane serve");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{flags:?} was accepted");
        assert!(said.contains(flags[0].trim_start_matches('-')), "{flags:?}: {said}");
        assert_eq!(said.trim().lines().count(), 1, "{flags:?}: {said}");
    }
}

fn the_demo_ends_in_a_page_of_its_run(stage: &mut Stage) {
    let place = stage.server.folder();
    let mut command = pty_process::blocking::Command::new(settings::binary()).args(["demo", "--listen", "127.0.0.1:0"]);
    let engine = Version::V1_11_4.binary();
    let path = format!("{}:/usr/bin:/bin", engine.parent().expect("an engine lies in a folder").display());
    command = command.env_clear().env("PATH", path).env("HOME", place).env("TERM", "xterm").current_dir(place);
    let mut demo = Terminal::spawn("terrane demo", command);
    demo.expect("Apply complete!").expect("that run's page:").expect("/app/").expect("/runs/run-").expect("sign in as");
    demo.interrupt();
    demo.exits(0);
}
