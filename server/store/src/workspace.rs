//! Workspaces, their lock, their tags and their key.

use crate::{Error, Result, Tx, state::StateVersion};
use domain::{
    id::{AgentPoolId, OrganizationId, ProjectId, RunId, UserId, WorkspaceId},
    lock::{Door, Holder, Lock},
    state::Identity,
    tag::Tag,
    time::Time,
};
use sqlx::FromRow;

/// A workspace, as one caller sees it.
#[derive(Debug, Clone, FromRow)]
pub struct Workspace {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: WorkspaceId,
    /// Whose.
    #[sqlx(try_from = "String")]
    pub organization_id: OrganizationId,
    /// The name of that organization.
    pub organization_name: String,
    /// In which project.
    #[sqlx(try_from = "String")]
    pub project_id: ProjectId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// `remote`, `local` or `agent`.
    pub execution_mode: String,
    /// The pool whose agents execute its runs in the mode `agent`.
    pub agent_pool_id: Option<String>,
    /// `terraform` or `tofu`.
    pub engine: String,
    /// An exact version, a constraint or `latest`.
    pub terraform_version: String,
    /// The image that its runs want, where they are executed in containers; empty for that of the organization.
    pub image: String,
    /// The image that runs of its organization want; empty for that of the site.
    pub organization_image: String,
    /// Where the root module lies in the configuration.
    pub working_directory: String,
    /// Whether runs confirm themselves.
    pub auto_apply: bool,
    /// How many plans may run at once beside the run that holds it, where it has a number of its own.
    pub plan_limit: Option<i64>,
    /// The tags, as JSON: a list of pairs.
    pub tag_list: String,
    lock_kind: Option<String>,
    lock_user_id: Option<String>,
    lock_run_id: Option<String>,
    lock_client_id: Option<String>,
    /// The lock of a `backend "http"` as its client sent it: JSON.
    pub lock_info: Option<String>,
    lock_reason: Option<String>,
    locked_at: Option<i64>,
    /// The run that has the workspace for itself.
    pub current_run_id: Option<String>,
    /// The current state version.
    pub current_state_id: Option<String>,
    state_serial: Option<i64>,
    state_lineage: Option<String>,
    state_md5: Option<String>,
    /// The sequence of the current state; 0 is none.
    pub state_sequence: i64,
    /// Rises with each claim of one of its phases.
    pub fence: i64,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
    /// When it last changed.
    #[sqlx(try_from = "i64")]
    pub updated_at: Time,
    /// The role of the caller, if they have one.
    pub role: Option<String>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT w.id, w.organization_id, o.name AS organization_name, w.project_id, w.name, w.description, w.execution_mode, w.agent_pool_id, w.engine,
             w.terraform_version, w.image, o.image AS organization_image, w.working_directory, w.auto_apply, w.plan_limit, w.tag_list, w.lock_kind,
             w.lock_user_id, w.lock_run_id, w.lock_client_id, w.lock_info, w.lock_reason, w.locked_at, w.current_run_id, w.current_state_id,
             w.state_serial, w.state_lineage, w.state_md5, w.state_sequence, w.fence, w.created_at, w.updated_at, m.role
             FROM workspaces w JOIN organizations o ON o.id = w.organization_id
             LEFT JOIN memberships m ON m.organization_id = w.organization_id AND m.user_id = $1 ",
            $rest
        )
    };
}

impl Workspace {
    /// A workspace that nobody saved yet.
    pub fn new(
        id: WorkspaceId,
        organization: &crate::organization::Organization,
        project: ProjectId,
        terraform_version: &str,
        now: Time,
    ) -> Self {
        Self {
            id,
            organization_id: organization.id.clone(),
            organization_name: organization.name.clone(),
            project_id: project,
            name: String::new(),
            description: String::new(),
            execution_mode: "remote".into(),
            agent_pool_id: None,
            engine: "terraform".into(),
            terraform_version: terraform_version.into(),
            image: String::new(),
            organization_image: String::new(),
            working_directory: String::new(),
            auto_apply: false,
            plan_limit: None,
            tag_list: "[]".into(),
            lock_kind: None,
            lock_user_id: None,
            lock_run_id: None,
            lock_client_id: None,
            lock_info: None,
            lock_reason: None,
            locked_at: None,
            current_run_id: None,
            current_state_id: None,
            state_serial: None,
            state_lineage: None,
            state_md5: None,
            state_sequence: 0,
            fence: 0,
            created_at: now,
            updated_at: now,
            role: None,
        }
    }
    /// The lock, if one is held.
    pub fn lock(&self) -> Result<Option<Lock>> {
        let bad = |detail: &str| Error::inconsistent("workspaces", format!("{} {detail}", self.id));
        let Some(kind) = self.lock_kind.as_deref() else { return Ok(None) };
        let holder = if kind == "run" {
            let run = self.lock_run_id.as_deref().and_then(|id| id.parse().ok());
            Holder::Run(run.ok_or_else(|| bad("is locked by no run"))?)
        } else {
            let door = Door::parse(kind).ok_or_else(|| bad("is locked through an unknown door"))?;
            let user = self.lock_user_id.as_deref().and_then(|id| id.parse().ok());
            Holder::Client {
                door,
                user: user.ok_or_else(|| bad("is locked by nobody"))?,
                id: self.lock_client_id.clone(),
            }
        };
        let since = Time::from_micros(self.locked_at.unwrap_or_default());
        Ok(Some(Lock { holder, reason: self.lock_reason.clone().unwrap_or_default(), since }))
    }
    /// What identifies the current state to its clients, if there is one.
    pub fn state(&self) -> Option<Identity> {
        Some(Identity {
            serial: self.state_serial?,
            lineage: self.state_lineage.clone()?,
            md5: self.state_md5.clone()?,
        })
    }
    /// The tags in the order they were given.
    pub fn tags(&self) -> Vec<Tag> {
        let pairs: Vec<(String, String)> = serde_json::from_str(&self.tag_list).unwrap_or_default();
        pairs.into_iter().map(|(key, value)| Tag { key, value }).collect()
    }
}

/// The workspace of this name, and the role of `user`.
pub async fn find_by_name(tx: &mut Tx, organization: &str, name: &str, user: &str) -> Result<Option<Workspace>> {
    tx.query(select!("WHERE o.name = $2 AND w.name = $3 AND w.deleted_at IS NULL"))
        .bind(user)
        .bind(organization)
        .bind(name)
        .optional()
        .await
}

/// The workspace, and the role of `user`.
pub async fn find(tx: &mut Tx, id: &WorkspaceId, user: &str) -> Result<Option<Workspace>> {
    tx.query(select!("WHERE w.id = $2 AND w.deleted_at IS NULL")).bind(user).bind(id.as_str()).optional().await
}

/// These workspaces, in no order, and the role of `user`.
pub async fn list_by_id(tx: &mut Tx, ids: &[&str], user: &str) -> Result<Vec<Workspace>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.query(select!("WHERE w.deleted_at IS NULL AND w.id IN ("))
        .bind(user)
        .list(ids.iter().copied())
        .push(")")
        .all()
        .await
}

/// The workspace, held until the transaction ends: who comes second waits here, and then sees what the first did. First in every verb
/// that judges by what it reads of a workspace.
pub async fn hold(tx: &mut Tx, id: &WorkspaceId, user: &str) -> Result<Option<Workspace>> {
    if !tx.has_other_writers() {
        return find(tx, id, user).await;
    }
    // Postgres reads a row that it waited for anew. What it is joined with stays as it was before the wait: an organization's name and a
    // caller's role, which are judged as of the moment at which the verb began.
    let query = tx.query(select!("WHERE w.id = $2 AND w.deleted_at IS NULL FOR UPDATE OF w"));
    query.bind(user).bind(id.as_str()).optional().await
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// A part of the name.
    pub search: Option<String>,
    /// In which project.
    pub project: Option<String>,
    /// Tags that all have to be there; an empty value is any.
    pub tags: Vec<Tag>,
}

/// A page of workspaces by name, and how many there are in all.
pub async fn list(
    tx: &mut Tx,
    organization: &OrganizationId,
    user: &str,
    filter: &Filter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Workspace>, i64)> {
    let query = tx.query("SELECT count(*) FROM workspaces w ");
    let total: Option<(i64,)> = filter.narrow(query, organization).optional().await?;
    let query = tx.query(select!("")).bind(user);
    let page = filter
        .narrow(query, organization)
        .push(" ORDER BY w.name, w.id LIMIT ")
        .value(limit)
        .push(" OFFSET ")
        .value(offset);
    Ok((page.all().await?, total.map_or(0, |(n,)| n)))
}

impl Filter {
    fn narrow<'t>(&self, query: crate::query::Query<'t>, organization: &OrganizationId) -> crate::query::Query<'t> {
        let mut query =
            query.push("WHERE w.deleted_at IS NULL AND w.organization_id = ").value(organization.as_str().to_owned());
        if let Some(search) = &self.search {
            let pattern = format!("%{}%", search.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
            query = query.push(" AND lower(w.name) LIKE lower(").value(pattern).push(") ESCAPE '\\'");
        }
        if let Some(project) = &self.project {
            query = query.push(" AND w.project_id = ").value(project.clone());
        }
        for tag in &self.tags {
            query = query
                .push(" AND EXISTS (SELECT 1 FROM tags t WHERE t.workspace_id = w.id AND t.key = ")
                .value(tag.key.clone());
            if !tag.value.is_empty() {
                query = query.push(" AND t.value = ").value(tag.value.clone());
            }
            query = query.push(")");
        }
        query
    }
}

/// Adds a workspace and its wrapped key. `Error::is_taken("workspaces")` when the organization has one of that name.
pub async fn insert(tx: &mut Tx, workspace: &Workspace, wrapped_key: &[u8]) -> Result<()> {
    tx.query(
        "INSERT INTO workspaces (id, organization_id, project_id, name, description, execution_mode, engine, terraform_version,
         working_directory, auto_apply, plan_limit, tag_list, state_sequence, fence, created_at, updated_at, version, agent_pool_id, image)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '[]', 0, 0, $12, $12, 0, $13, $14)",
    )
    .bind(workspace.id.as_str())
    .bind(workspace.organization_id.as_str())
    .bind(workspace.project_id.as_str())
    .bind(workspace.name.as_str())
    .bind(workspace.description.as_str())
    .bind(workspace.execution_mode.as_str())
    .bind(workspace.engine.as_str())
    .bind(workspace.terraform_version.as_str())
    .bind(workspace.working_directory.as_str())
    .bind(workspace.auto_apply)
    .bind(workspace.plan_limit)
    .bind(workspace.created_at.micros())
    .bind(workspace.agent_pool_id.as_deref())
    .bind(workspace.image.as_str())
    .run()
    .await?;
    tx.query("INSERT INTO data_keys (workspace_id, organization_id, wrapped, created_at) VALUES ($1, $2, $3, $4)")
        .bind(workspace.id.as_str())
        .bind(workspace.organization_id.as_str())
        .bind(wrapped_key)
        .bind(workspace.created_at.micros())
        .run()
        .await
        .map(drop)
}

/// The sealed data key of a workspace.
pub async fn find_key(tx: &mut Tx, id: &WorkspaceId) -> Result<Option<Vec<u8>>> {
    let row: Option<(Vec<u8>,)> =
        tx.query("SELECT wrapped FROM data_keys WHERE workspace_id = $1").bind(id.as_str()).optional().await?;
    Ok(row.map(|(wrapped,)| wrapped))
}

/// Saves a workspace's settings. The workspace is held. `Error::is_taken("workspaces")` when the new name is in use.
pub async fn update(tx: &mut Tx, workspace: &Workspace, now: Time) -> Result<()> {
    tx.query(
        "UPDATE workspaces SET project_id = $1, name = $2, description = $3, execution_mode = $4, engine = $5, terraform_version = $6,
         working_directory = $7, auto_apply = $8, plan_limit = $9, updated_at = $10, agent_pool_id = $11, image = $12, version = version + 1 WHERE id = $13",
    )
    .bind(workspace.project_id.as_str())
    .bind(workspace.name.as_str())
    .bind(workspace.description.as_str())
    .bind(workspace.execution_mode.as_str())
    .bind(workspace.engine.as_str())
    .bind(workspace.terraform_version.as_str())
    .bind(workspace.working_directory.as_str())
    .bind(workspace.auto_apply)
    .bind(workspace.plan_limit)
    .bind(now.micros())
    .bind(workspace.agent_pool_id.as_deref())
    .bind(workspace.image.as_str())
    .bind(workspace.id.as_str())
    .save()
    .await
}

/// Gives a workspace these tags and no others.
pub async fn put_tags(tx: &mut Tx, workspace: &Workspace, tags: &[Tag]) -> Result<()> {
    tx.query("DELETE FROM tags WHERE workspace_id = $1").bind(workspace.id.as_str()).run().await?;
    for (position, tag) in (0i64..).zip(tags) {
        tx.query("INSERT INTO tags (workspace_id, organization_id, key, value, position) VALUES ($1, $2, $3, $4, $5)")
            .bind(workspace.id.as_str())
            .bind(workspace.organization_id.as_str())
            .bind(tag.key.as_str())
            .bind(tag.value.as_str())
            .bind(position)
            .run()
            .await?;
    }
    let pairs: Vec<(&str, &str)> = tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())).collect();
    let list = serde_json::to_string(&pairs).map_err(|e| Error::inconsistent("tags", e))?;
    tx.query("UPDATE workspaces SET tag_list = $1 WHERE id = $2").bind(list).bind(workspace.id.as_str()).save().await
}

/// Locks a workspace that is held and unlocked. `info` is what a `backend "http"` sent.
pub async fn lock(tx: &mut Tx, id: &WorkspaceId, lock: &Lock, info: Option<&str>) -> Result<()> {
    let (kind, user, run, client): (_, Option<&UserId>, Option<&RunId>, Option<&str>) = match &lock.holder {
        Holder::Run(run) => ("run", None, Some(run), None),
        Holder::Client { door, user, id } => (door.as_str(), Some(user), None, id.as_deref()),
    };
    tx.query(
        "UPDATE workspaces SET lock_kind = $1, lock_user_id = $2, lock_run_id = $3, lock_client_id = $4, lock_info = $5, lock_reason = $6,
         locked_at = $7, version = version + 1 WHERE id = $8 AND lock_kind IS NULL",
    )
    .bind(kind)
    .bind(user.map(UserId::as_str))
    .bind(run.map(RunId::as_str))
    .bind(client)
    .bind(info)
    .bind(lock.reason.as_str())
    .bind(lock.since.micros())
    .bind(id.as_str())
    .save()
    .await
}

/// Unlocks a workspace that is held.
pub async fn unlock(tx: &mut Tx, id: &WorkspaceId) -> Result<()> {
    tx.query(
        "UPDATE workspaces SET lock_kind = NULL, lock_user_id = NULL, lock_run_id = NULL, lock_client_id = NULL, lock_info = NULL,
         lock_reason = NULL, locked_at = NULL, version = version + 1 WHERE id = $1",
    )
    .bind(id.as_str())
    .save()
    .await
}

/// Says which run has the workspace for itself, if any. The workspace is held.
pub async fn set_current_run(tx: &mut Tx, id: &WorkspaceId, run: Option<&RunId>) -> Result<()> {
    tx.query("UPDATE workspaces SET current_run_id = $1, version = version + 1 WHERE id = $2")
        .bind(run.map(RunId::as_str))
        .bind(id.as_str())
        .save()
        .await
}

/// Says which state is current, if the one that was read still is: compare and swap.
pub async fn set_current_state(
    tx: &mut Tx,
    id: &WorkspaceId,
    state: &StateVersion,
    from_sequence: i64,
    now: Time,
) -> Result<()> {
    tx.query(
        "UPDATE workspaces SET current_state_id = $1, state_serial = $2, state_lineage = $3, state_md5 = $4,
         state_sequence = state_sequence + 1, updated_at = $5, version = version + 1 WHERE id = $6 AND state_sequence = $7",
    )
    .bind(state.id.as_str())
    .bind(state.serial)
    .bind(state.lineage.as_str())
    .bind(state.md5.as_str())
    .bind(now.micros())
    .bind(id.as_str())
    .bind(from_sequence)
    .save()
    .await
}

/// Says that there is no state any more; the sequence goes on.
pub async fn clear_current_state(tx: &mut Tx, id: &WorkspaceId, now: Time) -> Result<()> {
    tx.query(
        "UPDATE workspaces SET current_state_id = NULL, state_serial = NULL, state_lineage = NULL, state_md5 = NULL,
         state_sequence = state_sequence + 1, updated_at = $1, version = version + 1 WHERE id = $2",
    )
    .bind(now.micros())
    .bind(id.as_str())
    .save()
    .await
}

/// Takes the next fencing token of a workspace that is held.
pub async fn set_fence(tx: &mut Tx, id: &WorkspaceId, fence: i64) -> Result<()> {
    tx.query("UPDATE workspaces SET fence = $1 WHERE id = $2 AND fence < $1").bind(fence).bind(id.as_str()).save().await
}

/// Marks a workspace as deleted: it is found no more, and its name is free.
pub async fn delete(tx: &mut Tx, id: &WorkspaceId, now: Time) -> Result<()> {
    tx.query("UPDATE workspaces SET deleted_at = $1, version = version + 1 WHERE id = $2 AND deleted_at IS NULL")
        .bind(now.micros())
        .bind(id.as_str())
        .save()
        .await
}

/// How many workspaces a project has.
pub async fn count_in_project(tx: &mut Tx, project: &ProjectId) -> Result<i64> {
    let row: Option<(i64,)> = tx
        .query("SELECT count(*) FROM workspaces WHERE project_id = $1 AND deleted_at IS NULL")
        .bind(project.as_str())
        .optional()
        .await?;
    Ok(row.map_or(0, |(n,)| n))
}

/// Whether an organization has a workspace with this id.
pub async fn is_of(tx: &mut Tx, organization: &OrganizationId, id: &str) -> Result<bool> {
    let row: Option<(String,)> = tx
        .query("SELECT id FROM workspaces WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL")
        .bind(organization.as_str())
        .bind(id)
        .optional()
        .await?;
    Ok(row.is_some())
}

/// Lets workspaces that were deleted no longer point at a pool.
pub async fn forget_pool(tx: &mut Tx, pool: &AgentPoolId) -> Result<()> {
    tx.query("UPDATE workspaces SET agent_pool_id = NULL WHERE agent_pool_id = $1 AND deleted_at IS NOT NULL")
        .bind(pool.as_str())
        .run()
        .await
        .map(drop)
}
