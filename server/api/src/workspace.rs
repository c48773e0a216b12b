//! Workspaces: settings, lock, tags.

use crate::{
    error::Failure,
    jsonapi::{Body, Document, List, Query, Resource},
    run,
};
use app::{
    App, Caller, Error, Settings, Unlock, Which,
    model::{Filter, Workspace},
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::{
    id::WorkspaceId,
    lock::Holder,
    permission::{Permission, Role, allows},
    run::Status,
    tag::Tag,
};
use http_doors::Authenticated;
use serde_json::{Value, json};

/// The role that counts for this caller.
pub(crate) fn role(caller: &Caller, workspace: &Workspace) -> Option<Role> {
    if caller.is_site_admin() { Some(Role::Owner) } else { workspace.role.as_deref().and_then(Role::parse) }
}

pub(crate) fn resource(workspace: &Workspace, caller: &Caller) -> Result<Resource, Error> {
    let role = role(caller, workspace);
    let can = |permission| role.is_some_and(|role| allows(role, permission));
    let lock = workspace.lock().map_err(Error::from)?;
    let tags = workspace.tags();
    let names: Vec<&str> = tags.iter().map(|tag| tag.key.as_str()).collect();
    let attributes = json!({
        "name": workspace.name,
        "description": workspace.description,
        "execution-mode": workspace.execution_mode,
        "agent-pool-id": workspace.agent_pool_id,
        "operations": workspace.execution_mode != "local",
        "engine": workspace.engine,
        "terraform-version": workspace.terraform_version,
        "execution-image": workspace.image,
        "working-directory": workspace.working_directory,
        "auto-apply": workspace.auto_apply,
        "speculative-plan-limit": workspace.plan_limit,
        "allow-destroy-plan": true,
        "locked": lock.is_some(),
        "locked-reason": lock.as_ref().map(|lock| lock.reason.as_str()),
        "structured-run-output-enabled": true,
        "speculative-enabled": true,
        "queue-all-runs": false,
        "global-remote-state": workspace.global_remote_state,
        "source": "tfe-api",
        "tag-names": names,
        "vcs-repo": null,
        "created-at": workspace.created_at.rfc3339(),
        "updated-at": workspace.updated_at.rfc3339(),
        "permissions": {
            "can-update": can(Permission::UpdateWorkspace),
            "can-destroy": can(Permission::DeleteWorkspace),
            "can-force-delete": can(Permission::DeleteWorkspace),
            "can-lock": can(Permission::Lock),
            "can-unlock": can(Permission::Lock),
            "can-force-unlock": can(Permission::ForceUnlock),
            "can-queue-run": can(Permission::QueueRun),
            "can-queue-apply": can(Permission::ApplyRun),
            "can-queue-destroy": can(Permission::ApplyRun),
            "can-read-run": can(Permission::ReadRuns),
            "can-read-settings": can(Permission::Read),
            "can-read-variable": can(Permission::ReadVariables),
            "can-update-variable": can(Permission::WriteVariables),
            "can-read-state-versions": can(Permission::ReadState),
            "can-read-state-outputs": can(Permission::ReadState),
            "can-create-state-versions": can(Permission::WriteState),
            "can-manage-tags": can(Permission::UpdateWorkspace),
        },
        "actions": { "is-destroyable": true },
    });
    let (lock_kind, lock_id) = match lock.map(|lock| lock.holder) {
        Some(Holder::Run(run)) => ("runs", Some(run.to_string())),
        Some(Holder::Client { user, .. }) => ("users", Some(user.to_string())),
        None => ("users", None),
    };
    Ok(Resource::new("workspaces", &workspace.id, attributes)
        .one("organization", "organizations", Some(&workspace.organization_name))
        .one("project", "projects", Some(workspace.project_id.as_str()))
        .one("current-run", "runs", workspace.current_run_id.as_deref())
        .one("current-state-version", "state-versions", workspace.current_state_id.as_deref())
        .one("locked-by", lock_kind, lock_id.as_deref()))
}

/// A workspace as the wait loop of clients reads it: one that is locked, and whose current run is pending, was locked by hand to them (client
/// contract 9.7). So a run that has it, but is pending to clients since it waits for room, has not locked it yet.
async fn told(app: &App, workspace: &Workspace, caller: &Caller) -> Result<Resource, Failure> {
    let mut data = resource(workspace, caller)?;
    if let Some(Holder::Run(id)) = workspace.lock().map_err(Error::from)?.map(|lock| lock.holder)
        && let Ok(run) = app.run(caller, &id).await
    {
        let waiting = app.waiting(&run, workspace).await?;
        if run::status(&run, waiting.as_ref())? == Status::Pending {
            data.attributes["locked"] = false.into();
        }
    }
    Ok(data)
}

fn document(workspace: &Workspace, caller: &Caller) -> Result<Document, Failure> {
    Ok(linked(workspace, resource(workspace, caller)?))
}

/// A workspace by itself says more than one of many.
async fn shown(app: &App, caller: &Caller, workspace: &Workspace, query: &Query) -> Result<Document, Failure> {
    let data = told(app, workspace, caller).await?.one("ssh-key", "ssh-keys", workspace.ssh_key_id.as_deref());
    Ok(linked(workspace, data).including(included(app, caller, workspace, query).await?))
}

fn linked(workspace: &Workspace, data: Resource) -> Document {
    let organization = &workspace.organization_name;
    let links = json!({
        "self": format!("/api/v2/organizations/{organization}/workspaces/{}", workspace.name),
        "self-html": format!("/app/{organization}/workspaces/{}", workspace.name),
    });
    Document::new(data).links(links)
}

async fn included(app: &App, caller: &Caller, workspace: &Workspace, query: &Query) -> Result<Vec<Resource>, Error> {
    let mut included = Vec::new();
    if query.includes("current_run")
        && let Some(id) = workspace.current_run_id.as_deref().and_then(|id| id.parse().ok())
    {
        match app.run(caller, &id).await {
            Ok(run) => {
                let waiting = app.waiting(&run, workspace).await?;
                included.push(run::resource(app, caller, &run, workspace, waiting.as_ref())?);
            }
            // A run that may read the state of this workspace may not read its runs.
            Err(Error::NotFound(_) | Error::Forbidden(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(included)
}

pub(crate) fn parse_id(id: &str) -> Result<WorkspaceId, Error> {
    id.parse().map_err(|_| Error::not_found(format!("workspace {}", id.chars().take(80).collect::<String>())))
}

/// `GET organizations/ORG/workspaces`
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    query: Query,
) -> Result<List, Failure> {
    let mut tags: Vec<Tag> = query.tagged().into_iter().map(|(key, value)| Tag { key, value }).collect();
    for key in query.get("search[tags]").unwrap_or_default().split(',').filter(|key| !key.is_empty()) {
        tags.push(Tag { key: key.to_owned(), value: String::new() });
    }
    let filter = Filter {
        search: query.get("search[name]").map(ToOwned::to_owned),
        project: query.get("filter[project][id]").map(ToOwned::to_owned),
        tags,
    };
    let page = query.page();
    let (workspaces, total) = app.list_workspaces(&caller, &organization, &filter, page.size, page.offset()).await?;
    let mut more = Vec::new();
    let mut resources = Vec::with_capacity(workspaces.len());
    for workspace in &workspaces {
        resources.push(resource(workspace, &caller)?);
        more.extend(included(&app, &caller, workspace, &query).await?);
    }
    Ok(List::page(resources, page, total).including(more))
}

/// `POST organizations/ORG/workspaces`
pub(crate) async fn create(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    body.about("workspaces")?;
    let mut settings = settings(&body)?;
    let mut tags = Vec::new();
    for carried in body.carried("tag-bindings") {
        tags.push(tag(carried)?);
    }
    for carried in body.carried("tags") {
        tags.push(flat_tag(carried)?);
    }
    settings.tags = (!tags.is_empty()).then_some(tags);
    let workspace = app.create_workspace(&caller, &organization, &settings).await?;
    Ok(Document::created(resource(&workspace, &caller)?))
}

/// `GET organizations/ORG/workspaces/NAME`
pub(crate) async fn show_by_name(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, name)): Path<(String, String)>,
    query: Query,
) -> Result<Document, Failure> {
    let workspace = app.workspace(&caller, Which::Name(&organization, &name), Permission::Read).await?;
    shown(&app, &caller, &workspace, &query).await
}

/// `GET workspaces/ID`
pub(crate) async fn show(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    query: Query,
) -> Result<Document, Failure> {
    let workspace = app.workspace(&caller, Which::Id(&parse_id(&id)?), Permission::Read).await?;
    shown(&app, &caller, &workspace, &query).await
}

/// `PATCH workspaces/ID`
pub(crate) async fn update(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    body.about("workspaces")?;
    let workspace = app.update_workspace(&caller, &parse_id(&id)?, &settings(&body)?).await?;
    document(&workspace, &caller)
}

/// `PATCH organizations/ORG/workspaces/NAME`
pub(crate) async fn update_by_name(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, name)): Path<(String, String)>,
    body: Body,
) -> Result<Document, Failure> {
    body.about("workspaces")?;
    let found = app.workspace(&caller, Which::Name(&organization, &name), Permission::Read).await?;
    let workspace = app.update_workspace(&caller, &found.id, &settings(&body)?).await?;
    document(&workspace, &caller)
}

/// `DELETE organizations/ORG/workspaces/NAME`
pub(crate) async fn delete_by_name(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, name)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    let found = app.workspace(&caller, Which::Name(&organization, &name), Permission::Read).await?;
    app.delete_workspace(&caller, &found.id, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE workspaces/ID`
pub(crate) async fn delete(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    app.delete_workspace(&caller, &parse_id(&id)?, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST organizations/ORG/workspaces/NAME/actions/safe-delete`
pub(crate) async fn safe_delete_by_name(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, name)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    let found = app.workspace(&caller, Which::Name(&organization, &name), Permission::Read).await?;
    app.delete_workspace(&caller, &found.id, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST workspaces/ID/actions/safe-delete`
pub(crate) async fn safe_delete(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    app.delete_workspace(&caller, &parse_id(&id)?, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST workspaces/ID/actions/lock`
pub(crate) async fn lock(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    let reason: Option<String> = body.attribute("reason")?;
    let workspace = app.lock(&caller, &parse_id(&id)?, reason.as_deref().unwrap_or_default(), None).await?;
    document(&workspace, &caller)
}

/// `POST workspaces/ID/actions/unlock`
pub(crate) async fn unlock(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Document, Failure> {
    let workspace = app.unlock(&caller, &parse_id(&id)?, Unlock::Own).await?;
    document(&workspace, &caller)
}

/// `POST workspaces/ID/actions/force-unlock`. The owner of a lock may always take it back so.
pub(crate) async fn force_unlock(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Document, Failure> {
    let id = parse_id(&id)?;
    let workspace = match app.unlock(&caller, &id, Unlock::Force).await {
        Err(Error::Forbidden(refused)) => match app.unlock(&caller, &id, Unlock::Own).await {
            Err(_) => Err(Error::Forbidden(refused)),
            own => own,
        },
        other => other,
    }?;
    document(&workspace, &caller)
}

fn bindings(tags: &[Tag], workspace: &WorkspaceId) -> List {
    let resource = |tag: &Tag| {
        let id = format!("tb-{workspace}-{}", tag.key);
        Resource::new("tag-bindings", id, json!({ "key": tag.key, "value": tag.value }))
    };
    List::all(tags.iter().map(resource).collect())
}

/// `GET workspaces/ID/tag-bindings`, and `effective-tag-bindings`: projects carry none.
pub(crate) async fn tag_bindings(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<List, Failure> {
    let workspace = app.workspace(&caller, Which::Id(&parse_id(&id)?), Permission::Read).await?;
    Ok(bindings(&workspace.tags(), &workspace.id))
}

/// `PATCH workspaces/ID/tag-bindings`: adds.
pub(crate) async fn add_tag_bindings(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<List, Failure> {
    let tags = body.list().iter().map(tag).collect::<Result<Vec<_>, _>>()?;
    let workspace = app.add_tags(&caller, &parse_id(&id)?, &tags).await?;
    Ok(bindings(&workspace.tags(), &workspace.id))
}

/// `POST workspaces/ID/relationships/tags`
pub(crate) async fn add_tags(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<StatusCode, Failure> {
    let tags = body.list().iter().map(flat_tag).collect::<Result<Vec<_>, _>>()?;
    app.add_tags(&caller, &parse_id(&id)?, &tags).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get("attributes").and_then(|a| a.get(name)).and_then(Value::as_str).unwrap_or_default()
}

fn tag(value: &Value) -> Result<Tag, Error> {
    Tag::new(text(value, "key"), text(value, "value")).map_err(|e| Error::invalid("tag-bindings", e))
}

fn flat_tag(value: &Value) -> Result<Tag, Error> {
    Tag::new(text(value, "name"), "").map_err(|e| Error::invalid("tags", e))
}

fn settings(body: &Body) -> Result<Settings, Error> {
    let operations: Option<bool> = body.attribute("operations")?;
    let mode: Option<String> = body.attribute("execution-mode")?;
    let project = body.related("project").map(str::parse).transpose();
    Ok(Settings {
        name: body.attribute("name")?,
        description: body.attribute("description")?,
        project: project.map_err(|e| Error::invalid("project", e))?,
        execution_mode: mode.or(operations.map(|remote| if remote { "remote" } else { "local" }.to_owned())),
        agent_pool: body.attribute("agent-pool-id")?,
        engine: body.attribute("engine")?,
        terraform_version: body.attribute("terraform-version")?,
        image: body.attribute("execution-image")?,
        working_directory: body.attribute("working-directory")?,
        auto_apply: body.attribute("auto-apply")?,
        plan_limit: body.change("speculative-plan-limit")?,
        global_remote_state: body.attribute("global-remote-state")?,
        tags: None,
    })
}
