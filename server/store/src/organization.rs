//! Tenants, their members and their projects.

use crate::{Result, Tx};
use domain::{
    id::{OrganizationId, ProjectId, UserId},
    permission::Role,
    time::Time,
};
use sqlx::FromRow;

/// A tenant, as one caller sees it.
#[derive(Debug, Clone, FromRow)]
pub struct Organization {
    /// Which; its name may change, this may not.
    #[sqlx(try_from = "String")]
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Where mail goes.
    pub email: String,
    /// How many phases may run at once, where it has a number of its own.
    pub run_limit: Option<i64>,
    /// Its part of the runners, in proportion to the others'.
    pub run_weight: i64,
    /// The image that its runs want, where they are executed in containers; empty for that of the site.
    pub image: String,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
    /// The role of the caller, if they have one.
    pub role: Option<String>,
}

/// A group of workspaces.
#[derive(Debug, Clone, FromRow)]
pub struct Project {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether it takes the workspaces that name none.
    pub is_default: bool,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
}

/// A member and their role.
#[derive(Debug, Clone, FromRow)]
pub struct Member {
    /// Who.
    #[sqlx(try_from = "String")]
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: String,
}

/// Adds a tenant. `Error::is_taken("organizations")` when the name is in use.
pub async fn insert(tx: &mut Tx, organization: &Organization) -> Result<()> {
    tx.query(
        "INSERT INTO organizations (id, name, email, run_limit, run_weight, image, created_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0)",
    )
    .bind(organization.id.as_str())
    .bind(organization.name.as_str())
    .bind(organization.email.as_str())
    .bind(organization.run_limit)
    .bind(organization.run_weight)
    .bind(organization.image.as_str())
    .bind(organization.created_at.micros())
    .run()
    .await
    .map(drop)
}

/// The tenant with this name, and the role of `user` in it.
pub async fn find_by_name(tx: &mut Tx, name: &str, user: &str) -> Result<Option<Organization>> {
    tx.query(
        "SELECT o.id, o.name, o.email, o.run_limit, o.run_weight, o.image, o.created_at, m.role FROM organizations o
         LEFT JOIN memberships m ON m.organization_id = o.id AND m.user_id = $2 WHERE o.name = $1",
    )
    .bind(name)
    .bind(user)
    .optional()
    .await
}

/// The tenants that `user` is a member of, or all, by name; at most a thousand.
pub async fn list(tx: &mut Tx, user: &str, all: bool) -> Result<Vec<Organization>> {
    tx.query(
        "SELECT o.id, o.name, o.email, o.run_limit, o.run_weight, o.image, o.created_at, m.role FROM organizations o
         LEFT JOIN memberships m ON m.organization_id = o.id AND m.user_id = $1
         WHERE $2 OR m.role IS NOT NULL ORDER BY o.name, o.id LIMIT 1000",
    )
    .bind(user)
    .bind(all)
    .all()
    .await
}

/// Holds an organization until the transaction ends: who comes second waits here.
pub async fn hold(tx: &mut Tx, id: &OrganizationId) -> Result<()> {
    let query = tx.query("SELECT id FROM organizations WHERE id = $1").bind(id.as_str());
    query.held().optional::<(String,)>().await.map(drop)
}

/// Saves an organization's address and image.
pub async fn update(tx: &mut Tx, organization: &Organization) -> Result<()> {
    tx.query("UPDATE organizations SET email = $1, image = $2, version = version + 1 WHERE id = $3")
        .bind(organization.email.as_str())
        .bind(organization.image.as_str())
        .bind(organization.id.as_str())
        .save()
        .await
}

/// Saves how many phases may run at once, and its part of the runners.
pub async fn set_share(tx: &mut Tx, id: &OrganizationId, run_limit: Option<i64>, run_weight: i64) -> Result<()> {
    tx.query("UPDATE organizations SET run_limit = $1, run_weight = $2, version = version + 1 WHERE id = $3")
        .bind(run_limit)
        .bind(run_weight)
        .bind(id.as_str())
        .save()
        .await
}

/// Gives `user` a role, or another one.
pub async fn put_member(
    tx: &mut Tx,
    organization: &OrganizationId,
    user: &UserId,
    role: Role,
    now: Time,
) -> Result<()> {
    tx.query(
        "INSERT INTO memberships (organization_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (organization_id, user_id) DO UPDATE SET role = excluded.role",
    )
    .bind(organization.as_str())
    .bind(user.as_str())
    .bind(role.as_str())
    .bind(now.micros())
    .run()
    .await
    .map(drop)
}

/// Takes a member out. How many were: none, or one.
pub async fn delete_member(tx: &mut Tx, organization: &OrganizationId, user: &UserId) -> Result<u64> {
    tx.query("DELETE FROM memberships WHERE organization_id = $1 AND user_id = $2")
        .bind(organization.as_str())
        .bind(user.as_str())
        .run()
        .await
}

/// The members, by name; at most a thousand.
pub async fn list_members(tx: &mut Tx, organization: &OrganizationId) -> Result<Vec<Member>> {
    tx.query(
        "SELECT m.user_id, u.name, m.role FROM memberships m JOIN users u ON u.id = m.user_id
         WHERE m.organization_id = $1 ORDER BY u.name, u.id LIMIT 1000",
    )
    .bind(organization.as_str())
    .all()
    .await
}

/// Adds a project. `Error::is_taken("projects")` when the organization has one of that name.
pub async fn insert_project(tx: &mut Tx, organization: &OrganizationId, project: &Project) -> Result<()> {
    tx.query(
        "INSERT INTO projects (id, organization_id, name, description, is_default, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(project.id.as_str())
    .bind(organization.as_str())
    .bind(project.name.as_str())
    .bind(project.description.as_str())
    .bind(project.is_default)
    .bind(project.created_at.micros())
    .run()
    .await
    .map(drop)
}

/// The projects, by name; at most a thousand.
pub async fn list_projects(tx: &mut Tx, organization: &OrganizationId) -> Result<Vec<Project>> {
    tx.query(
        "SELECT id, name, description, is_default, created_at FROM projects WHERE organization_id = $1
         ORDER BY name, id LIMIT 1000",
    )
    .bind(organization.as_str())
    .all()
    .await
}

/// The project that takes the workspaces that name none.
pub async fn default_project(tx: &mut Tx, organization: &OrganizationId) -> Result<Option<Project>> {
    tx.query(
        "SELECT id, name, description, is_default, created_at FROM projects WHERE organization_id = $1 AND is_default",
    )
    .bind(organization.as_str())
    .optional()
    .await
}

/// A project, the name of its organization and the role of `user` there.
pub async fn find_project(
    tx: &mut Tx,
    id: &ProjectId,
    user: &str,
) -> Result<Option<(Project, String, Option<String>)>> {
    let owner: Option<(String, Option<String>)> = tx
        .query(
            "SELECT o.name, m.role FROM projects p JOIN organizations o ON o.id = p.organization_id
             LEFT JOIN memberships m ON m.organization_id = o.id AND m.user_id = $2 WHERE p.id = $1",
        )
        .bind(id.as_str())
        .bind(user)
        .optional()
        .await?;
    let Some((organization, role)) = owner else { return Ok(None) };
    let project: Option<Project> = tx
        .query("SELECT id, name, description, is_default, created_at FROM projects WHERE id = $1")
        .bind(id.as_str())
        .optional()
        .await?;
    Ok(project.map(|project| (project, organization, role)))
}

/// How many phases of the organization wait and how many run.
pub async fn capacity(tx: &mut Tx, organization: &OrganizationId) -> Result<(i64, i64)> {
    let row: Option<(i64, i64)> = tx
        .query(
            "SELECT (SELECT count(*) FROM runs WHERE organization_id = $1 AND NOT final AND status IN ('pending', 'plan_queued', 'apply_queued')),
                    (SELECT count(*) FROM phases WHERE organization_id = $1 AND status = 'running')",
        )
        .bind(organization.as_str())
        .optional()
        .await?;
    Ok(row.unwrap_or_default())
}

/// Whether an organization has a project with this id.
pub async fn has_project(tx: &mut Tx, organization: &OrganizationId, id: &str) -> Result<bool> {
    let row: Option<(String,)> = tx
        .query("SELECT id FROM projects WHERE organization_id = $1 AND id = $2")
        .bind(organization.as_str())
        .bind(id)
        .optional()
        .await?;
    Ok(row.is_some())
}
