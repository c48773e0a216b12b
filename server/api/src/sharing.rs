//! Whose runs may read the state of a workspace, and what they have read.

use crate::{
    error::Failure,
    jsonapi::{Body, List, Query, Resource},
    workspace::{self, parse_id},
};
use app::{App, ConsumerChange, Error, model::Read};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use http_doors::Authenticated;
use serde_json::json;

/// `GET workspaces/ID/relationships/remote-state-consumers`
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    query: Query,
) -> Result<List, Failure> {
    let consumers = app.list_consumers(&caller, &parse_id(&id)?).await?;
    let resources = consumers.iter().map(|consumer| workspace::resource(consumer, &caller));
    Ok(List::part(resources.collect::<Result<_, _>>()?, query.page()))
}

async fn change(
    app: &App,
    caller: &app::Caller,
    id: &str,
    change: ConsumerChange,
    body: &Body,
) -> Result<StatusCode, Failure> {
    let ids = body.list().iter().map(|one| {
        let id = one.get("id").and_then(serde_json::Value::as_str).map(str::to_owned);
        id.ok_or_else(|| {
            Error::invalid("", "each consumer is named by its id: {\"type\": \"workspaces\", \"id\": \"ws-…\"}")
        })
    });
    app.change_consumers(caller, &parse_id(id)?, change, &ids.collect::<Result<Vec<_>, _>>()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST workspaces/ID/relationships/remote-state-consumers`
pub(crate) async fn add(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<StatusCode, Failure> {
    change(&app, &caller, &id, ConsumerChange::Add, &body).await
}

/// `PATCH workspaces/ID/relationships/remote-state-consumers`
pub(crate) async fn replace(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<StatusCode, Failure> {
    change(&app, &caller, &id, ConsumerChange::Replace, &body).await
}

/// `DELETE workspaces/ID/relationships/remote-state-consumers`: those that the body names.
pub(crate) async fn remove(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<StatusCode, Failure> {
    change(&app, &caller, &id, ConsumerChange::Remove, &body).await
}

/// `GET workspaces/ID/remote-state-reads`: an address of our own.
pub(crate) async fn reads(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    query: Query,
) -> Result<List, Failure> {
    let page = query.page();
    let (reads, total) = app.list_reads(&caller, &parse_id(&id)?, page.size, page.offset()).await?;
    Ok(List::page(reads.iter().map(resource).collect(), page, total))
}

fn resource(read: &Read) -> Resource {
    let attributes = json!({
        "phase": read.phase_id,
        "first-at": read.first_at.rfc3339(),
        "last-at": read.last_at.rfc3339(),
        "reads": read.reads,
    });
    Resource::new("remote-state-reads", format!("{}-{}", read.phase_id, read.state_version_id), attributes)
        .one("consumer", "workspaces", Some(read.consumer_id.as_str()))
        .one("run", "runs", Some(read.run_id.as_str()))
        .one("state-version", "state-versions", Some(read.state_version_id.as_str()))
}
