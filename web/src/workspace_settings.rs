//! How the runs of a workspace are executed.

use crate::{
    failure::Failure,
    form::Form,
    page::{Layout, html},
    person::Person,
    settings::problem,
    sign_in::Proof,
    workspace::Frame,
};
use app::{
    App, Error, Settings, Which,
    model::{AgentPool, SshKey, Workspace},
};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use domain::{id::SshKeyId, permission::Permission};
use serde::Deserialize;

/// What the form holds.
#[derive(Deserialize)]
pub(crate) struct Execution {
    mode: String,
    #[serde(default)]
    pool: String,
    engine: String,
    version: String,
    image: String,
}

impl Execution {
    fn of(workspace: &Workspace) -> Self {
        Self {
            mode: workspace.execution_mode.clone(),
            pool: workspace.agent_pool_id.clone().unwrap_or_default(),
            engine: workspace.engine.clone(),
            version: workspace.terraform_version.clone(),
            image: workspace.image.clone(),
        }
    }

    fn settings(&self) -> Settings {
        let said = |text: &str| Some(text.trim().to_owned());
        Settings {
            execution_mode: said(&self.mode),
            // Whoever turns away from a pool need not empty its field.
            agent_pool: Some(if self.mode == "agent" { self.pool.clone() } else { String::new() }),
            engine: said(&self.engine),
            terraform_version: said(&self.version),
            image: said(&self.image),
            ..Settings::default()
        }
    }
}

#[derive(Template)]
#[template(path = "workspace_settings.html")]
struct Page {
    layout: Layout,
    frame: Frame,
    execution: Execution,
    pools: Vec<AgentPool>,
    /// The image that counts where the workspace names none.
    inherited: String,
    keys: Vec<SshKey>,
    key: Option<String>,
    /// Whether all runs of the organization may read the state, and if not, those of which workspaces.
    shared: bool,
    consumers: String,
    may_update: bool,
    may_assign: bool,
    problem: Option<String>,
}

async fn find(app: &App, person: &Person, organization: &str, name: &str) -> Result<Workspace, Error> {
    app.workspace(&person.caller, Which::Name(organization, name), Permission::Read).await
}

async fn page(app: &App, person: &Person, organization: &str, name: &str) -> Result<Page, Failure> {
    let workspace = find(app, person, organization, name).await?;
    let frame = Frame::new(&workspace, "settings");
    let consumers = app.list_consumers(&person.caller, &workspace.id).await?;
    let consumers: Vec<String> = consumers.into_iter().map(|consumer| consumer.name).collect();
    Ok(Page {
        layout: frame.layout(app, person, "Settings"),
        frame,
        execution: Execution::of(&workspace),
        pools: app.list_agent_pools(&person.caller, organization).await?,
        keys: app.list_ssh_keys(&person.caller, organization).await?,
        key: workspace.ssh_key_id,
        shared: workspace.global_remote_state,
        consumers: consumers.join(" "),
        may_update: person.can(workspace.role.as_deref(), Permission::UpdateWorkspace),
        may_assign: person.can(workspace.role.as_deref(), Permission::ManageSshKeys),
        inherited: workspace.organization_image,
        problem: None,
    })
}

/// `GET /app/ORG/WS/settings`
pub(crate) async fn show(
    State(app): State<App>,
    person: Person,
    Path((organization, workspace)): Path<(String, String)>,
) -> Result<Response, Failure> {
    Ok(html(&page(&app, &person, &organization, &workspace).await?))
}

/// How runs are to be executed.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(flatten)]
    proof: Proof,
    #[serde(flatten)]
    execution: Execution,
}

/// `POST /app/ORG/WS/settings`
pub(crate) async fn update(
    State(app): State<App>,
    person: Person,
    Path((organization, workspace)): Path<(String, String)>,
    headers: HeaderMap,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Failure> {
    wanted.proof.check(&app, &person, &headers)?;
    let id = find(&app, &person, &organization, &workspace).await?.id;
    match app.update_workspace(&person.caller, &id, &wanted.execution.settings()).await {
        Ok(_) => Ok(back(&organization, &workspace).into_response()),
        Err(error) => {
            let problem = Some(problem(error)?);
            let page = page(&app, &person, &organization, &workspace).await?;
            let page = Page { execution: wanted.execution, problem, ..page };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
        }
    }
}

fn back(organization: &str, workspace: &str) -> Redirect {
    Redirect::to(&format!("/app/{organization}/{workspace}/settings"))
}

/// Whose runs may read the state.
#[derive(Deserialize)]
pub(crate) struct Shared {
    #[serde(flatten)]
    proof: Proof,
    with: String,
    #[serde(default)]
    consumers: String,
}

/// `POST /app/ORG/WS/settings/sharing`
pub(crate) async fn share(
    State(app): State<App>,
    person: Person,
    Path((organization, workspace)): Path<(String, String)>,
    headers: HeaderMap,
    Form(wanted): Form<Shared>,
) -> Result<Response, Failure> {
    wanted.proof.check(&app, &person, &headers)?;
    let id = find(&app, &person, &organization, &workspace).await?.id;
    let names: Vec<&str> = wanted.consumers.split([' ', ',', '\n', '\r']).filter(|name| !name.is_empty()).collect();
    let shared = wanted.with == "all";
    match app.share_state(&person.caller, &id, shared, &names).await {
        Ok(()) => Ok(back(&organization, &workspace).into_response()),
        Err(error) => {
            let problem = Some(problem(error)?);
            let page = page(&app, &person, &organization, &workspace).await?;
            let page = Page { shared, consumers: wanted.consumers, problem, ..page };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
        }
    }
}

/// The key that runs are to use; empty is none.
#[derive(Deserialize)]
pub(crate) struct Key {
    #[serde(flatten)]
    proof: Proof,
    key: String,
}

/// `POST /app/ORG/WS/settings/ssh-key`
pub(crate) async fn assign_key(
    State(app): State<App>,
    person: Person,
    Path((organization, workspace)): Path<(String, String)>,
    headers: HeaderMap,
    Form(wanted): Form<Key>,
) -> Result<Redirect, Failure> {
    wanted.proof.check(&app, &person, &headers)?;
    let id = find(&app, &person, &organization, &workspace).await?.id;
    let key = Some(wanted.key).filter(|key| !key.is_empty());
    let key: Option<SshKeyId> = key.map(|key| key.parse()).transpose().map_err(|_| Error::not_found("That SSH key"))?;
    app.assign_ssh_key(&person.caller, &id, key.as_ref()).await?;
    Ok(back(&organization, &workspace))
}
