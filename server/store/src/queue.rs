//! The queue of phases that are offered: what the rule of its order (`domain::queue`) has to know, and never more than the first of each
//! organization and priority, however long the queue is.

use crate::{Error, Result, Tx};
use domain::{
    id::OrganizationId,
    queue::{Candidate, Priority, Standing},
};
use sqlx::FromRow;

/// The limits of who has no number of their own.
#[derive(Debug, Clone, Copy)]
pub struct Defaults {
    /// How many phases of an organization may run at once.
    pub organization: i64,
    /// How many plans of a workspace may run at once beside the run that holds it.
    pub workspace: i64,
}

#[derive(FromRow)]
struct Head {
    id: String,
    #[sqlx(try_from = "String")]
    organization_id: OrganizationId,
    priority: i64,
    queued_at: i64,
    entered: i64,
    weight: i64,
    run_limit: i64,
    running: i64,
    served: i64,
}

/// The oldest phase of each priority of each organization that has room for one, of those that the agents of a pool may execute, or the site's.
pub async fn candidates(tx: &mut Tx, pool: Option<&str>, defaults: Defaults) -> Result<Vec<Candidate>> {
    // One look into the index for each organization that waits, and one for each of its priorities.
    let heads: Vec<Head> = tx
        .query(
            "WITH RECURSIVE waiting(id) AS (
               SELECT min(organization_id) FROM phases WHERE status = 'queued' AND coalesce(agent_pool_id, '') = $3
               UNION ALL
               SELECT (SELECT min(p.organization_id) FROM phases p WHERE p.status = 'queued' AND coalesce(p.agent_pool_id, '') = $3
                       AND p.organization_id > w.id)
               FROM waiting w WHERE w.id IS NOT NULL
             ), standing(id, weight, run_limit, running, served) AS (
               SELECT o.id, o.run_weight, coalesce(o.run_limit, $1),
                      (SELECT count(*) FROM phases r WHERE r.organization_id = o.id AND r.status = 'running'), o.served
               FROM waiting w JOIN organizations o ON o.id = w.id
             ), full_workspaces(id) AS (
               SELECT r.workspace_id FROM phases r JOIN workspaces w ON w.id = r.workspace_id
               WHERE r.status = 'running' AND r.priority >= 2
               GROUP BY r.workspace_id, w.plan_limit HAVING count(*) >= coalesce(w.plan_limit, $2)
             ), priorities(rank) AS (SELECT 0 UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3
             ), heads(phase_id, weight, run_limit, running, served) AS (
               SELECT (SELECT p.id FROM phases p WHERE p.status = 'queued' AND coalesce(p.agent_pool_id, '') = $3
                       AND p.organization_id = s.id AND p.priority = r.rank
                       AND (r.rank < 2 OR p.workspace_id NOT IN (SELECT f.id FROM full_workspaces f))
                       ORDER BY p.queued_at, p.id LIMIT 1),
                      s.weight, s.run_limit, s.running, s.served
               FROM standing s CROSS JOIN priorities r WHERE s.running < s.run_limit
             )
             SELECT p.id, p.organization_id, p.priority, p.queued_at, p.entered, h.weight, h.run_limit, h.running, h.served
             FROM heads h JOIN phases p ON p.id = h.phase_id",
        )
        .bind(defaults.organization)
        .bind(defaults.workspace)
        .bind(pool.unwrap_or_default())
        .all()
        .await?;
    heads.into_iter().map(Candidate::try_from).collect()
}

impl TryFrom<Head> for Candidate {
    type Error = Error;
    fn try_from(head: Head) -> Result<Self> {
        let priority = Priority::from_rank(head.priority);
        let bad = || Error::inconsistent("phases", format!("{} has the priority {}", head.id, head.priority));
        Ok(Self {
            priority: priority.ok_or_else(bad)?,
            phase: head.id,
            organization: head.organization_id,
            standing: Standing {
                weight: head.weight,
                limit: head.run_limit,
                running: head.running,
                served: head.served,
            },
            queued_at: head.queued_at,
            entered: head.entered,
        })
    }
}

/// How many phases are offered to the agents of a pool, or to the site's, counted up to `most`.
pub async fn count_offers(tx: &mut Tx, pool: Option<&str>, most: i64) -> Result<i64> {
    tx
        .query(
            "SELECT count(*) FROM (SELECT 1 AS one FROM phases WHERE status = 'queued' AND coalesce(agent_pool_id, '') = $2 LIMIT $1) AS offers",
        )
        .bind(most)
        .bind(pool.unwrap_or_default())
        .count().await
}

/// The virtual time, held until the transaction ends: who comes second waits here, and then sees what the first handed out. First in every
/// verb that counts what runs against a limit.
pub async fn hold(tx: &mut Tx) -> Result<i64> {
    let row: Option<(i64,)> = if tx.has_other_writers() {
        tx.query("SELECT virtual_time FROM queue_clock WHERE id = 1 FOR UPDATE").optional().await?
    } else {
        tx.query("SELECT virtual_time FROM queue_clock WHERE id = 1").optional().await?
    };
    row.map(|(now,)| now).ok_or_else(|| Error::inconsistent("queue_clock", "its row is missing"))
}

/// Notes that an organization was given a phase: how far that moves it, and the virtual time. The clock is held.
pub async fn serve(tx: &mut Tx, organization: &OrganizationId, served: i64, now: i64) -> Result<()> {
    tx.query("UPDATE organizations SET served = $1 WHERE id = $2")
        .bind(served)
        .bind(organization.as_str())
        .save()
        .await?;
    tx.query("UPDATE queue_clock SET virtual_time = $1 WHERE id = 1 AND virtual_time <= $1").bind(now).save().await
}

/// How an organization stands.
pub async fn standing(tx: &mut Tx, organization: &OrganizationId, defaults: Defaults) -> Result<Standing> {
    let row: Option<(i64, i64, i64, i64)> = tx
        .query(
            "SELECT o.run_weight, coalesce(o.run_limit, $1),
                    (SELECT count(*) FROM phases r WHERE r.organization_id = o.id AND r.status = 'running'), o.served
             FROM organizations o WHERE o.id = $2",
        )
        .bind(defaults.organization)
        .bind(organization.as_str())
        .optional()
        .await?;
    let missing = || Error::inconsistent("organizations", format!("{organization} is missing"));
    let (weight, limit, running, served) = row.ok_or_else(missing)?;
    Ok(Standing { weight, limit, running, served })
}

/// How many phases the agents of a pool execute, or the site's.
pub async fn count_running(tx: &mut Tx, pool: Option<&str>) -> Result<i64> {
    tx.query("SELECT count(*) FROM phases WHERE status = 'running' AND coalesce(agent_pool_id, '') = $1")
        .bind(pool.unwrap_or_default())
        .count()
        .await
}

/// The place of an offered phase.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Place {
    /// Which phase.
    pub phase_id: String,
    /// Of which workspace.
    pub workspace_id: String,
    /// Its place among its organization's: 1 is next.
    pub place: i64,
    /// How many its organization offers.
    pub total: i64,
    /// Since when it is offered, in microseconds.
    pub queued_at: i64,
    /// How many plans run beside the run that holds its workspace.
    pub beside: i64,
    /// Whose agents may execute it: a pool's, or the site's.
    pub agent_pool_id: Option<String>,
    priority: i64,
}

impl Place {
    /// Whether it counts for the limit of its workspace.
    pub fn is_beside(&self) -> bool {
        Priority::from_rank(self.priority).is_some_and(Priority::is_beside)
    }
}

/// The places of these phases, in no order; what is not offered is left out.
pub async fn places(tx: &mut Tx, phases: &[&str]) -> Result<Vec<Place>> {
    if phases.is_empty() {
        return Ok(Vec::new());
    }
    tx.query(
        "SELECT p.id AS phase_id, p.workspace_id, p.queued_at, p.priority, p.agent_pool_id,
                (SELECT count(*) FROM phases q WHERE q.status = 'queued' AND q.organization_id = p.organization_id
                 AND (q.priority, q.queued_at, q.id) <= (p.priority, p.queued_at, p.id)) AS place,
                (SELECT count(*) FROM phases q WHERE q.status = 'queued' AND q.organization_id = p.organization_id) AS total,
                (SELECT count(*) FROM phases b WHERE b.status = 'running' AND b.priority >= 2 AND b.workspace_id = p.workspace_id) AS beside
         FROM phases p WHERE p.status = 'queued' AND p.id IN (",
    )
    .list(phases.iter().copied())
    .push(")")
    .all()
    .await
}

/// An organization's part of the runners.
#[derive(Debug, Clone, FromRow)]
pub struct Share {
    /// Which organization.
    #[sqlx(try_from = "String")]
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// How many of its phases may run at once, where it has a number of its own.
    pub run_limit: Option<i64>,
    /// The number that counts.
    pub effective_limit: i64,
    /// Its part, in proportion to the others'.
    pub run_weight: i64,
    /// How many of its phases run.
    pub running: i64,
    /// How many it offers.
    pub queued: i64,
}

macro_rules! share {
    ($rest:literal) => {
        concat!(
            "SELECT o.id, o.name, o.run_limit, coalesce(o.run_limit, $1) AS effective_limit, o.run_weight,
             (SELECT count(*) FROM phases r WHERE r.organization_id = o.id AND r.status = 'running') AS running,
             (SELECT count(*) FROM phases q WHERE q.organization_id = o.id AND q.status = 'queued') AS queued FROM organizations o ",
            $rest
        )
    };
}

/// Every organization's part, by name; at most a thousand.
pub async fn list_shares(tx: &mut Tx, defaults: Defaults) -> Result<Vec<Share>> {
    tx.query(share!("ORDER BY o.name, o.id LIMIT 1000")).bind(defaults.organization).all().await
}

/// The part of the organization with this name.
pub async fn find_share(tx: &mut Tx, name: &str, defaults: Defaults) -> Result<Option<Share>> {
    tx.query(share!("WHERE o.name = $2")).bind(defaults.organization).bind(name).optional().await
}
