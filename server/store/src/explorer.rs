//! The explorer's views: what an organization has, filtered and sorted by any of their fields.

use crate::{
    Result, Tx,
    query::{Query, containing},
    search::Due,
};
use domain::{
    explorer::{Field, Filter, Kind, Operator, View, Wanted},
    id::{OrganizationId, WorkspaceId},
};
use sqlx::FromRow;

/// A row of the view of workspaces.
#[derive(Debug, Clone, FromRow)]
pub struct WorkspaceRow {
    /// Its id.
    pub external_id: String,
    /// Its name.
    pub workspace_name: String,
    /// The name of its organization.
    pub organization_name: String,
    /// The id of its project.
    pub project_external_id: String,
    /// The name of its project.
    pub project_name: String,
    /// The version that it wants.
    pub workspace_terraform_version: String,
    /// The version that wrote its current state; empty without one.
    pub state_version_terraform_version: String,
    /// Since when it is there, in microseconds.
    pub workspace_created_at: i64,
    /// When it last changed, in microseconds.
    pub workspace_updated_at: i64,
    /// Its newest run; empty without one.
    pub current_run_external_id: String,
    /// How that run is.
    pub current_run_status: String,
    /// When that run was applied, in microseconds.
    pub current_run_applied_at: Option<i64>,
    /// How many modules its state names.
    pub module_count: i64,
    /// Their names.
    pub modules: String,
    /// How many providers its state names.
    pub provider_count: i64,
    /// Their names.
    pub providers: String,
    /// Its tags.
    pub tags: String,
}

/// What some workspaces have in common: a provider, a module or the version of an engine.
#[derive(Debug, Clone, FromRow)]
pub struct UseRow {
    /// Its name; empty for the version of an engine.
    pub name: String,
    /// Where it comes from, if that is known.
    pub source: String,
    /// Its version, if that is known.
    pub version: String,
    /// How many workspaces.
    pub workspace_count: i64,
    /// Their names.
    pub workspaces: String,
}

/// The rows of a view.
#[derive(Debug, Clone)]
pub enum Rows {
    /// Of workspaces.
    Workspaces(Vec<WorkspaceRow>),
    /// Of what they have in common.
    Uses(Vec<UseRow>),
}

impl Rows {
    /// How many.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Workspaces(rows) => rows.len(),
            Self::Uses(rows) => rows.len(),
        }
    }
}

macro_rules! used {
    ($kind:literal, $count:literal, $names:literal) => {
        concat!(
            "(SELECT count(*) FROM workspace_uses u WHERE u.workspace_id = w.id AND u.kind = '", $kind, "') AS ", $count, ",
             COALESCE((SELECT string_agg(u.name, ',' ORDER BY u.name) FROM workspace_uses u WHERE u.workspace_id = w.id AND u.kind = '",
            $kind, "'), '') AS ", $names
        )
    };
}

/// What was never looked at here is neither failed nor drifted.
const WORKSPACES: &str = concat!(
    "SELECT w.id AS external_id, w.name AS workspace_name, o.name AS organization_name, p.id AS project_external_id, p.name AS project_name,
     w.terraform_version AS workspace_terraform_version, COALESCE(s.terraform_version, '') AS state_version_terraform_version,
     w.created_at AS workspace_created_at, w.updated_at AS workspace_updated_at,
     COALESCE(r.id, '') AS current_run_external_id, COALESCE(r.status, '') AS current_run_status,
     CASE WHEN r.status = 'applied' THEN a.finished_at END AS current_run_applied_at, ",
    used!("module", "module_count", "modules"),
    ", ",
    used!("provider", "provider_count", "providers"),
    ", COALESCE((SELECT string_agg(CASE WHEN t.value = '' THEN t.key ELSE t.key || ':' || t.value END, ',' ORDER BY t.position)
     FROM tags t WHERE t.workspace_id = w.id), '') AS tags,
     TRUE AS all_checks_succeeded, FALSE AS drifted, '' AS vcs_repo_identifier, CAST(0 AS BIGINT) AS checks_errored, CAST(0 AS BIGINT) AS checks_failed,
     CAST(0 AS BIGINT) AS checks_passed, CAST(0 AS BIGINT) AS checks_unknown, CAST(0 AS BIGINT) AS resources_drifted,
     CAST(0 AS BIGINT) AS resources_undrifted
     FROM workspaces w JOIN organizations o ON o.id = w.organization_id JOIN projects p ON p.id = w.project_id
     LEFT JOIN state_versions s ON s.id = w.current_state_id
     LEFT JOIN runs r ON r.id = (
         SELECT n.id FROM runs n WHERE n.workspace_id = w.id ORDER BY n.created_at DESC, n.id DESC LIMIT 1
     )
     LEFT JOIN phases a ON a.run_id = r.id AND a.kind = 'apply'
     WHERE w.deleted_at IS NULL AND w.module_id IS NULL AND w.organization_id = "
);
const VERSIONS: &str = "SELECT '' AS name, '' AS source, s.terraform_version AS version, count(*) AS workspace_count,
     string_agg(w.name, ',' ORDER BY w.name) AS workspaces
     FROM workspaces w JOIN state_versions s ON s.id = w.current_state_id
     WHERE w.deleted_at IS NULL AND w.module_id IS NULL AND s.terraform_version <> '' AND w.organization_id = ";

macro_rules! uses {
    ($kind:literal) => {
        concat!(
            "SELECT u.name, u.source, u.version, count(*) AS workspace_count, string_agg(w.name, ',' ORDER BY w.name) AS workspaces
             FROM workspace_uses u JOIN workspaces w ON w.id = u.workspace_id
             WHERE w.deleted_at IS NULL AND w.module_id IS NULL AND u.kind = '", $kind, "' AND u.organization_id = "
        )
    };
}

fn from<'t>(query: Query<'t>, organization: &OrganizationId, view: View, filters: &[Filter]) -> Query<'t> {
    let (text, end) = match view {
        View::Workspaces => (WORKSPACES, ") v"),
        View::TfVersions => (VERSIONS, " GROUP BY s.terraform_version) v"),
        View::Providers => (uses!("provider"), " GROUP BY u.name, u.source, u.version) v"),
        View::Modules => (uses!("module"), " GROUP BY u.name, u.source, u.version) v"),
    };
    let mut query = query.push(text).value(organization.as_str().to_owned()).push(end);
    for (number, filter) in filters.iter().enumerate() {
        query = narrow(query.push(if number == 0 { " WHERE " } else { " AND " }), filter);
    }
    query
}

fn wanted<'t>(query: Query<'t>, wanted: &Wanted) -> Query<'t> {
    match wanted {
        Wanted::Nothing => query,
        Wanted::Text(text) => query.value(text.clone()),
        Wanted::Number(number) => query.value(*number),
        Wanted::Boolean(yes) => query.value(*yes),
    }
}

fn narrow<'t>(query: Query<'t>, filter: &Filter) -> Query<'t> {
    let name = filter.field.name;
    let compared = |query: Query<'t>, with: &'static str| wanted(query.push(name).push(with), &filter.wanted);
    let part = |query: Query<'t>, with: &'static str| {
        let Wanted::Text(text) = &filter.wanted else { return query };
        let pattern = containing(text);
        query.push("lower(").push(name).push(with).value(pattern).push(") ESCAPE '\\'")
    };
    let is_text = filter.field.kind == Kind::Text;
    match filter.operator {
        Operator::Is => compared(query, " = "),
        Operator::IsNot => compared(query.push("(").push(name).push(" IS NULL OR "), " <> ").push(")"),
        Operator::Contains => part(query, ") LIKE lower("),
        Operator::DoesNotContain => part(query, ") NOT LIKE lower("),
        Operator::IsEmpty => query.push(name).push(if is_text { " = ''" } else { " IS NULL" }),
        Operator::IsNotEmpty => query.push(name).push(if is_text { " <> ''" } else { " IS NOT NULL" }),
        Operator::More => compared(query, " > "),
        Operator::Less => compared(query, " < "),
        Operator::AtLeast => compared(query, " >= "),
        Operator::AtMost => compared(query, " <= "),
    }
}

/// A page of a view's rows that pass all filters, by a field, downwards if `down`.
pub async fn list_rows(
    tx: &mut Tx,
    organization: &OrganizationId,
    view: View,
    filters: &[Filter],
    (sort, down): (Field, bool),
    limit: i64,
    offset: i64,
) -> Result<Rows> {
    let query = tx.query(match view {
        View::Workspaces => {
            "SELECT external_id, workspace_name, organization_name, project_external_id, project_name, workspace_terraform_version,
             state_version_terraform_version, workspace_created_at, workspace_updated_at, current_run_external_id, current_run_status,
             current_run_applied_at, module_count, modules, provider_count, providers, tags FROM ("
        }
        _ => "SELECT name, source, version, workspace_count, workspaces FROM (",
    });
    let end = if view == View::Workspaces { ", external_id LIMIT " } else { ", name, source, version LIMIT " };
    let query = from(query, organization, view, filters)
        .push(" ORDER BY ")
        .push(sort.name)
        .push(if down { " DESC NULLS LAST" } else { " NULLS LAST" })
        .push(end)
        .value(limit)
        .push(" OFFSET ")
        .value(offset);
    Ok(match view {
        View::Workspaces => Rows::Workspaces(query.all().await?),
        _ => Rows::Uses(query.all().await?),
    })
}

/// How many rows of a view pass all filters.
pub async fn count_rows(tx: &mut Tx, organization: &OrganizationId, view: View, filters: &[Filter]) -> Result<i64> {
    from(tx.query("SELECT count(*) FROM ("), organization, view, filters).count().await
}

/// A provider or module that a workspace uses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, FromRow)]
pub struct Use {
    /// `provider` or `module`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Where it comes from, if that is known.
    pub source: String,
    /// Its version, if that is known.
    pub version: String,
}

/// The providers and modules that the instances of a workspace name, as they name them.
pub async fn list_named(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<(String, String)>> {
    tx.query("SELECT DISTINCT provider, module FROM state_resources WHERE workspace_id = $1 AND to_sequence IS NULL")
        .bind(workspace.as_str())
        .all()
        .await
}

/// What a workspace is known to use, in order.
pub async fn list_uses(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Vec<Use>> {
    let mut uses: Vec<Use> = tx
        .query("SELECT kind, name, source, version FROM workspace_uses WHERE workspace_id = $1")
        .bind(workspace.as_str())
        .all()
        .await?;
    uses.sort();
    Ok(uses)
}

/// Says that a workspace uses these and no others.
pub async fn put_uses(tx: &mut Tx, due: &Due, uses: &[Use]) -> Result<()> {
    tx.query("DELETE FROM workspace_uses WHERE workspace_id = $1").bind(due.id.as_str()).run().await?;
    for few in uses.chunks(100) {
        let mut query =
            tx.query("INSERT INTO workspace_uses (workspace_id, organization_id, kind, name, source, version) VALUES ");
        for (i, one) in few.iter().enumerate() {
            let (id, organization) = (due.id.as_str(), due.organization_id.as_str());
            query = query
                .push(if i == 0 { "(" } else { ", (" })
                .list([id, organization, &one.kind, &one.name, &one.source, &one.version])
                .push(")");
        }
        query.run().await?;
    }
    Ok(())
}
