//! Runners elsewhere: they execute for their pool, die, come back, and leave.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use terrane_tests::api::send;
use terrane_tests::process::eventually;
use terrane_tests::time::Wall;
use terrane_tests::{ORGANIZATION, Runner, Slug, Stage, settings};

use crate::configurations::{ONE, RUNNING};
use crate::stories;

stories! {
    NONE:
        an_agent_executes_for_its_pool,
        a_killed_runner_makes_its_plan_again,
        an_apply_survives_its_runner_and_is_adopted,
        an_apply_that_died_with_its_runner_says_so,
        a_runner_finishes_before_it_stops,
        a_deleted_token_lets_nobody_in,
        two_runners_with_one_token_share_the_work,
        a_copied_directory_is_another_runner,
        a_runner_of_another_protocol_says_so_and_ends,
        a_step_of_the_time_ends_no_lease,
        a_runner_of_the_site_is_seen_from_both_sides;
}

/// An apply that ends by itself a while after its runner was killed.
const LONG: &str = "\
resource \"terraform_data\" \"quick\" {
  input = \"quick\"
}
resource \"terraform_data\" \"long\" {
  depends_on = [terraform_data.quick]
  provisioner \"local-exec\" {
    command = \"printf 'now-%s\\\\n' running; sleep 4; printf 'after-%s\\\\n' all\"
  }
}
";

/// A pool, the token of its agents and that token's id.
pub(crate) fn pool(stage: &Stage, name: &str) -> (String, String, String) {
    let document = json!({ "data": { "type": "agent-pools", "attributes": { "name": name } } });
    let pool = stage.api().post(&format!("organizations/{ORGANIZATION}/agent-pools"), &document).is(&[200]).data();
    let id = pool["id"].as_str().expect("an id").to_owned();
    let document = json!({ "data": { "type": "agent-tokens", "attributes": { "description": "story" } } });
    let token = stage.api().post(&format!("agent-pools/{id}/authentication-tokens"), &document).is(&[201]).data();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (id, text(&token["attributes"]["token"]), text(&token["id"]))
}

pub(crate) fn workspace(stage: &Stage, pool: &str) -> String {
    let version = stage.version().number();
    stage.create_workspace(
        "app",
        json!({ "auto-apply": true, "terraform-version": version, "execution-mode": "agent", "agent-pool-id": pool }),
    )
}

fn start(stage: &Stage, workspace: &str, configuration: &str) -> String {
    let slug = Slug::pack(&[("main.tf", configuration)]);
    stage.queue(workspace, &stage.uploaded(workspace, false, &slug), &json!({}))
}

pub(crate) fn reason(stage: &Stage, run: &str) -> String {
    let run = stage.run(run);
    run["attributes"]["waiting-reason"].as_str().unwrap_or_default().to_owned()
}

fn an_agent_executes_for_its_pool(stage: &mut Stage) {
    let (own, token, _) = pool(stage, "own");
    let (other, other_token, _) = pool(stage, "other");
    let id = workspace(stage, &own);
    let run = start(stage, &id, ONE);
    eventually("a reason", Duration::from_secs(10), || reason(stage, &run).contains("no agent").then_some(()));
    // Neither the server's own runner nor another pool's takes it.
    let stranger = Runner::start(&stage.server, &other_token);
    eventually("an agent", Duration::from_secs(30), || {
        let agents = stage.api().get(&format!("agent-pools/{other}/agents")).is(&[200]).data();
        (agents.as_array().map_or(0, Vec::len) == 1).then_some(())
    });
    assert_eq!(stage.run(&run)["attributes"]["status"], "pending");
    let runner = Runner::start(&stage.server, &token);
    let run = stage.reaches(&run, &["applied"]);
    assert!(stage.log(&run, "apply").contains("Apply complete!"));
    assert!(stage.state("app").is_some());
    let agents = stage.api().get(&format!("agent-pools/{own}/agents")).is(&[200]).data();
    assert_eq!(
        (&agents[0]["attributes"]["name"], &agents[0]["attributes"]["status"]),
        (&"story".into(), &"idle".into())
    );
    drop((stranger, runner));
}

fn a_killed_runner_makes_its_plan_again(stage: &mut Stage) {
    plan_with_a_killed_runner(stage, &settings::runner_executor());
}

/// A runner with this executor dies while it plans, and comes back.
pub(crate) fn plan_with_a_killed_runner(stage: &Stage, executor: &[String]) {
    let (own, token, _) = pool(stage, "own");
    let id = workspace(stage, &own);
    let flags: Vec<_> = executor.iter().map(String::as_str).collect();
    let mut runner = Runner::start_with(&stage.server, &token, &flags);
    let slug = Slug::pack(&[("main.tf", ONE)]);
    let configuration = stage.uploaded(&id, true, &slug);
    let runs: Vec<_> = (0..4).map(|_| stage.queue(&id, &configuration, &json!({}))).collect();
    eventually("a plan", Duration::from_secs(30), || {
        (!["pending", "plan_queued"]
            .contains(&stage.run(&runs[0])["attributes"]["status"].as_str().unwrap_or_default()))
        .then_some(())
    });
    runner.kill_all();
    runner.restart();
    for run in runs {
        stage.reaches(&run, &["planned_and_finished"]);
    }
}

fn an_apply_survives_its_runner_and_is_adopted(stage: &mut Stage) {
    apply_with_a_killed_runner(stage, &settings::runner_executor());
}

/// A runner with this executor dies while it applies, and comes back.
pub(crate) fn apply_with_a_killed_runner(stage: &Stage, executor: &[String]) {
    let (own, token, _) = pool(stage, "own");
    let id = workspace(stage, &own);
    let flags: Vec<_> = executor.iter().map(String::as_str).collect();
    let mut runner = Runner::start_with(&stage.server, &token, &flags);
    let run = start(stage, &id, LONG);
    stage.logs_say(&run, "apply", RUNNING);
    runner.kill();
    runner.restart();
    let run = stage.reaches(&run, &["applied"]);
    let log = stage.log(&run, "apply");
    assert!(log.contains("after-all") && log.contains("Apply complete!"), "a part of the log is lost: {log}");
    assert_eq!(log.matches("now-running").count(), 1, "the apply ran twice, or its log is doubled: {log}");
}

fn an_apply_that_died_with_its_runner_says_so(stage: &mut Stage) {
    let (own, token, _) = pool(stage, "own");
    let id = workspace(stage, &own);
    let mut runner = Runner::start(&stage.server, &token);
    let run = start(stage, &id, LONG);
    stage.logs_say(&run, "apply", RUNNING);
    eventually("the first state", Duration::from_secs(30), || stage.state("app"));
    runner.kill_all();
    // Nothing is left of the phase: the runner that comes back proves by that that it is dead.
    // Its supervisor may still be writing down how it ended.
    eventually("the work directory to go", Duration::from_secs(30), || {
        let runs = std::fs::read_dir(runner.data().join("runs")).expect("the runs").flatten();
        let mut left = runs.filter(|entry| entry.file_name().to_string_lossy().starts_with("apply-"));
        left.all(|entry| std::fs::remove_dir_all(entry.path()).is_ok()).then_some(())
    });
    assert!(stage.workspace("app")["attributes"]["locked"].as_bool() == Some(true), "the lock stays");
    runner.restart();
    let run = stage.reaches(&run, &["errored"]);
    let why = run["attributes"]["reason"].as_str().unwrap_or_default();
    assert!(why.contains("terraform is gone"), "{why}");
    let state = String::from_utf8(stage.state("app").expect("the last whole state")).expect("UTF-8");
    assert!(state.contains("\"quick\""), "{state}");
    let run = start(stage, &id, ONE);
    stage.reaches(&run, &["applied"]);
}

fn a_runner_finishes_before_it_stops(stage: &mut Stage) {
    let (own, token, _) = pool(stage, "own");
    let id = workspace(stage, &own);
    let mut runner = Runner::start(&stage.server, &token);
    let run = start(stage, &id, LONG);
    stage.logs_say(&run, "apply", RUNNING);
    runner.terminate();
    assert!(runner.ended().success(), "{}", runner.log());
    stage.reaches(&run, &["applied"]);
    let agents = stage.api().get(&format!("agent-pools/{own}/agents")).is(&[200]).data();
    assert_eq!(agents[0]["attributes"]["status"], "exited");
}

fn a_deleted_token_lets_nobody_in(stage: &mut Stage) {
    let (_, token, id) = pool(stage, "own");
    let _ = stage.api().delete(&format!("authentication-tokens/{id}")).is(&[204]);
    let runner = Runner::start(&stage.server, &token);
    eventually("a word about the token", Duration::from_secs(30), || {
        runner.log().contains("the token is none of a runner").then_some(())
    });
    assert!(!runner.log().contains(&token), "the token is in the log");
}

fn two_runners_with_one_token_share_the_work(stage: &mut Stage) {
    let (own, token, _) = pool(stage, "own");
    let id = workspace(stage, &own);
    let mut runners = [Runner::start(&stage.server, &token), Runner::start(&stage.server, &token)];
    let slug = Slug::pack(&[("main.tf", ONE)]);
    let configuration = stage.uploaded(&id, true, &slug);
    let runs: Vec<_> = (0..6).map(|_| stage.queue(&id, &configuration, &json!({}))).collect();
    for run in runs {
        stage.reaches(&run, &["planned_and_finished"]);
    }
    let agents = stage.api().get(&format!("agent-pools/{own}/agents")).is(&[200]).data();
    assert_eq!(agents.as_array().map_or(0, Vec::len), 2, "two directories are two agents: {agents}");
    assert!(runners.iter_mut().all(Runner::runs));
}

fn a_copied_directory_is_another_runner(stage: &mut Stage) {
    let (own, token, _) = pool(stage, "own");
    let id = workspace(stage, &own);
    let mut runner = Runner::start(&stage.server, &token);
    let run = start(stage, &id, &LONG.replace("sleep 4", "sleep 8"));
    stage.logs_say(&run, "apply", RUNNING);
    // With the phase that runs in it, as the snapshot of a machine has it.
    let mut copy = Runner::prepare(&stage.server, &token, "story");
    let copied = std::process::Command::new("cp").arg("-a").arg(runner.data()).arg(copy.data()).status();
    assert!(copied.expect("run cp").success());
    copy.restart();
    eventually("both to be known", Duration::from_secs(30), || {
        let agents = stage.api().get(&format!("agent-pools/{own}/agents")).is(&[200]).data();
        (agents.as_array().map_or(0, Vec::len) == 2).then_some(())
    });
    let run = stage.reaches(&run, &["applied"]);
    let log = stage.log(&run, "apply");
    assert!(log.contains("after-all") && log.matches("now-running").count() == 1, "{log}");
    assert!(copy.log().contains("the data directory is a copy of another runner's"), "{}", copy.log());
    assert!(runner.runs() && copy.runs(), "{}{}", runner.log(), copy.log());
}

/// What this server says to runners that it does not understand; and what a runner does about a server that says so.
fn a_runner_of_another_protocol_says_so_and_ends(stage: &mut Stage) {
    let (own, token, _) = pool(stage, "own");
    let id = workspace(stage, &own);
    let run = start(stage, &id, ONE);
    let mut refusal = String::new();
    for (name, version) in [("older", 0), ("newer", 3), ("newest", 5)] {
        let hello = json!({
            "speaks": { "from": version, "to": version }, "name": name, "version": "9.9", "slots": 1, "agent": null, "holding": [],
        });
        let api = stage.server.api(&token);
        let refused = send(api.request("POST", "/api/runner/enlist").body(hello.to_string())).is(&[409]);
        refusal = refused.text();
        assert!(refusal.contains(&format!("speaks protocol {version} to {version}, this server")), "{refusal}");
        assert!(refusal.contains("bring the older of the two up to date"), "{refusal}");
        let waits = reason(stage, &run);
        assert!(waits.contains(&format!("{name} (9.9) was refused, since it speaks protocol {version}")), "{waits}");
    }
    let elsewhere = says(&format!(
        "HTTP/1.1 409 Conflict\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{refusal}",
        refusal.len()
    ));
    let mut runner = Runner::prepare(&stage.server, &token, "story").to(&format!("http://{elsewhere}"));
    runner.restart();
    assert!(!runner.ended().success());
    let log = runner.log();
    assert!(log.contains("the server does not take this runner on") && log.contains("bring the older"), "{log}");
    let runner = Runner::start(&stage.server, &token);
    stage.reaches(&run, &["applied"]);
    drop(runner);
}

/// A server that answers everybody with the same words; where it is.
fn says(answer: &str) -> std::net::SocketAddr {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let (address, answer) = (listener.local_addr().expect("an address"), answer.to_owned());
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let _ = client.read(&mut [0; 16 << 10]);
            let _ = client.write_all(answer.as_bytes());
        }
    });
    address
}

fn a_step_of_the_time_ends_no_lease(stage: &mut Stage) {
    let folder = stage.server.folder().to_owned();
    let (servers, runners) = (Wall::hang(&folder.join("server-time")), Wall::hang(&folder.join("runner-time")));
    stage.server.environment(&servers.environment());
    let _ = stage.server.stop();
    stage.server.restart();
    let (own, token, _) = pool(stage, "own");
    let id = workspace(stage, &own);
    let mut runner = Runner::prepare(&stage.server, &token, "story");
    for (key, value) in runners.environment() {
        runner = runner.with(&key, &value);
    }
    runner.restart();
    let run = start(stage, &id, &LONG.replace("sleep 4", "sleep 30"));
    stage.logs_say(&run, "apply", RUNNING);
    // The server looks at its leases every few seconds.
    for wall in [&servers, &runners] {
        for hours in [2, -2] {
            wall.set(hours * 3600);
            let looked = std::time::Instant::now();
            while looked.elapsed() < Duration::from_secs(7) {
                assert_eq!(reason(stage, &run), "", "{hours} hours");
                std::thread::sleep(Duration::from_millis(100));
            }
        }
        wall.set(0);
    }
    let run = stage.reaches(&run, &["applied"]);
    let log = stage.log(&run, "apply");
    assert!(log.contains("after-all") && log.matches("now-running").count() == 1, "{log}");
}

fn a_runner_of_the_site_is_seen_from_both_sides(stage: &mut Stage) {
    let token = stage.server.admin(&["runner-token", "create", "--description", "story"]);
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    let address = format!("127.0.0.1:{port}");
    let mut runner = Runner::start_with(&stage.server, &token, &["--metrics", &address]);
    let listed = eventually("a runner of the site", Duration::from_secs(30), || {
        let listed = stage.server.admin(&["runner", "list"]);
        listed.lines().find(|line| line.contains("\tstory\t")).map(str::to_owned)
    });
    assert!(listed.contains("\tstory\tidle\t0\t2\t"), "{listed}");
    let seen = stage.api().get("admin/runners").is(&[200]).data();
    let seen = seen.as_array().into_iter().flatten().map(|agent| agent["attributes"]["name"].clone());
    assert!(seen.collect::<Vec<_>>().contains(&json!("story")));
    assert!(ask(port, "/healthz").ends_with("ok\n"));
    // The server knows of it before the runner knows that it does.
    eventually("a runner that counts", Duration::from_secs(30), || {
        let metrics = ask(port, "/metrics");
        let counts = ["\nterrane_runner_slots 2\n", "\nterrane_runner_hellos_total 1\n"];
        counts.into_iter().all(|count| metrics.contains(count)).then_some(())
    });
    runner.terminate();
    assert!(runner.ended().success(), "{}", runner.log());
}

/// What a runner on this machine answers.
fn ask(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("reach the runner");
    write!(stream, "GET {path} HTTP/1.1\r\nhost: runner\r\nconnection: close\r\n\r\n").expect("ask the runner");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}
