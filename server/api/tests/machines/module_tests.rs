//! Tests of modules: who has them made, what clients are told of them, how they are stopped, and what a lost runner means.

use crate::runners::{credential, enlist};
use crate::town::{Answer, Town, inside, on_both};
use app::{Caller, Serves, Which};
use domain::permission::Permission;
use protocol::{
    Job, Outcome, Phase, Tally, Verdict, Wish,
    wire::{Hello, Speaks},
};
use serde_json::{Value, json};

on_both! { a_test_is_made_executed_and_told  what_is_not_a_test_is_refused  nobody_sees_the_workspace_of_a_module
a_test_is_canceled_gently_and_then_at_once  a_test_that_began_is_never_begun_again  an_old_runner_tests_nothing
a_module_goes_with_its_tests  who_may_what }

const MODULES: &str = "/api/v2/organizations/acme/registry-modules";
const TESTS: &str = "/api/v2/organizations/acme/tests/registry-modules/private/acme/net/aws/test-runs";

async fn module(town: &Town) {
    let owner = town.caller("owner").await;
    town.app.create_module(&owner, "acme", "net", "aws").await.unwrap();
}

/// An upload to the module, ready to be tested.
async fn uploaded(town: &Town) -> String {
    let made = town.ask("owner", "POST", &format!("{TESTS}/configuration-versions"), "").await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json()["data"].clone();
    let url = made["attributes"]["upload-url"].as_str().unwrap();
    let path = url.strip_prefix("https://terrane.test").unwrap();
    let put = town.ask("nobody", "PUT", path, &b"archive"[..]).await;
    assert_eq!(put.status, 200, "{}", put.text());
    made["id"].as_str().unwrap().to_owned()
}

fn document(configuration: &str, attributes: &Value) -> String {
    json!({ "data": { "type": "test-runs", "attributes": attributes, "relationships": {
        "configuration-version": { "data": { "type": "configuration-versions", "id": configuration } } } } })
    .to_string()
}

async fn create(town: &Town, actor: &str, configuration: &str, attributes: &Value) -> Answer {
    let headers = [("terraform-version", "1.11.4")];
    town.ask_with(actor, "POST", TESTS, document(configuration, attributes), &headers).await
}

/// A test that waits for a runner: its id.
async fn queued(town: &Town) -> String {
    let made = create(town, "owner", &uploaded(town).await, &json!({})).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["data"]["id"].as_str().unwrap().to_owned()
}

async fn show(town: &Town, id: &str) -> Value {
    let answer = town.ask("read", "GET", &format!("{TESTS}/{id}"), "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["data"]["attributes"].clone()
}

async fn stands(town: &Town, id: &str) -> (String, String) {
    let test = show(town, id).await;
    let text = |name: &str| test[name].as_str().unwrap().to_owned();
    (text("status"), text("test-status"))
}

fn both(status: &str, verdict: &str) -> (String, String) {
    (status.to_owned(), verdict.to_owned())
}

async fn begun(town: &Town) -> Job {
    let job = town.app.claim(&inside(), None).await.unwrap();
    assert_eq!(job.phase, Phase::Test);
    town.app.started(&job.lease, "1.11.4", None).await.unwrap();
    job
}

async fn a_test_is_made_executed_and_told(town: &Town) {
    module(town).await;
    assert_eq!(town.ask("read", "GET", TESTS, "").await.json()["data"], json!([]), "it was never tested");
    let configuration = uploaded(town).await;
    let read = town.ask("read", "GET", &format!("/api/v2/configuration-versions/{configuration}"), "").await;
    assert_eq!(read.json()["data"]["attributes"]["status"], "uploaded", "{}", read.text());
    let asked = json!({ "filters": ["tests/a.tftest.hcl"], "test-directory": "tests", "verbose": true,
        "parallelism": 3, "variables": [{ "key": "size", "value": "[1]" }] });
    let made = create(town, "owner", &configuration, &asked).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json()["data"].clone();
    let id = made["id"].as_str().unwrap();
    assert!(id.starts_with("trun-"), "{id}");
    assert_eq!(made["type"], "test-runs");
    assert_eq!(made["relationships"]["configuration-version"]["data"]["id"], configuration.as_str());
    // Never "queued": a client would ask again without a pause.
    assert_eq!(stands(town, id).await, both("pending", "pending"));

    let job = begun(town).await;
    let test = job.test.clone().unwrap();
    assert_eq!((test.filters, test.directory.as_str()), (vec!["tests/a.tftest.hcl".to_owned()], "tests"));
    assert_eq!((test.verbose, test.parallelism, job.version.as_str()), (true, Some(3), "1.11.4"));
    assert_eq!((job.limits.grace_seconds, job.lease.seconds), (10, 120), "it has time to destroy what it made");
    assert!(job.variables.iter().any(|variable| variable.key == "size" && variable.hcl));
    assert_eq!(stands(town, id).await, both("running", "pending"));
    town.app.write_log(&job.lease, 0, (&b"\x02{}\n\x03"[..]).into()).await.unwrap();
    let log = show(town, id).await["log-read-url"].as_str().unwrap().to_owned();
    let log = town.ask("nobody", "GET", log.strip_prefix("https://terrane.test").unwrap(), "").await;
    assert_eq!(log.text(), "\u{2}{}\n\u{3}");

    let planned =
        Outcome::Planned { has_changes: true, counts: protocol::Counts::default(), generated_configuration: false };
    assert!(town.app.finish(&job.lease, planned, Vec::new()).await.is_err(), "a test is no plan");
    let tally = Tally { passed: 2, failed: 1, errored: 0, skipped: 4 };
    town.app.finish(&job.lease, Outcome::Tested { verdict: Verdict::Fail, tally }, Vec::new()).await.unwrap();
    assert_eq!(stands(town, id).await, both("finished", "fail"));
    let told = show(town, id).await;
    let told = ["tests-passed", "tests-failed", "tests-errored", "tests-skipped"].map(|name| told[name].clone());
    assert_eq!(told, [2, 1, 0, 4].map(Value::from));
    let listed = town.ask("read", "GET", TESTS, "").await.json();
    assert_eq!((listed["data"][0]["id"].as_str(), &listed["meta"]["pagination"]["total-count"]), (Some(id), &json!(1)));
    let again = town.ask("owner", "POST", &format!("{TESTS}/{id}/cancel"), "").await;
    assert_eq!(again.status, 409, "{}", again.text());

    // What cannot be prepared or executed is an error, whatever the reason is.
    let id = queued(town).await;
    let job = begun(town).await;
    let failed = Outcome::Failed { reason: "no engine".into(), exit_code: None };
    town.app.finish(&job.lease, failed, Vec::new()).await.unwrap();
    assert_eq!(stands(town, &id).await, both("errored", "error"));
    assert_eq!(show(town, &id).await["reason"], "no engine");
}

async fn what_is_not_a_test_is_refused(town: &Town) {
    module(town).await;
    let configuration = uploaded(town).await;
    let long = "x".repeat(3000);
    for attributes in [
        json!({ "filters": [""] }),
        json!({ "filters": ["a\u{0}b"] }),
        json!({ "filters": [long] }),
        json!({ "filters": vec!["a"; 1001] }),
        json!({ "filters": "a" }),
        json!({ "test-directory": "../elsewhere" }),
        json!({ "test-directory": "/etc" }),
        json!({ "verbose": "perhaps" }),
        json!({ "parallelism": 0 }),
        json!({ "parallelism": 1.5 }),
        json!({ "variables": [{ "key": "a b", "value": "1" }] }),
        json!({ "variables": [{ "key": "a" }] }),
        json!({ "variables": ["a=1"] }),
        json!({ "variables": [{ "key": "a", "value": "\"nul \u{0}\"" }] }),
    ] {
        let answer = create(town, "owner", &configuration, &attributes).await;
        assert!(answer.status == 422 || answer.status == 400, "{attributes}: {} {}", answer.status, answer.text());
    }
    // An expression that is none is for the engine to refuse, which knows what one is.
    let wrong = json!({ "variables": [{ "key": "a", "value": "[1," }] });
    assert_eq!(create(town, "owner", &configuration, &wrong).await.status, 201);

    let whole = document(&configuration, &json!({ "verbose": true }));
    for cut in [0, 1, 20, whole.len() - 1] {
        let answer = town.ask("owner", "POST", TESTS, whole[..cut].to_owned()).await;
        assert!(answer.status == 422 || answer.status == 400, "{cut}: {} {}", answer.status, answer.text());
    }
    let other = whole.replace("test-runs", "runs");
    assert!(town.ask("owner", "POST", TESTS, other).await.status.is_client_error());

    // Nothing is tested but what was uploaded to this very module.
    let owner = town.caller("owner").await;
    town.app.create_module(&owner, "acme", "net", "gcp").await.unwrap();
    let elsewhere = TESTS.replace("net/aws", "net/gcp");
    let answer = town.ask("owner", "POST", &elsewhere, document(&configuration, &json!({}))).await;
    assert_eq!(answer.status, 422, "{}", answer.text());
    let announced = town.ask("owner", "POST", &format!("{TESTS}/configuration-versions"), "").await.json();
    let announced = announced["data"]["id"].as_str().unwrap().to_owned();
    assert_eq!(create(town, "owner", &announced, &json!({})).await.status, 422, "it was not uploaded");
    assert_eq!(create(town, "owner", "cv-none", &json!({})).await.status, 422);
    assert_eq!(town.ask("owner", "POST", TESTS, r#"{"data":{"type":"test-runs"}}"#).await.status, 422);

    for path in [
        TESTS.replace("net/aws", "none/aws"),
        TESTS.replace("private/acme", "private/other"),
        format!("{TESTS}/trun-none"),
        format!("{TESTS}/run-none"),
        format!("{TESTS}/trun-none/cancel"),
    ] {
        let method = if path.ends_with("cancel") { "POST" } else { "GET" };
        assert_eq!(town.ask("owner", method, &path, "").await.status, 404, "{path}");
    }
    // A run that is no test is none by the other name either.
    let run = town.new_run(&owner, &town.workspace, app::NewRun::default()).await;
    assert_eq!(town.ask("owner", "GET", &format!("{TESTS}/{}", run.test()), "").await.status, 404);
    // Nor is the test of one module the test of another.
    let id = queued(town).await;
    assert_eq!(town.ask("owner", "GET", &format!("{elsewhere}/{id}"), "").await.status, 404);
    assert_eq!(town.ask("owner", "POST", &format!("{elsewhere}/{id}/cancel"), "").await.status, 404);
}

async fn nobody_sees_the_workspace_of_a_module(town: &Town) {
    module(town).await;
    let id = queued(town).await;
    let job = begun(town).await;
    let run = &job.run_id;
    let tail = id.strip_prefix("trun-").unwrap();
    let listed = town.ask("owner", "GET", "/api/v2/organizations/acme/workspaces", "").await.json();
    assert_eq!(listed["meta"]["pagination"]["total-count"], 1, "{listed}");
    let searched = "/api/v2/organizations/acme/workspaces?search%5Bname%5D=net";
    assert_eq!(town.ask("owner", "GET", searched, "").await.json()["data"], json!([]));
    let queue = town.ask("owner", "GET", "/api/v2/organizations/acme/runs/queue", "").await.json();
    assert_eq!(queue["data"], json!([]), "{queue}");
    for path in [
        "organizations/acme/workspaces/net%2Faws".to_owned(),
        format!("runs/{run}"),
        format!("plans/plan-{tail}"),
        format!("applies/apply-{tail}"),
        format!("runs/{run}/comments"),
    ] {
        let answer = town.ask("owner", "GET", &format!("/api/v2/{path}"), "").await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
    }
    for action in ["cancel", "apply", "discard", "force-cancel"] {
        let answer = town.ask("owner", "POST", &format!("/api/v2/runs/{run}/actions/{action}"), "{}").await;
        assert_eq!(answer.status, 404, "{action}: {}", answer.text());
    }
    let owner = town.caller("owner").await;
    let row = town.app.store.look(async |mut tx| store::run::find(&mut tx, &run.parse().unwrap()).await).await.unwrap();
    let hidden = row.unwrap().workspace_id;
    for permission in [Permission::Read, Permission::ReadState, Permission::DeleteWorkspace] {
        assert!(town.app.workspace(&owner, Which::Id(&hidden), permission).await.is_err());
    }
    for (method, what) in [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/vars"), ("POST", "/actions/lock")] {
        let answer = town.ask("owner", method, &format!("/api/v2/workspaces/{hidden}{what}"), "{}").await;
        assert_eq!(answer.status, 404, "{method} {what}: {}", answer.text());
    }
    // The test's own token reads modules, and nothing of its workspace.
    let token: Caller = town.app.authenticate(secrecy::ExposeSecret::expose_secret(&job.token)).await.unwrap();
    assert!(town.app.workspace(&token, Which::Id(&hidden), Permission::WriteState).await.is_err());
    assert_eq!(town.app.list_modules(&token, "acme", 10, 0).await.unwrap().1, 1);
}

async fn a_test_is_canceled_gently_and_then_at_once(town: &Town) {
    module(town).await;
    let cancel = async |id: &str| town.ask("owner", "POST", &format!("{TESTS}/{id}/cancel"), "").await.status;
    let force = async |id: &str| town.ask("owner", "POST", &format!("{TESTS}/{id}/force-cancel"), "").await.status;
    let waits = queued(town).await;
    assert_eq!(force(&waits).await, 409, "it was not canceled yet");
    assert_eq!(cancel(&waits).await, 202);
    assert_eq!(stands(town, &waits).await, both("canceled", "error"));
    assert_eq!(cancel(&waits).await, 409);

    let id = queued(town).await;
    let job = begun(town).await;
    assert_eq!(cancel(&id).await, 202);
    assert_eq!(town.app.wait_for_wish(&job.lease, Wish::GoOn).await.unwrap(), Wish::Interrupt);
    assert_eq!(cancel(&id).await, 202, "a client that lost the answer says the same again");
    assert_eq!(town.app.renew(&job.lease).await.unwrap(), Wish::Interrupt);
    assert_eq!(stands(town, &id).await, both("running", "pending"));
    town.clock.pass(3);
    assert_eq!(cancel(&id).await, 202);
    assert_eq!(town.app.wait_for_wish(&job.lease, Wish::Interrupt).await.unwrap(), Wish::Kill);
    town.app.finish(&job.lease, Outcome::Canceled { killed: true }, Vec::new()).await.unwrap();
    assert_eq!(stands(town, &id).await, both("canceled", "error"));
    let reason = show(town, &id).await["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("may still be there"), "{reason}");

    // One that came to its end all the same was canceled nevertheless: it left out what it had not begun.
    let id = queued(town).await;
    let job = begun(town).await;
    assert_eq!(cancel(&id).await, 202);
    let tally = Tally { passed: 1, skipped: 1, ..Tally::default() };
    town.app.finish(&job.lease, Outcome::Tested { verdict: Verdict::Pass, tally }, Vec::new()).await.unwrap();
    assert_eq!(stands(town, &id).await, both("canceled", "error"));
    assert!(show(town, &id).await["reason"].as_str().unwrap().starts_with("interrupted while it tested"));
}

async fn a_test_that_began_is_never_begun_again(town: &Town) {
    module(town).await;
    // One that was not begun changed nothing.
    let id = queued(town).await;
    let early = town.app.claim(&inside(), None).await.unwrap();
    assert_eq!(town.nobody_speaks(31).await, 0, "its lease is as long as that of an apply");
    assert_eq!(town.nobody_speaks(121).await, 1);
    assert_eq!(stands(town, &id).await, both("pending", "pending"));
    assert_eq!(town.app.renew(&early.lease).await.unwrap(), Wish::Lost);

    let runner = enlist(town, None, Vec::new()).await;
    let job = town.app.claim(&runner, None).await.unwrap();
    town.app.started(&job.lease, "1.11.4", None).await.unwrap();
    assert_eq!(town.nobody_speaks(24 * 3600).await, 0);
    assert_eq!(stands(town, &id).await, both("running", "pending"), "nobody knows what became of it");
    // Its runner comes back without it: it has died.
    enlist(town, Some(runner.agent.as_str()), Vec::new()).await;
    assert_eq!(stands(town, &id).await, both("errored", "error"));
    let reason = show(town, &id).await["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("may still be there"), "{reason}");

    // Or it never comes back, and a person says so.
    let id = queued(town).await;
    begun(town).await;
    town.nobody_speaks(24 * 3600).await;
    for _ in 0..2 {
        assert_eq!(town.ask("owner", "POST", &format!("{TESTS}/{id}/cancel"), "").await.status, 202);
        town.clock.pass(3);
    }
    assert_eq!(stands(town, &id).await, both("canceled", "error"));
}

async fn an_old_runner_tests_nothing(town: &Town) {
    module(town).await;
    let id = queued(town).await;
    let speaks = Speaks { from: 1, to: 1 };
    let hello = Hello { speaks, name: "old".into(), version: "0".into(), slots: 1, agent: None, holding: Vec::new() };
    let enlisted = town.app.enlist(&Serves::Site, &hello, "").await.unwrap();
    assert_eq!(enlisted.protocol, 1, "one that speaks an earlier version is taken on all the same");
    let credential = credential(town).await;
    let old = town.app.claimant(&credential, &enlisted.agent, enlisted.session).await.unwrap();
    let owner = town.caller("owner").await;
    town.new_run(&owner, &town.workspace, app::NewRun::default()).await;
    let job = town.app.claim(&old, None).await.unwrap();
    assert_eq!(job.phase, Phase::Plan, "what it understands it executes");
    let waits = tokio::spawn({
        let (app, old) = (town.app.clone(), old.clone());
        async move { app.claim(&old, None).await }
    });
    while stands(town, &id).await != both("errored", "error") {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    waits.abort();
    let reason = show(town, &id).await["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("speaks protocol 1") && reason.contains("up to date"), "{reason}");
}

async fn a_module_goes_with_its_tests(town: &Town) {
    module(town).await;
    let id = queued(town).await;
    let path = format!("{MODULES}/private/acme/net/aws");
    let answer = town.ask("owner", "DELETE", &path, "").await;
    assert_eq!(answer.status, 409, "{}", answer.text());
    town.ask("owner", "POST", &format!("{TESTS}/{id}/cancel"), "").await;
    assert_eq!(town.ask("owner", "DELETE", &path, "").await.status, 204);
    module(town).await;
    assert_eq!(town.ask("owner", "GET", &format!("{TESTS}/{id}"), "").await.status, 404, "it is another module");
    let again = queued(town).await;
    assert_eq!(stands(town, &again).await, both("pending", "pending"));
}

async fn who_may_what(town: &Town) {
    module(town).await;
    let configuration = uploaded(town).await;
    let id = queued(town).await;
    let cancel = format!("{TESTS}/{id}/cancel");
    for (actor, reads, makes) in [
        ("nobody", 401, 401),
        ("stranger", 404, 404),
        ("foreign-run", 404, 404),
        ("read", 200, 403),
        ("plan", 200, 403),
        ("write", 200, 403),
    ] {
        assert_eq!(town.ask(actor, "GET", TESTS, "").await.status, reads, "{actor}");
        assert_eq!(town.ask(actor, "GET", &format!("{TESTS}/{id}"), "").await.status, reads, "{actor}");
        assert_eq!(create(town, actor, &configuration, &json!({})).await.status, makes, "{actor}");
        assert_eq!(town.ask(actor, "POST", &cancel, "").await.status, makes, "{actor}");
        let announced = town.ask(actor, "POST", &format!("{TESTS}/configuration-versions"), "").await;
        assert_eq!(announced.status, makes, "{actor}");
    }
    let hidden = format!("/api/v2/configuration-versions/{configuration}");
    assert_eq!(town.ask("stranger", "GET", &hidden, "").await.status, 404);
    assert_eq!(town.ask("owner", "POST", &cancel, "").await.status, 202);
}
