//! One agent pool: its agents, their tokens, and who may use it.

use super::{Frame, problem};
use crate::{
    agent::{self, AgentRow},
    failure::Failure,
    form::Form,
    page::{Layout, html, moment},
    person::Person,
    sign_in::Proof,
};
use app::{
    AgentPoolChange, App, Error, Which,
    model::{AgentPool, AgentToken, Organization},
};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use domain::{
    id::{AgentPoolId, TokenId},
    permission::Permission,
    time::Time,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// So many of the workspaces that use a pool are named.
const NAMED: usize = 20;

struct TokenRow {
    id: String,
    description: String,
    created: String,
    used: Option<String>,
}

impl TokenRow {
    fn new(token: AgentToken) -> Self {
        Self {
            id: token.id.to_string(),
            description: token.description,
            created: moment(token.created_at),
            used: token.last_used_at.map(|at| moment(Time::from_micros(at))),
        }
    }
}

/// Who may use a pool: names, one a line, and what is in the form when it comes back.
#[derive(Default, Deserialize)]
pub(crate) struct Scope {
    name: String,
    everybody: Option<String>,
    #[serde(default)]
    projects: String,
    #[serde(default)]
    workspaces: String,
    #[serde(default)]
    excluded: String,
}

#[derive(Template)]
#[template(path = "settings/pool.html")]
struct Page {
    layout: Layout,
    frame: Frame,
    id: String,
    name: String,
    path: String,
    /// Where the forms that forget an agent lead: the same with its id behind.
    forget: String,
    agents: Vec<AgentRow>,
    tokens: Vec<TokenRow>,
    fresh: Option<SecretString>,
    server: String,
    scope: Scope,
    /// Workspaces that use it, the first of them by name, and how many there are more.
    users: Vec<String>,
    more: usize,
    problem: Option<String>,
}

/// The pool at an address, with its organization, which has to fit.
pub(super) async fn find(
    app: &App,
    person: &Person,
    organization: &str,
    pool: &str,
    permission: Permission,
) -> Result<(AgentPool, Organization), Error> {
    let missing = || Error::not_found("That agent pool");
    let organization = app.organization(&person.caller, organization, permission).await?;
    let id: AgentPoolId = pool.parse().map_err(|_| missing())?;
    let pool = app.agent_pool(&person.caller, &id, permission).await?;
    if pool.organization_id == organization.id { Ok((pool, organization)) } else { Err(missing()) }
}

async fn page(app: &App, person: &Person, organization: &str, pool: &str) -> Result<Page, Failure> {
    let (pool, organization) = find(app, person, organization, pool, Permission::Read).await?;
    let frame = Frame::new(person, &organization, "agent-pools");
    let path = format!("{}/agent-pools/{}", frame.path, pool.id);
    let scopes = app.agent_pool_scopes(&pool).await?;
    let names = async |ids: &[String]| {
        let found = app.list_workspaces_by_id(&person.caller, &organization.name, ids).await?;
        Ok::<_, Error>(found.into_iter().map(|workspace| workspace.name).collect::<Vec<_>>())
    };
    let projects = app.list_projects(&person.caller, &organization.name).await?;
    let projects =
        projects.into_iter().filter(|project| scopes.allowed_projects.iter().any(|id| *id == project.id.as_str()));
    let mut users = names(&scopes.workspaces).await?;
    let more = users.len().saturating_sub(NAMED);
    users.truncate(NAMED);
    let tokens = if frame.owner { app.list_agent_tokens(&person.caller, &pool.id).await? } else { Vec::new() };
    let agents = app.list_agents(&person.caller, &pool.id).await?;
    Ok(Page {
        layout: frame.layout(app, person, &pool.name).below("Agent pools", format!("{}/agent-pools", frame.path)),
        agents: agents.into_iter().map(|agent| AgentRow::new(app, agent)).collect(),
        tokens: tokens.into_iter().map(TokenRow::new).collect(),
        fresh: None,
        server: app.address.clone(),
        scope: Scope {
            name: pool.name.clone(),
            everybody: pool.organization_scoped.then(String::new),
            projects: projects.map(|project| project.name).collect::<Vec<_>>().join("\n"),
            workspaces: names(&scopes.allowed_workspaces).await?.join("\n"),
            excluded: names(&scopes.excluded_workspaces).await?.join("\n"),
        },
        users,
        more,
        problem: None,
        id: pool.id.to_string(),
        name: pool.name,
        forget: format!("{path}/agents"),
        path,
        frame,
    })
}

/// `GET /app/settings/organizations/ORG/agent-pools/ID`
pub(crate) async fn show(
    State(app): State<App>,
    person: Person,
    Path((organization, pool)): Path<(String, String)>,
) -> Result<Response, Failure> {
    Ok(html(&page(&app, &person, &organization, &pool).await?))
}

/// A pool as its owner wants it.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(flatten)]
    proof: Proof,
    #[serde(flatten)]
    scope: Scope,
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

async fn workspaces(
    app: &App,
    person: &Person,
    organization: &str,
    attribute: &str,
    names: &str,
) -> Result<Vec<String>, Error> {
    let mut ids = Vec::new();
    for name in lines(names) {
        match app.workspace(&person.caller, Which::Name(organization, name), Permission::Read).await {
            Ok(workspace) => ids.push(workspace.id.to_string()),
            Err(Error::NotFound(_)) => return Err(Error::invalid(attribute, format!("No workspace is called {name}"))),
            Err(other) => return Err(other),
        }
    }
    Ok(ids)
}

async fn change(app: &App, person: &Person, organization: &str, scope: &Scope) -> Result<AgentPoolChange, Error> {
    let projects = app.list_projects(&person.caller, organization).await?;
    let project = |name: &str| {
        let found = projects.iter().find(|project| project.name == name);
        let missing = || Error::invalid("allowed-projects", format!("No project is called {name}"));
        found.map(|project| project.id.to_string()).ok_or_else(missing)
    };
    let find = async |attribute, names| workspaces(app, person, organization, attribute, names).await;
    Ok(AgentPoolChange {
        name: Some(scope.name.trim().to_owned()),
        organization_scoped: Some(scope.everybody.is_some()),
        allowed_projects: Some(lines(&scope.projects).map(project).collect::<Result<_, _>>()?),
        allowed_workspaces: Some(find("allowed-workspaces", &scope.workspaces).await?),
        excluded_workspaces: Some(find("excluded-workspaces", &scope.excluded).await?),
    })
}

/// `POST /app/settings/organizations/ORG/agent-pools/ID`
pub(crate) async fn update(
    State(app): State<App>,
    person: Person,
    Path((organization, pool)): Path<(String, String)>,
    headers: HeaderMap,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Failure> {
    wanted.proof.check(&app, &person, &headers)?;
    let (found, _) = find(&app, &person, &organization, &pool, Permission::ManageOrganization).await?;
    let saved = match change(&app, &person, &organization, &wanted.scope).await {
        Ok(change) => app.update_agent_pool(&person.caller, &found.id, &change).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(_) => Ok(back(&organization, &found.id).into_response()),
        Err(error) => {
            let problem = Some(problem(error)?);
            let page = Page { scope: wanted.scope, problem, ..page(&app, &person, &organization, &pool).await? };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
        }
    }
}

fn back(organization: &str, pool: &AgentPoolId) -> Redirect {
    Redirect::to(&format!("/app/settings/organizations/{organization}/agent-pools/{pool}"))
}

/// A token to make.
#[derive(Deserialize)]
pub(crate) struct New {
    #[serde(flatten)]
    proof: Proof,
    description: String,
}

/// `POST /app/settings/organizations/ORG/agent-pools/ID/tokens`: the answer shows the value, this once.
pub(crate) async fn create_token(
    State(app): State<App>,
    person: Person,
    Path((organization, pool)): Path<(String, String)>,
    headers: HeaderMap,
    Form(new): Form<New>,
) -> Result<Response, Failure> {
    new.proof.check(&app, &person, &headers)?;
    let (found, _) = find(&app, &person, &organization, &pool, Permission::ManageOrganization).await?;
    let made = app.create_agent_token(&person.caller, &found.id, new.description.trim()).await;
    let mut page = page(&app, &person, &organization, &pool).await?;
    match made {
        Ok((_, value)) => {
            page.fresh = Some(value);
            Ok(html(&page))
        }
        Err(error) => {
            page.problem = Some(problem(error)?);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
        }
    }
}

/// `POST /app/settings/organizations/ORG/agent-pools/ID/tokens/TOKEN/delete`
pub(crate) async fn delete_token(
    State(app): State<App>,
    person: Person,
    Path((organization, pool, token)): Path<(String, String, String)>,
    headers: HeaderMap,
    Form(proof): Form<Proof>,
) -> Result<Redirect, Failure> {
    proof.check(&app, &person, &headers)?;
    let (pool, _) = find(&app, &person, &organization, &pool, Permission::ManageOrganization).await?;
    let missing = || Error::not_found("That token");
    let id: TokenId = token.parse().map_err(|_| missing())?;
    let token = app.agent_token(&person.caller, &id).await?;
    if token.pool_id.as_deref() != Some(pool.id.as_str()) {
        return Err(missing().into());
    }
    app.delete_agent_token(&person.caller, &id).await?;
    Ok(back(&organization, &pool.id))
}

/// `POST /app/settings/organizations/ORG/agent-pools/ID/agents/AGENT/delete`
pub(crate) async fn delete_agent(
    State(app): State<App>,
    person: Person,
    Path((organization, pool, agent)): Path<(String, String, String)>,
    headers: HeaderMap,
    Form(proof): Form<Proof>,
) -> Result<Redirect, Failure> {
    proof.check(&app, &person, &headers)?;
    let (pool, _) = find(&app, &person, &organization, &pool, Permission::ManageOrganization).await?;
    let id = agent::id(&agent)?;
    if app.agent(&person.caller, &id).await?.pool_id.as_deref() != Some(pool.id.as_str()) {
        return Err(Error::not_found("That agent").into());
    }
    app.delete_agent(&person.caller, &id).await?;
    Ok(back(&organization, &pool.id))
}
