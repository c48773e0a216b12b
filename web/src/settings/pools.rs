//! The agent pools of an organization.

use super::{Frame, problem};
use crate::{
    failure::Failure,
    form::Form,
    page::{Layout, html},
    person::Person,
    sign_in::Proof,
};
use app::{AgentPoolChange, App, model::AgentPool};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use domain::permission::Permission;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "settings/pools.html")]
struct Pools {
    layout: Layout,
    frame: Frame,
    rows: Vec<AgentPool>,
    /// The name that was asked for and refused.
    name: String,
    problem: Option<String>,
}

async fn page(app: &App, person: &Person, organization: &str) -> Result<Pools, Failure> {
    let organization = app.organization(&person.caller, organization, Permission::Read).await?;
    let rows = app.list_agent_pools(&person.caller, &organization.name).await?;
    let frame = Frame::new(person, &organization, "agent-pools");
    Ok(Pools { layout: frame.layout(app, person, "Agent pools"), frame, rows, name: String::new(), problem: None })
}

/// `GET /app/settings/organizations/ORG/agent-pools`
pub(crate) async fn list(
    State(app): State<App>,
    person: Person,
    Path(organization): Path<String>,
) -> Result<Response, Failure> {
    Ok(html(&page(&app, &person, &organization).await?))
}

/// A pool to make.
#[derive(Deserialize)]
pub(crate) struct New {
    #[serde(flatten)]
    proof: Proof,
    name: String,
    everybody: Option<String>,
}

/// `POST /app/settings/organizations/ORG/agent-pools`
pub(crate) async fn create(
    State(app): State<App>,
    person: Person,
    Path(organization): Path<String>,
    headers: HeaderMap,
    Form(new): Form<New>,
) -> Result<Response, Failure> {
    new.proof.check(&app, &person, &headers)?;
    let change = AgentPoolChange {
        name: Some(new.name.trim().to_owned()),
        organization_scoped: Some(new.everybody.is_some()),
        ..AgentPoolChange::default()
    };
    match app.create_agent_pool(&person.caller, &organization, &change).await {
        Ok(pool) => {
            let path = format!("/app/settings/organizations/{organization}/agent-pools/{}", pool.id);
            Ok(Redirect::to(&path).into_response())
        }
        Err(error) => {
            let problem = Some(problem(error)?);
            let page = Pools { name: new.name, problem, ..page(&app, &person, &organization).await? };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
        }
    }
}

/// `POST /app/settings/organizations/ORG/agent-pools/ID/delete`
pub(crate) async fn delete(
    State(app): State<App>,
    person: Person,
    Path((organization, pool)): Path<(String, String)>,
    headers: HeaderMap,
    Form(proof): Form<Proof>,
) -> Result<Redirect, Failure> {
    proof.check(&app, &person, &headers)?;
    let (pool, _) = super::pool::find(&app, &person, &organization, &pool, Permission::ManageOrganization).await?;
    app.delete_agent_pool(&person.caller, &pool.id).await?;
    Ok(Redirect::to(&format!("/app/settings/organizations/{organization}/agent-pools")))
}
