//! Policies of retention, what is due by them, and what stays whatever they say.

use crate::base::{Fresh, NOW, World, append, configured, new_run, on_both, sealed, version, workspace, world};
use domain::{
    id::RetentionPolicyId,
    retention::{Kind, Retention},
    run::{PhaseStatus, Status},
    time::Time,
};
use store::{
    Error, Tx, blob, configuration, delta, log, phase, purge,
    retention::{self, Scope, Terms, Weight},
    run, state, workspace as ws,
};

on_both! { policies  states_that_are_due  states_that_are_needed_after_all  what_others_are_written_against_stays  configurations_that_no_run_needs  what_runs_leave  released_objects }

/// Later than everything that the tests make.
const LATER: Time = NOW.plus_seconds(1000);

fn terms(scope: Scope<'_>, kind: Kind, least_states: i64, before: Time) -> Terms<'_> {
    Terms { scope, kind, least_states, before, settled: NOW.plus_seconds(-9) }
}

fn ids(due: &[retention::Due]) -> Vec<&str> {
    due.iter().map(|due| due.id.as_str()).collect()
}

async fn policies(store: &Fresh) {
    let world = world(store).await;
    let (organization, id) = (&world.organization.id, &world.workspace.id);
    let (all, one) = (Scope::Organization(organization), Scope::Workspace(organization, id));
    let policy = |n: u8| RetentionPolicyId::new(&[n; 32]);
    store
        .write(async |mut tx| {
            assert!(retention::find(&mut tx, all).await?.is_none());
            let put = retention::put(&mut tx, &policy(1), all, Retention::days(30), NOW).await?.unwrap();
            assert_eq!((put.retention(), put.workspace_id.as_deref()), (Retention::days(30), None));
            let own = Retention { logs: Some(1), least_states: 3, ..Retention::FOREVER };
            let put = retention::put(&mut tx, &policy(2), one, own, NOW.plus_seconds(5)).await?.unwrap();
            assert_eq!((put.retention(), put.workspace_id.as_deref()), (own, Some(id.as_str())));
            let again = retention::put(&mut tx, &policy(3), one, Retention::FOREVER, NOW).await?.unwrap();
            assert_eq!((&again.id, again.retention()), (&policy(2), Retention::FOREVER), "it keeps its id");
            let again =
                retention::put(&mut tx, &policy(3), all, Retention::days(7), NOW.plus_seconds(9)).await?.unwrap();
            assert_eq!((&again.id, again.retention()), (&policy(1), Retention::days(7)));
            assert_eq!(retention::list_settled(&mut tx, NOW, "", 9).await?.len(), 1, "the other is too new");
            let both = retention::list_settled(&mut tx, NOW.plus_seconds(9), "", 9).await?;
            assert_eq!(both.len(), 2);
            assert_eq!(retention::list_settled(&mut tx, LATER, both[0].id.as_str(), 9).await?.len(), 1);
            let (of_all, of_one) = (both[0].clone(), both[1].clone());
            assert!(retention::is_in_effect(&mut tx, &of_one, id, LATER).await?);
            assert!(!retention::is_in_effect(&mut tx, &of_all, id, LATER).await?, "the workspace has its own");
            retention::delete(&mut tx, one, NOW.plus_seconds(20)).await?;
            assert!(retention::find(&mut tx, one).await?.is_none());
            assert!(!retention::is_in_effect(&mut tx, &of_one, id, LATER).await?);
            assert!(
                !retention::is_in_effect(&mut tx, &of_all, id, NOW.plus_seconds(19)).await?,
                "it is new to the workspace"
            );
            assert!(retention::is_in_effect(&mut tx, &of_all, id, NOW.plus_seconds(20)).await?);
            assert_eq!(retention::list_settled(&mut tx, LATER, "", 9).await?.len(), 1);
            let again =
                retention::put(&mut tx, &policy(1), all, Retention::days(8), NOW.plus_seconds(30)).await?.unwrap();
            assert!(!retention::is_in_effect(&mut tx, &of_all, id, LATER).await?, "it says something else now");
            assert!(retention::is_in_effect(&mut tx, &again, id, LATER).await?);
            retention::delete(&mut tx, all, NOW).await?;
            assert!(retention::find(&mut tx, all).await?.is_none());
            assert!(!retention::is_in_effect(&mut tx, &again, id, LATER).await?);
            let own = retention::put(&mut tx, &policy(5), one, Retention::days(1), NOW).await?.unwrap();
            assert_eq!(own.retention(), Retention::days(1), "it may have one again");
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

/// Versions 1 to `count` of the workspace, the last one current, each of a blob of its own.
async fn versions(tx: &mut Tx, world: &World, count: u8) -> Result<(), Error> {
    for n in 1..=count {
        let bytes = sealed(world, n);
        let version = state::StateVersion { blob_id: Some(bytes.id.to_string()), ..version(world, n) };
        append(tx, world, &version).await?;
    }
    Ok(())
}

async fn states_that_are_due(store: &Fresh) {
    let world = world(store).await;
    let (organization, id) = (&world.organization.id, &world.workspace.id);
    let (all, one) = (Scope::Organization(organization), Scope::Workspace(organization, id));
    let of = |n: u8| version(&world, n).id.to_string();
    store
        .write(async |mut tx| {
            versions(&mut tx, &world, 5).await?;
            let due = retention::list_due(&mut tx, terms(all, Kind::States, 1, LATER), None, 9).await?;
            assert_eq!(ids(&due), [of(1), of(2), of(3), of(4)], "the current one is not");
            let first = due[0].clone();
            let next = retention::list_due(&mut tx, terms(all, Kind::States, 1, LATER), Some(&first), 2).await?;
            assert_eq!(ids(&next), [of(2), of(3)]);
            let old = retention::list_due(&mut tx, terms(one, Kind::States, 1, NOW.plus_seconds(3)), None, 9).await?;
            assert_eq!(ids(&old), [of(1), of(2)], "the others are too young");
            let least = retention::list_due(&mut tx, terms(one, Kind::States, 4, LATER), None, 9).await?;
            assert_eq!(ids(&least), [of(1)], "four of the newest stay");
            let weight = retention::weigh(&mut tx, terms(all, Kind::States, 1, LATER), 99).await?;
            let oldest = Some(NOW.plus_seconds(1).micros());
            assert_eq!(weight, Weight { count: 4, bytes: 12, oldest });
            let own = RetentionPolicyId::new(&[1; 32]);
            retention::put(&mut tx, &own, one, Retention::FOREVER, NOW).await?;
            assert!(retention::list_due(&mut tx, terms(all, Kind::States, 1, LATER), None, 9).await?.is_empty());
            assert_eq!(retention::weigh(&mut tx, terms(all, Kind::States, 1, LATER), 99).await?, Weight::default());
            assert_eq!(retention::list_due(&mut tx, terms(one, Kind::States, 1, LATER), None, 9).await?.len(), 4);

            let outputs = [state::Output {
                id: domain::id::OutputId::new(&[1; 32]),
                state_version_id: version(&world, 1).id,
                name: "a".into(),
            }];
            state::insert_outputs(&mut tx, &outputs).await?;
            assert!(purge::purge_state(&mut tx, &of(1), LATER).await?);
            assert!(!purge::purge_state(&mut tx, &of(1), LATER).await?, "it is gone already");
            assert!(!purge::purge_state(&mut tx, &of(5), LATER).await?, "it is current");
            assert!(blob::find(&mut tx, sealed(&world, 1).id.as_str()).await?.is_none());
            assert!(blob::find(&mut tx, sealed(&world, 5).id.as_str()).await?.is_some());
            let gone = state::find(&mut tx, &version(&world, 1).id).await?.unwrap();
            assert_eq!((gone.blob_id, gone.purged_at), (None, Some(LATER.micros())));
            assert!(state::list_outputs(&mut tx, &gone.id).await?.is_empty());
            let left = retention::list_due(&mut tx, terms(one, Kind::States, 1, LATER), None, 9).await?;
            assert_eq!(ids(&left), [of(2), of(3), of(4)]);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn states_that_are_needed_after_all(store: &Fresh) {
    let world = world(store).await;
    let all = Scope::Organization(&world.organization.id);
    let of = |n: u8| version(&world, n).id.to_string();
    let run = crate::base::run(store, &world, 1).await;
    store
        .write(async |mut tx| {
            versions(&mut tx, &world, 3).await?;
            let bytes = sealed(&world, 9);
            blob::insert(&mut tx, &bytes).await?;
            let late = state::StateVersion {
                sequence: None,
                status: "errored".into(),
                blob_id: Some(bytes.id.to_string()),
                run_id: Some(run.id.to_string()),
                ..version(&world, 9)
            };
            state::insert(&mut tx, &late).await?;
            let due = async |tx: &mut Tx, least| {
                retention::list_due(tx, terms(all, Kind::States, least, LATER), None, 9).await
            };
            assert_eq!(ids(&due(&mut tx, 2).await?), [of(1), of(2)], "the newest are the late one and the third");
            assert_eq!(ids(&due(&mut tx, 1).await?), [of(1), of(2)], "the late one is the newest");
            // A client took its state away: the count went on, and no version is newer.
            ws::clear_current_state(&mut tx, &world.workspace.id, NOW).await?;
            assert_eq!(ids(&due(&mut tx, 2).await?), [of(1), of(2)], "as many of those that are there stay");
            let newer = state::StateVersion { sequence: Some(5), ..version(&world, 8) };
            append(&mut tx, &world, &newer).await?;
            assert_eq!(ids(&due(&mut tx, 1).await?), [of(1), of(2), of(3)], "the run of the late one has not ended");
            assert!(!purge::purge_state(&mut tx, &of(9), LATER).await?);
            run::update(&mut tx, &run, &[], Status::Errored, NOW).await?;
            assert_eq!(ids(&due(&mut tx, 1).await?), [of(1), of(2), of(3), of(9)]);
            assert_eq!(
                retention::weigh(&mut tx, terms(all, Kind::States, 1, LATER), 2).await?.count,
                2,
                "no more is looked at"
            );
            assert!(purge::purge_state(&mut tx, &of(9), LATER).await?);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn what_others_are_written_against_stays(store: &Fresh) {
    let world = world(store).await;
    let of = |n: u8| version(&world, n).id.to_string();
    store
        .write(async |mut tx| {
            versions(&mut tx, &world, 3).await?;
            let (base, whole) = (sealed(&world, 1), sealed(&world, 2));
            let written = blob::Blob { base_blob_id: Some(base.id.to_string()), ..sealed(&world, 9) };
            assert!(delta::replace(&mut tx, &whole, &written, NOW).await?);
            assert!(purge::purge_state(&mut tx, &of(1), LATER).await?);
            assert!(blob::find(&mut tx, base.id.as_str()).await?.is_some(), "the second is written against it");
            assert!(purge::purge_state(&mut tx, &of(2), LATER).await?);
            assert!(blob::find(&mut tx, written.id.as_str()).await?.is_none());
            assert!(blob::find(&mut tx, base.id.as_str()).await?.is_none(), "it went with the last that needed it");
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn configurations_that_no_run_needs(store: &Fresh) {
    let world = world(store).await;
    let all = Scope::Organization(&world.organization.id);
    let of = |n: u8| configured(&world, n).id.to_string();
    store
        .write(async |mut tx| {
            for n in 1..=4 {
                let (bytes, version) = (sealed(&world, n), configured(&world, n));
                blob::insert(&mut tx, &bytes).await?;
                configuration::insert(&mut tx, &version).await?;
                if n < 4 {
                    configuration::set_uploaded(&mut tx, &version.id, &bytes.id, NOW).await?;
                }
            }
            let used = new_run(&world, &configured(&world, 2).id, 1);
            run::insert(&mut tx, &used).await?;
            let due = retention::list_due(&mut tx, terms(all, Kind::Configurations, 1, LATER), None, 9).await?;
            assert_eq!(ids(&due), [of(1)], "one has a run, one is the newest, one was never uploaded");
            assert_eq!(due[0].workspace_id, world.workspace.id);
            let weight = retention::weigh(&mut tx, terms(all, Kind::Configurations, 1, LATER), 99).await?;
            assert_eq!((weight.count, weight.bytes), (1, 3));
            assert!(purge::hold(&mut tx, &world.workspace.id).await?);
            assert!(!purge::hold(&mut tx, &workspace(&world.organization, &world.project, 9).id).await?);
            assert!(!purge::purge_configuration(&mut tx, &of(2), LATER).await?, "a run needs it");
            assert!(!purge::purge_configuration(&mut tx, &of(4), LATER).await?, "there is nothing");
            assert!(purge::purge_configuration(&mut tx, &of(1), LATER).await?);
            let gone = configuration::find(&mut tx, &configured(&world, 1).id).await?.unwrap();
            assert_eq!(gone.status, "backing_data_permanently_deleted");
            assert_eq!((gone.blob_id, gone.purged_at), (None, Some(LATER.micros())));
            assert!(blob::find(&mut tx, sealed(&world, 1).id.as_str()).await?.is_none());
            for n in [5, 6] {
                let again = sealed(&world, n);
                blob::insert(&mut tx, &again).await?;
                configuration::set_uploaded(&mut tx, &gone.id, &again.id, NOW).await?;
            }
            let back = configuration::find(&mut tx, &gone.id).await?.unwrap();
            assert_eq!(
                (back.status.as_str(), back.purged_at),
                ("uploaded", None),
                "whoever may still upload brings it back"
            );
            assert!(
                blob::find(&mut tx, sealed(&world, 5).id.as_str()).await?.is_none(),
                "a second upload takes its place"
            );
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn what_runs_leave(store: &Fresh) {
    let world = world(store).await;
    let all = Scope::Organization(&world.organization.id);
    let run = crate::base::run(store, &world, 1).await;
    let plan = run.id.plan().as_str().to_owned();
    let plan = plan.as_str();
    store
        .write(async |mut tx| {
            let bytes = sealed(&world, 1);
            blob::insert(&mut tx, &bytes).await?;
            phase::put_artifact(&mut tx, plan, "plan", bytes.id.as_str()).await?;
            tx.query("UPDATE phases SET status = 'running' WHERE id = $1").bind(plan).run().await?;
            for start in 0..5 {
                let chunk = log::Chunk { start, length: 1, sealed: vec![1] };
                assert!(log::append(&mut tx, plan, 0, &chunk).await?);
            }
            let found = phase::find(&mut tx, plan).await?.unwrap();
            phase::finish(&mut tx, &found, PhaseStatus::Finished, NOW).await?;
            for kind in [Kind::Plans, Kind::Logs] {
                let due = retention::list_due(&mut tx, terms(all, kind, 1, LATER), None, 9).await?;
                assert!(due.is_empty(), "the run has not ended");
            }
            run::update(&mut tx, &run, &[], Status::Discarded, NOW).await?;
            for kind in [Kind::Plans, Kind::Logs] {
                let due = retention::list_due(&mut tx, terms(all, kind, 1, LATER), None, 9).await?;
                assert_eq!(ids(&due), [plan]);
                assert!(retention::list_due(&mut tx, terms(all, kind, 1, NOW), None, 9).await?.is_empty(), "too young");
            }
            let weight = retention::weigh(&mut tx, terms(all, Kind::Plans, 1, LATER), 99).await?;
            assert_eq!(weight, Weight { count: 1, bytes: 3, oldest: Some(NOW.micros()) });
            assert_eq!(retention::weigh(&mut tx, terms(all, Kind::Logs, 1, LATER), 99).await?.bytes, 5);

            assert!(purge::purge_plan(&mut tx, plan, LATER).await?);
            assert!(!purge::purge_plan(&mut tx, plan, LATER).await?);
            assert!(blob::find(&mut tx, bytes.id.as_str()).await?.is_none());
            assert!(purge::list_logs_left(&mut tx, 9).await?.is_empty());
            assert!(purge::begin_log(&mut tx, plan, LATER).await?);
            assert!(!purge::begin_log(&mut tx, plan, LATER).await?, "somebody else was first");
            assert_eq!(purge::list_logs_left(&mut tx, 9).await?, [plan]);
            assert!(purge::purge_log_pieces(&mut tx, plan, 3).await?);
            assert_eq!(log::list_from(&mut tx, plan, 3, 9).await?.len(), 2);
            assert!(!purge::purge_log_pieces(&mut tx, plan, 3).await?);
            assert!(purge::list_logs_left(&mut tx, 9).await?.is_empty());
            let gone = phase::find(&mut tx, plan).await?.unwrap();
            assert_eq!((gone.log_purged_at, gone.plan_purged_at), (Some(LATER.micros()), Some(LATER.micros())));
            assert_eq!(retention::weigh(&mut tx, terms(all, Kind::Logs, 1, LATER), 99).await?, Weight::default());
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn released_objects(store: &Fresh) {
    let world = world(store).await;
    let large = |n: u8| blob::Blob { sealed: None, object_key: Some(format!("object-{n}")), ..sealed(&world, n) };
    store
        .write(async |mut tx| {
            for n in [1, 2] {
                blob::insert(&mut tx, &large(n)).await?;
            }
            blob::delete(&mut tx, large(1).id.as_str(), NOW).await?;
            blob::delete(&mut tx, large(1).id.as_str(), NOW).await?;
            blob::delete_unused(&mut tx, large(2).id.as_str(), NOW.plus_seconds(9)).await?;
            let keys = ["object-1", "object-2"];
            let known = blob::find_known(&mut tx, &keys, NOW.plus_seconds(-1)).await?;
            assert_eq!(known.len(), 2, "they went a moment ago");
            assert_eq!(blob::find_known(&mut tx, &keys, NOW).await?, ["object-2".to_owned()].into());
            blob::forget_released(&mut tx, NOW).await?;
            let known = blob::find_known(&mut tx, &keys, NOW.plus_seconds(-1)).await?;
            assert_eq!(known, ["object-2".to_owned()].into());
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}
