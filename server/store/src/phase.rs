//! Plans, applies and tests: an offer to the runners while queued, a lease while running.

use crate::{Error, Result, Tx, blob};
use domain::{
    id::{AgentPoolId, OrganizationId, RunId, WorkspaceId},
    run::PhaseStatus,
    time::Time,
};
use sqlx::FromRow;

/// A plan or an apply.
#[derive(Debug, Clone, FromRow)]
pub struct Phase {
    /// `plan-…` or `apply-…`
    pub id: String,
    /// Whose.
    #[sqlx(try_from = "String")]
    pub organization_id: OrganizationId,
    /// Of which workspace.
    #[sqlx(try_from = "String")]
    pub workspace_id: WorkspaceId,
    /// Of which run.
    #[sqlx(try_from = "String")]
    pub run_id: RunId,
    /// `plan`, `apply`, or `test` where the plan phase of a run tests a module.
    pub kind: String,
    status: String,
    /// When it was offered, in microseconds.
    pub queued_at: Option<i64>,
    /// When its first process was started.
    pub started_at: Option<i64>,
    /// When it ended.
    pub finished_at: Option<i64>,
    /// The fencing token of its lease.
    pub fence: i64,
    /// Until when the lease lasts.
    pub lease_until: Option<i64>,
    /// Whose agents may execute it: a pool, or the site's.
    pub agent_pool_id: Option<String>,
    /// Who executes it.
    pub agent_id: Option<String>,
    /// Since when nobody has heard of it although its engine may still be at work.
    pub lost_at: Option<i64>,
    /// How often it was claimed.
    pub attempts: i64,
    /// What is wished of it: `go-on`, `interrupt` or `kill`.
    pub wish: String,
    /// Objects created.
    pub additions: i64,
    /// Objects updated.
    pub changes: i64,
    /// Objects destroyed.
    pub destructions: i64,
    /// Objects imported.
    pub imports: i64,
    /// Whether configuration was written for import blocks.
    pub generated_configuration: bool,
    /// How many bytes its log has.
    pub log_end: i64,
    /// The image it was executed in, where it was a container.
    pub image: Option<String>,
    /// What names exactly that image's bytes.
    pub image_digest: Option<String>,
    /// When its log was removed, by a policy: in microseconds.
    pub log_purged_at: Option<i64>,
    /// When what it handed back was removed, by a policy: in microseconds.
    pub plan_purged_at: Option<i64>,
}

impl Phase {
    /// Where it stands.
    pub fn status(&self) -> Result<PhaseStatus> {
        PhaseStatus::parse(&self.status)
            .ok_or_else(|| Error::inconsistent("phases", format!("{} is {:?}", self.id, self.status)))
    }
    /// Whether it is the apply.
    pub fn is_apply(&self) -> bool {
        self.kind == "apply"
    }
    /// Whether it tests a module.
    pub fn is_test(&self) -> bool {
        self.kind == "test"
    }
    /// Whether it makes or changes real things: once begun, it is never begun again.
    pub fn acts(&self) -> bool {
        acts(&self.kind)
    }
}

fn acts(kind: &str) -> bool {
    kind != "plan"
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, organization_id, workspace_id, run_id, kind, status, queued_at, started_at, finished_at, fence, lease_until, agent_pool_id, agent_id,
             lost_at, attempts, wish,
             additions, changes, destructions, imports, generated_configuration, log_end, image, image_digest, log_purged_at, plan_purged_at FROM phases ",
            $rest
        )
    };
}

/// A phase.
pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<Phase>> {
    tx.query(select!("WHERE id = $1")).bind(id).optional().await
}

/// The phase that a run token belongs to, while it runs.
pub async fn find_by_token(tx: &mut Tx, hash: &[u8]) -> Result<Option<Phase>> {
    tx.query(select!("WHERE token_hash = $1 AND status = 'running'")).bind(hash).optional().await
}

/// Offers a phase to the runners that its workspace wants: the agents of its pool, or the site's.
pub async fn queue(tx: &mut Tx, id: &str, now: Time) -> Result<()> {
    tx.query(
        "UPDATE phases SET status = 'queued', queued_at = $1, entered = (SELECT c.virtual_time FROM queue_clock c WHERE c.id = 1), started_at = NULL, lease_until = NULL, token_hash = NULL, agent_id = NULL,
         claim = NULL, lost_at = NULL, wish = 'go-on', agent_pool_id = (SELECT CASE WHEN w.execution_mode = 'agent' THEN w.agent_pool_id END
         FROM workspaces w WHERE w.id = phases.workspace_id) WHERE id = $2 AND status IN ('pending', 'running')",
    )
        .bind(now.micros())
        .bind(id)
        .save()
        .await
}

/// Offers the phases of a workspace that nobody has taken to the runners that it wants now. The workspace is held.
pub async fn address_again(tx: &mut Tx, workspace: &WorkspaceId) -> Result<()> {
    tx.query(
        "UPDATE phases SET agent_pool_id = (SELECT CASE WHEN w.execution_mode = 'agent' THEN w.agent_pool_id END
         FROM workspaces w WHERE w.id = phases.workspace_id) WHERE workspace_id = $1 AND status = 'queued'",
    )
    .bind(workspace.as_str())
    .run()
    .await
    .map(drop)
}

/// The phases that wait for the agents of a pool or are executed by them, oldest first; at most a hundred.
pub async fn list_of_pool(tx: &mut Tx, pool: &AgentPoolId) -> Result<Vec<Phase>> {
    tx.query(select!(
        "WHERE (status = 'queued' AND coalesce(agent_pool_id, '') = $1)
         OR (status = 'running' AND agent_id IN (SELECT a.id FROM agents a WHERE a.pool_id = $1)) ORDER BY queued_at, id LIMIT 100"
    ))
    .bind(pool.as_str())
    .all()
    .await
}

/// A lease to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewLease<'a> {
    /// Its fencing token.
    pub fence: i64,
    /// Until when it lasts without a renewal.
    pub until: Time,
    /// The hash of the phase's own token.
    pub token_hash: &'a [u8],
    /// Whose agents it was offered to: a pool's, or the site's.
    pub pool: Option<&'a str>,
    /// Who gets it.
    pub agent: &'a str,
    /// Which of the agent's claims it answers, where an answer can be lost on its way.
    pub claim: Option<&'a str>,
}

/// Gives a queued phase to a runner. If another was faster, or it is offered to others since, the verb runs again.
pub async fn lease(tx: &mut Tx, id: &str, lease: NewLease<'_>) -> Result<()> {
    tx.query(
        "UPDATE phases SET status = 'running', fence = $1, lease_until = $2, token_hash = $3, agent_id = $4, claim = $5,
         attempts = attempts + 1 WHERE id = $6 AND status = 'queued' AND coalesce(agent_pool_id, '') = $7",
    )
    .bind(lease.fence)
    .bind(lease.until.micros())
    .bind(lease.token_hash)
    .bind(lease.agent)
    .bind(lease.claim)
    .bind(id)
    .bind(lease.pool.unwrap_or_default())
    .save()
    .await
}

/// The phase that a claim of an agent was answered with, if its engine was not started since.
pub async fn find_by_claim(tx: &mut Tx, agent: &str, claim: &str) -> Result<Option<Phase>> {
    tx.query(select!("WHERE agent_id = $1 AND claim = $2 AND status = 'running' AND started_at IS NULL"))
        .bind(agent)
        .bind(claim)
        .optional()
        .await
}

/// Gives a leased phase a new token.
pub async fn set_token(tx: &mut Tx, id: &str, fence: i64, token_hash: &[u8]) -> Result<()> {
    tx.query("UPDATE phases SET token_hash = $1 WHERE id = $2 AND fence = $3 AND status = 'running'")
        .bind(token_hash)
        .bind(id)
        .bind(fence)
        .save()
        .await
}

/// The phases that an agent executes; at most a thousand.
pub async fn list_of_agent(tx: &mut Tx, agent: &str) -> Result<Vec<Phase>> {
    tx.query(select!("WHERE agent_id = $1 AND status = 'running' ORDER BY id LIMIT 1000")).bind(agent).all().await
}

/// Notes that nobody has heard of a phase since its lease ended; false when that was known, or is no longer so.
pub async fn set_lost(tx: &mut Tx, phase: &Phase, now: Time) -> Result<bool> {
    let noted = tx
        .query(
            "UPDATE phases SET lost_at = $1 WHERE id = $2 AND fence = $3 AND lease_until = $4 AND status = 'running' AND lost_at IS NULL",
        )
        .bind(now.micros())
        .bind(phase.id.as_str())
        .bind(phase.fence)
        .bind(phase.lease_until)
        .run()
        .await?;
    Ok(noted == 1)
}

/// Prolongs a lease; `None` when it is lost. Answers what is wished.
pub async fn renew(tx: &mut Tx, id: &str, agent: &str, fence: i64, until: Time) -> Result<Option<String>> {
    let row: Option<(String,)> = tx
        .query(
            "UPDATE phases SET lease_until = $1, lost_at = NULL WHERE id = $2 AND fence = $3 AND agent_id = $4 AND status = 'running'
             RETURNING wish",
        )
        .bind(until.micros())
        .bind(id)
        .bind(fence)
        .bind(agent)
        .optional()
        .await?;
    Ok(row.map(|(wish,)| wish))
}

/// Says what is wished of a phase that runs.
pub async fn set_wish(tx: &mut Tx, id: &str, wish: &str) -> Result<()> {
    tx.query("UPDATE phases SET wish = $1 WHERE id = $2 AND status = 'running'")
        .bind(wish)
        .bind(id)
        .run()
        .await
        .map(drop)
}

/// Says when its first process was started; false when the lease is no longer this one.
pub async fn set_started(tx: &mut Tx, id: &str, fence: i64, now: Time) -> Result<bool> {
    let said = tx
        .query("UPDATE phases SET started_at = $1 WHERE id = $2 AND fence = $3 AND status = 'running'")
        .bind(now.micros())
        .bind(id)
        .bind(fence)
        .run()
        .await?;
    Ok(said == 1)
}

/// Says in which image it is executed; false when the lease is no longer this one.
pub async fn set_image(tx: &mut Tx, id: &str, fence: i64, image: &str, digest: &str) -> Result<bool> {
    let said = tx
        .query("UPDATE phases SET image = $1, image_digest = $2 WHERE id = $3 AND fence = $4 AND status = 'running'")
        .bind(image)
        .bind(digest)
        .bind(id)
        .bind(fence)
        .run()
        .await?;
    Ok(said == 1)
}

/// Ends a phase: its lease and its token with it.
pub async fn finish(tx: &mut Tx, phase: &Phase, status: PhaseStatus, now: Time) -> Result<()> {
    tx.query(
        "UPDATE phases SET status = $1, finished_at = $2, lease_until = NULL, token_hash = NULL, additions = $3, changes = $4,
         destructions = $5, imports = $6, generated_configuration = $7, lost_at = $8 WHERE id = $9",
    )
    .bind(status.as_str())
    .bind(now.micros())
    .bind(phase.additions)
    .bind(phase.changes)
    .bind(phase.destructions)
    .bind(phase.imports)
    .bind(phase.generated_configuration)
    .bind(phase.lost_at)
    .bind(phase.id.as_str())
    .save()
    .await
}

/// A lease as its last renewal left it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct LeaseMark {
    /// Of which phase.
    pub phase_id: String,
    /// Its fencing token.
    pub fence: i64,
    /// Until when it lasts, by the clock of the server that prolonged it; another value after each renewal.
    pub lease_until: Option<i64>,
    /// The kind of the phase.
    pub kind: String,
}

impl LeaseMark {
    /// Whether its phase makes or changes real things.
    pub fn acts(&self) -> bool {
        acts(&self.kind)
    }
}

/// Every lease that is not known to be lost: as many as phases execute.
pub async fn list_leases(tx: &mut Tx) -> Result<Vec<LeaseMark>> {
    tx.query(
        "SELECT id AS phase_id, fence, lease_until, kind FROM phases
         WHERE status = 'running' AND lost_at IS NULL ORDER BY id",
    )
    .all()
    .await
}

/// Remembers a file that a phase handed back.
pub async fn put_artifact(tx: &mut Tx, phase: &str, kind: &str, blob: &str) -> Result<()> {
    tx.query(
        "INSERT INTO artifacts (phase_id, kind, blob_id) VALUES ($1, $2, $3)
         ON CONFLICT (phase_id, kind) DO UPDATE SET blob_id = excluded.blob_id",
    )
    .bind(phase)
    .bind(kind)
    .bind(blob)
    .run()
    .await
    .map(drop)
}

/// Lets the files count that a phase handed in before its end.
pub async fn publish_artifacts(tx: &mut Tx, phase: &str) -> Result<()> {
    tx.query("UPDATE artifacts SET kind = substr(kind, 8) WHERE phase_id = $1 AND kind LIKE 'staged:%'")
        .bind(phase)
        .run()
        .await
        .map(drop)
}

/// Forgets files that a phase handed in before its end, of one kind or (`%`) all of them, and their blobs.
pub async fn discard_artifacts(tx: &mut Tx, phase: &str, kind: &str, now: Time) -> Result<()> {
    let rows: Vec<(String,)> = tx
        .query("DELETE FROM artifacts WHERE phase_id = $1 AND kind LIKE $2 RETURNING blob_id")
        .bind(phase)
        .bind(format!("staged:{kind}"))
        .all()
        .await?;
    for (blob,) in rows {
        blob::delete(tx, &blob, now).await?;
    }
    Ok(())
}

/// The blob of a file that a phase handed back.
pub async fn find_artifact(tx: &mut Tx, phase: &str, kind: &str) -> Result<Option<String>> {
    let row: Option<(String,)> = tx
        .query("SELECT blob_id FROM artifacts WHERE phase_id = $1 AND kind = $2")
        .bind(phase)
        .bind(kind)
        .optional()
        .await?;
    Ok(row.map(|(blob,)| blob))
}
