//! Keys that sign identities, SSH keys, hooks.

use crate::base::{Fresh, NOW, on_both, world};
use domain::id::SshKeyId;
use store::{Error, hook, identity, ssh_key, workspace};

on_both! { identity_keys  ssh_keys  hooks }

fn key(id: &str, stage: &str, seconds: i64) -> identity::Key {
    identity::Key {
        id: id.into(),
        stage: stage.into(),
        modulus: "n".into(),
        exponent: "AQAB".into(),
        wrapped: vec![1],
        sealed: vec![0, 255],
        created_at: NOW.plus_seconds(seconds),
        used_at: (stage == "current").then_some(NOW.micros()),
        retired_at: None,
    }
}

async fn identity_keys(store: &Fresh) {
    let (one, two, double) = (key("one", "current", 0), key("two", "next", 1), key("three", "next", 2));
    store
        .write(async |mut tx| {
            identity::insert(&mut tx, &one).await?;
            identity::insert(&mut tx, &two).await
        })
        .await
        .unwrap();
    let taken = store.write(async |mut tx| identity::insert(&mut tx, &double).await).await.unwrap_err();
    assert!(taken.is_taken("identity_keys"), "{taken:?}");
    let later = NOW.plus_seconds(60);
    store
        .write(async |mut tx| {
            identity::rotate(&mut tx, "one", "two", later).await?;
            identity::insert(&mut tx, &double).await?;
            let listed = identity::list(&mut tx).await?;
            let stages: Vec<_> =
                listed.iter().map(|k| (k.id.as_str(), k.stage.as_str(), k.used_at, k.retired_at)).collect();
            let (began, then) = (Some(NOW.micros()), Some(later.micros()));
            let expected =
                [("three", "next", None, None), ("two", "current", then, None), ("one", "retired", began, then)];
            assert_eq!(stages, expected);
            assert_eq!((listed[2].wrapped.as_slice(), listed[2].sealed.as_slice()), (&[1][..], &[0, 255][..]));
            assert_eq!(identity::delete_retired(&mut tx, later).await?, 0);
            assert_eq!(identity::delete_retired(&mut tx, later.plus_seconds(1)).await?, 1);
            assert_eq!(identity::list(&mut tx).await?.len(), 2);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    // What another has rotated already is no longer current.
    let lost = store.write(async |mut tx| identity::rotate(&mut tx, "one", "two", later).await).await.unwrap_err();
    assert!(matches!(lost, Error::Contended(_)), "{lost:?}");
}

async fn ssh_keys(store: &Fresh) {
    let world = world(store).await;
    let (organization, id) = (&world.organization, &world.workspace.id);
    let key = |n: u8, name: &str| ssh_key::SshKey {
        id: SshKeyId::new(&[n; 32]),
        organization_id: organization.id.clone(),
        organization_name: organization.name.clone(),
        name: name.into(),
        wrapped: vec![n],
        sealed: vec![n, 0],
        created_at: NOW,
    };
    let (one, two) = (key(1, "zed"), key(2, "abel"));
    store
        .write(async |mut tx| {
            ssh_key::insert(&mut tx, &one).await?;
            ssh_key::insert(&mut tx, &two).await?;
            let names = |keys: Vec<ssh_key::SshKey>| keys.into_iter().map(|key| key.name).collect::<Vec<_>>();
            assert_eq!(names(ssh_key::list(&mut tx, &organization.id).await?), ["abel", "zed"]);
            assert_eq!(ssh_key::rename(&mut tx, &one.id, "aaron").await?, 1);
            assert_eq!(names(ssh_key::list(&mut tx, &organization.id).await?), ["aaron", "abel"]);
            let found = ssh_key::find(&mut tx, &two.id).await?.unwrap();
            assert_eq!((found.organization_name.as_str(), found.sealed.as_slice()), ("acme", &[2, 0][..]));
            assert!(ssh_key::find_of_workspace(&mut tx, id).await?.is_none());
            ssh_key::assign(&mut tx, &organization.id, id, Some(&one.id)).await?;
            ssh_key::assign(&mut tx, &organization.id, id, Some(&two.id)).await?;
            assert_eq!(ssh_key::find_of_workspace(&mut tx, id).await?.unwrap().id, two.id);
            let shown = workspace::find(&mut tx, id, "").await?.unwrap();
            assert_eq!(shown.ssh_key_id.as_deref(), Some(two.id.as_str()));
            ssh_key::assign(&mut tx, &organization.id, id, None).await?;
            assert!(ssh_key::find_of_workspace(&mut tx, id).await?.is_none());
            ssh_key::assign(&mut tx, &organization.id, id, Some(&two.id)).await?;
            assert_eq!(ssh_key::delete(&mut tx, &two.id).await?, 1);
            assert_eq!(ssh_key::delete(&mut tx, &two.id).await?, 0);
            assert!(ssh_key::find_of_workspace(&mut tx, id).await?.is_none());
            assert!(ssh_key::find(&mut tx, &two.id).await?.is_none());
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    // No workspace uses the key of another tenant.
    let stranger = domain::id::OrganizationId::new(&[9; 32]);
    let refused =
        store.write(async |mut tx| ssh_key::assign(&mut tx, &stranger, id, Some(&one.id)).await).await.unwrap_err();
    let Error::Database(error) = &refused else { panic!("{refused:?}") };
    assert!(error.as_database_error().unwrap().is_foreign_key_violation());
}

async fn hooks(store: &Fresh) {
    let world = world(store).await;
    let organization = &world.organization.id;
    let hook =
        |point: &str, n: u8| hook::Hook { point: point.into(), wrapped: vec![n], sealed: vec![n, n], updated_at: NOW };
    store
        .write(async |mut tx| {
            hook::put(&mut tx, organization, &hook("pre-plan", 1)).await?;
            hook::put(&mut tx, organization, &hook("post-apply", 2)).await?;
            hook::put(&mut tx, organization, &hook("pre-plan", 3)).await?;
            let listed = hook::list(&mut tx, organization).await?;
            let seen: Vec<_> = listed.iter().map(|hook| (hook.point.as_str(), hook.sealed[0])).collect();
            assert_eq!(seen, [("post-apply", 2), ("pre-plan", 3)]);
            assert_eq!(hook::delete(&mut tx, organization, "pre-plan").await?, 1);
            assert_eq!(hook::delete(&mut tx, organization, "pre-plan").await?, 0);
            assert_eq!(hook::list(&mut tx, organization).await?.len(), 1);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}
