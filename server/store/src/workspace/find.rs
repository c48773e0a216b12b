//! Find workspaces: one, to read it or to hold it, and those of an organization.

use super::Workspace;
use crate::{Result, Tx, query::containing};
use domain::{
    id::{ModuleId, OrganizationId, ProjectId, WorkspaceId},
    tag::Tag,
};
use sqlx::FromRow;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT w.id, w.organization_id, o.name AS organization_name, w.project_id, w.name, w.description, w.execution_mode, w.agent_pool_id,
             (SELECT k.ssh_key_id FROM workspace_ssh_keys k WHERE k.workspace_id = w.id) AS ssh_key_id, w.engine,
             w.terraform_version, w.image, o.image AS organization_image, w.working_directory, w.auto_apply, w.plan_limit, w.global_remote_state, w.tag_list, w.lock_kind,
             w.lock_user_id, w.lock_run_id, w.lock_client_id, w.lock_info, w.lock_reason, w.locked_at, w.current_run_id, w.current_state_id,
             w.state_serial, w.state_lineage, w.state_md5, w.state_sequence, w.fence, w.created_at, w.updated_at, w.module_id, m.role
             FROM workspaces w JOIN organizations o ON o.id = w.organization_id
             LEFT JOIN memberships m ON m.organization_id = w.organization_id AND m.user_id = $1 ",
            $rest
        )
    };
}
pub(super) use select;

/// The workspace of this name, and the role of `user`. That of a module has no name to anybody.
pub async fn find_by_name(tx: &mut Tx, organization: &str, name: &str, user: &str) -> Result<Option<Workspace>> {
    tx.query(select!("WHERE o.name = $2 AND w.name = $3 AND w.deleted_at IS NULL AND w.module_id IS NULL"))
        .bind(user)
        .bind(organization)
        .bind(name)
        .optional()
        .await
}

/// The workspace, be it that of a module, and the role of `user`.
pub async fn find(tx: &mut Tx, id: &WorkspaceId, user: &str) -> Result<Option<Workspace>> {
    tx.query(select!("WHERE w.id = $2 AND w.deleted_at IS NULL")).bind(user).bind(id.as_str()).optional().await
}

/// The workspace that the tests of a module have, once it was tested.
pub async fn find_of_module(tx: &mut Tx, module: &ModuleId) -> Result<Option<Workspace>> {
    tx.query(select!("WHERE w.module_id = $2 AND w.deleted_at IS NULL")).bind("").bind(module.as_str()).optional().await
}

/// These workspaces, but for those of modules, in no order, and the role of `user`.
pub async fn list_by_id(tx: &mut Tx, ids: &[&str], user: &str) -> Result<Vec<Workspace>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.query(select!("WHERE w.deleted_at IS NULL AND w.module_id IS NULL AND w.id IN ("))
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

/// The names of an organization's listed workspaces, without reading them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Listing {
    /// It grows whenever one of them comes, goes or changes: what was read at one version is true as long as this is the version.
    #[sqlx(rename = "listing_version")]
    pub version: i64,
    /// How many there are.
    #[sqlx(rename = "workspace_count")]
    pub count: i64,
}

/// How the names of an organization's listed workspaces are at this moment.
pub async fn find_listing(tx: &mut Tx, organization: &OrganizationId) -> Result<Option<Listing>> {
    tx.query("SELECT listing_version, workspace_count FROM organizations WHERE id = $1")
        .bind(organization.as_str())
        .optional()
        .await
}

/// The ids and names of an organization's listed workspaces, by name: all of them, so that the caller looks first how many there are.
pub async fn list_names(tx: &mut Tx, organization: &OrganizationId) -> Result<Vec<(String, String)>> {
    tx.query(
        "SELECT id, name FROM workspaces WHERE deleted_at IS NULL AND module_id IS NULL AND organization_id = $1 ORDER BY name, id",
    )
    .bind(organization.as_str())
    .all()
    .await
}

/// A page of workspaces by name, and how many there are in all; none is that of a module.
pub async fn list(
    tx: &mut Tx,
    organization: &OrganizationId,
    user: &str,
    filter: &Filter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Workspace>, i64)> {
    let ignoring_case = if tx.has_other_writers() { " AND w.name ILIKE " } else { " AND w.name LIKE " };
    let query = tx.query(select!("")).bind(user);
    let query = filter.narrow(query, organization, ignoring_case);
    let page: Vec<Workspace> =
        query.push(" ORDER BY w.name, w.id LIMIT ").value(limit).push(" OFFSET ").value(offset).all().await?;
    let shown = i64::try_from(page.len()).unwrap_or(i64::MAX);
    // The last page tells how many there are.
    if shown < limit && (shown > 0 || offset == 0) {
        return Ok((page, offset + shown));
    }
    let total = if filter.is_any() {
        find_listing(tx, organization).await?.map_or(0, |listing| listing.count)
    } else {
        let query = tx.query("SELECT count(*) FROM workspaces w ");
        filter.narrow(query, organization, ignoring_case).count().await?
    };
    Ok((page, total))
}

impl Filter {
    /// The part of a name, where that is all that is asked for.
    pub fn only_name(&self) -> Option<&str> {
        self.search.as_deref().filter(|_| self.project.is_none() && self.tags.is_empty())
    }

    /// Whether it lets every workspace through.
    fn is_any(&self) -> bool {
        self.search.is_none() && self.project.is_none() && self.tags.is_empty()
    }

    /// Names are of ASCII: SQLite's LIKE ignores their case as ILIKE does, and is quicker than a function over each.
    fn narrow<'t>(
        &self,
        query: crate::query::Query<'t>,
        organization: &OrganizationId,
        ignoring_case: &'static str,
    ) -> crate::query::Query<'t> {
        let mut query = query
            .push("WHERE w.deleted_at IS NULL AND w.module_id IS NULL AND w.organization_id = ")
            .value(organization.as_str().to_owned());
        if let Some(search) = &self.search {
            let pattern = containing(search);
            query = query.push(ignoring_case).value(pattern).push(" ESCAPE '\\'");
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

/// How many workspaces a project has, without those of modules.
pub async fn count_in_project(tx: &mut Tx, project: &ProjectId) -> Result<i64> {
    tx.query("SELECT count(*) FROM workspaces WHERE project_id = $1 AND deleted_at IS NULL AND module_id IS NULL")
        .bind(project.as_str())
        .count()
        .await
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
