//! Runs, their phases, their logs.

use crate::base::leased;
use crate::base::{Fresh, NOW, on_both, run as add, sealed, world};
use domain::id::CommentId;
use domain::run::{PhaseStatus, Status};
use store::{Error, blob, comment, log, phase, queue, run};

on_both! { runs  comments  waiting_runs  a_lease  lost_phases  a_claim  staged_artifacts  artifacts  logs }

async fn runs(store: &Fresh) {
    let world = world(store).await;
    let (ws, org) = (&world.workspace.id, &world.organization.id);
    let (one, _two) = (add(store, &world, 1).await, add(store, &world, 2).await);
    let mut seen = store.look(async |mut tx| run::find(&mut tx, &one.id).await).await.unwrap().unwrap();
    assert_eq!((seen.targets(), seen.replaces()), (vec!["a.b[\"ü\"]".to_owned()], vec![]));
    assert_eq!((seen.variables.as_deref(), seen.json_log), (Some(&[0, 1][..]), true));
    seen.reason = Some("because".into());
    (seen.confirmed_by, seen.canceled_by) = (Some(world.user.id.to_string()), None);
    let through = [Status::PlanQueued];
    store
        .write(async |mut tx| {
            run::update(&mut tx, &seen, &through, Status::Errored, NOW).await?;
            let found = run::find(&mut tx, &one.id).await?.unwrap();
            assert_eq!((found.status()?, found.reason.as_deref()), (Status::Errored, Some("because")));
            assert_eq!((&found.confirmed_by, &found.canceled_by), (&seen.confirmed_by, &None));
            assert!(found.timestamps().contains_key(&Status::PlanQueued.timestamp()));
            assert!(found.timestamps().contains_key(&Status::Errored.timestamp()));
            let listed = run::list(&mut tx, ws, true, 9, 0).await?;
            assert_eq!(
                listed.iter().map(|r| r.created_at).collect::<Vec<_>>(),
                [NOW.plus_seconds(2), NOW.plus_seconds(1)]
            );
            assert_eq!(run::list(&mut tx, ws, false, 1, 1).await?[0].id, one.id);
            assert_eq!((run::count(&mut tx, ws, true).await?, run::count_open(&mut tx, ws).await?), (2, 1));
            let all = run::list_of_organization(&mut tx, org, &[], 9, 0).await?;
            assert_eq!(all.iter().map(|r| &r.id).collect::<Vec<_>>(), listed.iter().map(|r| &r.id).collect::<Vec<_>>());
            let errored = run::list_of_organization(&mut tx, org, &["errored", "applied"], 9, 0).await?;
            assert_eq!(errored.iter().map(|r| &r.id).collect::<Vec<_>>(), [&one.id]);
            assert_eq!(run::list_of_organization(&mut tx, org, &[], 1, 1).await?[0].id, one.id);
            assert_eq!(run::list_queue(&mut tx, org, 9, 0).await?.len(), 1);
            assert_eq!(run::count_queue(&mut tx, org).await?, 1);
            let by_id = run::list_by_id(&mut tx, &[one.id.as_str(), "run-none"]).await?;
            assert_eq!(by_id.iter().map(|r| &r.id).collect::<Vec<_>>(), [&one.id]);
            assert!(run::list_by_id(&mut tx, &[]).await?.is_empty());
            let newest = run::list_newest(&mut tx, &[ws.as_str(), "ws-none"]).await?;
            assert_eq!(
                newest.iter().map(|r| &r.id).collect::<Vec<_>>(),
                [&run::list(&mut tx, ws, true, 1, 0).await?[0].id]
            );
            assert!(run::list_newest(&mut tx, &[]).await?.is_empty());
            run::set_version(&mut tx, &one.id, "1.11.4").await?;
            assert_eq!(run::find(&mut tx, &one.id).await?.unwrap().terraform_version.as_deref(), Some("1.11.4"));
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    let late = store.write(async |mut tx| run::update(&mut tx, &seen, &[], Status::Canceled, NOW).await).await;
    assert!(matches!(late, Err(Error::Contended(_))), "{late:?}");
}

async fn comments(store: &Fresh) {
    let world = world(store).await;
    let run = add(store, &world, 1).await;
    let said = |number: u8| comment::Comment {
        id: CommentId::new(&[number; 32]),
        organization_id: world.organization.id.clone(),
        run_id: run.id.clone(),
        body: format!("ünique {number}"),
        created_by: Some(world.user.id.to_string()),
        created_at: NOW.plus_seconds(i64::from(number)),
    };
    store
        .write(async |mut tx| {
            for number in [2, 1] {
                comment::insert(&mut tx, &said(number)).await?;
            }
            let listed = comment::list(&mut tx, &run.id).await?;
            assert_eq!(listed.iter().map(|one| one.body.as_str()).collect::<Vec<_>>(), ["ünique 1", "ünique 2"]);
            assert_eq!(comment::count(&mut tx, &run.id).await?, 2);
            let found = comment::find(&mut tx, &said(2).id).await?.unwrap();
            assert_eq!((found.created_by, found.created_at), (said(2).created_by, said(2).created_at));
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn waiting_runs(store: &Fresh) {
    let world = world(store).await;
    let ws = &world.workspace.id;
    let (one, two) = (add(store, &world, 1).await, add(store, &world, 2).await);
    store
        .write(async |mut tx| {
            assert_eq!(run::next_waiting(&mut tx, ws).await?.unwrap().id, one.id);
            run::update(&mut tx, &one, &[], Status::PlannedAndSaved, NOW).await?;
            assert_eq!(run::next_waiting(&mut tx, ws).await?.unwrap().id, two.id);
            assert_eq!(run::list_saved(&mut tx, ws).await?[0].id, one.id);
            let places = run::list_places(&mut tx, &[ws.as_str()], &[one.id.as_str(), two.id.as_str()]).await?;
            assert_eq!(places, [(two.id.to_string(), 1, 1)]);
            assert!(run::list_places(&mut tx, &[ws.as_str()], &[]).await?.is_empty());
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn a_lease(store: &Fresh) {
    let world = world(store).await;
    let run = add(store, &world, 1).await;
    let plan = run.id.plan();
    let plan = plan.as_str();
    store
        .write(async |mut tx| {
            phase::queue(&mut tx, plan, NOW).await?;
            phase::lease(&mut tx, plan, leased(7, NOW.plus_seconds(30), b"hash")).await?;
            assert_eq!(phase::find_by_token(&mut tx, b"hash").await?.unwrap().id, plan);
            assert_eq!(
                phase::renew(&mut tx, plan, "agent-a", 7, NOW.plus_seconds(60)).await?.as_deref(),
                Some("go-on")
            );
            assert_eq!(phase::renew(&mut tx, plan, "agent-a", 6, NOW).await?, None, "an older fence renews nothing");
            phase::set_wish(&mut tx, plan, "interrupt").await?;
            assert!(!phase::set_started(&mut tx, plan, 6, NOW).await?, "an older fence starts nothing");
            assert!(phase::set_started(&mut tx, plan, 7, NOW).await?);
            assert!(!phase::set_image(&mut tx, plan, 6, "image:1", "sha256:1").await?, "an older fence names no image");
            assert!(phase::set_image(&mut tx, plan, 7, "image:1", "sha256:1").await?);
            let image = phase::find(&mut tx, plan).await?.and_then(|phase| phase.image_digest);
            assert_eq!(image.as_deref(), Some("sha256:1"));
            assert_eq!(phase::renew(&mut tx, plan, "agent-a", 7, NOW).await?.as_deref(), Some("interrupt"));
            let mut found = phase::find(&mut tx, plan).await?.unwrap();
            assert_eq!((found.status()?, found.fence, found.started_at), (PhaseStatus::Running, 7, Some(NOW.micros())));
            found.additions = 3;
            phase::finish(&mut tx, &found, PhaseStatus::Finished, NOW).await?;
            let found = phase::find(&mut tx, plan).await?.unwrap();
            assert_eq!((found.status()?, found.additions, found.lease_until), (PhaseStatus::Finished, 3, None));
            assert!(phase::find_by_token(&mut tx, b"hash").await?.is_none(), "the token ends with the phase");
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    let again = store.write(async |mut tx| phase::queue(&mut tx, plan, NOW).await).await;
    assert!(matches!(again, Err(Error::Contended(_))), "what has ended is offered no more: {again:?}");
    let lease = store.write(async |mut tx| phase::lease(&mut tx, plan, leased(8, NOW, b"h")).await).await;
    assert!(matches!(lease, Err(Error::Contended(_))), "{lease:?}");
}

async fn lost_phases(store: &Fresh) {
    let world = world(store).await;
    let plan = add(store, &world, 1).await.id.plan();
    store
        .write(async |mut tx| {
            phase::queue(&mut tx, plan.as_str(), NOW).await?;
            phase::lease(&mut tx, plan.as_str(), leased(1, NOW, b"h")).await?;
            let mark = phase::list_leases(&mut tx).await?.remove(0);
            assert_eq!((mark.phase_id.as_str(), mark.fence), (plan.as_str(), 1));
            let lost = phase::find(&mut tx, plan.as_str()).await?.unwrap();
            assert_eq!(mark.lease_until, lost.lease_until);
            assert!(phase::set_lost(&mut tx, &lost, NOW).await?);
            assert!(!phase::set_lost(&mut tx, &lost, NOW).await?, "it is known already");
            assert!(phase::list_leases(&mut tx).await?.is_empty());
            phase::renew(&mut tx, plan.as_str(), "agent-b", 1, NOW).await?;
            assert!(
                phase::find(&mut tx, plan.as_str()).await?.unwrap().lost_at.is_some(),
                "another agent renews nothing"
            );
            phase::renew(&mut tx, plan.as_str(), "agent-a", 1, NOW.plus_seconds(5)).await?;
            assert_eq!(phase::find(&mut tx, plan.as_str()).await?.unwrap().lost_at, None);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn a_claim(store: &Fresh) {
    let world = world(store).await;
    let plan = add(store, &world, 1).await.id.plan();
    let plan = plan.as_str();
    store
        .write(async |mut tx| {
            phase::queue(&mut tx, plan, NOW).await?;
            let defaults = queue::Defaults { organization: 9, workspace: 9 };
            let of_pool = queue::candidates(&mut tx, Some("apool-1"), defaults).await?;
            assert!(
                of_pool.is_empty() && queue::count_offers(&mut tx, Some("apool-1"), 9).await? == 0,
                "it is for no pool"
            );
            let claim = phase::NewLease { claim: Some("c"), ..leased(1, NOW, b"h") };
            phase::lease(&mut tx, plan, claim).await?;
            assert_eq!(phase::list_of_agent(&mut tx, "agent-a").await?[0].id, plan);
            assert!(phase::list_of_agent(&mut tx, "agent-b").await?.is_empty());
            assert!(phase::find_by_claim(&mut tx, "agent-b", "c").await?.is_none());
            assert_eq!(phase::find_by_claim(&mut tx, "agent-a", "c").await?.unwrap().id, plan);
            phase::set_token(&mut tx, plan, 1, b"new").await?;
            assert!(phase::find_by_token(&mut tx, b"new").await?.is_some());
            phase::set_started(&mut tx, plan, 1, NOW).await?;
            assert!(
                phase::find_by_claim(&mut tx, "agent-a", "c").await?.is_none(),
                "what has begun is not given again"
            );
            phase::queue(&mut tx, plan, NOW).await?;
            assert_eq!(phase::find(&mut tx, plan).await?.unwrap().agent_id, None);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn staged_artifacts(store: &Fresh) {
    let world = world(store).await;
    let plan = add(store, &world, 1).await.id.plan();
    let plan = plan.as_str();
    store
        .write(async |mut tx| {
            for (n, kind) in [(1, "staged:plan"), (2, "staged:plan-json")] {
                let blob = sealed(&world, n);
                blob::insert(&mut tx, &blob).await?;
                phase::put_artifact(&mut tx, plan, kind, blob.id.as_str()).await?;
            }
            assert_eq!(phase::find_artifact(&mut tx, plan, "plan").await?, None);
            phase::discard_artifacts(&mut tx, plan, "plan", NOW).await?;
            assert!(blob::find(&mut tx, sealed(&world, 1).id.as_str()).await?.is_none());
            phase::publish_artifacts(&mut tx, plan).await?;
            assert_eq!(phase::find_artifact(&mut tx, plan, "plan").await?, None);
            assert!(phase::find_artifact(&mut tx, plan, "plan-json").await?.is_some());
            phase::discard_artifacts(&mut tx, plan, "%", NOW).await?;
            assert!(phase::find_artifact(&mut tx, plan, "plan-json").await?.is_some(), "what counts stays");
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn artifacts(store: &Fresh) {
    let world = world(store).await;
    let plan = add(store, &world, 1).await.id.plan();
    let (a, b) = (sealed(&world, 1), sealed(&world, 2));
    store
        .write(async |mut tx| {
            assert_eq!(phase::find_artifact(&mut tx, plan.as_str(), "plan").await?, None);
            for bytes in [&a, &b] {
                blob::insert(&mut tx, bytes).await?;
                phase::put_artifact(&mut tx, plan.as_str(), "plan", bytes.id.as_str()).await?;
            }
            assert_eq!(phase::find_artifact(&mut tx, plan.as_str(), "plan").await?, Some(b.id.to_string()));
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn logs(store: &Fresh) {
    let world = world(store).await;
    let plan = add(store, &world, 1).await.id.plan();
    let plan = plan.as_str();
    let chunk = |start, length| log::Chunk { start, length, sealed: vec![1] };
    store
        .write(async |mut tx| {
            assert!(!log::append(&mut tx, plan, 0, &chunk(0, 5)).await?, "it does not run yet");
            phase::queue(&mut tx, plan, NOW).await?;
            phase::lease(&mut tx, plan, leased(1, NOW, b"h")).await?;
            assert!(log::append(&mut tx, plan, 1, &chunk(0, 5)).await?);
            assert!(!log::append(&mut tx, plan, 1, &chunk(0, 5)).await?, "twice");
            assert!(!log::append(&mut tx, plan, 1, &chunk(6, 5)).await?, "a gap");
            assert!(!log::append(&mut tx, plan, 0, &chunk(5, 5)).await?, "another lease");
            assert!(log::append(&mut tx, plan, 1, &chunk(5, 3)).await?);
            let starts = async |tx: &mut store::Tx, offset, limit| {
                let pieces = log::list_from(tx, plan, offset, limit).await?;
                Ok::<_, Error>(pieces.iter().map(|c| c.start).collect::<Vec<_>>())
            };
            assert_eq!(starts(&mut tx, 0, 1).await?, [0]);
            assert_eq!(starts(&mut tx, 4, 9).await?, [0, 5]);
            assert_eq!(starts(&mut tx, 5, 9).await?, [5]);
            assert_eq!(phase::find(&mut tx, plan).await?.unwrap().log_end, 8);
            log::reset(&mut tx, plan).await?;
            assert!(log::list_from(&mut tx, plan, 0, 9).await?.is_empty());
            assert_eq!(phase::find(&mut tx, plan).await?.unwrap().log_end, 0);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}
