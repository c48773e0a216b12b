//! Agents: runners, as the server knows them. The one inside a server is one of them.

use crate::{Result, Tx};
use domain::{
    id::{AgentId, AgentPoolId},
    time::Time,
};
use sqlx::FromRow;

/// A runner.
#[derive(Debug, Clone, FromRow)]
pub struct Agent {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: AgentId,
    /// Of which organization; none is the site.
    pub organization_id: Option<String>,
    /// Of which pool; none is the site's runners.
    pub pool_id: Option<String>,
    /// What it calls itself.
    pub name: String,
    /// Where it calls from; empty inside the server.
    pub address: String,
    /// Of its program.
    pub version: String,
    /// Of the protocol that it speaks.
    pub protocol: i64,
    /// How many phases it executes at once.
    pub slots: i64,
    /// `idle`, `exited` or `errored`.
    pub status: String,
    /// Rises with each start, and is 0 of one that was never taken on. An earlier start claims no more; of what it had claimed it still speaks.
    pub session: i64,
    /// When it was last heard of.
    #[sqlx(try_from = "i64")]
    pub last_ping_at: Time,
    /// Since when it is known.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
    /// How many phases it executes.
    pub busy: i64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT a.id, a.organization_id, a.pool_id, a.name, a.address, a.version, a.protocol, a.slots, a.status, a.session,
             a.last_ping_at, a.created_at, (SELECT count(*) FROM phases p WHERE p.agent_id = a.id AND p.status = 'running') AS busy
             FROM agents a ",
            $rest
        )
    };
}

/// Inserts an agent, or says anew what it is when it is started again.
pub async fn put(tx: &mut Tx, agent: &Agent) -> Result<()> {
    tx.query(
        "INSERT INTO agents (id, organization_id, pool_id, name, address, version, protocol, slots, status, session, last_ping_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, address = excluded.address, version = excluded.version,
         protocol = excluded.protocol, slots = excluded.slots, status = excluded.status, session = excluded.session,
         last_ping_at = excluded.last_ping_at",
    )
    .bind(agent.id.as_str())
    .bind(agent.organization_id.as_deref())
    .bind(agent.pool_id.as_deref())
    .bind(agent.name.as_str())
    .bind(agent.address.as_str())
    .bind(agent.version.as_str())
    .bind(agent.protocol)
    .bind(agent.slots)
    .bind(agent.status.as_str())
    .bind(agent.session)
    .bind(agent.last_ping_at.micros())
    .bind(agent.created_at.micros())
    .run()
    .await
    .map(drop)
}

/// An agent.
pub async fn find(tx: &mut Tx, id: &AgentId) -> Result<Option<Agent>> {
    tx.query(select!("WHERE a.id = $1")).bind(id.as_str()).optional().await
}

/// The agents of a pool, or of the site, newest first; at most a thousand.
pub async fn list(tx: &mut Tx, pool: Option<&AgentPoolId>) -> Result<Vec<Agent>> {
    let query = match pool {
        Some(pool) => tx
            .query(select!("WHERE a.pool_id = $1 ORDER BY a.created_at DESC, a.id LIMIT 1000"))
            .bind(pool.as_str().to_owned()),
        None => tx.query(select!("WHERE a.pool_id IS NULL ORDER BY a.created_at DESC, a.id LIMIT 1000")),
    };
    query.all().await
}

/// The newest agent of a pool, or of the site, that was refused.
pub async fn find_refused(tx: &mut Tx, pool: Option<&str>) -> Result<Option<Agent>> {
    tx.query(select!(
        "WHERE coalesce(a.pool_id, '') = $1 AND a.status = 'errored' ORDER BY a.last_ping_at DESC, a.id LIMIT 1"
    ))
    .bind(pool.unwrap_or_default())
    .optional()
    .await
}

/// The newest agent of a pool, or of the site, that has this name and was refused whenever it came: nothing can have been given to it.
pub async fn find_never_taken_on(tx: &mut Tx, pool: Option<&str>, name: &str) -> Result<Option<Agent>> {
    tx.query(select!(
        "WHERE coalesce(a.pool_id, '') = $1 AND a.status = 'errored' AND a.name = $2 AND a.session = 0
         ORDER BY a.last_ping_at DESC, a.id LIMIT 1"
    ))
    .bind(pool.unwrap_or_default())
    .bind(name)
    .optional()
    .await
}

/// Notes that an agent was heard of, and what its status is now; false when another start of it has taken its place.
pub async fn ping(tx: &mut Tx, id: &AgentId, session: i64, status: &str, now: Time) -> Result<bool> {
    let heard = tx
        .query("UPDATE agents SET last_ping_at = $1, status = $2 WHERE id = $3 AND session = $4")
        .bind(now.micros())
        .bind(status)
        .bind(id.as_str())
        .bind(session)
        .run()
        .await?;
    Ok(heard == 1)
}

/// Notes that an agent that executes something was heard of.
pub async fn hear(tx: &mut Tx, id: &str, now: Time) -> Result<()> {
    tx.query("UPDATE agents SET last_ping_at = $1 WHERE id = $2").bind(now.micros()).bind(id).run().await.map(drop)
}

/// Deletes an agent. How many were: none, or one.
pub async fn delete(tx: &mut Tx, id: &AgentId) -> Result<u64> {
    tx.query("DELETE FROM agents WHERE id = $1").bind(id.as_str()).run().await
}

/// How many runners were heard of since a moment that execute for a pool, or for the site.
pub async fn count_since(tx: &mut Tx, pool: Option<&str>, since: Time) -> Result<i64> {
    let query = match pool {
        Some(pool) => tx
            .query("SELECT count(*) FROM agents WHERE status = 'idle' AND last_ping_at >= $1 AND pool_id = $2")
            .bind(since.micros())
            .bind(pool.to_owned()),
        None => tx
            .query("SELECT count(*) FROM agents WHERE status = 'idle' AND last_ping_at >= $1 AND pool_id IS NULL")
            .bind(since.micros()),
    };
    query.count().await
}

/// Forgets agents that were last heard of before a moment and execute nothing.
pub async fn delete_unheard(tx: &mut Tx, before: Time) -> Result<u64> {
    tx.query(
        "DELETE FROM agents WHERE last_ping_at < $1
         AND NOT EXISTS (SELECT 1 FROM phases p WHERE p.agent_id = agents.id AND p.status = 'running')",
    )
    .bind(before.micros())
    .run()
    .await
}
