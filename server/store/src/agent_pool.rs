//! Agent pools: who may use them, and the tokens that their agents come with.

use crate::{Result, Tx};
use domain::{
    id::{AgentPoolId, OrganizationId, TokenId, UserId},
    time::Time,
};
use sqlx::FromRow;

/// A pool of agents.
#[derive(Debug, Clone, FromRow)]
pub struct AgentPool {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: AgentPoolId,
    /// Whose.
    #[sqlx(try_from = "String")]
    pub organization_id: OrganizationId,
    /// The name of that organization.
    pub organization_name: String,
    /// Its name.
    pub name: String,
    /// Whether every workspace of the organization may use it.
    pub organization_scoped: bool,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
    /// How many agents of it were heard of lately.
    pub agent_count: i64,
    /// The role of the caller, if they have one.
    pub role: Option<String>,
}

/// What a pool that is not for everybody names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// A workspace that may use it.
    Workspace,
    /// A project whose workspaces may.
    Project,
    /// A workspace that may not, whatever its project may.
    Excluded,
}

impl Scope {
    fn as_str(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Project => "project",
            Self::Excluded => "excluded",
        }
    }
}

/// The token of a pool's agents, or of the site's.
#[derive(Debug, Clone, FromRow)]
pub struct AgentToken {
    /// Which; not its value.
    #[sqlx(try_from = "String")]
    pub id: TokenId,
    /// Of which organization; none is the site.
    pub organization_id: Option<String>,
    /// Of which pool; none is the site's runners.
    pub pool_id: Option<String>,
    /// What it is for.
    pub description: String,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
    /// When an agent last came with it.
    pub last_used_at: Option<i64>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.organization_id, o.name AS organization_name, p.name, p.organization_scoped, p.created_at,
             (SELECT count(*) FROM agents a WHERE a.pool_id = p.id AND a.status = 'idle' AND a.last_ping_at >= $2) AS agent_count, m.role
             FROM agent_pools p JOIN organizations o ON o.id = p.organization_id
             LEFT JOIN memberships m ON m.organization_id = p.organization_id AND m.user_id = $1 ",
            $rest
        )
    };
}

/// Inserts a pool.
pub async fn insert(tx: &mut Tx, pool: &AgentPool) -> Result<()> {
    tx.query("INSERT INTO agent_pools (id, organization_id, name, organization_scoped, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(pool.id.as_str())
        .bind(pool.organization_id.as_str())
        .bind(pool.name.as_str())
        .bind(pool.organization_scoped)
        .bind(pool.created_at.micros())
        .run()
        .await
        .map(drop)
}

/// Saves a pool's name and whether it is for everybody.
pub async fn update(tx: &mut Tx, pool: &AgentPool) -> Result<()> {
    tx.query("UPDATE agent_pools SET name = $1, organization_scoped = $2 WHERE id = $3")
        .bind(pool.name.as_str())
        .bind(pool.organization_scoped)
        .bind(pool.id.as_str())
        .save()
        .await
}

/// A pool, as a user sees it, with the number of its agents that were heard of since then.
pub async fn find(tx: &mut Tx, id: &AgentPoolId, user: &str, heard_since: Time) -> Result<Option<AgentPool>> {
    tx.query(select!("WHERE p.id = $3")).bind(user).bind(heard_since.micros()).bind(id.as_str()).optional().await
}

/// The pools of an organization by name; at most a thousand. The numbers of their agents as in [`find`].
pub async fn list(tx: &mut Tx, organization: &OrganizationId, user: &str, heard_since: Time) -> Result<Vec<AgentPool>> {
    tx.query(select!("WHERE p.organization_id = $3 ORDER BY p.name, p.id LIMIT 1000"))
        .bind(user)
        .bind(heard_since.micros())
        .bind(organization.as_str())
        .all()
        .await
}

/// Deletes a pool that no workspace uses, with its tokens and agents. How many were: none, or one.
pub async fn delete(tx: &mut Tx, id: &AgentPoolId) -> Result<u64> {
    tx.query("DELETE FROM agent_pools WHERE id = $1").bind(id.as_str()).run().await
}

/// The ids of the workspaces that use a pool; at most a thousand.
pub async fn list_workspaces(tx: &mut Tx, id: &AgentPoolId) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = tx
        .query("SELECT id FROM workspaces WHERE agent_pool_id = $1 AND deleted_at IS NULL ORDER BY id LIMIT 1000")
        .bind(id.as_str())
        .all()
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Whom a pool names, in one way; at most a thousand.
pub async fn list_scopes(tx: &mut Tx, id: &AgentPoolId, scope: Scope) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = tx
        .query("SELECT target_id FROM agent_pool_scopes WHERE pool_id = $1 AND kind = $2 ORDER BY target_id LIMIT 1000")
        .bind(id.as_str())
        .bind(scope.as_str())
        .all()
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Replaces whom a pool names, in one way.
pub async fn put_scopes(tx: &mut Tx, pool: &AgentPool, scope: Scope, targets: &[String]) -> Result<()> {
    tx.query("DELETE FROM agent_pool_scopes WHERE pool_id = $1 AND kind = $2")
        .bind(pool.id.as_str())
        .bind(scope.as_str())
        .run()
        .await?;
    for target in targets {
        tx.query(
            "INSERT INTO agent_pool_scopes (pool_id, organization_id, kind, target_id) VALUES ($1, $2, $3, $4)
             ON CONFLICT (pool_id, kind, target_id) DO NOTHING",
        )
        .bind(pool.id.as_str())
        .bind(pool.organization_id.as_str())
        .bind(scope.as_str())
        .bind(target.as_str())
        .run()
        .await?;
    }
    Ok(())
}

/// Whether a pool of this organization may be used by a workspace of it.
pub async fn may_use(
    tx: &mut Tx,
    id: &AgentPoolId,
    organization: &OrganizationId,
    workspace: &str,
    project: &str,
) -> Result<bool> {
    let pools = tx
        .query(
            "SELECT count(*) FROM agent_pools p WHERE p.id = $1 AND p.organization_id = $2
             AND NOT EXISTS (SELECT 1 FROM agent_pool_scopes x WHERE x.pool_id = p.id AND x.kind = 'excluded' AND x.target_id = $3)
             AND (p.organization_scoped OR EXISTS (SELECT 1 FROM agent_pool_scopes s WHERE s.pool_id = p.id
                  AND ((s.kind = 'workspace' AND s.target_id = $3) OR (s.kind = 'project' AND s.target_id = $4))))",
        )
        .bind(id.as_str())
        .bind(organization.as_str())
        .bind(workspace)
        .bind(project)
        .count()
        .await?;
    Ok(pools > 0)
}

/// Inserts a token of which only the hash is known.
pub async fn insert_token(tx: &mut Tx, token: &AgentToken, hash: &[u8], by: Option<&UserId>) -> Result<()> {
    tx.query(
        "INSERT INTO agent_tokens (id, hash, organization_id, pool_id, description, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(token.id.as_str())
    .bind(hash)
    .bind(token.organization_id.as_deref())
    .bind(token.pool_id.as_deref())
    .bind(token.description.as_str())
    .bind(by.map(UserId::as_str))
    .bind(token.created_at.micros())
    .run()
    .await
    .map(drop)
}

macro_rules! select_token {
    ($rest:literal) => {
        concat!("SELECT id, organization_id, pool_id, description, created_at, last_used_at FROM agent_tokens ", $rest)
    };
}

/// The token with this hash.
pub async fn find_token_by_hash(tx: &mut Tx, hash: &[u8]) -> Result<Option<AgentToken>> {
    tx.query(select_token!("WHERE hash = $1")).bind(hash).optional().await
}

/// The token with this id.
pub async fn find_token(tx: &mut Tx, id: &TokenId) -> Result<Option<AgentToken>> {
    tx.query(select_token!("WHERE id = $1")).bind(id.as_str()).optional().await
}

/// The tokens of a pool, or of the site; at most a thousand.
pub async fn list_tokens(tx: &mut Tx, pool: Option<&AgentPoolId>) -> Result<Vec<AgentToken>> {
    let query = match pool {
        Some(pool) => tx
            .query(select_token!("WHERE pool_id = $1 ORDER BY created_at, id LIMIT 1000"))
            .bind(pool.as_str().to_owned()),
        None => tx.query(select_token!("WHERE pool_id IS NULL ORDER BY created_at, id LIMIT 1000")),
    };
    query.all().await
}

/// Says that an agent came with a token.
pub async fn use_token(tx: &mut Tx, id: &TokenId, now: Time) -> Result<()> {
    tx.query("UPDATE agent_tokens SET last_used_at = $1 WHERE id = $2")
        .bind(now.micros())
        .bind(id.as_str())
        .run()
        .await
        .map(drop)
}

/// Deletes a token: nobody comes in with it any more. How many were: none, or one.
pub async fn delete_token(tx: &mut Tx, id: &TokenId) -> Result<u64> {
    tx.query("DELETE FROM agent_tokens WHERE id = $1").bind(id.as_str()).run().await
}
