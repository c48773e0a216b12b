//! Everything sealed is listed, a page at a time.

use crate::base::{self, Fresh, NOW, leased, on_both, run, version, world};
use store::{Error, blob, hook, log, phase, sealed, state};

on_both! { pages  every_table  versions_of_blobs }

async fn pages(store: &Fresh) {
    let world = world(store).await;
    store
        .write(async |mut tx| {
            for n in 1..=7 {
                blob::insert(&mut tx, &base::sealed(&world, n)).await?;
            }
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let page = store.look(async |mut tx| sealed::list_blobs(&mut tx, &after, 3).await).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3);
        after.clone_from(&last.mark);
        seen.extend(page);
    }
    let mut ids: Vec<_> = seen.iter().map(|row| row.id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 7, "each once: {seen:?}");
    let one = seen.iter().find(|row| row.id == base::sealed(&world, 3).id.as_str()).unwrap();
    assert_eq!((one.sealed.as_deref(), one.size, &one.wrapped), (Some(&[3, 0, 255][..]), Some(3), &None));
    assert_eq!(one.workspace.as_deref(), Some(world.workspace.id.as_str()));
    assert_eq!(one.organization, world.organization.id.as_str());
}

async fn every_table(store: &Fresh) {
    let world = world(store).await;
    let plan = run(store, &world, 1).await.id.plan();
    let plan = plan.as_str();
    let organization = world.organization.id.as_str();
    let chunk = |start| log::Chunk { start, length: 5, sealed: vec![1] };
    store
        .write(async |mut tx| {
            phase::queue(&mut tx, plan, NOW).await?;
            phase::lease(&mut tx, plan, leased(1, NOW, b"h")).await?;
            assert!(log::append(&mut tx, plan, 1, &chunk(0)).await? && log::append(&mut tx, plan, 1, &chunk(5)).await?);
            for point in ["pre-plan", "post-apply"] {
                let hook = hook::Hook { point: point.into(), wrapped: vec![1], sealed: vec![2], updated_at: NOW };
                hook::put(&mut tx, &world.organization.id, &hook).await?;
            }
            tx.query(
                "INSERT INTO ssh_keys (id, organization_id, name, wrapped, sealed, created_at) VALUES ('sshkey-1', $1, 'k', $2, $2, 1)",
            )
            .bind(organization)
            .bind(vec![7u8])
            .run()
            .await?;
            tx.query(
                "INSERT INTO identity_keys (id, stage, modulus, exponent, wrapped, sealed, created_at)
                 VALUES ('one', 'current', 'n', 'e', $1, $1, 1)",
            )
            .bind(vec![8u8])
            .run()
            .await?;
            tx.query(
                "INSERT INTO variables (id, organization_id, workspace_id, category, key, sealed, hcl, sensitive, description, created_at, version)
                 VALUES ('var-1', $1, $2, 'env', 'K', $3, $4, $4, '', 1, 0)",
            )
            .bind(organization)
            .bind(world.workspace.id.as_str())
            .bind(vec![9u8])
            .bind(false)
            .run()
            .await?;
            tx.query(
                "INSERT INTO registry_files (id, organization_id, kind, name, wrapped, size, object_key, created_at)
                 VALUES ('blob-1', $1, 'archive', 'a.zip', $2, 4, 'an/object', 1)",
            )
            .bind(organization)
            .bind(vec![1u8])
            .run()
            .await
        })
        .await
        .unwrap();
    store
        .look(async |mut tx| {
            let keys = sealed::list_data_keys(&mut tx, "", 9).await?;
            assert_eq!((keys.len(), keys[0].wrapped.as_deref()), (1, Some(&b"wrapped"[..])));
            let hooks = sealed::list_hooks(&mut tx, "", 9).await?;
            assert_eq!(hooks.iter().map(|hook| hook.id.as_str()).collect::<Vec<_>>(), ["post-apply", "pre-plan"]);
            assert_eq!(sealed::list_hooks(&mut tx, &hooks[0].mark, 9).await?.len(), 1);
            assert_eq!(sealed::list_ssh_keys(&mut tx, "", 9).await?[0].sealed.as_deref(), Some(&[7][..]));
            assert_eq!(sealed::list_identity_keys(&mut tx, "", 9).await?[0].sealed.as_deref(), Some(&[8][..]));
            assert_eq!(sealed::list_variables(&mut tx, "", 9).await?[0].sealed.as_deref(), Some(&[9][..]));
            assert_eq!(sealed::list_run_variables(&mut tx, "", 9).await?[0].sealed.as_deref(), Some(&[0, 1][..]));
            let files = sealed::list_files(&mut tx, "", 9).await?;
            assert_eq!((files[0].object_key.as_deref(), files[0].size), (Some("an/object"), Some(4)));
            assert_eq!(sealed::list_logged(&mut tx, "", 9).await?, [plan]);
            assert!(sealed::list_logged(&mut tx, plan, 9).await?.is_empty());
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn versions_of_blobs(store: &Fresh) {
    let world = world(store).await;
    let blob = base::sealed(&world, 1);
    let of_it = |n| state::StateVersion { blob_id: Some(blob.id.to_string()), ..version(&world, n) };
    store
        .write(async |mut tx| {
            blob::insert(&mut tx, &blob).await?;
            state::insert(&mut tx, &of_it(1)).await?;
            state::insert(&mut tx, &of_it(2)).await?;
            state::insert(&mut tx, &version(&world, 3)).await?;
            let found = state::list_of_blobs(&mut tx, &[blob.id.as_str(), "blob-x"]).await?;
            assert_eq!(found.len(), 2, "a blob may be the bytes of several");
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}
