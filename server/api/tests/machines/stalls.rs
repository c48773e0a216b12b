//! Requests that stall on their way, while the world goes on.

use crate::{
    runners::{applying, credential, enlist, hello, status},
    town::{Engine, Town, on_both, state},
};
use app::{Content, Error, NewRun, Serves, Which};
use domain::run::Status;
use protocol::{Artifact, Lease, Wish};
use std::time::Duration;
use tokio::{
    io::AsyncWriteExt as _,
    sync::Notify,
    task::{JoinHandle, yield_now},
    time::timeout,
};

/// Many times what anything here takes.
const SOON: Duration = Duration::from_secs(20);

on_both! {
    a_file_that_comes_after_its_lease_replaces_none
    a_file_that_comes_after_the_end_leaves_nothing
    a_superseded_start_gets_no_job
    a_deleted_token_gets_no_job
    an_older_state_that_comes_late_is_kept_and_not_current
}

/// An upload that is under its way: its lease was judged, and its last bytes are kept back until the answer is dropped.
async fn stalled(town: &Town, lease: &Lease) -> (JoinHandle<app::Result<()>>, tokio::io::DuplexStream) {
    let (mut writer, reader) = tokio::io::duplex(1);
    let (app, lease) = (town.app.clone(), lease.clone());
    let upload = tokio::spawn(async move { app.stage_artifact(&lease, Artifact::Plan, Box::pin(reader)).await });
    // The second byte finds room when the first was read.
    timeout(SOON, writer.write_all(b"theirs")).await.unwrap().unwrap();
    (upload, writer)
}

async fn stage(town: &Town, lease: &Lease, text: &'static str) {
    town.app.stage_artifact(lease, Artifact::Plan, Box::pin(text.as_bytes())).await.unwrap();
}

/// What lies in the store that no end has published: rows of files, and blobs that nothing points at.
async fn left_behind(town: &Town) -> (i64, i64) {
    let count = async |sql: &'static str| {
        let row: app::Result<Option<(i64,)>> =
            town.app.store.look(async |mut tx| Ok(tx.query(sql).optional().await?)).await;
        row.unwrap().unwrap().0
    };
    let staged = count("SELECT count(*) FROM artifacts WHERE kind LIKE 'staged:%'").await;
    let blobs = count(
        "SELECT count(*) FROM blobs WHERE id NOT IN (SELECT blob_id FROM artifacts)
         AND id NOT IN (SELECT blob_id FROM configuration_versions WHERE blob_id IS NOT NULL)",
    );
    (staged, blobs.await)
}

async fn a_file_that_comes_after_its_lease_replaces_none(town: &Town) {
    let (first, second) = (enlist(town, None, Vec::new()).await, enlist(town, None, Vec::new()).await);
    let owner = town.caller("owner").await;
    let run = town.new_run(&owner, &town.workspace, NewRun::default()).await;
    let slow = town.app.claim(&first, Some("slow")).await.unwrap();
    let (upload, rest) = stalled(town, &slow.lease).await;
    assert_eq!(town.nobody_speaks(121).await, 1);
    let fast = town.app.claim(&second, Some("fast")).await.unwrap();
    assert_eq!(fast.lease.phase_id, slow.lease.phase_id);
    stage(town, &fast.lease, "ours").await;
    drop(rest);
    let late = upload.await.unwrap().unwrap_err();
    assert!(matches!(town.app.lease_error(&slow.lease, late), app::LeaseError::Lost(_)));
    town.planned(&fast, true).await;
    let mut kept = town.app.plan_artifact(&owner, run.plan().as_str(), Artifact::Plan).await.unwrap().unwrap();
    let mut text = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut kept, &mut text).await.unwrap();
    assert_eq!((text.as_str(), left_behind(town).await), ("ours", (0, 0)));
}

async fn a_file_that_comes_after_the_end_leaves_nothing(town: &Town) {
    let runner = enlist(town, None, Vec::new()).await;
    town.new_run(&town.caller("owner").await, &town.workspace, NewRun::default()).await;
    let plan = town.app.claim(&runner, Some("plan")).await.unwrap();
    let (upload, rest) = stalled(town, &plan.lease).await;
    town.planned(&plan, true).await;
    drop(rest);
    upload.await.unwrap().unwrap_err();
    assert_eq!(left_behind(town).await, (0, 0));
}

async fn a_superseded_start_gets_no_job(town: &Town) {
    let first = enlist(town, None, Vec::new()).await;
    let second = enlist(town, Some(first.agent.as_str()), Vec::new()).await;
    town.new_run(&town.caller("owner").await, &town.workspace, NewRun::default()).await;
    let refused = town.app.claim(&first, Some("held open")).await.map(|job| job.run_id);
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    town.app.claim(&second, Some("mine")).await.unwrap();
}

async fn a_deleted_token_gets_no_job(town: &Town) {
    let runner = enlist(town, None, Vec::new()).await;
    let owner = town.caller("owner").await;
    town.new_run(&owner, &town.workspace, NewRun::default()).await;
    town.app.claim(&runner, Some("once")).await.unwrap();
    let waiting = town.new_workspace(&owner, "acme", "waiting").await;
    town.new_run(&owner, &waiting, NewRun::default()).await;
    let token = credential(town).await.token;
    town.app.delete_site_runner_token(token.as_str()).await.unwrap();
    for claim in ["held open", "once"] {
        let refused = town.app.claim(&runner, Some(claim)).await.map(|job| job.run_id);
        assert!(matches!(refused, Err(Error::Unauthorized(_))), "{claim}: {refused:?}");
    }
}

async fn an_older_state_that_comes_late_is_kept_and_not_current(town: &Town) {
    let runner = enlist(town, None, Vec::new()).await;
    let owner = town.caller("owner").await;
    let (_, apply) = applying(town, &runner).await;
    let [early, late] = [2, 3].map(|serial| state(serial, "l", &[("a", 1)]));
    for state in [&late, &early] {
        town.app.put_state(&apply.lease, app::Upload::of(state.clone())).await.unwrap();
    }
    let [early, late] = [early, late].map(|state| Content::read(state.as_bytes()).unwrap().md5);
    let (current, _) = town.app.current_state(&owner, Which::Id(&town.workspace)).await.unwrap().unwrap();
    assert_eq!(current.md5, late);
    let (versions, _) = town.app.list_state_versions(&owner, &town.workspace, 100, 0).await.unwrap();
    let kept = versions.iter().find(|version| version.md5 == early).expect("it is kept");
    assert_eq!((kept.status.as_str(), kept.run_id.as_deref()), ("errored", Some(apply.run_id.as_str())));
}

/// The first hello has raised the session, and stands before the workspace of what it found dead, while the second is answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_hello_that_stalls_ends_nothing_that_a_later_one_holds() {
    let Some(town) = Town::build(Engine::Postgres).await else { return };
    let runner = enlist(&town, None, Vec::new()).await;
    let (run, apply) = applying(&town, &runner).await;
    let (held, free) = (Notify::new(), Notify::new());
    let hold = town.app.store.write(async |mut tx| {
        store::workspace::hold(&mut tx, &town.workspace, "").await?;
        held.notify_one();
        free.notified().await;
        Ok::<_, store::Error>(())
    });
    let hellos = async {
        held.notified().await;
        let (app, stale) = (town.app.clone(), hello(Some(runner.agent.as_str()), Vec::new()));
        let first = tokio::spawn(async move { app.enlist(&Serves::Site, &stale, "").await });
        let agent = async || town.app.store.look(async |mut tx| store::agent::find(&mut tx, &runner.agent).await).await;
        while agent().await.unwrap().unwrap().session == runner.session {
            yield_now().await;
        }
        enlist(&town, Some(runner.agent.as_str()), vec![apply.lease.clone()]).await;
        free.notify_one();
        first.await.unwrap().unwrap();
    };
    let (hold, ()) = timeout(SOON, Box::pin(async { tokio::join!(hold, hellos) })).await.unwrap();
    hold.unwrap();
    assert_eq!(status(&town, &run).await, Status::Applying);
    assert_eq!(town.app.renew(&apply.lease).await.unwrap(), Wish::GoOn);
}
