//! Pools that change while their agents are at work, and agents that share a name.

use crate::{
    runners::{applying, enlist, hello, status},
    town::{Town, inside, on_both},
};
use app::{AgentPoolChange, Claimant, Error, NewRun, Serves, Settings};
use domain::{
    id::{AgentPoolId, RunId},
    run::Status,
};
use protocol::{
    Wish,
    wire::{Hello, Speaks},
};

on_both! {
    a_pool_stays_while_its_agents_execute
    what_waits_for_a_pool_goes_where_its_workspace_goes
    a_name_is_no_proof_of_who_a_runner_is
    a_bad_scope_is_named_by_its_own_attribute
}

/// A pool that the workspace uses.
async fn pool(town: &Town) -> AgentPoolId {
    let owner = town.caller("owner").await;
    let change = AgentPoolChange { name: Some("rack".into()), ..AgentPoolChange::default() };
    let pool = town.app.create_agent_pool(&owner, "acme", &change).await.unwrap().id;
    set(town, "agent", Some(&pool)).await;
    pool
}

async fn set(town: &Town, mode: &str, pool: Option<&AgentPoolId>) {
    let settings = Settings {
        execution_mode: Some(mode.into()),
        agent_pool: pool.map(ToString::to_string),
        ..Settings::default()
    };
    town.app.update_workspace(&town.caller("owner").await, &town.workspace, &settings).await.unwrap();
}

/// An agent of this pool, with a token of it.
async fn agent(town: &Town, pool: &AgentPoolId) -> Claimant {
    let (_, token) = town.app.create_agent_token(&town.caller("owner").await, pool, "test").await.unwrap();
    let credential = town.app.authenticate_runner(secrecy::ExposeSecret::expose_secret(&token)).await.unwrap();
    let enlisted = town.app.enlist(&credential.serves, &hello(None, Vec::new()), "").await.unwrap();
    town.app.claimant(&credential, &enlisted.agent, enlisted.session).await.unwrap()
}

async fn refuses(town: &Town, pool: &AgentPoolId, run: &RunId) {
    let refused = town.app.delete_agent_pool(&town.caller("owner").await, pool).await;
    assert!(matches!(&refused, Err(Error::Conflict(said)) if said.contains(run.as_str())), "{refused:?}");
}

async fn a_pool_stays_while_its_agents_execute(town: &Town) {
    let pool = pool(town).await;
    let owner = town.caller("owner").await;
    let runner = agent(town, &pool).await;
    let (run, apply) = applying(town, &runner).await;
    set(town, "remote", None).await;
    refuses(town, &pool, &run).await;
    assert_eq!(town.app.renew(&apply.lease).await.unwrap(), Wish::GoOn);
    let outcome = protocol::Outcome::Applied { counts: protocol::Counts::default() };
    town.app.finish(&apply.lease, outcome, Vec::new()).await.unwrap();
    town.app.delete_agent_pool(&owner, &pool).await.unwrap();
}

async fn what_waits_for_a_pool_goes_where_its_workspace_goes(town: &Town) {
    let first = pool(town).await;
    let run = town.new_run(&town.caller("owner").await, &town.workspace, NewRun::default()).await;
    let waits_for = async || town.app.phases(&run).await.unwrap().plan.agent_pool_id;
    assert_eq!(waits_for().await.as_deref(), Some(first.as_str()));
    let change = AgentPoolChange { name: Some("other".into()), ..AgentPoolChange::default() };
    let second = town.app.create_agent_pool(&town.caller("owner").await, "acme", &change).await.unwrap().id;
    set(town, "agent", Some(&second)).await;
    assert_eq!(waits_for().await.as_deref(), Some(second.as_str()));
    // Whoever waits for something to do hears of it.
    let app = town.app.clone();
    let claim = tokio::spawn(async move { app.claim(&inside(), None).await });
    set(town, "remote", None).await;
    assert_eq!(claim.await.unwrap().unwrap().run_id, run.to_string());
}

async fn a_name_is_no_proof_of_who_a_runner_is(town: &Town) {
    let runner = enlist(town, None, Vec::new()).await;
    let (run, apply) = applying(town, &runner).await;
    let speaks = Speaks { from: 900, to: 901 };
    let refused = Hello { speaks, ..hello(Some(runner.agent.as_str()), Vec::new()) };
    town.app.enlist(&Serves::Site, &refused, "").await.unwrap_err();
    assert_eq!(town.app.renew(&apply.lease).await.unwrap(), Wish::GoOn, "it goes on with what it holds");
    let namesake = enlist(town, None, Vec::new()).await;
    assert_ne!(namesake.agent, runner.agent);
    assert_eq!(status(town, &run).await, Status::Applying);
    // One that was never taken on, and is brought up to date, is the same one.
    for _ in 0..2 {
        town.app
            .enlist(&Serves::Site, &Hello { speaks, name: "new".into(), ..hello(None, Vec::new()) }, "")
            .await
            .unwrap_err();
    }
    let before = town.app.list_site_runners(None).await.unwrap();
    let known = before.iter().filter(|agent| agent.name == "new").collect::<Vec<_>>();
    assert_eq!(known.len(), 1);
    let taken =
        town.app.enlist(&Serves::Site, &Hello { name: "new".into(), ..hello(None, Vec::new()) }, "").await.unwrap();
    assert_eq!(taken.agent, known[0].id.to_string());
}

async fn a_bad_scope_is_named_by_its_own_attribute(town: &Town) {
    let owner = town.caller("owner").await;
    let bad = || Some(vec!["ws-none".to_owned()]);
    let name = || Some("rack".to_owned());
    let changes = [
        ("allowed-workspaces", AgentPoolChange { allowed_workspaces: bad(), ..AgentPoolChange::default() }),
        ("allowed-projects", AgentPoolChange { allowed_projects: bad(), ..AgentPoolChange::default() }),
        ("excluded-workspaces", AgentPoolChange { excluded_workspaces: bad(), ..AgentPoolChange::default() }),
    ];
    for (attribute, change) in changes {
        let change = AgentPoolChange { name: name(), ..change };
        let refused = town.app.create_agent_pool(&owner, "acme", &change).await;
        let Err(Error::Invalid(problems)) = refused else { panic!("{refused:?}") };
        assert_eq!(problems[0].attribute, attribute);
    }
}
