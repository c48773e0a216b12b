//! State versions, outputs, the index.

use crate::base::{Fresh, NOW, append, on_both, sealed, version, world};
use domain::id::OutputId;
use std::collections::BTreeMap;
use store::{
    Error, blob,
    delta::{self, Form},
    state, workspace as ws,
};

on_both! { versions  a_state_in_one_go  versions_of_a_clock_that_steps  outputs  the_index  deltas  a_chain_in_any_order  the_version_of_a_moment  the_index_of_two_states }

/// The time of day went back between two writes, and a state that did not become current came in between.
async fn versions_of_a_clock_that_steps(store: &Fresh) {
    let world = world(store).await;
    let at = |n: u8, second: i64| state::StateVersion { created_at: NOW.plus_seconds(second), ..version(&world, n) };
    let beside = state::StateVersion { sequence: None, status: "discarded".into(), ..at(9, 55) };
    let listed = store
        .write(async |mut tx| {
            for version in [at(1, 50), at(2, 60), beside.clone(), at(3, 10)] {
                match version.sequence {
                    Some(_) => append(&mut tx, &world, &version).await?,
                    None => state::insert(&mut tx, &version).await?,
                }
            }
            state::list(&mut tx, &world.workspace.id, 9, 0).await
        })
        .await
        .unwrap();
    assert_eq!(listed.iter().map(|version| version.serial).collect::<Vec<_>>(), [3, 9, 2, 1]);
}

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
    let announced = state::Append { version: &done, announced: true, blob: &bytes, closed: &[], opened: &[], now: NOW };
    store
        .write(async |mut tx| {
            state::insert(&mut tx, &one).await?;
            state::insert(&mut tx, &pending).await?;
            assert_eq!(state::count(&mut tx, id).await?, 1, "what is pending is no state");
            assert!(state::current(&mut tx, id).await?.is_none());
            ws::clear_current_state(&mut tx, id, NOW).await?;
            state::append(&mut tx, &announced).await?;
            state::set_json(&mut tx, &one.id, bytes.id.as_str()).await?;
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

/// Few and many of the index change: together with the rest, or in statements of their own. What changed ends and begins under one address.
async fn a_state_in_one_go(store: &Fresh) {
    let world = world(store).await;
    let id = &world.workspace.id;
    let mut held: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (n, (gone, new)) in
        (1_u8..).zip([(0..0, 0..450), (0..301, 0..301), (0..450, 3..4), (3..4, 0..60), (0..7, 2..9), (0..0, 0..0)])
    {
        let of = |index: usize| state::Resource {
            address: format!("t.n[{index}]"),
            kind: "t".into(),
            module: String::new(),
            provider: "p".into(),
            hash: vec![n; 16],
            attributes: String::new(),
        };
        let gone: Vec<String> = gone.map(|n| of(n).address).filter(|address| held.remove(address).is_some()).collect();
        let new: Vec<state::Resource> = new.map(of).filter(|one| !held.contains_key(&one.address)).collect();
        held.extend(new.iter().map(|one| (one.address.clone(), one.hash.clone())));
        let (closed, opened): (Vec<_>, Vec<_>) =
            (gone.iter().map(String::as_str).collect(), new.iter().map(|one| (one, 0)).collect());
        let (version, bytes) = (version(&world, n), sealed(&world, n));
        let append = state::Append {
            version: &version,
            announced: false,
            blob: &bytes,
            closed: &closed,
            opened: &opened,
            now: NOW,
        };
        store.write(async |mut tx| state::append(&mut tx, &append).await).await.unwrap();
        let (hashes, kept, now) = store
            .look(async |mut tx| {
                let hashes = state::list_current_hashes(&mut tx, id).await?;
                let kept = blob::find(&mut tx, bytes.id.as_str()).await?;
                Ok::<_, Error>((hashes, kept, ws::find(&mut tx, id, "").await?.unwrap()))
            })
            .await
            .unwrap();
        assert_eq!(hashes.len(), held.len(), "{n}");
        assert_eq!(hashes.into_iter().collect::<BTreeMap<_, _>>(), held, "{n}");
        assert_eq!(kept.unwrap().sealed, bytes.sealed);
        assert_eq!((now.current_state_id.as_deref(), now.state_sequence), (Some(version.id.as_str()), i64::from(n)));
    }
    // Behind another one, all of it is refused; so is one that was announced, and is there already.
    let (behind, bytes) = (state::StateVersion { sequence: Some(9), ..version(&world, 8) }, sealed(&world, 8));
    let again = state::StateVersion { sequence: Some(7), ..version(&world, 6) };
    for (version, announced) in [(&behind, false), (&again, true)] {
        let refused = state::Append { version, announced, blob: &bytes, closed: &[], opened: &[], now: NOW };
        let refused = store.write(async |mut tx| state::append(&mut tx, &refused).await).await;
        assert!(matches!(refused, Err(Error::Contended(_))), "{refused:?}");
        let kept = store.look(async |mut tx| blob::find(&mut tx, bytes.id.as_str()).await).await.unwrap();
        assert!(kept.is_none(), "nothing of it is there");
    }
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
            attributes: String::new(),
        })
        .collect();
    let all: Vec<_> = resources.iter().map(|resource| (resource, 0)).collect();
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

async fn deltas(store: &Fresh) {
    let world = world(store).await;
    let id = &world.workspace.id;
    let blobs = [1, 2, 3].map(|n| sealed(&world, n));
    let versions = [1, 2, 3].map(|n: u8| state::StateVersion {
        blob_id: Some(blobs[usize::from(n) - 1].id.to_string()),
        ..version(&world, n)
    });
    let written = |n: usize, base: &blob::Blob| blob::Blob {
        id: domain::id::BlobId::new(&[u8::try_from(10 + n).unwrap(); 32]),
        base_blob_id: Some(base.id.to_string()),
        ..blobs[n].clone()
    };
    store
        .write(async |mut tx| {
            for version in &versions {
                append(&mut tx, &world, version).await?;
            }
            state::set_json(&mut tx, &versions[1].id, blobs[0].id.as_str()).await?;
            assert_eq!(state::find_by_sequence(&mut tx, id, 2).await?.unwrap().id, versions[1].id);
            assert!(state::find_by_sequence(&mut tx, id, 4).await?.is_none());
            let due = delta::list_due(&mut tx, None, 9).await?;
            assert_eq!(due, [(id.to_string(), 1), (id.to_string(), 2)], "the current one is not");
            assert_eq!(delta::list_due(&mut tx, Some((id.as_str(), 1)), 9).await?.len(), 1);
            assert_eq!(delta::list_due(&mut tx, None, 1).await?.len(), 1);
            let second = written(1, &blobs[0]);
            let third = written(2, &second);
            assert!(delta::replace(&mut tx, &blobs[1], &second, NOW).await?);
            assert!(!delta::replace(&mut tx, &blobs[1], &written(1, &blobs[0]), NOW).await?, "it is gone");
            assert!(!delta::replace(&mut tx, &blobs[2], &written(2, &blobs[1]), NOW).await?, "its base is gone");
            assert!(delta::replace(&mut tx, &blobs[2], &third, NOW).await?);
            assert!(
                !delta::replace(&mut tx, &second, &written(0, &blobs[0]), NOW).await?,
                "the third is written against it"
            );
            assert!(blob::find(&mut tx, blobs[1].id.as_str()).await?.is_none());
            let chain = delta::list_chain(&mut tx, third.id.as_str()).await?;
            let ids: Vec<_> = chain.iter().map(|blob| blob.id.clone()).collect();
            assert_eq!(ids, [third.id.clone(), second.id.clone(), blobs[0].id.clone()]);
            assert_eq!(chain[0].base_blob_id.as_deref(), Some(second.id.as_str()));
            assert!(delta::list_chain(&mut tx, blobs[1].id.as_str()).await?.is_empty());
            let found = delta::find_blob(&mut tx, &versions[2].id, Form::State).await?.unwrap();
            assert_eq!(found.id, third.id);
            let found = delta::find_blob(&mut tx, &versions[1].id, Form::Json).await?.unwrap();
            assert_eq!(found.id, blobs[0].id);
            assert!(delta::find_blob(&mut tx, &versions[2].id, Form::Json).await?.is_none());
            assert!(!delta::is_settled(&mut tx, &versions[0].id).await?);
            delta::settle(&mut tx, &versions[0].id, false).await?;
            assert!(delta::is_settled(&mut tx, &versions[0].id).await?);
            delta::settle(&mut tx, &versions[1].id, false).await?;
            assert_eq!(delta::list_due(&mut tx, None, 9).await?, [(id.to_string(), 2)], "its JSON form came since");
            delta::settle(&mut tx, &versions[1].id, true).await?;
            assert!(delta::list_due(&mut tx, None, 9).await?.is_empty());
            state::set_json(&mut tx, &versions[0].id, second.id.as_str()).await?;
            assert_eq!(delta::list_due(&mut tx, None, 9).await?.len(), 1, "what comes later is due");
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    let based =
        store.write(async |mut tx| tx.query("DELETE FROM blobs WHERE id = $1").bind(blobs[0].id.as_str()).run().await);
    assert!(based.await.is_err(), "what others are written against stays");
}

async fn a_chain_in_any_order(store: &Fresh) {
    let world = world(store).await;
    let whole = sealed(&world, 1);
    let delta = blob::Blob { base_blob_id: Some(whole.id.to_string()), ..sealed(&world, 2) };
    store
        .write(async |mut tx| {
            blob::insert(&mut tx, &delta).await?;
            blob::insert(&mut tx, &whole).await
        })
        .await
        .unwrap();
}

async fn the_version_of_a_moment(store: &Fresh) {
    let world = world(store).await;
    let id = &world.workspace.id;
    let pending = state::StateVersion { sequence: None, status: "pending".into(), ..version(&world, 5) };
    let back = state::StateVersion { rollback_id: Some(version(&world, 1).id.to_string()), ..version(&world, 3) };
    store
        .write(async |mut tx| {
            for version in [&version(&world, 1), &back, &pending] {
                state::insert(&mut tx, version).await?;
            }
            let at = async |tx: &mut store::Tx, seconds| {
                let found = state::find_at(tx, id, NOW.plus_seconds(seconds)).await?;
                Ok::<_, Error>(found.map(|version| version.serial))
            };
            let (before, first, between, last) =
                (at(&mut tx, 0).await?, at(&mut tx, 1).await?, at(&mut tx, 2).await?, at(&mut tx, 99).await?);
            assert_eq!((before, first, between, last), (None, Some(1), Some(1), Some(3)), "what is pending never was");
            assert_eq!(state::find(&mut tx, &back.id).await?.unwrap().rollback_id, back.rollback_id);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    store.look(async |mut tx| state::find_at(&mut tx, id, NOW).await).await.unwrap();
}

fn on_a_shelf(resources: &[state::Resource]) -> Vec<(&state::Resource, i64)> {
    resources.iter().map(|resource| (resource, 0)).collect()
}

async fn the_index_of_two_states(store: &Fresh) {
    let world = world(store).await;
    let id = &world.workspace.id;
    let one = version(&world, 1);
    let resource = |address: &str, hash: u8| state::Resource {
        address: address.into(),
        kind: "t".into(),
        module: String::new(),
        provider: "p".into(),
        hash: vec![hash; 16],
        attributes: String::new(),
    };
    let first = ["gone", "changed", "same"].map(|address| resource(address, 1));
    let second = [resource("changed", 2), resource("new", 1)];
    store
        .write(async |mut tx| {
            state::open_resources(&mut tx, &one, 1, &on_a_shelf(&first)).await?;
            state::close_resources(&mut tx, id, 2, &["gone", "changed"]).await?;
            state::open_resources(&mut tx, &one, 2, &on_a_shelf(&second)).await?;
            let differing = state::list_differing(&mut tx, id, 1, 2, 9).await?;
            let said: Vec<_> =
                differing.iter().map(|(one, later)| (one.address.as_str(), one.hash[0], *later)).collect();
            assert_eq!(said, [("changed", 1, false), ("changed", 2, true), ("gone", 1, false), ("new", 1, true)]);
            let back = state::list_differing(&mut tx, id, 2, 1, 9).await?;
            assert_eq!(back.iter().filter(|(_, later)| *later).count(), 2);
            assert!(state::list_differing(&mut tx, id, 2, 2, 9).await?.is_empty());
            assert_eq!(state::list_differing(&mut tx, id, 1, 2, 3).await?.len(), 3);
            state::close_resources(&mut tx, id, 3, &["changed", "new"]).await?;
            let again = [resource("changed", 1), resource("gone", 1)];
            state::open_resources(&mut tx, &one, 3, &on_a_shelf(&again)).await?;
            for (from, to) in [(1, 3), (3, 1)] {
                let none = state::list_differing(&mut tx, id, from, to, 9).await?;
                assert!(none.is_empty(), "all is as it was: {none:?}");
            }
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    store.look(async |mut tx| state::list_differing(&mut tx, id, 1, 2, 9).await).await.unwrap();
}
