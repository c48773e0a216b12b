//! The queue as clients see it: order, places, reasons, limits; and every phase once, however many ask at the same moment.

use crate::town::{Engine, Town, inside};
use app::{Caller, NewRun, NewUser, ShareChange, Unlock};
use domain::id::{RunId, WorkspaceId};
use protocol::Job;
use secrecy::ExposeSecret as _;
use std::{collections::BTreeSet, time::Duration};

/// Shorter than a runner's own look: who is woken by nothing but that was forgotten.
const FORGOTTEN: Duration = Duration::from_secs(25);

async fn queued(town: &Town, owner: &Caller, name: &str, new: NewRun) -> (WorkspaceId, RunId) {
    let workspace = town.new_workspace(owner, "acme", name).await;
    let run = town.new_run(owner, &workspace, new).await;
    (workspace, run)
}

async fn attributes(town: &Town, run: &RunId) -> serde_json::Value {
    town.ask("read", "GET", &format!("/api/v2/runs/{run}"), "").await.json()["data"]["attributes"].clone()
}

async fn site_admin(town: &mut Town) {
    let new = NewUser { name: "root".into(), email: "root@example.com".into(), site_admin: true, password: None };
    let user = town.app.create_user(new).await.unwrap();
    let (_, token) = town.app.create_token(&user, "test", None).await.unwrap();
    town.tokens.insert("root", token.expose_secret().to_owned());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_is_told_why_and_which_place() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(town) = Town::build(engine).await else { continue };
        let owner = town.caller("owner").await;
        let mut runs = Vec::new();
        for name in ["a", "b", "c", "d"] {
            runs.push(queued(&town, &owner, name, NewRun::default()).await);
            town.clock.pass(1);
        }
        let first = town.app.claim(&inside(), None).await.unwrap();
        town.app.claim(&inside(), None).await.unwrap();
        town.clock.pass(5);
        let third = attributes(&town, &runs[2].1).await;
        // To a client this is a run that waits: only then does it tell its person (client contract 9.7).
        assert_eq!(third["status"], "pending", "{third}");
        assert_eq!(
            third["waiting-reason"],
            "2 of 2 slots of organization acme are busy; position 1 of 2 in the queue of acme"
        );
        // The client takes from this what executes, and says how many have to end.
        assert_eq!(third["position-in-queue"], 3);
        // A workspace that is locked, and whose current run is pending, was locked by hand to a client.
        for (name, locked) in [("a", true), ("c", false)] {
            let path = format!("/api/v2/organizations/acme/workspaces/{name}");
            let workspace = town.ask("read", "GET", &path, "").await.json();
            assert_eq!(workspace["data"]["attributes"]["locked"], locked, "{name}");
        }
        let fourth = attributes(&town, &runs[3].1).await;
        assert_eq!(fourth["position-in-queue"], 4);
        assert_eq!(attributes(&town, &runs[0].1).await["waiting-reason"], serde_json::Value::Null);
        let queue = town.ask("read", "GET", "/api/v2/organizations/acme/runs/queue?page%5Bsize%5D=3", "").await.json();
        let listed: Vec<_> = queue["data"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap()).collect();
        let wanted: Vec<_> = runs[..3].iter().map(|(_, run)| run.as_str()).collect();
        assert_eq!((listed, &queue["meta"]["pagination"]["total-count"]), (wanted, &4.into()));
        assert_eq!(queue["data"][2]["attributes"]["position-in-queue"], 3);
        // All that ever were, newest first; how many is not counted.
        let path = "/api/v2/organizations/acme/runs?page%5Bsize%5D=3&page%5Bnumber%5D=";
        let pages = [
            town.ask("read", "GET", &format!("{path}1"), "").await.json(),
            town.ask("read", "GET", &format!("{path}2"), "").await.json(),
        ];
        let listed =
            pages.iter().flat_map(|page| page["data"].as_array().unwrap()).map(|run| run["id"].as_str().unwrap());
        assert_eq!(listed.collect::<Vec<_>>(), runs.iter().rev().map(|(_, run)| run.as_str()).collect::<Vec<_>>());
        let next = pages.iter().map(|page| page["meta"]["pagination"]["next-page"].clone()).collect::<Vec<_>>();
        assert_eq!(next, [2.into(), serde_json::Value::Null]);
        assert!(pages[0]["meta"]["pagination"].get("total-count").is_none());
        let planning =
            town.ask("read", "GET", &format!("{path}1&filter%5Bstatus%5D=planning,applied"), "").await.json();
        assert_eq!(planning["data"].as_array().unwrap().len(), 2, "{planning}");
        assert_eq!(town.ask("stranger", "GET", &format!("{path}1"), "").await.status, 404);
        let capacity = town.ask("read", "GET", "/api/v2/organizations/acme/capacity", "").await.json();
        assert_eq!(capacity["data"]["attributes"], serde_json::json!({ "pending": 2, "running": 2 }));
        // An apply goes before plans that are older, and is told as confirmed while there is no room.
        town.planned(&first, true).await;
        town.app.claim(&inside(), None).await.unwrap();
        town.app.confirm_run(&owner, &runs[0].1, "").await.unwrap();
        let apply = attributes(&town, &runs[0].1).await;
        assert_eq!((&apply["status"], &apply["position-in-queue"]), (&"confirmed".into(), &3.into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_workspace_is_told_whose_it_is() {
    let town = Town::build(Engine::Sqlite).await.unwrap();
    let owner = town.caller("owner").await;
    town.app.lock(&owner, &town.workspace, "repairs", None).await.unwrap();
    let first = town.new_run(&owner, &town.workspace, NewRun::default()).await;
    let told = attributes(&town, &first).await["waiting-reason"].clone();
    assert_eq!(told, "workspace web is locked by owner (repairs); it begins when that lock is given back");
    town.app.unlock(&owner, &town.workspace, Unlock::Own).await.unwrap();
    town.clock.pass(1);
    let second = town.new_run(&owner, &town.workspace, NewRun::default()).await;
    town.clock.pass(1);
    let third = town.new_run(&owner, &town.workspace, NewRun::default()).await;
    let job = town.app.claim(&inside(), None).await.unwrap();
    town.planned(&job, true).await;
    let told = attributes(&town, &third).await;
    assert_eq!(
        told["waiting-reason"],
        format!(
            "waiting for {first} to end or be discarded: it has workspace web and waits for somebody to confirm or discard it; \
             position 2 of 2 in the queue of workspace web"
        )
    );
    assert_eq!(attributes(&town, &second).await["position-in-queue"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_beside_a_run_have_a_limit_of_their_workspace() {
    let town = Town::build(Engine::Sqlite).await.unwrap();
    let owner = town.caller("owner").await;
    let change = r#"{"data":{"attributes":{"speculative-plan-limit":1}}}"#;
    let path = format!("/api/v2/workspaces/{}", town.workspace);
    let changed = town.ask("write", "PATCH", &path, change).await.json();
    assert_eq!(changed["data"]["attributes"]["speculative-plan-limit"], 1);
    let refused = town.ask("write", "PATCH", &path, change.replace('1', "0")).await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    let speculative = || NewRun { plan_only: Some(true), ..NewRun::default() };
    town.new_run(&owner, &town.workspace, speculative()).await;
    town.clock.pass(1);
    let second = town.new_run(&owner, &town.workspace, speculative()).await;
    town.app.claim(&inside(), None).await.unwrap();
    assert_eq!(
        attributes(&town, &second).await["waiting-reason"],
        "1 of 1 slots for plans beside the run of workspace web are busy"
    );
    // Clearing it gives the server's setting back, and wakes whoever can take the plan now.
    let cleared = town.ask("write", "PATCH", &path, change.replace('1', "null")).await.json();
    assert_eq!(cleared["data"]["attributes"]["speculative-plan-limit"], serde_json::Value::Null);
    assert_eq!(town.app.claim(&inside(), None).await.unwrap().run_id, second.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_admin_decides_about_shares() {
    let mut town = Town::build(Engine::Sqlite).await.unwrap();
    site_admin(&mut town).await;
    let path = "/api/v2/admin/organizations/acme";
    let body = |attributes: &str| format!(r#"{{"data":{{"type":"organizations","attributes":{attributes}}}}}"#);
    let changed = town.ask("root", "PATCH", path, body(r#"{"run-limit":7,"run-weight":3}"#)).await.json();
    let told = |json: &serde_json::Value| {
        let attributes = &json["data"]["attributes"];
        ["run-limit", "effective-run-limit", "run-weight"].map(|name| attributes[name].as_i64())
    };
    assert_eq!(told(&changed), [Some(7), Some(7), Some(3)]);
    let kept = town.ask("root", "PATCH", path, body(r#"{"run-limit":null}"#)).await.json();
    assert_eq!(told(&kept), [None, Some(2), Some(3)], "null is the server's setting; what is not said stays");
    for wrong in [r#"{"run-limit":0}"#, r#"{"run-weight":0}"#, r#"{"run-weight":1001}"#, r#"{"run-limit":"x"}"#] {
        assert_eq!(town.ask("root", "PATCH", path, body(wrong)).await.status, 422, "{wrong}");
    }
    assert_eq!(told(&town.ask("root", "GET", path, "").await.json()), [None, Some(2), Some(3)]);
    assert_eq!(town.ask("root", "GET", "/api/v2/admin/organizations/none", "").await.status, 404);
    let all = town.ask("root", "GET", "/api/v2/admin/organizations", "").await.json();
    let names: Vec<_> = all["data"].as_array().unwrap().iter().map(|o| o["id"].as_str().unwrap()).collect();
    assert_eq!(names, ["acme", "other"]);
    assert_eq!(town.ask("owner", "PATCH", path, body(r#"{"run-weight":9}"#)).await.status, 403);
}

/// Runners wait, runs are queued, and a limit that holds them back is raised: each is handed out, none twice, nobody is forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn every_phase_is_handed_out_once() {
    const RUNS: usize = 120;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(town) = Town::build(engine).await else { continue };
        let owner = town.caller("owner").await;
        let claims: Vec<_> = (0..RUNS)
            .map(|_| {
                let app = town.app.clone();
                tokio::spawn(async move { app.claim(&inside(), None).await.unwrap() })
            })
            .collect();
        let mut runs = BTreeSet::new();
        for n in 0..RUNS {
            runs.insert(queued(&town, &owner, &format!("many-{n}"), NewRun::default()).await.1.to_string());
        }
        let change = ShareChange { run_limit: Some(Some(1_000)), run_weight: None };
        town.app.set_share(None, "acme", change).await.unwrap();
        let all = futures::future::join_all(claims);
        let jobs: Vec<Job> = tokio::time::timeout(FORGOTTEN, all)
            .await
            .expect("nobody is forgotten")
            .into_iter()
            .map(Result::unwrap)
            .collect();
        let taken: BTreeSet<String> = jobs.into_iter().map(|job| job.run_id).collect();
        assert_eq!(taken, runs, "each once on {engine:?}");
    }
}

/// However many claim at the same moment, an organization executes no more than it may.
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_holds_against_claims_at_the_same_moment() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(town) = Town::build(engine).await else { continue };
        let owner = town.caller("owner").await;
        for n in 0..12 {
            queued(&town, &owner, &format!("many-{n}"), NewRun::default()).await;
        }
        let mut claims = tokio::task::JoinSet::new();
        for _ in 0..12 {
            let app = town.app.clone();
            claims.spawn(async move { app.claim(&inside(), None).await.unwrap() });
        }
        for round in 0..6 {
            let (one, two) = (claims.join_next().await.unwrap().unwrap(), claims.join_next().await.unwrap().unwrap());
            let id = town.app.workspace(&owner, app::Which::Id(&town.workspace), domain::permission::Permission::Read);
            let organization = id.await.unwrap().organization_id;
            let defaults = store::queue::Defaults { organization: 2, workspace: 2 };
            let standing =
                town.app.store.look(async |mut tx| store::queue::standing(&mut tx, &organization, defaults).await);
            assert_eq!(standing.await.unwrap().running, 2, "round {round} on {engine:?}");
            town.planned(&one, false).await;
            town.planned(&two, false).await;
        }
    }
}
