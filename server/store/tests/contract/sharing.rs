//! Whose runs may read the state of another workspace, and what they have read.

use crate::base::{Fresh, NOW, on_both, run, workspace, world};
use domain::{
    id::{StateVersionId, WorkspaceId},
    time::Time,
};
use store::{Error, sharing, workspace as ws};

on_both! { consumers  reads }

async fn consumers(store: &Fresh) {
    let world = world(store).await;
    let (org, own) = (&world.organization.id, &world.workspace.id);
    let other = workspace(&world.organization, &world.project, 2);
    store
        .write(async |mut tx| {
            ws::insert(&mut tx, &other, b"wrapped").await?;
            assert_eq!(sharing::find(&mut tx, own, &other.id).await?, Some(false));
            assert_eq!(sharing::find(&mut tx, own, &WorkspaceId::new(&[9; 32])).await?, None);
            sharing::put_consumer(&mut tx, org, own, other.id.as_str()).await?;
            sharing::put_consumer(&mut tx, org, own, other.id.as_str()).await?;
            assert_eq!(sharing::find(&mut tx, own, &other.id).await?, Some(true));
            assert_eq!(sharing::find(&mut tx, &other.id, own).await?, Some(false));
            let listed = sharing::list_consumers(&mut tx, own).await?;
            assert_eq!(listed, [(other.id.to_string(), other.name.clone())]);
            assert_eq!(sharing::delete_consumer(&mut tx, own, other.id.as_str()).await?, 1);
            assert_eq!(sharing::delete_consumer(&mut tx, own, other.id.as_str()).await?, 0);
            sharing::put_consumer(&mut tx, org, own, other.id.as_str()).await?;
            assert_eq!(sharing::delete_consumers(&mut tx, own).await?, 1);
            assert_eq!(sharing::find(&mut tx, own, &other.id).await?, Some(false));
            let mut open = ws::find(&mut tx, own, "").await?.unwrap();
            open.global_remote_state = true;
            ws::update(&mut tx, &open, NOW).await?;
            assert!(ws::find(&mut tx, own, "").await?.unwrap().global_remote_state);
            assert_eq!(sharing::find(&mut tx, own, &other.id).await?, Some(true));
            // What is deleted is no consumer, and shares nothing.
            sharing::put_consumer(&mut tx, org, own, other.id.as_str()).await?;
            ws::delete(&mut tx, &other.id, NOW).await?;
            assert!(sharing::list_consumers(&mut tx, own).await?.is_empty());
            ws::delete(&mut tx, own, NOW).await?;
            assert_eq!(sharing::find(&mut tx, own, &other.id).await?, None);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn reads(store: &Fresh) {
    let world = world(store).await;
    let (org, own) = (&world.organization.id, &world.workspace.id);
    let consumer = workspace(&world.organization, &world.project, 2);
    store.write(async |mut tx| ws::insert(&mut tx, &consumer, b"wrapped").await).await.unwrap();
    let run = run(store, &world, 1).await.id;
    let read = |version: u8, phase: &str, at: Time| sharing::Read {
        state_version_id: StateVersionId::new(&[version; 32]),
        consumer_id: consumer.id.clone(),
        run_id: run.clone(),
        phase_id: phase.into(),
        first_at: at,
        last_at: at,
        reads: 1,
    };
    let (soon, later) = (NOW.plus_seconds(1), NOW.plus_seconds(2));
    store
        .write(async |mut tx| {
            sharing::put_read(&mut tx, org, own, &read(1, "plan-1", NOW)).await?;
            sharing::put_read(&mut tx, org, own, &read(2, "plan-1", soon)).await?;
            sharing::put_read(&mut tx, org, own, &read(1, "plan-1", later)).await?;
            let (page, total) = sharing::list_reads(&mut tx, own, 1, 0).await?;
            assert_eq!((page.len(), total), (1, 2));
            let first = &page[0];
            assert_eq!((first.first_at, first.last_at, first.reads), (NOW, later, 2));
            assert_eq!((first.phase_id.as_str(), &first.consumer_id), ("plan-1", &consumer.id));
            assert_eq!((&first.run_id, &first.state_version_id), (&run, &StateVersionId::new(&[1; 32])));
            let (page, _) = sharing::list_reads(&mut tx, own, 1, 1).await?;
            assert_eq!((page[0].last_at, page[0].reads), (soon, 1));
            assert_eq!(sharing::list_reads(&mut tx, &consumer.id, 1, 0).await?.1, 0);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    let stray = sharing::Read { consumer_id: WorkspaceId::new(&[9; 32]), ..read(3, "plan-1", NOW) };
    let refused = store.write(async |mut tx| sharing::put_read(&mut tx, org, own, &stray).await).await.unwrap_err();
    let Error::Database(error) = &refused else { panic!("{refused:?}") };
    assert!(error.as_database_error().unwrap().is_foreign_key_violation());
}
