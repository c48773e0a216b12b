//! State versions, outputs, the index.

use crate::base::{Fresh, NOW, on_both, sealed, version, world};
use domain::id::OutputId;
use store::{Error, blob, state, workspace as ws};

on_both! { versions  outputs  the_index }

async fn versions(store: &Fresh) {
    let world = world(store).await;
    let id = &world.workspace.id;
    let one = version(&world, 1);
    let pending = state::StateVersion { sequence: None, status: "pending".into(), sha256: None, ..version(&world, 2) };
    let bytes = sealed(&world, 1);
    let done = state::StateVersion {
        sequence: Some(2),
        status: "finalized".into(),
        blob_id: Some(bytes.id.to_string()),
        sha256: version(&world, 2).sha256,
        ..pending.clone()
    };
    store
        .write(async |mut tx| {
            state::insert(&mut tx, &one).await?;
            state::insert(&mut tx, &pending).await?;
            assert_eq!(state::count(&mut tx, id).await?, 1, "what is pending is no state");
            assert!(state::current(&mut tx, id).await?.is_none());
            blob::insert(&mut tx, &bytes).await?;
            state::finalize(&mut tx, &done).await?;
            state::set_json(&mut tx, &one.id, bytes.id.as_str()).await?;
            ws::set_current_state(&mut tx, id, &done, 0, NOW).await?;
            let current = state::current(&mut tx, id).await?.unwrap();
            assert_eq!((current.id, current.sha256), (done.id.clone(), done.sha256.clone()));
            let found = state::find(&mut tx, &one.id).await?.unwrap();
            assert_eq!(found.json_blob_id.as_deref(), Some(bytes.id.as_str()));
            let listed = state::list(&mut tx, id, 9, 0).await?;
            assert_eq!(listed.iter().map(|v| v.serial).collect::<Vec<_>>(), [2, 1]);
            assert_eq!(state::list(&mut tx, id, 1, 1).await?[0].serial, 1);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    let twice = store.write(async |mut tx| state::finalize(&mut tx, &done).await).await;
    assert!(matches!(twice, Err(Error::Contended(_))), "{twice:?}");
    let other = state::StateVersion { sequence: Some(2), ..version(&world, 3) };
    let taken = store.write(async |mut tx| state::insert(&mut tx, &other).await).await.unwrap_err();
    assert!(taken.is_taken("state_versions"), "one state a sequence: {taken:?}");
}

async fn outputs(store: &Fresh) {
    let world = world(store).await;
    let one = version(&world, 1);
    // More than one statement takes at once.
    let outputs: Vec<_> = (0..250u16)
        .map(|n| {
            let mut entropy = [7; 32];
            entropy[..2].copy_from_slice(&[u8::try_from(n % 58).unwrap(), u8::try_from(n / 58).unwrap()]);
            state::Output {
                id: OutputId::new(&entropy),
                state_version_id: one.id.clone(),
                name: format!("o{:03}", 249 - n),
            }
        })
        .collect();
    store
        .write(async |mut tx| {
            state::insert(&mut tx, &one).await?;
            state::insert_outputs(&mut tx, &outputs).await?;
            let listed = state::list_outputs(&mut tx, &one.id).await?;
            assert_eq!((listed.len(), listed[0].name.as_str()), (250, "o000"));
            assert_eq!(state::find_output(&mut tx, &outputs[3].id).await?.unwrap().name, outputs[3].name);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn the_index(store: &Fresh) {
    let world = world(store).await;
    let id = &world.workspace.id;
    let one = version(&world, 1);
    let resources: Vec<_> = (0..450)
        .map(|n| state::Resource {
            address: format!("module.ü.t.n[{n}]"),
            kind: "t".into(),
            module: "module.ü".into(),
            provider: "p".into(),
            hash: vec![1; 16],
        })
        .collect();
    let all: Vec<_> = resources.iter().collect();
    let gone: Vec<_> = resources[..449].iter().map(|r| r.address.as_str()).collect();
    store
        .write(async |mut tx| {
            state::open_resources(&mut tx, &one, 1, &all).await?;
            assert_eq!(state::list_current_hashes(&mut tx, id).await?.len(), 450);
            state::close_resources(&mut tx, id, 2, &gone).await?;
            let left = state::list_current_hashes(&mut tx, id).await?;
            assert_eq!(left, [("module.ü.t.n[449]".to_owned(), vec![1; 16])]);
            state::open_resources(&mut tx, &one, 2, &all[..1]).await?;
            assert_eq!(state::list_current_hashes(&mut tx, id).await?.len(), 2);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}
