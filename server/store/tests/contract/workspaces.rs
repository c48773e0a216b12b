//! Workspaces, their lock, tags and key; variables, blobs, configuration versions.

use crate::base::{Fresh, NOW, append, configured, new_run, on_both, sealed, version, workspace, world};
use domain::{
    id::{OrganizationId, RunId, VariableId},
    lock::{Door, Holder, Lock},
    permission::Role,
    tag::Tag,
};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use store::{Error, blob, configuration, organization, run, state, variable, workspace as ws};

on_both! { settings  names  a_list  names_and_their_changes  the_lock  the_current_state  who_waited_sees_the_newest_state  variables  blobs  configurations  deleted_and_taken_back }

fn tag(key: &str, value: &str) -> Tag {
    Tag { key: key.into(), value: value.into() }
}

async fn settings(store: &Fresh) {
    let world = world(store).await;
    let id = &world.workspace.id;
    let mut changed = world.workspace.clone();
    (changed.name, changed.description) = ("renamed".into(), "ünïcode \"quoted\"".into());
    changed.auto_apply = true;
    store
        .write(async |mut tx| {
            assert_eq!(ws::find_key(&mut tx, id).await?.as_deref(), Some(&b"wrapped"[..]));
            assert_eq!(ws::count_in_project(&mut tx, &world.project.id).await?, 1);
            ws::update(&mut tx, &changed, NOW.plus_seconds(1)).await?;
            ws::put_tags(&mut tx, &changed, &[tag("z", ""), tag("a", "1")]).await?;
            ws::put_tags(&mut tx, &changed, &[tag("b", "2"), tag("a", "ü")]).await?;
            organization::put_member(&mut tx, &world.organization.id, &world.user.id, Role::Plan, NOW).await?;
            let found = ws::find(&mut tx, id, world.user.id.as_str()).await?.unwrap();
            assert_eq!((found.name.as_str(), found.role.as_deref()), ("renamed", Some("plan")));
            assert_eq!((found.auto_apply, found.updated_at), (true, NOW.plus_seconds(1)));
            assert_eq!(found.tags(), [tag("b", "2"), tag("a", "ü")]);
            assert_eq!(ws::hold(&mut tx, id, "").await?.unwrap().description, changed.description);
            ws::set_fence(&mut tx, id, 3).await
        })
        .await
        .unwrap();
    let back = store.write(async |mut tx| ws::set_fence(&mut tx, id, 3).await).await;
    assert!(matches!(back, Err(Error::Contended(_))), "a fence only rises: {back:?}");
}

async fn names(store: &Fresh) {
    let world = world(store).await;
    let mut two = workspace(&world.organization, &world.project, 2);
    two.name.clone_from(&world.workspace.name);
    let taken = store.write(async |mut tx| ws::insert(&mut tx, &two, b"").await).await.unwrap_err();
    assert!(taken.is_taken("workspaces"), "{taken:?}");
    store
        .write(async |mut tx| {
            ws::delete(&mut tx, &world.workspace.id, NOW).await?;
            assert!(ws::find(&mut tx, &world.workspace.id, "").await?.is_none());
            assert!(ws::find_by_name(&mut tx, "acme", &two.name, "").await?.is_none());
            assert_eq!(ws::count_in_project(&mut tx, &world.project.id).await?, 0);
            ws::insert(&mut tx, &two, b"").await?;
            assert_eq!(ws::find_by_name(&mut tx, "acme", &two.name, "").await?.unwrap().id, two.id);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn a_list(store: &Fresh) {
    let world = world(store).await;
    for n in 2..=4 {
        let other = workspace(&world.organization, &world.project, n);
        store
            .write(async |mut tx| {
                ws::insert(&mut tx, &other, b"").await?;
                ws::put_tags(&mut tx, &other, &[tag("team", &format!("t{n}"))]).await
            })
            .await
            .unwrap();
    }
    let list = async |filter: ws::Filter, limit, offset| {
        let answered =
            store.read(async |mut tx| ws::list(&mut tx, &world.organization.id, "", &filter, limit, offset).await);
        let (page, total) = answered.await.unwrap();
        (page.into_iter().map(|w| w.name).collect::<Vec<_>>(), total)
    };
    let all = ws::Filter::default();
    assert_eq!(list(all, 2, 1).await, (vec!["workspace-2".into(), "workspace-3".into()], 4));
    let search = |text: &str| ws::Filter { search: Some(text.into()), ..ws::Filter::default() };
    assert_eq!(list(search("SPACE-3"), 9, 0).await, (vec!["workspace-3".into()], 1), "letters of either case");
    assert_eq!(list(search("%"), 9, 0).await.1, 0, "a sign of LIKE is a letter");
    let project = ws::Filter { project: Some(world.project.id.to_string()), ..ws::Filter::default() };
    assert_eq!(list(project, 9, 0).await.1, 4);
    let tags = |value| ws::Filter { tags: vec![tag("team", value)], ..ws::Filter::default() };
    assert_eq!((list(tags(""), 9, 0).await.1, list(tags("t3"), 9, 0).await.1), (3, 1));
}

async fn names_and_their_changes(store: &Fresh) {
    let world = world(store).await;
    let organization = &world.organization.id;
    let listing = async || {
        let read = store.read(async |mut tx| {
            let listing = ws::find_listing(&mut tx, organization).await?.unwrap();
            Ok::<_, Error>((listing, ws::list_names(&mut tx, organization).await?))
        });
        let (listing, names) = read.await.unwrap();
        assert_eq!(listing.count, i64::try_from(names.len()).unwrap());
        (listing.version, names.into_iter().map(|(_, name)| name).collect::<Vec<_>>())
    };
    let nobody = OrganizationId::new(&[9; 32]);
    assert_eq!(store.read(async |mut tx| ws::find_listing(&mut tx, &nobody).await).await.unwrap(), None);
    let (mut version, names) = listing().await;
    assert_eq!(names, ["workspace-1"]);
    let mut other = workspace(&world.organization, &world.project, 2);
    store.write(async |mut tx| ws::insert(&mut tx, &other, b"").await).await.unwrap();
    let mut changed = async |expected: &[&str], grows: bool, what: &str| {
        let (now, names) = listing().await;
        assert_eq!((names, now > version), (expected.iter().map(|&n| n.to_owned()).collect(), grows), "{what}");
        version = now;
    };
    changed(&["workspace-1", "workspace-2"], true, "made").await;
    other.description = "another".into();
    store.write(async |mut tx| ws::update(&mut tx, &other, NOW).await).await.unwrap();
    changed(&["workspace-1", "workspace-2"], false, "a setting").await;
    other.name = "a-name".into();
    store.write(async |mut tx| ws::update(&mut tx, &other, NOW).await).await.unwrap();
    changed(&["a-name", "workspace-1"], true, "renamed").await;
    store.write(async |mut tx| ws::delete(&mut tx, &other.id, NOW).await).await.unwrap();
    changed(&["workspace-1"], true, "deleted").await;
    store.write(async |mut tx| ws::undelete(&mut tx, &other, NOW).await).await.unwrap();
    changed(&["a-name", "workspace-1"], true, "taken back").await;
}

async fn the_lock(store: &Fresh) {
    let world = world(store).await;
    let id = &world.workspace.id;
    let client = |door, id: Option<&str>| Lock {
        holder: Holder::Client { door, user: world.user.id.clone(), id: id.map(Into::into) },
        reason: "apply".into(),
        since: NOW,
    };
    let by_run = Lock { holder: Holder::Run(RunId::new(&[1; 32])), reason: String::new(), since: NOW };
    for lock in [client(Door::Http, Some("id")), client(Door::Cloud, None), by_run] {
        store
            .write(async |mut tx| {
                ws::lock(&mut tx, id, &lock, Some("{}")).await?;
                let found = ws::find(&mut tx, id, "").await?.unwrap();
                assert_eq!((found.lock()?.as_ref(), found.lock_info.as_deref()), (Some(&lock), Some("{}")));
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
        let second = store.write(async |mut tx| ws::lock(&mut tx, id, &lock, None).await).await;
        assert!(matches!(second, Err(Error::Contended(_))), "{second:?}");
        store
            .write(async |mut tx| {
                ws::unlock(&mut tx, id).await?;
                assert_eq!(ws::find(&mut tx, id, "").await?.unwrap().lock()?, None);
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
    }
    let run = RunId::new(&[2; 32]);
    store
        .write(async |mut tx| {
            ws::set_current_run(&mut tx, id, Some(&run)).await?;
            assert_eq!(ws::find(&mut tx, id, "").await?.unwrap().current_run_id.as_deref(), Some(run.as_str()));
            ws::set_current_run(&mut tx, id, None).await
        })
        .await
        .unwrap();
}

async fn the_current_state(store: &Fresh) {
    let world = world(store).await;
    let (id, one) = (&world.workspace.id, version(&world, 1));
    store
        .write(async |mut tx| {
            append(&mut tx, &world, &one).await?;
            let found = ws::find(&mut tx, id, "").await?.unwrap();
            assert_eq!((found.state().unwrap().serial, found.state_sequence), (1, 1));
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    let late = state::StateVersion { id: version(&world, 7).id, sequence: Some(9), ..version(&world, 2) };
    let refused = store.write(async |mut tx| append(&mut tx, &world, &late).await).await;
    assert!(matches!(refused, Err(Error::Contended(_))), "{refused:?}");
    let kept = store.look(async |mut tx| state::find(&mut tx, &late.id).await).await.unwrap();
    assert!(kept.is_none(), "nothing of it is there");
    store.write(async |mut tx| ws::clear_current_state(&mut tx, id, NOW).await).await.unwrap();
    let found = store.look(async |mut tx| ws::find(&mut tx, id, "").await).await.unwrap().unwrap();
    assert_eq!((found.state(), found.state_sequence), (None, 2));
}

/// Whoever waited for a workspace sees the state that came while it waited: nobody judges by an old one, and nobody has to begin again.
async fn who_waited_sees_the_newest_state(store: &Fresh) {
    const WRITERS: u32 = 24;
    let world = world(store).await;
    let id = &world.workspace.id;
    let attempts = AtomicU32::new(0);
    let write = async || {
        store
            .write(async |mut tx| {
                attempts.fetch_add(1, Relaxed);
                let held = ws::hold(&mut tx, id, "").await?.unwrap();
                assert_eq!(held.state().map_or(0, |state| state.serial), held.state_sequence);
                append(&mut tx, &world, &version(&world, u8::try_from(held.state_sequence + 1).unwrap())).await
            })
            .await
            .unwrap();
    };
    futures::future::join_all((0..WRITERS).map(|_| write())).await;
    let found = store.look(async |mut tx| ws::find(&mut tx, id, "").await).await.unwrap().unwrap();
    assert_eq!((found.state_sequence, found.state().unwrap().serial), (WRITERS.into(), WRITERS.into()));
    assert_eq!(attempts.load(Relaxed), WRITERS);
}

async fn variables(store: &Fresh) {
    let world = world(store).await;
    let org = world.organization.id.as_str();
    let new = |n: u8, category: &str| variable::Variable {
        id: VariableId::new(&[n; 32]),
        workspace_id: world.workspace.id.clone(),
        category: category.into(),
        key: "region".into(),
        sealed: vec![0, 255, n],
        hcl: false,
        sensitive: true,
        description: "where".into(),
        created_at: NOW,
        version: 0,
    };
    let (one, two) = (new(1, "terraform"), new(2, "env"));
    for each in [&one, &two] {
        store.write(async |mut tx| variable::insert(&mut tx, org, each).await).await.unwrap();
    }
    let double = new(3, "env");
    let taken = store.write(async |mut tx| variable::insert(&mut tx, org, &double).await).await.unwrap_err();
    assert!(taken.is_taken("variables"), "{taken:?}");
    let changed = variable::Variable { hcl: true, sealed: vec![7], ..one.clone() };
    store.write(async |mut tx| variable::update(&mut tx, &changed).await).await.unwrap();
    let late = store.write(async |mut tx| variable::update(&mut tx, &one).await).await;
    assert!(matches!(late, Err(Error::Contended(_))), "{late:?}");
    store
        .write(async |mut tx| {
            let found = variable::find(&mut tx, &one.id).await?.unwrap();
            assert_eq!((found.hcl, found.sealed, found.version), (true, vec![7], 1));
            let listed = variable::list(&mut tx, &world.workspace.id).await?;
            assert_eq!(listed.iter().map(|v| v.category.as_str()).collect::<Vec<_>>(), ["env", "terraform"]);
            assert_eq!(variable::delete(&mut tx, &one.id).await?, 1);
            assert_eq!(variable::delete(&mut tx, &one.id).await?, 0);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn blobs(store: &Fresh) {
    let world = world(store).await;
    let small = sealed(&world, 1);
    let large = blob::Blob { sealed: None, object_key: Some("aa/bb".into()), ..sealed(&world, 2) };
    store
        .write(async |mut tx| {
            blob::insert(&mut tx, &small).await?;
            blob::insert(&mut tx, &large).await?;
            assert_eq!(blob::find(&mut tx, small.id.as_str()).await?.unwrap().sealed, small.sealed);
            assert!(blob::find(&mut tx, "blob-none").await?.is_none());
            assert_eq!(blob::find_known(&mut tx, &["aa", "aa/bb", "bb"], NOW).await?, ["aa/bb".to_owned()].into());
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn configurations(store: &Fresh) {
    let world = world(store).await;
    let (one, two) = (configured(&world, 1), configured(&world, 2));
    let bytes = sealed(&world, 1);
    store
        .write(async |mut tx| {
            configuration::insert(&mut tx, &one).await?;
            configuration::insert(&mut tx, &two).await?;
            assert!(configuration::newest(&mut tx, &world.workspace.id).await?.is_none());
            blob::insert(&mut tx, &bytes).await?;
            configuration::set_uploaded(&mut tx, &one.id, &bytes.id, NOW).await?;
            configuration::set_errored(&mut tx, &two.id, "no archive").await?;
            configuration::set_errored(&mut tx, &one.id, "only what is pending").await?;
            assert_eq!(configuration::newest(&mut tx, &world.workspace.id).await?.unwrap().id, one.id);
            let found = configuration::find(&mut tx, &two.id).await?.unwrap();
            assert_eq!((found.status.as_str(), found.error_message.as_deref()), ("errored", Some("no archive")));
            assert!(!configuration::is_used(&mut tx, &one.id).await?);
            run::insert(&mut tx, &new_run(&world, &one.id, 1)).await?;
            assert!(configuration::is_used(&mut tx, &one.id).await?);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn deleted_and_taken_back(store: &Fresh) {
    let world = world(store).await;
    let (org, id, user) = (&world.organization.id, &world.workspace.id, world.user.id.as_str());
    let mut other = workspace(&world.organization, &world.project, 9);
    other.name.clone_from(&world.workspace.name);
    let mut tests = workspace(&world.organization, &world.project, 8);
    tests.name = "net/aws".into();
    store
        .write(async |mut tx| {
            assert!(ws::hold_deleted(&mut tx, id, user).await?.is_none());
            assert!(ws::list_deleted(&mut tx, org, 9, 0).await?.is_empty());
            ws::delete(&mut tx, id, NOW).await?;
            assert_eq!(ws::count_deleted(&mut tx, org).await?, 1);
            let listed = ws::list_deleted(&mut tx, org, 9, 0).await?;
            assert_eq!((&listed[0].id, listed[0].deleted_at, listed[0].resource_count), (id, NOW, None));
            assert!(ws::list_deleted(&mut tx, org, 9, 1).await?.is_empty());
            // Another takes the name, and that of a module's tests was never one of these.
            ws::insert(&mut tx, &other, b"key").await?;
            ws::insert(&mut tx, &tests, b"key").await?;
            ws::delete(&mut tx, &tests.id, NOW).await?;
            assert_eq!(ws::count_deleted(&mut tx, org).await?, 1);
            assert!(ws::hold_deleted(&mut tx, &tests.id, user).await?.is_none());
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    let listed = async || {
        let listed = store.look(async |mut tx| ws::list(&mut tx, org, user, &ws::Filter::default(), 1, 0).await).await;
        listed.unwrap().1
    };
    assert_eq!(listed().await, 1, "the other one");
    let found = store.write(async |mut tx| ws::hold_deleted(&mut tx, id, user).await).await.unwrap().unwrap();
    assert_eq!(found.id, *id);
    let taken = store.write(async |mut tx| ws::undelete(&mut tx, &found, NOW).await).await.unwrap_err();
    assert!(taken.is_taken("workspaces"), "{taken:?}");
    let mut renamed = found;
    renamed.name = "back".into();
    renamed.execution_mode = "local".into();
    store.write(async |mut tx| ws::undelete(&mut tx, &renamed, NOW).await).await.unwrap();
    let back = store.look(async |mut tx| ws::find(&mut tx, id, user).await).await.unwrap().unwrap();
    assert_eq!((back.name.as_str(), back.execution_mode.as_str()), ("back", "local"));
    assert_eq!(listed().await, 2);
    let twice = store.write(async |mut tx| ws::undelete(&mut tx, &renamed, NOW).await).await;
    assert!(matches!(twice, Err(Error::Contended(_))), "{twice:?}");
}
