//! Runners as rows of a page, and those of the site.

use crate::{
    failure::Failure,
    form::Form,
    page::{Layout, html, moment},
    person::Person,
    sign_in::Proof,
};
use app::{App, Error, agent_status, model::Agent};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::{Redirect, Response},
};
use domain::id::AgentId;

/// A runner.
pub(crate) struct AgentRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) status: &'static str,
    pub(crate) tone: &'static str,
    /// What its status means, where that is not plain.
    pub(crate) meaning: Option<String>,
    pub(crate) busy: i64,
    pub(crate) slots: i64,
    pub(crate) version: String,
    pub(crate) address: String,
    pub(crate) seen: String,
    /// Whether it is gone, so that it can be forgotten.
    pub(crate) gone: bool,
}

impl AgentRow {
    pub(crate) fn new(app: &App, agent: Agent) -> Self {
        let status = agent_status(&agent, app.now());
        let (tone, meaning) = match status {
            "idle" => ("good", None),
            "busy" => ("busy", None),
            "exited" => ("off", Some("It was stopped, and said so.".to_owned())),
            "errored" => (
                "bad",
                Some(format!(
                    "It speaks protocol {}, which this server does not: bring the older of the two up to date.",
                    agent.protocol
                )),
            ),
            _ => ("ask", Some("It was not heard of lately: look at its machine and its network.".to_owned())),
        };
        Self {
            id: agent.id.to_string(),
            name: agent.name,
            gone: !matches!(status, "idle" | "busy") && agent.busy == 0,
            status,
            tone,
            meaning,
            busy: agent.busy,
            slots: agent.slots,
            version: agent.version,
            address: agent.address,
            seen: moment(agent.last_ping_at),
        }
    }
}

#[derive(Template)]
#[template(path = "runners.html")]
struct Runners {
    layout: Layout,
    agents: Vec<AgentRow>,
    forget: &'static str,
    server: String,
}

/// Where the runners of the site are.
const RUNNERS: &str = "/app/settings/runners";

/// `GET /app/settings/runners`
pub(crate) async fn list(State(app): State<App>, person: Person) -> Result<Response, Failure> {
    let agents = app.list_site_runners(Some(&person.caller)).await?;
    let agents = agents.into_iter().map(|agent| AgentRow::new(&app, agent)).collect();
    Ok(html(&Runners {
        layout: Layout::of(&app, &person, "Runners"),
        agents,
        forget: RUNNERS,
        server: app.address.clone(),
    }))
}

/// `POST /app/settings/runners/ID/delete`
pub(crate) async fn delete(
    State(app): State<App>,
    person: Person,
    Path(agent): Path<String>,
    headers: HeaderMap,
    Form(proof): Form<Proof>,
) -> Result<Redirect, Failure> {
    proof.check(&app, &person, &headers)?;
    app.delete_agent(&person.caller, &id(&agent)?).await?;
    Ok(Redirect::to(RUNNERS))
}

/// Reads the id of a runner in an address.
pub(crate) fn id(text: &str) -> Result<AgentId, Error> {
    text.parse().map_err(|_| Error::not_found("That agent"))
}
