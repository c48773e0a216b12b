//! Runs.

use crate::{Error, Result, Tx};
use domain::{
    id::{ConfigurationVersionId, OrganizationId, RunId, WorkspaceId},
    queue::Priority,
    run::{Status, Traits},
    time::Time,
};
use sqlx::FromRow;

/// A run.
#[derive(Debug, Clone, FromRow)]
pub struct Run {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: RunId,
    /// Whose.
    #[sqlx(try_from = "String")]
    pub organization_id: OrganizationId,
    /// Of which workspace.
    #[sqlx(try_from = "String")]
    pub workspace_id: WorkspaceId,
    /// What it plans from.
    #[sqlx(try_from = "String")]
    pub configuration_version_id: ConfigurationVersionId,
    status: String,
    /// Why, in its creator's words.
    pub message: String,
    /// Who made it: `terraform+cloud`, `tfe-api` or `tfe-ui`.
    pub source: String,
    /// The person who made it.
    pub created_by: Option<String>,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
    /// `-destroy`
    pub is_destroy: bool,
    /// Not `-refresh=false`.
    pub refresh: bool,
    /// `-refresh-only`
    pub refresh_only: bool,
    /// It may never apply.
    pub plan_only: bool,
    /// Its plan is kept.
    pub save_plan: bool,
    /// It confirms itself.
    pub auto_apply: bool,
    /// A plan without changes may be applied.
    pub allow_empty_apply: bool,
    /// `-generate-config-out`
    pub generate_config: bool,
    /// JSON lines in its logs.
    pub json_log: bool,
    targets: String,
    replaces: String,
    /// Its own variables: sealed JSON.
    pub variables: Option<Vec<u8>>,
    /// What the plan found.
    pub has_changes: bool,
    /// The exact version that planned.
    pub terraform_version: Option<String>,
    /// When somebody asked to cancel it, in microseconds.
    pub cancel_asked_at: Option<i64>,
    /// How it ended, in a sentence.
    pub reason: Option<String>,
    /// The person who said yes to its plan.
    pub confirmed_by: Option<String>,
    /// The person who canceled or discarded it.
    pub canceled_by: Option<String>,
    timestamps: String,
    version: i64,
}

/// What a new run is made of.
#[derive(Debug, Clone)]
pub struct New {
    /// Which.
    pub id: RunId,
    /// Whose.
    pub organization_id: OrganizationId,
    /// Of which workspace.
    pub workspace_id: WorkspaceId,
    /// What it plans from.
    pub configuration_version_id: ConfigurationVersionId,
    /// Why.
    pub message: String,
    /// Who made it.
    pub source: String,
    /// The person who made it.
    pub created_by: Option<String>,
    /// Since when.
    pub created_at: Time,
    /// `-destroy`
    pub is_destroy: bool,
    /// Not `-refresh=false`.
    pub refresh: bool,
    /// `-refresh-only`
    pub refresh_only: bool,
    /// It may never apply.
    pub plan_only: bool,
    /// Its plan is kept.
    pub save_plan: bool,
    /// It confirms itself.
    pub auto_apply: bool,
    /// A plan without changes may be applied.
    pub allow_empty_apply: bool,
    /// `-generate-config-out`
    pub generate_config: bool,
    /// JSON lines in its logs.
    pub json_log: bool,
    /// `-target`
    pub targets: Vec<String>,
    /// `-replace`
    pub replaces: Vec<String>,
    /// Its own variables: sealed JSON.
    pub variables: Option<Vec<u8>>,
}

impl New {
    fn traits(&self) -> Traits {
        Traits { plan_only: self.plan_only, save_plan: self.save_plan, ..Traits::default() }
    }
}

impl Run {
    /// Where it stands.
    pub fn status(&self) -> Result<Status> {
        Status::parse(&self.status)
            .ok_or_else(|| Error::inconsistent("runs", format!("{} is {:?}", self.id, self.status)))
    }
    /// What its way depends on.
    pub fn traits(&self) -> Traits {
        Traits {
            plan_only: self.plan_only,
            save_plan: self.save_plan,
            auto_apply: self.auto_apply,
            allow_empty_apply: self.allow_empty_apply,
            has_changes: self.has_changes,
            canceling: self.cancel_asked_at.is_some(),
            ..Traits::default()
        }
    }
    /// `-target`
    pub fn targets(&self) -> Vec<String> {
        serde_json::from_str(&self.targets).unwrap_or_default()
    }
    /// `-replace`
    pub fn replaces(&self) -> Vec<String> {
        serde_json::from_str(&self.replaces).unwrap_or_default()
    }
    /// Who had it enter this status, where a person did.
    pub fn actor(&self, entered: Status) -> Option<&str> {
        match entered {
            Status::Pending => self.created_by.as_deref(),
            Status::Confirmed => self.confirmed_by.as_deref(),
            Status::Discarded | Status::Canceled => self.canceled_by.as_deref(),
            _ => None,
        }
    }
    /// When it entered which status: key and RFC 3339.
    pub fn timestamps(&self) -> serde_json::Map<String, serde_json::Value> {
        serde_json::from_str(&self.timestamps).unwrap_or_default()
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, organization_id, workspace_id, configuration_version_id, status, message, source, created_by, created_at,
             is_destroy, refresh, refresh_only, plan_only, save_plan, auto_apply, allow_empty_apply, generate_config, json_log, targets,
             replaces, variables, has_changes, terraform_version, cancel_asked_at, reason, confirmed_by, canceled_by, timestamps,
             version FROM runs ",
            $rest
        )
    };
}

/// Adds a run that is pending, and its two phases.
pub async fn insert(tx: &mut Tx, new: &New) -> Result<()> {
    let json = |list: &[String]| serde_json::to_string(list).map_err(|e| Error::inconsistent("runs", e));
    let timestamps = serde_json::json!({ Status::Pending.timestamp(): new.created_at.rfc3339() }).to_string();
    tx.query(
        "INSERT INTO runs (id, organization_id, workspace_id, configuration_version_id, status, message, source, created_by, created_at,
         is_destroy, refresh, refresh_only, plan_only, save_plan, auto_apply, allow_empty_apply, generate_config, json_log, targets,
         replaces, variables, has_changes, timestamps, final, version)
         VALUES ($1, $2, $3, $4, 'pending', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, FALSE, $21, FALSE, 0)",
    )
    .bind(new.id.as_str())
    .bind(new.organization_id.as_str())
    .bind(new.workspace_id.as_str())
    .bind(new.configuration_version_id.as_str())
    .bind(new.message.as_str())
    .bind(new.source.as_str())
    .bind(new.created_by.as_deref())
    .bind(new.created_at.micros())
    .bind(new.is_destroy)
    .bind(new.refresh)
    .bind(new.refresh_only)
    .bind(new.plan_only)
    .bind(new.save_plan)
    .bind(new.auto_apply)
    .bind(new.allow_empty_apply)
    .bind(new.generate_config)
    .bind(new.json_log)
    .bind(json(&new.targets)?)
    .bind(json(&new.replaces)?)
    .bind(new.variables.as_deref())
    .bind(timestamps)
    .run()
    .await?;
    tx.query(
        "INSERT INTO phases (id, organization_id, workspace_id, run_id, priority, kind, status, fence, attempts, wish, additions, changes,
         destructions, imports, generated_configuration, log_end)
         VALUES ($1, $3, $4, $5, $6, 'plan', 'pending', 0, 0, 'go-on', 0, 0, 0, 0, FALSE, 0),
         ($2, $3, $4, $5, $7, 'apply', 'pending', 0, 0, 'go-on', 0, 0, 0, 0, FALSE, 0)",
    )
    .bind(new.id.plan().as_str())
    .bind(new.id.apply().as_str())
    .bind(new.organization_id.as_str())
    .bind(new.workspace_id.as_str())
    .bind(new.id.as_str())
    .bind(Priority::of_plan(new.traits()).rank())
    .bind(Priority::Apply.rank())
    .run()
    .await
    .map(drop)
}

/// A run.
pub async fn find(tx: &mut Tx, id: &RunId) -> Result<Option<Run>> {
    tx.query(select!("WHERE id = $1")).bind(id.as_str()).optional().await
}

/// These runs, in no order.
pub async fn list_by_id(tx: &mut Tx, ids: &[&str]) -> Result<Vec<Run>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.query(select!("WHERE id IN (")).list(ids.iter().copied()).push(")").all().await
}

/// The newest run of each of these workspaces, in no order.
pub async fn list_newest(tx: &mut Tx, workspaces: &[&str]) -> Result<Vec<Run>> {
    if workspaces.is_empty() {
        return Ok(Vec::new());
    }
    // One step into the index a workspace, however many runs it has.
    tx.query(select!(
        "WHERE id IN (SELECT (SELECT newest.id FROM runs newest WHERE newest.workspace_id = workspaces.id
         ORDER BY newest.created_at DESC, newest.id DESC LIMIT 1) FROM workspaces WHERE workspaces.id IN ("
    ))
    .list(workspaces.iter().copied())
    .push("))")
    .all()
    .await
}

/// The runs of a workspace, newest first. `plan_only` lists those too.
pub async fn list(tx: &mut Tx, workspace: &WorkspaceId, plan_only: bool, limit: i64, offset: i64) -> Result<Vec<Run>> {
    tx.query(select!(
        "WHERE workspace_id = $1 AND ($2 OR NOT plan_only) ORDER BY created_at DESC, id DESC LIMIT $3 OFFSET $4"
    ))
    .bind(workspace.as_str())
    .bind(plan_only)
    .bind(limit)
    .bind(offset)
    .all()
    .await
}

/// The runs of an organization, newest first, but for tests of modules; where statuses are named, only those.
pub async fn list_of_organization(
    tx: &mut Tx,
    organization: &OrganizationId,
    statuses: &[&str],
    limit: i64,
    offset: i64,
) -> Result<Vec<Run>> {
    let query = tx.query(select!("WHERE organization_id = ")).value(organization.as_str());
    let query = query.push(" AND NOT EXISTS (SELECT 1 FROM test_runs t WHERE t.run_id = runs.id)");
    let query = match statuses {
        [] => query,
        statuses => query.push(" AND status IN (").list(statuses.iter().copied()).push(")"),
    };
    query.push(" ORDER BY created_at DESC, id DESC LIMIT ").value(limit).push(" OFFSET ").value(offset).all().await
}

/// How many runs a workspace has.
pub async fn count(tx: &mut Tx, workspace: &WorkspaceId, plan_only: bool) -> Result<i64> {
    tx.query("SELECT count(*) FROM runs WHERE workspace_id = $1 AND ($2 OR NOT plan_only)")
        .bind(workspace.as_str())
        .bind(plan_only)
        .count()
        .await
}

/// The runs of an organization that have not ended, but for tests of modules, in the order of its queue: what executes, what is offered to runners, what waits for its
/// workspace, the rest.
pub async fn list_queue(tx: &mut Tx, organization: &OrganizationId, limit: i64, offset: i64) -> Result<Vec<Run>> {
    let ids: Vec<(String,)> = tx
        .query(
            "SELECT r.id FROM runs r LEFT JOIN phases p ON p.run_id = r.id AND p.status IN ('running', 'queued')
             WHERE r.organization_id = $1 AND NOT r.final AND NOT EXISTS (SELECT 1 FROM test_runs t WHERE t.run_id = r.id)
             ORDER BY CASE WHEN p.status = 'running' THEN 0 WHEN p.status = 'queued' THEN 1 WHEN r.status IN ('pending', 'confirmed') THEN 2
             ELSE 3 END, CASE WHEN p.status = 'queued' THEN p.priority ELSE 0 END, coalesce(p.queued_at, r.created_at), r.id
             LIMIT $2 OFFSET $3",
        )
        .bind(organization.as_str())
        .bind(limit)
        .bind(offset)
        .all()
        .await?;
    let ids: Vec<&str> = ids.iter().map(|(id,)| id.as_str()).collect();
    let mut runs = list_by_id(tx, &ids).await?;
    runs.sort_by_key(|run| ids.iter().position(|id| *id == run.id.as_str()));
    Ok(runs)
}

/// How many runs of an organization have not ended, without tests of modules.
pub async fn count_queue(tx: &mut Tx, organization: &OrganizationId) -> Result<i64> {
    tx.query(
        "SELECT count(*) FROM runs r WHERE r.organization_id = $1 AND NOT r.final
         AND NOT EXISTS (SELECT 1 FROM test_runs t WHERE t.run_id = r.id)",
    )
    .bind(organization.as_str())
    .count()
    .await
}

/// The places of these runs of these workspaces in the line for their workspace (1 is next), and how long the line is; those that do not wait
/// in it are left out.
pub async fn list_places(tx: &mut Tx, workspaces: &[&str], ids: &[&str]) -> Result<Vec<(String, i64, i64)>> {
    if ids.is_empty() || workspaces.is_empty() {
        return Ok(Vec::new());
    }
    tx.query(
        "SELECT l.id, l.place, l.total FROM (SELECT id, row_number() OVER (PARTITION BY workspace_id ORDER BY created_at, id) AS place,
         count(*) OVER (PARTITION BY workspace_id) AS total FROM runs WHERE NOT final AND ((status = 'pending' AND NOT plan_only AND NOT save_plan) OR (status = 'confirmed' AND save_plan))
         AND workspace_id IN (",
    )
    .list(workspaces.iter().copied())
    .push(")) AS l WHERE l.id IN (")
    .list(ids.iter().copied())
    .push(")")
    .all()
    .await
}

/// The run that gets the workspace next: the oldest that waits for it.
pub async fn next_waiting(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Option<Run>> {
    tx.query(select!(
        "WHERE workspace_id = $1 AND NOT final AND ((status = 'pending' AND NOT plan_only AND NOT save_plan)
         OR (status = 'confirmed' AND save_plan)) ORDER BY created_at, id LIMIT 1"
    ))
    .bind(workspace.as_str())
    .optional()
    .await
}

/// The runs of a workspace whose plan is kept for later.
pub async fn list_saved(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<Run>> {
    tx.query(select!("WHERE workspace_id = $1 AND NOT final AND status = 'planned_and_saved' ORDER BY created_at, id"))
        .bind(workspace.as_str())
        .all()
        .await
}

/// How many runs of a workspace have not ended.
pub async fn count_open(tx: &mut Tx, workspace: &WorkspaceId) -> Result<i64> {
    tx.query("SELECT count(*) FROM runs WHERE workspace_id = $1 AND NOT final").bind(workspace.as_str()).count().await
}

/// Saves where a run stands, if it is still as it was read; entering a status leaves its timestamp.
pub async fn update(tx: &mut Tx, run: &Run, through: &[Status], status: Status, now: Time) -> Result<()> {
    let mut timestamps = run.timestamps();
    for entered in through.iter().copied().chain((run.status()? != status).then_some(status)) {
        timestamps.insert(entered.timestamp(), now.rfc3339().into());
    }
    let timestamps = serde_json::Value::Object(timestamps).to_string();
    tx.query(
        "UPDATE runs SET status = $1, timestamps = $2, final = $3, has_changes = $4, terraform_version = $5, cancel_asked_at = $6,
         reason = $7, confirmed_by = $8, canceled_by = $9, version = version + 1 WHERE id = $10 AND version = $11",
    )
    .bind(status.as_str())
    .bind(timestamps)
    .bind(status.is_final())
    .bind(run.has_changes)
    .bind(run.terraform_version.as_deref())
    .bind(run.cancel_asked_at)
    .bind(run.reason.as_deref())
    .bind(run.confirmed_by.as_deref())
    .bind(run.canceled_by.as_deref())
    .bind(run.id.as_str())
    .bind(run.version)
    .save()
    .await
}

/// Says which exact version executes it.
pub async fn set_version(tx: &mut Tx, id: &RunId, version: &str) -> Result<()> {
    tx.query("UPDATE runs SET terraform_version = $1, version = version + 1 WHERE id = $2")
        .bind(version)
        .bind(id.as_str())
        .save()
        .await
}
