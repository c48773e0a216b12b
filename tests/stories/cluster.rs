//! Several servers on one Postgres behave as one: what is done through one is seen, heard and executed on another.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::json;
use terrane_tests::api::{Answer, Api, send};
use terrane_tests::process::eventually;
use terrane_tests::{Server, Slug, Stage, Version, settings};

use crate::configurations::{ONE, RUNNING, SLOW};
use crate::crash::LONG;
use crate::trial;

/// A server that executes nothing itself.
const IDLE: &[&str] = &["--runner", "off"];
/// A server that executes runs itself, whatever other stories have executed them.
const BUSY: &[&str] = &["--runner", "on"];
/// Many times what another server needs to hear something, and less than any timer would.
const SOON: Duration = Duration::from_secs(8);
/// Longer than any lease and whatever follows its end.
const LATE: Duration = Duration::from_secs(240);

/// Clients reach the first server; the second says of itself to be reached there too.
const HERE: usize = 0;
const THERE: usize = 1;

type Play = fn(&mut Stage);
type Flags = [&'static [&'static str]; 2];

pub(crate) fn trials() -> Vec<Trial> {
    let stories: [(&str, Play, Flags); 9] = [
        ("the_command_line_is_here_and_the_run_there", the_command_line_is_here_and_the_run_there, [IDLE, BUSY]),
        ("a_log_that_is_written_there_is_followed_here", a_log_that_is_written_there_is_followed_here, [IDLE, BUSY]),
        ("a_cancel_here_stops_the_run_there", a_cancel_here_stops_the_run_there, [IDLE, BUSY]),
        ("a_lock_here_is_a_lock_there", a_lock_here_is_a_lock_there, [IDLE, IDLE]),
        ("a_page_here_hears_what_changes_there", a_page_here_hears_what_changes_there, [IDLE, IDLE]),
        ("a_token_revoked_here_is_refused_there", a_token_revoked_here_is_refused_there, [IDLE, IDLE]),
        ("a_signed_address_is_good_at_both", a_signed_address_is_good_at_both, [IDLE, IDLE]),
        ("an_apply_is_adopted_by_nobody_but_its_own_server", an_apply_is_adopted_by_its_own_server, [BUSY, BUSY]),
        ("a_server_that_dies_for_good_says_what_it_left", a_server_that_dies_for_good_says_what_it_left, [IDLE, BUSY]),
    ];
    let play = |(name, play, flags): (&str, Play, Flags)| {
        trial(format!("postgres::cluster::{name}"), move || {
            let mut stage = Stage::on(Server::cluster(&flags), Version::V1_11_4);
            play(&mut stage);
            stage.leave();
        })
    };
    let key = trial("postgres::cluster::a_server_with_another_key_does_not_start".into(), another_key);
    stories.map(play).into_iter().chain([key]).collect()
}

fn there(stage: &Stage) -> Api {
    stage.server.node(THERE).api(&stage.token)
}

fn workspace(stage: &Stage) -> String {
    stage.create_workspace("app", json!({ "auto-apply": true, "terraform-version": stage.version().number() }))
}

fn start(stage: &Stage, workspace: &str, configuration: &str) -> String {
    let slug = Slug::pack(&[("main.tf", configuration)]);
    stage.queue(workspace, &stage.uploaded(workspace, false, &slug), &json!({}))
}

fn the_command_line_is_here_and_the_run_there(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + ONE)).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    let state = stage.state("app").expect("a state");
    let id = stage.workspace_id("app");
    let current = there(stage).get(&format!("workspaces/{id}/current-state-version")).is(&[200]).data();
    let url = current["attributes"]["hosted-state-download-url"].as_str().expect("a URL").to_owned();
    assert_eq!(there(stage).get(&url).is(&[200]).body, state);
    // Each claim is woken by the other server: by the timer alone ten phases would take minutes.
    let slug = Slug::pack(&[("main.tf", ONE)]);
    let configuration = stage.uploaded(&id, true, &slug);
    for _ in 0..10 {
        let run = stage.queue(&id, &configuration, &json!({}));
        eventually("the other server to take the run", SOON, || {
            let status = stage.run(&run)["attributes"]["status"].clone();
            (status != "pending" && status != "plan_queued").then_some(())
        });
        stage.reaches(&run, &["planned_and_finished"]);
    }
    let _ = cli.good(&["destroy", "-auto-approve"]);
}

fn a_log_that_is_written_there_is_followed_here(stage: &mut Stage) {
    let session = sign_in(stage);
    let id = workspace(stage);
    let run = start(stage, &id, SLOW);
    stage.logs_say(&run, "apply", RUNNING);
    // The CLI's way was just taken; this is the browser's: one stream, which ends with the log.
    let api = stage.server.node(HERE).api("");
    let path = format!("/app/acme/app/runs/{run}/log/apply?offset=0");
    let stream = api.request("GET", &path).header("cookie", &session).send().expect("a stream");
    assert_eq!(stream.status(), 200);
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("data:") && line.contains(RUNNING)), "what is there already");
    let _ = there(stage).post(&format!("runs/{run}/actions/cancel"), &json!({})).is(&[200, 202, 204]);
    assert!(lines.any(|line| line == "data: end"), "the end of the log, written by the other server");
    stage.reaches(&run, &["canceled", "errored"]);
}

fn a_cancel_here_stops_the_run_there(stage: &mut Stage) {
    let id = workspace(stage);
    let run = start(stage, &id, SLOW);
    stage.logs_say(&run, "apply", RUNNING);
    let _ = stage.act(&run, "cancel").is(&[200, 202, 204]);
    let run = stage.reaches(&run, &["canceled", "errored"]);
    assert_eq!(stage.workspace("app")["attributes"]["locked"], false);
    let state = String::from_utf8(stage.state("app").expect("a state")).expect("UTF-8");
    assert!(state.contains("\"quick\""), "what was made is kept: {state}; {run}");
}

fn a_lock_here_is_a_lock_there(stage: &mut Stage) {
    let id = workspace(stage);
    let (here, there) = (stage.api(), there(stage));
    for (one, other) in [(&here, &there), (&there, &here)] {
        let _ = one.post(&format!("workspaces/{id}/actions/lock"), &json!({ "reason": "mine" })).is(&[200]);
        assert_eq!(other.get(&format!("workspaces/{id}")).is(&[200]).data()["attributes"]["locked"], true);
        let _ = other.post(&format!("workspaces/{id}/actions/lock"), &json!({})).refuses(&[409]);
        let _ = other.post(&format!("workspaces/{id}/actions/unlock"), &json!({})).is(&[200]);
        assert_eq!(one.get(&format!("workspaces/{id}")).is(&[200]).data()["attributes"]["locked"], false);
    }
}

fn a_page_here_hears_what_changes_there(stage: &mut Stage) {
    let session = sign_in(stage);
    let id = workspace(stage);
    let here = stage.server.node(HERE).api("");
    let stream = here.request("GET", "/app/events?organization=acme").header("cookie", &session).send();
    let stream = stream.expect("a stream");
    assert_eq!(stream.status(), 200);
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == ": hello"), "the stream is open");
    for action in ["lock", "unlock"] {
        let _ = there(stage).post(&format!("workspaces/{id}/actions/{action}"), &json!({})).is(&[200]);
        assert!(lines.any(|line| line == format!("data: {id}")), "{action} was not heard");
    }
}

fn a_token_revoked_here_is_refused_there(stage: &mut Stage) {
    let session = sign_in(stage);
    let mut answers_there = Duration::ZERO;
    for _ in 0..5 {
        let token = stage.server.admin(&["token", "create", "--user", "browser", "--description", "to be revoked"]);
        let (here, there) = (stage.server.api(&token), stage.server.node(THERE).api(&token));
        // Both know it by now, and ask nobody any more.
        for api in [&here, &there, &here, &there] {
            let _ = api.get("account/details").is(&[200]);
        }
        let page = browse(stage, "GET", "/app/settings/tokens", &session, String::new()).is(&[200]).text();
        let form = page.split("to be revoked").nth(1).expect("the token is listed");
        let action = between(form, "action=\"", "\"");
        let csrf = between(form, "name=\"csrf\" value=\"", "\"");
        let _ = browse(stage, "POST", action, &session, format!("csrf={csrf}")).is(&[302, 303]);
        let _ = here.get("account/details").is(&[401]);
        let began = std::time::Instant::now();
        eventually("the other server to hear of it", SOON, || {
            (there.get("account/details").is(&[200, 401]).status == 401).then_some(())
        });
        answers_there = answers_there.max(began.elapsed());
    }
    // For its reader; what is promised is checked above.
    std::io::Write::write_all(&mut std::io::stderr(), format!("refused there after {answers_there:?}\n").as_bytes())
        .ok();
}

fn a_signed_address_is_good_at_both(stage: &mut Stage) {
    let id = workspace(stage);
    let configuration = stage.configuration(&id, false);
    let url = configuration["attributes"]["upload-url"].as_str().expect("an upload URL");
    let path = url.strip_prefix(&stage.server.url()).expect("an address that clients reach");
    let other = stage.server.node(THERE).api("");
    // Larger than what a row takes, so that it is one file in the directory that both share.
    let noise: String = (0_u64..40_000).map(|n| format!("{:016x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15))).collect();
    let slug = Slug::pack(&[("main.tf", ONE), ("noise.txt", &noise)]);
    let _ = send(other.request("PUT", path).body(slug.0.clone())).is(&[200, 201, 202, 204]);
    let version = configuration["id"].as_str().expect("an id");
    let now = stage.api().get(&format!("configuration-versions/{version}")).is(&[200]).data();
    assert_eq!(now["attributes"]["status"], "uploaded");
    let forged = send(other.request("PUT", &format!("{path}x")).body(slug.0));
    assert_eq!(forged.status, 401, "{}", forged.text());
    let download = stage.api().get(&format!("configuration-versions/{version}/download"));
    assert!(download.status != 500, "what was uploaded there cannot be read here: {}", download.text());
}

/// Which of the servers executes an apply right now.
fn executing(stage: &Stage) -> usize {
    let owner = |&number: &usize| {
        let runs = std::fs::read_dir(stage.server.node(number).data().join("runs")).into_iter().flatten().flatten();
        runs.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("apply-"))
    };
    (0..stage.server.nodes()).find(owner).expect("one of them executes it")
}

fn an_apply_is_adopted_by_its_own_server(stage: &mut Stage) {
    let id = workspace(stage);
    let run = start(stage, &id, LONG);
    stage.logs_say(&run, "apply", RUNNING);
    let owner = executing(stage);
    let other = 1 - owner;
    stage.server.node_mut(owner).kill();
    // The other one, with free slots, goes on, and leaves what it did not start alone; even when it starts anew itself.
    stage.server.node_mut(other).kill();
    stage.server.node_mut(other).start();
    let seen = stage.server.node(other).api(&stage.token).get(&format!("runs/{run}")).is(&[200]).data();
    assert_eq!(seen["attributes"]["status"], "applying", "{seen}");
    stage.server.node_mut(owner).start();
    let run = stage.reaches(&run, &["applied"]);
    let log = stage.log(&run, "apply");
    assert!(log.contains("after-all") && log.contains("Apply complete!"), "a part of the log is lost: {log}");
    assert_eq!(log.matches(RUNNING).count(), 1, "the apply ran twice, or its log is doubled: {log}");
    let adopted = |number: usize| stage.server.node(number).log().contains("a phase of an earlier runner is adopted");
    assert!(adopted(owner) && !adopted(other));
}

fn a_server_that_dies_for_good_says_what_it_left(stage: &mut Stage) {
    let id = workspace(stage);
    let run = start(stage, &id, SLOW);
    stage.logs_say(&run, "apply", RUNNING);
    stage.server.node_mut(THERE).kill();
    // Nobody knows whether terraform is still at work there: the server that is left says so, and keeps the workspace locked.
    eventually("the server that is left to say what happened", LATE, || {
        let said = stage.api().get(&format!("runs/{run}")).is(&[200]).text();
        said.contains("recovering").then_some(())
    });
    assert_eq!(stage.run(&run)["attributes"]["status"], "applying");
    assert_eq!(stage.workspace("app")["attributes"]["locked"], true);
    stage.server.node_mut(THERE).start();
    stage.reaches(&run, &["errored", "canceled"]);
    let state = String::from_utf8(stage.state("app").expect("the last state that it sent")).expect("UTF-8");
    assert!(state.contains("\"quick\""), "{state}");
    let next = start(stage, &id, ONE);
    stage.reaches(&next, &["applied"]);
}

fn another_key() {
    let stage = Stage::on(Server::cluster(&[IDLE]), Version::V1_11_4);
    let folder = stage.server.folder().join("stranger");
    fs::create_dir(&folder).expect("a data directory");
    let refused = || {
        let mut command = Command::new(settings::binary());
        command.env_clear().args(["serve", "--listen", "127.0.0.1:0", "--runner", "off", "--data"]).arg(&folder);
        command.args(["--database", &stage.server.postgres().expect("a Postgres")]);
        let output = command.stdin(Stdio::null()).output().expect("run terrane serve");
        assert!(!output.status.success(), "it started");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let said = refused();
    assert!(said.contains("is sealed with the master key") && said.contains("there is no key file"), "{said}");
    assert!(!folder.join("master.key").exists(), "a key that opens nothing was made");
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(folder.join("master.key"));
    let key = format!("trnk_{}\n", "A".repeat(43));
    std::io::Write::write_all(&mut file.expect("a key file"), key.as_bytes()).expect("write a key");
    let said = refused();
    assert!(said.contains("is sealed with the master key") && said.contains("--master-key"), "{said}");
    let _ = stage.api().get("organizations/acme").is(&[200]);
    stage.leave();
}

/// A person with a password, signed in at the second server; the cookie.
fn sign_in(stage: &Stage) -> String {
    const PASSWORD: &str = "correct horse battery staple";
    let _ = stage.server.admin_told(
        &["user", "create", "browser", "--email", "browser@example.test", "--site-admin", "--password-stdin"],
        PASSWORD,
    );
    let there = stage.server.node(THERE);
    let request = there.api("").request("POST", "/sign-in").header("origin", stage.server.url());
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = send(request.body(format!("login=browser&password={}", PASSWORD.replace(' ', "+")))).is(&[302, 303]);
    let cookie = answer.headers.get("set-cookie").and_then(|value| value.to_str().ok()).expect("a session");
    cookie.split(';').next().unwrap_or_default().to_owned()
}

/// What a signed-in browser asks of the first server.
fn browse(stage: &Stage, method: &str, path: &str, session: &str, form: String) -> Answer {
    let here = stage.server.node(HERE);
    let request = here.api("").request(method, path).header("cookie", session);
    let request = request.header("origin", stage.server.url());
    send(request.header("content-type", "application/x-www-form-urlencoded").body(form))
}

/// The text between two others.
#[track_caller]
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before:?} in {text}")).1;
    rest.split_once(after).unwrap_or_else(|| panic!("no {after:?} in {rest}")).0
}
