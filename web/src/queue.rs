//! The queue of an organization, and which part of the runners each organization gets.

use crate::{
    failure::Failure,
    form::Form,
    page::{Layout, PER_PAGE, Pages, html, paging},
    person::Person,
    sign_in::Proof,
    workspace::{Paging, RunLine},
};
use app::{App, Error, Share, ShareChange};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::HeaderMap,
    response::{Redirect, Response},
};
use serde::Deserialize;
use std::collections::HashMap;

struct Row {
    workspace: String,
    run: RunLine,
}

#[derive(Template)]
#[template(path = "queue.html")]
struct Queue {
    layout: Layout,
    organization: String,
    pending: i64,
    running: i64,
    limit: Option<i64>,
    rows: Vec<Row>,
    pages: Pages,
}

/// `GET /app/settings/queues/ORG`
pub(crate) async fn show(
    State(app): State<App>,
    person: Person,
    Path(organization): Path<String>,
    Query(Paging { page }): Query<Paging>,
) -> Result<Response, Failure> {
    let (number, offset) = paging(page);
    let (found, pending, running) = app.capacity(&person.caller, &organization).await?;
    let (open, total) = app.list_queue(&person.caller, &organization, PER_PAGE, offset).await?;
    let makers: Vec<&str> = open.iter().filter_map(|(run, _)| run.created_by.as_deref()).collect();
    let names: HashMap<String, String> = app.user_names(&makers).await?;
    let mut rows = Vec::with_capacity(open.len());
    let waiting = app.list_waiting(&open.iter().map(|(run, workspace)| (run, workspace)).collect::<Vec<_>>()).await?;
    for (run, workspace) in &open {
        let line = RunLine::new(run, &names)?.waiting(&app, waiting.get(&run.id));
        rows.push(Row { workspace: workspace.name.clone(), run: line });
    }
    let pages = Pages::new(number, total, format!("/app/settings/queues/{organization}?page="));
    let layout = Layout::of(&app, &person, format!("Queue · {organization}"))
        .of_organization(&organization)
        .live(&format!("organization={organization}&queue={organization}"));
    Ok(html(&Queue { layout, organization, pending, running, limit: found.run_limit, rows, pages }))
}

#[derive(Template)]
#[template(path = "queues.html")]
struct Queues {
    layout: Layout,
    shares: Vec<Share>,
}

/// `GET /app/settings/queues`
pub(crate) async fn list(State(app): State<App>, person: Person) -> Result<Response, Failure> {
    let shares = app.list_shares(Some(&person.caller)).await?;
    Ok(html(&Queues { layout: Layout::of(&app, &person, "Queues"), shares }))
}

/// What a site admin decides.
#[derive(Deserialize)]
pub(crate) struct Decision {
    #[serde(flatten)]
    proof: Proof,
    limit: String,
    weight: String,
}

/// `POST /app/settings/queues/ORG`
pub(crate) async fn update(
    State(app): State<App>,
    person: Person,
    Path(organization): Path<String>,
    headers: HeaderMap,
    Form(decision): Form<Decision>,
) -> Result<Redirect, Failure> {
    decision.proof.check(&app, &person, &headers)?;
    let number = |attribute: &str, text: &str| {
        text.trim().parse::<i64>().map_err(|_| Error::invalid(attribute, format!("{text:?} is no number")))
    };
    let limit = match decision.limit.trim() {
        "" => None,
        text => Some(number("run-limit", text)?),
    };
    let weight = number("run-weight", &decision.weight)?;
    let change = ShareChange { run_limit: Some(limit), run_weight: Some(weight) };
    app.set_share(Some(&person.caller), &organization, change).await?;
    Ok(Redirect::to("/app/settings/queues"))
}
