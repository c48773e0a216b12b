//! Two servers on one Postgres: what only one may do is done once, and each hears the other.

use crate::town::{Engine, Town, inside, state};
use app::{App, Content, NewRun, Source, Upload, Which};
use domain::{permission::Permission, run::Status};
use std::{
    collections::{BTreeMap, BTreeSet},
    future::pending,
    time::Duration,
};
use store::state::list_current_hashes;
use tokio::{task::JoinSet, time::timeout};

/// Many times what anything here takes, and less than a runner waits that nobody wakes.
const SOON: Duration = Duration::from_secs(20);

/// A town with two servers that hear each other.
async fn two() -> Option<(Town, App)> {
    let town = Town::build(Engine::Postgres).await?;
    let other = town.another_server().await;
    for app in [town.app.clone(), other.clone()] {
        tokio::spawn(async move { app.relay(pending()).await });
    }
    Some((town, other))
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_are_exclusive_and_wake_the_other_server() {
    let Some((town, other)) = two().await else { return };
    let owner = town.caller("owner").await;
    let mut claims = JoinSet::new();
    for app in [&town.app, &other, &town.app, &other, &other, &town.app] {
        let app = app.clone();
        claims.spawn(async move { (app.claim(&inside(), None).await.unwrap(), app) });
    }
    let mut runs = Vec::new();
    for _ in 0..6 {
        let new = NewRun { plan_only: Some(true), ..NewRun::default() };
        runs.push(town.new_run(&owner, &town.workspace, new).await);
    }
    // Two of an organization may execute at once: each end wakes a claim, on either server.
    let mut claimed = BTreeSet::new();
    for _ in 0..6 {
        let (job, app) = timeout(SOON, claims.join_next()).await.expect("a claim is woken").unwrap().unwrap();
        assert!(claimed.insert(job.run_id.clone()), "{} was given away twice", job.run_id);
        let outcome = protocol::Outcome::Planned {
            has_changes: false,
            counts: protocol::Counts::default(),
            generated_configuration: false,
        };
        app.finish(&job.lease, outcome, Vec::new()).await.unwrap();
    }
    for run in &runs {
        assert_eq!(other.run(&owner, run).await.unwrap().status().unwrap(), Status::PlannedAndFinished);
        assert_eq!(town.app.phases(run).await.unwrap().plan.attempts, 1);
    }
}

/// Each server remembers what it wrote last; the other one, and what took the state away or back, came in between.
#[tokio::test(flavor = "multi_thread")]
async fn the_index_is_right_whoever_writes() {
    let Some((town, other)) = two().await else { return };
    let owner = town.caller("owner").await;
    let write = async |app: &App, serial: i64, instances: &[(&str, u64)]| {
        let seen = app.workspace(&owner, Which::Id(&town.workspace), Permission::WriteState).await.unwrap();
        let upload = Upload::of(state(serial, "l", instances));
        app.write_state(&owner, &seen, &Source::Http(None), upload, None).await.unwrap().version
    };
    let is_right = async || {
        let current = town.app.current_state(&owner, Which::Id(&town.workspace)).await.unwrap();
        let said = match current {
            Some((version, _)) => Content::read(&town.app.state_bytes(&version).await.unwrap()[..]).unwrap().resources,
            None => Vec::new(),
        };
        let said: BTreeMap<_, _> = said.into_iter().map(|resource| (resource.address, resource.hash)).collect();
        let rows = town.app.store.look(async |mut tx| list_current_hashes(&mut tx, &town.workspace).await);
        let rows = rows.await.unwrap();
        assert_eq!(rows.len(), said.len());
        assert_eq!(rows.into_iter().collect::<BTreeMap<_, _>>(), said);
    };
    let first = write(&town.app, 1, &[("a", 1), ("b", 1)]).await;
    is_right().await;
    let _ = write(&other, 2, &[("a", 2), ("c", 1)]).await;
    is_right().await;
    let _ = write(&town.app, 3, &[("a", 1), ("c", 1), ("d", 1)]).await;
    is_right().await;
    other.roll_back_locked(&owner, &town.workspace, &first.id, None, "").await.unwrap();
    is_right().await;
    town.app.delete_state(&owner, &town.workspace, &Source::Http(None)).await.unwrap();
    is_right().await;
    let _ = write(&town.app, 1, &[("a", 1), ("b", 1)]).await;
    is_right().await;
    let _ = write(&other, 2, &[("b", 1)]).await;
    is_right().await;
    let _ = write(&town.app, 3, &[]).await;
    is_right().await;
    let many: Vec<String> = (0..30).map(|n| format!("n{n}")).collect();
    let many: Vec<(&str, u64)> = many.iter().map(|name| (name.as_str(), 1)).collect();
    let _ = write(&other, 4, &many).await;
    is_right().await;
    let _ = write(&town.app, 5, &many[..3]).await;
    is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reconcilers_of_both_end_a_lost_phase_once() {
    let Some((town, other)) = two().await else { return };
    let owner = town.caller("owner").await;
    let run = town.new_run(&owner, &town.workspace, NewRun { plan_only: Some(true), ..NewRun::default() }).await;
    for attempt in 1..=3 {
        let job = town.app.claim(&inside(), None).await.unwrap();
        for app in [&town.app, &other] {
            assert_eq!(app.end_lost_phases().await.unwrap(), 0);
        }
        town.clock.pass(40);
        let mut ended = JoinSet::new();
        for app in [&town.app, &other, &town.app, &other] {
            let app = app.clone();
            ended.spawn(async move { app.end_lost_phases().await.unwrap() });
        }
        let ended: usize = ended.join_all().await.into_iter().sum();
        assert_eq!(ended, 1);
        let plan = town.app.phases(&run).await.unwrap().plan;
        assert_eq!((plan.attempts, plan.status().unwrap().as_str()), (attempt, "queued"));
        assert_eq!(other.adopt(&job.lease).await.unwrap(), None, "a lost lease is adopted by nobody");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_known_to_both() {
    let Some((town, other)) = two().await else { return };
    let app::Caller::User(user) = town.caller("owner").await else { panic!("a person") };
    for _ in 0..5 {
        let (token, value) = town.app.create_token(&user, "to be revoked", None).await.unwrap();
        let value = secrecy::ExposeSecret::expose_secret(&value).to_owned();
        for app in [&town.app, &other, &town.app, &other] {
            app.authenticate(&value).await.unwrap();
        }
        town.app.revoke_token(&app::Caller::User(user.clone()), &token.id).await.unwrap();
        town.app.authenticate(&value).await.unwrap_err();
        let refused = async {
            while other.authenticate(&value).await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        timeout(SOON, refused).await.expect("the other server hears of it");
    }
}
