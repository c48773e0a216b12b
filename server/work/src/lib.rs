//! Background work: reconcilers, each idempotent and without hints. Events wake, timers are right: whatever was missed while a process was
//! down is found here.

use app::{App, Purged};
use std::{future::Future, time::Duration};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How often leases that ran out are looked for.
const LEASES: Duration = Duration::from_secs(5);
/// How often sessions that are over are forgotten.
const SESSIONS: Duration = Duration::from_secs(3600);

/// How often runners that are gone are forgotten.
const AGENTS: Duration = Duration::from_secs(3600);

/// How often objects that no row points at are looked for.
const OBJECTS: Duration = Duration::from_secs(6 * 3600);

/// How often it is looked for what policies have removed.
const RETENTION: Duration = Duration::from_secs(3600);

/// How often keys that sign identities are looked after.
const IDENTITY_KEYS: Duration = Duration::from_secs(3600);

/// How often old versions of states are looked after, whether or not one was heard of.
const STATES: Duration = Duration::from_secs(300);
/// How long others may come before one that was heard of is looked after.
const GATHER: Duration = Duration::from_secs(1);
/// How often it is looked whether another root key wraps, and whether something is left under those before it.
const ROOT_KEYS: Duration = Duration::from_secs(60);

/// How often it is looked whether something is due for the index, whether or not it was heard of.
const INDEX: Duration = Duration::from_secs(60);
/// How long others may come before what was heard of is indexed.
const SOON: Duration = Duration::from_millis(20);

/// Works until `stop` is wished.
pub async fn run(app: App, stop: CancellationToken) {
    let leases = every(LEASES, || end_lost_phases(&app));
    let sessions = every(SESSIONS, || forget_old_sessions(&app));
    let objects = every(OBJECTS, || sweep_objects(&app));
    let keys = every(IDENTITY_KEYS, || tend_identity_keys(&app));
    let roots = every(ROOT_KEYS, || tend_root_keys(&app));
    let retention = every(RETENTION, || purge_expired(&app));
    let agents = every(AGENTS, || forget_old_agents(&app));
    let states = encode_old_states(&app);
    let index = index_workspaces(&app);
    let all = async { tokio::join!(leases, sessions, objects, keys, roots, agents, states, retention, index) };
    Box::pin(stop.run_until_cancelled(all)).await;
}

async fn every<F: Future<Output = ()>>(period: Duration, work: impl Fn() -> F) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        work().await;
    }
}

async fn end_lost_phases(app: &App) {
    if let Err(error) = app.end_lost_phases().await {
        tracing::error!(%error, "looking for leases that ran out");
    }
}

async fn forget_old_sessions(app: &App) {
    if let Err(error) = app.forget_old_sessions().await {
        tracing::error!(%error, "forgetting sessions that are over");
    }
}

async fn tend_identity_keys(app: &App) {
    if let Err(error) = app.tend_identity_keys().await {
        tracing::error!(%error, "looking after the keys that sign identities");
    }
}

async fn tend_root_keys(app: &App) {
    match app.tend_root_keys().await {
        Ok(0) => {}
        Ok(moved) => tracing::info!(moved, "wrapped data keys again by the current root key"),
        Err(error) => tracing::error!(%error, "looking after the root keys"),
    }
}

async fn forget_old_agents(app: &App) {
    if let Err(error) = app.forget_old_agents().await {
        tracing::error!(%error, "forgetting runners that are gone");
    }
}

async fn encode_old_states(app: &App) {
    loop {
        if let Err(error) = app.encode_old_states().await {
            tracing::error!(%error, "writing old versions of states as deltas");
        }
        // Heard or not, there may be some.
        let _ = timeout(STATES, app.hub.superseded()).await;
        sleep(GATHER).await;
    }
}

async fn index_workspaces(app: &App) {
    loop {
        if let Err(error) = app.index_workspaces().await {
            tracing::error!(%error, "bringing the index of the search to what workspaces hold");
        }
        // Heard or not, there may be some.
        let _ = timeout(INDEX, app.hub.unindexed()).await;
        sleep(SOON).await;
    }
}

async fn sweep_objects(app: &App) {
    match app.sweep_objects().await {
        Ok(0) => {}
        Ok(swept) => tracing::info!(swept, "removed objects that no row points at"),
        Err(error) => tracing::error!(%error, "looking for objects that no row points at"),
    }
}

async fn purge_expired(app: &App) {
    match app.purge_expired().await {
        Ok(purged) if purged == Purged::default() => {}
        Ok(Purged { states, configurations, plans, logs }) => {
            tracing::info!(states, configurations, plans, logs, "removed what retention policies say");
        }
        Err(error) => tracing::error!(%error, "removing what retention policies say"),
    }
}
