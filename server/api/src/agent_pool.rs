//! Agent pools, their agents and tokens.

use crate::{
    error::Failure,
    jsonapi::{Body, Document, List, Query, Resource},
};
use app::{
    AgentPoolChange, AgentPoolScopes, App, Error, agent_status,
    model::{Agent, AgentPool, AgentToken},
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::{
    id::{AgentId, AgentPoolId},
    permission::Permission,
    time::Time,
};
use http_doors::Authenticated;
use secrecy::ExposeSecret as _;
use serde_json::json;

fn resource(pool: &AgentPool, scopes: AgentPoolScopes) -> Resource {
    let attributes = json!({
        "name": pool.name,
        "created-at": pool.created_at.rfc3339(),
        "organization-scoped": pool.organization_scoped,
        "agent-count": pool.agent_count,
    });
    Resource::new("agent-pools", &pool.id, attributes)
        .one("organization", "organizations", Some(&pool.organization_name))
        .many("workspaces", "workspaces", scopes.workspaces)
        .many("allowed-workspaces", "workspaces", scopes.allowed_workspaces)
        .many("allowed-projects", "projects", scopes.allowed_projects)
        .many("excluded-workspaces", "workspaces", scopes.excluded_workspaces)
}

fn agent_resource(app: &App, agent: &Agent) -> Resource {
    let attributes = json!({
        "name": agent.name,
        "ip-address": (!agent.address.is_empty()).then_some(&agent.address),
        "status": agent_status(agent, app.now()),
        "last-ping-at": agent.last_ping_at.rfc3339(),
        "created-at": agent.created_at.rfc3339(),
        "version": agent.version,
        "protocol": agent.protocol,
        "slots": agent.slots,
        "busy-slots": agent.busy,
    });
    Resource::new("agents", &agent.id, attributes).one("agent-pool", "agent-pools", agent.pool_id.as_deref())
}

pub(crate) fn token_resource(token: &AgentToken, value: Option<&str>) -> Resource {
    let attributes = json!({
        "description": token.description,
        "created-at": token.created_at.rfc3339(),
        "last-used-at": token.last_used_at.map(|at| Time::from_micros(at).rfc3339()),
        "token": value,
    });
    Resource::new("authentication-tokens", &token.id, attributes)
}

fn pool_id(text: &str) -> Result<AgentPoolId, Error> {
    text.parse().map_err(|_| Error::not_found("that agent pool"))
}

fn change(body: &Body) -> Result<AgentPoolChange, Error> {
    body.about("agent-pools")?;
    Ok(AgentPoolChange {
        name: body.attribute("name")?,
        organization_scoped: body.attribute("organization-scoped")?,
        allowed_workspaces: body.related_many("allowed-workspaces"),
        allowed_projects: body.related_many("allowed-projects"),
        excluded_workspaces: body.related_many("excluded-workspaces"),
    })
}

/// `GET organizations/ORG/agent-pools`
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    query: Query,
) -> Result<List, Failure> {
    let mut resources = Vec::new();
    for pool in app.list_agent_pools(&caller, &organization).await? {
        if query.get("q").is_none_or(|wanted| pool.name.contains(wanted)) {
            resources.push(resource(&pool, app.agent_pool_scopes(&pool).await?));
        }
    }
    Ok(List::all(resources))
}

/// `POST organizations/ORG/agent-pools`
pub(crate) async fn create(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    let pool = app.create_agent_pool(&caller, &organization, &change(&body)?).await?;
    let scopes = app.agent_pool_scopes(&pool).await?;
    // The reference says 200 here, and 201 nearly everywhere else.
    Ok(Document::new(resource(&pool, scopes)))
}

/// `GET agent-pools/ID`
pub(crate) async fn show(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Document, Failure> {
    let pool = app.agent_pool(&caller, &pool_id(&id)?, Permission::Read).await?;
    let scopes = app.agent_pool_scopes(&pool).await?;
    Ok(Document::new(resource(&pool, scopes)))
}

/// `PATCH agent-pools/ID`
pub(crate) async fn update(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    let pool = app.update_agent_pool(&caller, &pool_id(&id)?, &change(&body)?).await?;
    let scopes = app.agent_pool_scopes(&pool).await?;
    Ok(Document::new(resource(&pool, scopes)))
}

/// `DELETE agent-pools/ID`
pub(crate) async fn delete(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    app.delete_agent_pool(&caller, &pool_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET agent-pools/ID/agents`
pub(crate) async fn agents(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<List, Failure> {
    let agents = app.list_agents(&caller, &pool_id(&id)?).await?;
    Ok(List::all(agents.iter().map(|agent| agent_resource(&app, agent)).collect()))
}

/// `GET admin/runners`: those that execute for the whole site.
pub(crate) async fn site_runners(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
) -> Result<List, Failure> {
    let agents = app.list_site_runners(Some(&caller)).await?;
    Ok(List::all(agents.iter().map(|agent| agent_resource(&app, agent)).collect()))
}

fn agent_id(text: &str) -> Result<AgentId, Error> {
    text.parse().map_err(|_| Error::not_found("that agent"))
}

/// `GET agents/ID`
pub(crate) async fn agent(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Document, Failure> {
    Ok(Document::new(agent_resource(&app, &app.agent(&caller, &agent_id(&id)?).await?)))
}

/// `DELETE agents/ID`
pub(crate) async fn delete_agent(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    app.delete_agent(&caller, &agent_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET agent-pools/ID/authentication-tokens`
pub(crate) async fn tokens(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<List, Failure> {
    let tokens = app.list_agent_tokens(&caller, &pool_id(&id)?).await?;
    Ok(List::all(tokens.iter().map(|token| token_resource(token, None)).collect()))
}

/// `POST agent-pools/ID/authentication-tokens`: the only answer that holds the token itself.
pub(crate) async fn create_token(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    // The vendor's client says the first, its documentation the second.
    body.about("agent-tokens").or_else(|_| body.about("authentication-tokens"))?;
    let description: Option<String> = body.attribute("description")?;
    let (token, value) = app.create_agent_token(&caller, &pool_id(&id)?, &description.unwrap_or_default()).await?;
    Ok(Document::created(token_resource(&token, Some(value.expose_secret()))))
}
