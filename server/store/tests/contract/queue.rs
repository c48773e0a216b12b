//! The queue: who may come next, what a claim holds, who has which place.

use crate::base::{Fresh, NOW, World, configured, new_run, on_both, workspace, world};
use domain::{
    id::{ConfigurationVersionId, OrganizationId, ProjectId, RunId},
    queue::{self as rule, Priority},
};
use store::{
    Error, Store, Tx,
    configuration::{self, ConfigurationVersion},
    organization::{self, Organization, Project},
    phase,
    queue::{self, Defaults},
    run,
};

on_both! { order  limits  plans_beside  shares  places  a_long_queue  claims_at_once }

const DEFAULTS: Defaults = Defaults { organization: 1000, workspace: 1 };

/// Another organization with a workspace.
async fn neighbor(store: &Store, world: &World, n: u8, run_limit: Option<i64>) -> World {
    let organization = Organization {
        id: OrganizationId::new(&[n; 32]),
        name: format!("org-{n}"),
        run_limit,
        ..world.organization.clone()
    };
    let project = Project { id: ProjectId::new(&[n; 32]), ..world.project.clone() };
    let workspace = workspace(&organization, &project, n);
    store
        .write(async |mut tx| {
            organization::insert(&mut tx, &organization).await?;
            organization::insert_project(&mut tx, &organization.id, &project).await?;
            store::workspace::insert(&mut tx, &workspace, b"wrapped").await
        })
        .await
        .unwrap();
    World { user: world.user.clone(), organization, project, workspace }
}

/// A run whose plan is offered `n` seconds after [`NOW`].
async fn offered(store: &Store, world: &World, n: u8, how: impl Fn(&mut run::New) + Sync) -> RunId {
    // An id has 58 digits: two of them tell more than 58 runs apart.
    let mut entropy = [n % 58; 32];
    entropy[0] = n / 58;
    let configuration = ConfigurationVersion { id: ConfigurationVersionId::new(&entropy), ..configured(world, n) };
    let mut new = run::New { id: RunId::new(&entropy), ..new_run(world, &configuration.id, n) };
    how(&mut new);
    store
        .write(async |mut tx| {
            configuration::insert(&mut tx, &configuration).await?;
            run::insert(&mut tx, &new).await?;
            phase::queue(&mut tx, new.id.plan().as_str(), NOW.plus_seconds(n.into())).await
        })
        .await
        .unwrap();
    new.id
}

/// Hands out the next phase, as a claim does.
async fn take(tx: &mut Tx, defaults: Defaults) -> Result<Option<String>, Error> {
    let now = queue::hold(tx).await?;
    let candidates = queue::candidates(tx, None, defaults).await?;
    let Some(turn) = rule::next(&candidates, now) else { return Ok(None) };
    let id = turn.candidate.phase.clone();
    let lease =
        phase::NewLease { fence: 1, until: NOW, token_hash: id.as_bytes(), pool: None, agent: "agent-1", claim: None };
    phase::lease(tx, &id, lease).await?;
    queue::serve(tx, &turn.candidate.organization, turn.served, turn.now).await?;
    Ok(Some(id))
}

async fn taken(store: &Store, defaults: Defaults) -> Option<String> {
    loop {
        match store.write(async |mut tx| take(&mut tx, defaults).await).await {
            // On a busy machine a hundred others may come first: who was told so asks again.
            Err(Error::Slow(_)) => {}
            taken => return taken.unwrap(),
        }
    }
}

async fn give_back(store: &Store, id: &str) {
    store
        .write(async |mut tx| {
            let phase = phase::find(&mut tx, id).await?.unwrap();
            phase::finish(&mut tx, &phase, domain::run::PhaseStatus::Finished, NOW).await
        })
        .await
        .unwrap();
}

fn plain(_: &mut run::New) {}

async fn order(store: &Fresh) {
    let world = world(store).await;
    let speculative = offered(store, &world, 1, |new| new.plan_only = true).await;
    let saved = offered(store, &world, 2, |new| new.save_plan = true).await;
    let younger = offered(store, &world, 4, plain).await;
    let older = offered(store, &world, 3, plain).await;
    store
        .write(async |mut tx| {
            phase::queue(&mut tx, speculative.apply().as_str(), NOW.plus_seconds(9)).await?;
            let candidates = queue::candidates(&mut tx, None, DEFAULTS).await?;
            let mut heads: Vec<_> = candidates.iter().map(|c| (c.priority, c.phase.clone(), c.queued_at)).collect();
            heads.sort();
            let at = |n| NOW.plus_seconds(n).micros();
            assert_eq!(
                heads,
                [
                    (Priority::Apply, speculative.apply().to_string(), at(9)),
                    (Priority::Plan, older.plan().to_string(), at(3)),
                    (Priority::SavedPlan, saved.plan().to_string(), at(2)),
                    (Priority::Speculative, speculative.plan().to_string(), at(1)),
                ],
                "the oldest of each priority"
            );
            assert_eq!(
                (queue::count_offers(&mut tx, None, 3).await?, queue::count_offers(&mut tx, None, 9).await?),
                (3, 5)
            );
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    let mut served = Vec::new();
    while let Some(id) = taken(store, DEFAULTS).await {
        give_back(store, &id).await;
        served.push(id);
    }
    let wanted = [speculative.apply().to_string(), older.plan().to_string(), younger.plan().to_string()];
    assert_eq!(served[..3], wanted);
    assert_eq!(served[3..], [saved.plan().to_string(), speculative.plan().to_string()]);
}

async fn limits(store: &Fresh) {
    let world = world(store).await;
    let other = neighbor(store, &world, 2, None).await;
    for n in 1..=3 {
        offered(store, &world, n, plain).await;
        offered(store, &other, 10 + n, plain).await;
    }
    let defaults = Defaults { organization: 1, ..DEFAULTS };
    let mut served = Vec::new();
    while let Some(id) = taken(store, defaults).await {
        served.push(id);
    }
    assert_eq!(served.len(), 3, "two of its own number, one of the default: {served:?}");
    store
        .write(async |mut tx| {
            let standing = queue::standing(&mut tx, &other.organization.id, defaults).await?;
            assert_eq!((standing.limit, standing.running, standing.weight), (1, 1, 1));
            assert_eq!(queue::count_running(&mut tx, None).await?, 3);
            organization::set_share(&mut tx, &other.organization.id, Some(2), 7).await?;
            let standing = queue::standing(&mut tx, &other.organization.id, defaults).await?;
            assert_eq!((standing.limit, standing.running, standing.weight), (2, 1, 7));
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    let shares = store.look(async |mut tx| queue::list_shares(&mut tx, defaults).await).await.unwrap();
    let told: Vec<_> =
        shares.iter().map(|s| (&*s.name, s.run_limit, s.effective_limit, s.run_weight, s.running, s.queued)).collect();
    assert_eq!(told, [("acme", Some(2), 2, 1, 2, 1), ("org-2", Some(2), 2, 7, 1, 2)]);
    store
        .look(async |mut tx| {
            assert!(queue::find_share(&mut tx, "none", defaults).await?.is_none());
            assert_eq!(queue::find_share(&mut tx, "org-2", defaults).await?.unwrap().id, other.organization.id);
            let found = store::workspace::list_by_id(&mut tx, &[world.workspace.id.as_str(), "ws-none"], "").await?;
            assert_eq!(found.iter().map(|w| &w.id).collect::<Vec<_>>(), [&world.workspace.id]);
            assert!(store::workspace::list_by_id(&mut tx, &[], "").await?.is_empty());
            let listed = store::run::list_queue(&mut tx, &other.organization.id, 2, 0).await?;
            assert_eq!(
                listed.iter().map(|r| r.created_at).collect::<Vec<_>>(),
                [NOW.plus_seconds(11), NOW.plus_seconds(12)]
            );
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    assert!(taken(store, defaults).await.is_some(), "its new number lets another in");
    assert!(taken(store, defaults).await.is_none());
}

async fn plans_beside(store: &Fresh) {
    let world = world(store).await;
    store.write(async |mut tx| organization::set_share(&mut tx, &world.organization.id, None, 1).await).await.unwrap();
    let beside = |new: &mut run::New| new.plan_only = true;
    offered(store, &world, 1, beside).await;
    let (second, third) = (offered(store, &world, 2, beside).await, offered(store, &world, 3, beside).await);
    let first = taken(store, DEFAULTS).await.unwrap();
    assert_eq!(taken(store, DEFAULTS).await, None, "one beside, by default");
    let own = offered(store, &world, 4, plain).await;
    assert_eq!(
        taken(store, DEFAULTS).await,
        Some(own.plan().to_string()),
        "the run of the workspace is no matter of it"
    );
    let mut workspace = world.workspace.clone();
    workspace.plan_limit = Some(2);
    store
        .write(async |mut tx| {
            store::workspace::update(&mut tx, &workspace, NOW).await?;
            let found = store::workspace::find(&mut tx, &workspace.id, "").await?.unwrap();
            assert_eq!(found.plan_limit, Some(2));
            let waiting = queue::places(&mut tx, &[second.plan().as_str(), third.plan().as_str()]).await?;
            assert_eq!(waiting.iter().map(|place| place.beside).collect::<Vec<_>>(), [1, 1]);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    assert!(taken(store, DEFAULTS).await.is_some());
    assert_eq!(taken(store, DEFAULTS).await, None, "two beside, by its own number");
    give_back(store, &first).await;
    assert!(taken(store, DEFAULTS).await.is_some());
}

async fn shares(store: &Fresh) {
    let world = world(store).await;
    let other = neighbor(store, &world, 2, None).await;
    for n in 1..=20 {
        offered(store, &world, n, plain).await;
    }
    for _ in 0..3 {
        let id = taken(store, DEFAULTS).await.unwrap();
        give_back(store, &id).await;
    }
    let only = offered(store, &other, 99, plain).await;
    let mut next = Vec::new();
    for _ in 0..2 {
        let id = taken(store, DEFAULTS).await.unwrap();
        give_back(store, &id).await;
        next.push(id);
    }
    assert!(next.contains(&only.plan().to_string()), "a crowd does not starve the only run of another: {next:?}");
    let clock = store.write(async |mut tx| queue::hold(&mut tx).await).await.unwrap();
    assert!(clock > 0, "the virtual time goes on");
}

async fn places(store: &Fresh) {
    let world = world(store).await;
    let (one, two) = (offered(store, &world, 1, plain).await, offered(store, &world, 2, plain).await);
    let beside = offered(store, &world, 3, |new| new.plan_only = true).await;
    let (a, b, c) = (one.plan().to_string(), two.plan().to_string(), beside.plan().to_string());
    store
        .write(async |mut tx| {
            let apply = one.apply().to_string();
            phase::queue(&mut tx, &apply, NOW.plus_seconds(8)).await?;
            let mut found = queue::places(&mut tx, &[&a, &b, &c, &apply, "plan-none"]).await?;
            found.sort_by_key(|place| place.place);
            let told: Vec<_> = found.iter().map(|p| (p.phase_id.as_str(), p.place, p.total, p.is_beside())).collect();
            assert_eq!(told, [(&*apply, 1, 4, false), (&*a, 2, 4, false), (&*b, 3, 4, false), (&*c, 4, 4, true)]);
            assert_eq!(found[3].queued_at, NOW.plus_seconds(3).micros());
            assert_eq!(found[3].workspace_id, world.workspace.id.as_str());
            assert!(queue::places(&mut tx, &[]).await?.is_empty());
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

/// However long the queue is: the first of each organization and priority, nothing else is loaded.
async fn a_long_queue(store: &Fresh) {
    let world = world(store).await;
    let other = neighbor(store, &world, 2, None).await;
    for n in 1..=200 {
        offered(store, &world, n, |new| new.plan_only = n % 2 == 0).await;
    }
    offered(store, &other, 250, plain).await;
    let candidates = store.look(async |mut tx| queue::candidates(&mut tx, None, DEFAULTS).await).await.unwrap();
    assert_eq!(candidates.len(), 3);
}

/// 120 claims at the same instant: each phase once, no organization more than it may.
async fn claims_at_once(store: &Fresh) {
    let world = world(store).await;
    let many = neighbor(store, &world, 2, None).await;
    let few = neighbor(store, &world, 3, Some(7)).await;
    for n in 1..=110 {
        offered(store, &many, n, plain).await;
    }
    for n in 1..=40 {
        offered(store, &few, 120 + n, plain).await;
    }
    let claims = (0..120).map(|_| {
        let store = store.store.clone();
        tokio::spawn(async move { taken(&store, DEFAULTS).await })
    });
    let mut served: Vec<String> = Vec::new();
    for claim in claims.collect::<Vec<_>>() {
        served.extend(claim.await.unwrap());
    }
    let (count, of_few) = store
        .look(async |mut tx| {
            let standing = queue::standing(&mut tx, &few.organization.id, DEFAULTS).await?;
            Ok::<_, Error>((queue::count_running(&mut tx, None).await?, standing.running))
        })
        .await
        .unwrap();
    assert_eq!((served.len(), count, of_few), (117, 117, 7), "what is offered and has room, and no more");
    served.sort();
    served.dedup();
    assert_eq!(served.len(), 117, "none twice");
}
