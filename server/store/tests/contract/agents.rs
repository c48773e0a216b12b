//! Agent pools, their tokens, their agents.

use crate::base::{Fresh, NOW, leased, on_both, run as add, world};
use domain::id::{AgentId, AgentPoolId, TokenId};
use store::{
    Error, agent,
    agent::Agent,
    agent_pool,
    agent_pool::{AgentPool, AgentToken, Scope},
    organization, phase, workspace,
};

on_both! { pools  scopes  tokens  agents  a_pool_of_a_workspace }

fn pool(world: &crate::base::World, n: u8) -> AgentPool {
    AgentPool {
        id: AgentPoolId::new(&[n; 32]),
        organization_id: world.organization.id.clone(),
        organization_name: world.organization.name.clone(),
        name: format!("pool-{n}"),
        organization_scoped: n == 1,
        created_at: NOW,
        agent_count: 0,
        role: None,
    }
}

fn agent(pool: Option<&AgentPool>, n: u8) -> Agent {
    Agent {
        id: AgentId::new(&[n; 32]),
        organization_id: pool.map(|pool| pool.organization_id.to_string()),
        pool_id: pool.map(|pool| pool.id.to_string()),
        name: format!("agent-{n}"),
        address: "192.0.2.1".into(),
        version: "0.1.0".into(),
        protocol: 1,
        slots: 4,
        status: "idle".into(),
        session: 1,
        last_ping_at: NOW,
        created_at: NOW.plus_seconds(n.into()),
        busy: 0,
    }
}

async fn pools(store: &Fresh) {
    let world = world(store).await;
    let (one, two) = (pool(&world, 1), pool(&world, 2));
    store
        .write(async |mut tx| {
            agent_pool::insert(&mut tx, &one).await?;
            agent_pool::insert(&mut tx, &two).await?;
            agent_pool::update(&mut tx, &AgentPool { name: "a-pool".into(), ..two.clone() }).await?;
            let listed = agent_pool::list(&mut tx, &world.organization.id, "", NOW).await?;
            assert_eq!(listed.iter().map(|pool| pool.name.as_str()).collect::<Vec<_>>(), ["a-pool", "pool-1"]);
            agent::put(&mut tx, &agent(Some(&one), 1)).await?;
            let found = agent_pool::find(&mut tx, &one.id, "", NOW).await?.unwrap();
            assert_eq!((found.agent_count, found.organization_name.as_str()), (1, "acme"));
            let later = agent_pool::find(&mut tx, &one.id, "", NOW.plus_seconds(1)).await?.unwrap();
            assert_eq!(later.agent_count, 0, "nobody has heard of it since");
            assert_eq!(agent_pool::delete(&mut tx, &one.id).await?, 1);
            assert!(agent::list(&mut tx, Some(&one.id)).await?.is_empty(), "its agents go with it");
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    let twin = AgentPool { name: "a-pool".into(), ..pool(&world, 3) };
    let taken = store.write(async |mut tx| agent_pool::insert(&mut tx, &twin).await).await.unwrap_err();
    assert!(taken.is_taken("agent_pools"), "{taken}");
}

async fn scopes(store: &Fresh) {
    let world = world(store).await;
    let (all, some) = (pool(&world, 1), pool(&world, 2));
    let (organization, ws) = (&world.organization.id, world.workspace.id.to_string());
    let project = world.project.id.to_string();
    store
        .write(async |mut tx| {
            agent_pool::insert(&mut tx, &all).await?;
            agent_pool::insert(&mut tx, &some).await?;
            assert!(agent_pool::may_use(&mut tx, &all.id, organization, &ws, &project).await?);
            assert!(!agent_pool::may_use(&mut tx, &some.id, organization, &ws, &project).await?);
            agent_pool::put_scopes(&mut tx, &some, Scope::Project, std::slice::from_ref(&project)).await?;
            assert!(agent_pool::may_use(&mut tx, &some.id, organization, &ws, &project).await?);
            agent_pool::put_scopes(&mut tx, &some, Scope::Excluded, std::slice::from_ref(&ws)).await?;
            assert!(!agent_pool::may_use(&mut tx, &some.id, organization, &ws, &project).await?);
            assert_eq!(agent_pool::list_scopes(&mut tx, &some.id, Scope::Excluded).await?, std::slice::from_ref(&ws));
            agent_pool::put_scopes(&mut tx, &some, Scope::Excluded, &[]).await?;
            agent_pool::put_scopes(&mut tx, &some, Scope::Project, &[]).await?;
            agent_pool::put_scopes(&mut tx, &some, Scope::Workspace, std::slice::from_ref(&ws)).await?;
            assert!(agent_pool::may_use(&mut tx, &some.id, organization, &ws, "prj-other").await?);
            assert!(workspace::is_of(&mut tx, organization, &ws).await?);
            assert!(!workspace::is_of(&mut tx, organization, "ws-none").await?);
            assert!(organization::has_project(&mut tx, organization, &project).await?);
            assert!(!organization::has_project(&mut tx, organization, "prj-none").await?);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn tokens(store: &Fresh) {
    let world = world(store).await;
    let pool = pool(&world, 1);
    let token = |n: u8, pool: Option<&AgentPool>| AgentToken {
        id: TokenId::new(&[n; 32]),
        organization_id: pool.map(|pool| pool.organization_id.to_string()),
        pool_id: pool.map(|pool| pool.id.to_string()),
        description: format!("token {n}"),
        created_at: NOW,
        last_used_at: None,
    };
    let (own, site) = (token(1, Some(&pool)), token(2, None));
    store
        .write(async |mut tx| {
            agent_pool::insert(&mut tx, &pool).await?;
            agent_pool::insert_token(&mut tx, &own, b"own", Some(&world.user.id)).await?;
            agent_pool::insert_token(&mut tx, &site, b"site", None).await?;
            assert_eq!(agent_pool::find_token_by_hash(&mut tx, b"own").await?.unwrap().pool_id, own.pool_id);
            assert_eq!(agent_pool::list_tokens(&mut tx, None).await?[0].id, site.id);
            agent_pool::use_token(&mut tx, &own.id, NOW).await?;
            let listed = agent_pool::list_tokens(&mut tx, Some(&pool.id)).await?;
            assert_eq!((listed.len(), listed[0].last_used_at), (1, Some(NOW.micros())));
            assert_eq!(agent_pool::find_token(&mut tx, &own.id).await?.unwrap().description, "token 1");
            assert_eq!(agent_pool::delete_token(&mut tx, &own.id).await?, 1);
            assert!(agent_pool::find_token_by_hash(&mut tx, b"own").await?.is_none());
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn agents(store: &Fresh) {
    let world = world(store).await;
    let pool = pool(&world, 1);
    let (one, site) = (agent(Some(&pool), 1), agent(None, 2));
    store
        .write(async |mut tx| {
            agent_pool::insert(&mut tx, &pool).await?;
            agent::put(&mut tx, &one).await?;
            agent::put(&mut tx, &site).await?;
            agent::put(&mut tx, &Agent { name: "again".into(), session: 2, ..one.clone() }).await?;
            let found = agent::find(&mut tx, &one.id).await?.unwrap();
            assert_eq!((found.name.as_str(), found.session, found.busy), ("again", 2, 0));
            assert_eq!(agent::list(&mut tx, None).await?[0].id, site.id);
            let later = NOW.plus_seconds(60);
            assert!(!agent::ping(&mut tx, &one.id, 1, "idle", later).await?, "an earlier start is not heard");
            assert!(agent::ping(&mut tx, &one.id, 2, "idle", later).await?);
            assert_eq!(agent::count_since(&mut tx, Some(pool.id.as_str()), later).await?, 1);
            let in_pool = Some(pool.id.as_str());
            assert!(agent::find_refused(&mut tx, in_pool).await?.is_none());
            let refused = Agent { status: "errored".into(), session: 2, last_ping_at: later, ..one.clone() };
            agent::put(&mut tx, &refused).await?;
            assert_eq!(agent::find_refused(&mut tx, in_pool).await?.unwrap().id, one.id);
            assert!(agent::find_refused(&mut tx, None).await?.is_none());
            assert!(agent::find_never_taken_on(&mut tx, in_pool, &one.name).await?.is_none(), "it was, once");
            agent::put(&mut tx, &Agent { session: 0, ..refused }).await?;
            for (pool, name, is_it) in
                [(in_pool, &*one.name, true), (in_pool, "other", false), (None, &*one.name, false)]
            {
                assert_eq!(agent::find_never_taken_on(&mut tx, pool, name).await?.is_some(), is_it);
            }
            assert_eq!(agent::count_since(&mut tx, None, later).await?, 0);
            agent::hear(&mut tx, site.id.as_str(), later).await?;
            assert_eq!(agent::count_since(&mut tx, None, later).await?, 1);
            assert_eq!(agent::delete_unheard(&mut tx, later).await?, 0);
            assert_eq!(agent::delete(&mut tx, &one.id).await?, 1);
            assert_eq!(agent::delete_unheard(&mut tx, NOW.plus_seconds(61)).await?, 1);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn a_pool_of_a_workspace(store: &Fresh) {
    let world = world(store).await;
    let pool = pool(&world, 1);
    let plan = add(store, &world, 1).await.id.plan();
    store
        .write(async |mut tx| {
            agent_pool::insert(&mut tx, &pool).await?;
            let mut ws = world.workspace.clone();
            ws.execution_mode = "agent".into();
            ws.agent_pool_id = Some(pool.id.to_string());
            workspace::update(&mut tx, &ws, NOW).await?;
            assert_eq!(agent_pool::list_workspaces(&mut tx, &pool.id).await?, [ws.id.to_string()]);
            phase::queue(&mut tx, plan.as_str(), NOW).await?;
            let defaults = store::queue::Defaults { organization: 9, workspace: 9 };
            let of_site = store::queue::candidates(&mut tx, None, defaults).await?;
            assert!(of_site.is_empty(), "the site's runners have no business with it");
            let of_pool = store::queue::candidates(&mut tx, Some(pool.id.as_str()), defaults).await?;
            assert_eq!(of_pool.iter().map(|candidate| &*candidate.phase).collect::<Vec<_>>(), [plan.as_str()]);
            let places = store::queue::places(&mut tx, &[plan.as_str()]).await?;
            assert_eq!(places[0].agent_pool_id.as_deref(), Some(pool.id.as_str()));
            assert_eq!(phase::list_of_pool(&mut tx, &pool.id).await?.len(), 1);
            workspace::update(&mut tx, &world.workspace, NOW).await?;
            phase::address_again(&mut tx, &ws.id).await?;
            assert!(phase::list_of_pool(&mut tx, &pool.id).await?.is_empty());
            assert_eq!(store::queue::candidates(&mut tx, None, defaults).await?.len(), 1, "now they have");
            workspace::update(&mut tx, &ws, NOW).await?;
            agent::put(&mut tx, &agent(Some(&pool), 1)).await?;
            let one = agent(Some(&pool), 1).id;
            let taken = phase::NewLease { agent: one.as_str(), ..leased(1, NOW, b"h") };
            phase::lease(&mut tx, plan.as_str(), taken).await?;
            phase::address_again(&mut tx, &ws.id).await?;
            assert_eq!(phase::list_of_pool(&mut tx, &pool.id).await?.len(), 1, "its agent executes it");
            assert_eq!(phase::find(&mut tx, plan.as_str()).await?.unwrap().agent_pool_id, None);
            workspace::forget_pool(&mut tx, &pool.id).await?;
            assert!(workspace::find(&mut tx, &ws.id, "").await?.unwrap().agent_pool_id.is_some(), "it is not deleted");
            workspace::delete(&mut tx, &ws.id, NOW).await?;
            workspace::forget_pool(&mut tx, &pool.id).await?;
            agent_pool::delete(&mut tx, &pool.id).await?;
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}
