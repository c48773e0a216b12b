//! Organizations and projects.

use crate::{
    error::Failure,
    jsonapi::{Body, Document, List, Query, Resource},
    run,
};
use app::{
    App, Caller, Error, OrganizationChange,
    model::{Organization, Project},
};
use axum::extract::{Path, State};
use domain::{
    id::ProjectId,
    permission::{Permission, Role, allows},
};
use http_doors::Authenticated;
use serde_json::json;

fn resource(organization: &Organization, caller: &Caller) -> Resource {
    let role =
        if caller.is_site_admin() { Some(Role::Owner) } else { organization.role.as_deref().and_then(Role::parse) };
    let can = |permission| role.is_some_and(|role| allows(role, permission));
    let attributes = json!({
        "name": organization.name,
        "external-id": organization.id.as_str(),
        "email": organization.email,
        "created-at": organization.created_at.rfc3339(),
        "default-execution-mode": "remote",
        "run-limit": organization.run_limit,
        "run-weight": organization.run_weight,
        "execution-image": organization.image,
        "cost-estimation-enabled": false,
        "permissions": {
            "can-update": can(Permission::ManageOrganization),
            "can-destroy": false,
            "can-create-workspace": can(Permission::CreateWorkspace),
            "can-create-project": can(Permission::ManageProjects),
            "can-traverse": can(Permission::Read),
        },
    });
    // Clients take the name for the id (client contract 4, rule 2).
    Resource::new("organizations", &organization.name, attributes)
}

fn project_resource(project: &Project, organization: &str) -> Resource {
    let attributes = json!({
        "name": project.name,
        "description": project.description,
        "is-default": project.is_default,
        "created-at": project.created_at.rfc3339(),
    });
    Resource::new("projects", &project.id, attributes).one("organization", "organizations", Some(organization))
}

/// `GET organizations`
pub(crate) async fn list(State(app): State<App>, Authenticated(caller): Authenticated) -> Result<List, Failure> {
    let organizations = app.list_organizations(&caller).await?;
    Ok(List::all(organizations.iter().map(|o| resource(o, &caller)).collect()))
}

/// `POST organizations`: for a site admin.
pub(crate) async fn create(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    body: Body,
) -> Result<Document, Failure> {
    body.about("organizations")?;
    let user = caller.user()?;
    if !user.site_admin {
        return Err(Error::Forbidden("only a site admin creates organizations".into()).into());
    }
    let (name, email): (Option<String>, Option<String>) = (body.attribute("name")?, body.attribute("email")?);
    let organization =
        app.create_organization(Some(user), &name.unwrap_or_default(), &email.unwrap_or_default()).await?;
    Ok(Document::created(resource(&organization, &caller)))
}

/// `GET organizations/ORG`
pub(crate) async fn show(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
) -> Result<Document, Failure> {
    let organization = app.organization(&caller, &name, Permission::Read).await?;
    Ok(Document::new(resource(&organization, &caller)))
}

/// `PATCH organizations/ORG`: `email`, and `execution-image`, which workspaces without one of their own get.
pub(crate) async fn update(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    body.about("organizations")?;
    if body.attribute::<String>("name")?.is_some_and(|new| new != name) {
        return Err(Error::invalid("name", "Name of an organization can't be changed").into());
    }
    let change = OrganizationChange { email: body.attribute("email")?, image: body.attribute("execution-image")? };
    let organization = app.update_organization(&caller, &name, &change).await?;
    Ok(Document::new(resource(&organization, &caller)))
}

/// `GET organizations/ORG/capacity`
pub(crate) async fn capacity(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
) -> Result<Document, Failure> {
    let (organization, pending, running) = app.capacity(&caller, &name).await?;
    let attributes = json!({ "pending": pending, "running": running });
    Ok(Document::new(Resource::new("organization-capacity", &organization.id, attributes)))
}

/// `GET organizations/ORG/runs/queue`: everything that has not ended, in the order of the queue.
pub(crate) async fn queue(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
    query: Query,
) -> Result<List, Failure> {
    let page = query.page();
    let (open, total) = app.list_queue(&caller, &name, page.size, page.offset()).await?;
    Ok(List::page(run::resources(&app, &caller, &open).await?, page, total))
}

/// `GET organizations/ORG/projects`
pub(crate) async fn list_projects(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
    query: Query,
) -> Result<List, Failure> {
    let wanted: Vec<&str> = query.get("filter[names]").map(|names| names.split(',').collect()).unwrap_or_default();
    let search = query.get("q").unwrap_or_default().to_lowercase();
    let projects = app.list_projects(&caller, &name).await?;
    let found = projects.iter().filter(|project| {
        (wanted.is_empty() || wanted.contains(&project.name.as_str())) && project.name.to_lowercase().contains(&search)
    });
    Ok(List::all(found.map(|project| project_resource(project, &name)).collect()))
}

/// `POST organizations/ORG/projects`
pub(crate) async fn create_project(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    body.about("projects")?;
    let (name, description): (Option<String>, Option<String>) =
        (body.attribute("name")?, body.attribute("description")?);
    let project =
        app.create_project(&caller, &organization, &name.unwrap_or_default(), &description.unwrap_or_default()).await?;
    Ok(Document::created(project_resource(&project, &organization)))
}

/// `GET projects/ID`
pub(crate) async fn show_project(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Document, Failure> {
    let id: ProjectId = id.parse().map_err(|_| Error::not_found("that project"))?;
    let (project, organization) = app.project(&caller, &id).await?;
    Ok(Document::new(project_resource(&project, &organization)))
}
