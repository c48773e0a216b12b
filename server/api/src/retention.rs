//! How long an organization or a workspace keeps what is no longer needed. The field knows one number of days; here each kind may have its own.

use crate::{
    error::Failure,
    jsonapi::{Body, Document, Resource},
    workspace::parse_id,
};
use app::{App, Caller, Due, Error, Kept, WEIGHED, model::RetentionPolicy};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::{
    id::WorkspaceId,
    retention::{Kind, Retention},
    time::Time,
};
use http_doors::Authenticated;
use serde_json::{Map, Value, json};

const OLDERS: &str = "data-retention-policy-delete-olders";
const NEVER: &str = "data-retention-policy-dont-deletes";
/// What earlier clients call the first.
const LEGACY: &str = "data-retention-policies";
const DAYS: &str = "delete-older-than-n-days";
const LEAST: &str = "keep-at-least-n-states";

/// What a policy says, as attributes. The one number that the field has is the fewest days of any kind.
fn said(retention: &Retention) -> Map<String, Value> {
    let mut attributes = Map::from_iter([
        (DAYS.to_owned(), json!(retention.shortest())),
        (LEAST.to_owned(), json!(retention.least_states)),
    ]);
    attributes.extend(Kind::ALL.map(|kind| (kind.attribute().to_owned(), json!(retention.of(kind)))));
    attributes
}

fn resource((policy, from): &(RetentionPolicy, Time)) -> Resource {
    let retention = policy.retention();
    let (kind, mut attributes) = match retention.shortest() {
        Some(_) => (OLDERS, said(&retention)),
        None => (NEVER, Map::new()),
    };
    attributes.insert("updated-at".into(), json!(policy.updated_at.rfc3339()));
    attributes.insert("takes-effect-at".into(), json!(from.rfc3339()));
    Resource::new(kind, &policy.id, Value::Object(attributes))
}

fn preview(due: &Due) -> Resource {
    let mut attributes = said(&due.retention);
    for (kind, weight) in Kind::ALL.into_iter().zip(&due.weights) {
        let oldest = weight.oldest.map(|oldest| Time::from_micros(oldest).rfc3339());
        let told = json!({ "count": weight.count, "bytes": weight.bytes, "oldest-at": oldest, "more": weight.count == WEIGHED });
        attributes.insert(kind.as_str().to_owned(), told);
    }
    Resource::new("data-retention-previews", "preview", Value::Object(attributes))
}

/// What a document says, over what was there.
fn read(body: &Body, mut retention: Retention) -> Result<Retention, Error> {
    match body.kind() {
        NEVER => return Ok(Retention::FOREVER),
        "" | OLDERS | LEGACY => {}
        other => {
            return Err(Error::invalid(
                "type",
                format!("Type is {other:?}; this address takes {OLDERS:?} and {NEVER:?}"),
            ));
        }
    }
    if let Some(days) = body.attribute(DAYS)? {
        retention = Retention { least_states: retention.least_states, ..Retention::days(days) };
    }
    for kind in Kind::ALL {
        if let Some(days) = body.change(kind.attribute())? {
            *retention.of_mut(kind) = days;
        }
    }
    if let Some(least) = body.attribute(LEAST)? {
        retention.least_states = least;
    }
    if retention.shortest().is_none() {
        let detail = format!("{DAYS} is missing; to keep everything, say the type {NEVER:?}");
        return Err(Error::invalid(DAYS, detail));
    }
    Ok(retention)
}

async fn show(app: &App, caller: &Caller, kept: Kept<'_>) -> Result<Document, Failure> {
    let found = app.retention_policy(caller, kept).await?;
    let missing = || {
        Error::not_found(match kept {
            Kept::Organization(name) => {
                format!("a data retention policy of organization {name}, which keeps everything,")
            }
            Kept::Workspace(id) => format!("a data retention policy of workspace {id}, which has its organization's,"),
        })
    };
    Ok(Document::new(resource(&found.ok_or_else(missing)?)))
}

async fn set(app: &App, caller: &Caller, kept: Kept<'_>, body: &Body) -> Result<Document, Failure> {
    let set = app.change_retention_policy(caller, kept, |_| read(body, Retention::FOREVER)).await?;
    Ok(Document::created(resource(&set)))
}

async fn change(app: &App, caller: &Caller, kept: Kept<'_>, body: &Body) -> Result<Document, Failure> {
    let changed = app.change_retention_policy(caller, kept, |said| read(body, said)).await?;
    Ok(Document::new(resource(&changed)))
}

async fn delete(app: &App, caller: &Caller, kept: Kept<'_>) -> Result<StatusCode, Failure> {
    app.delete_retention_policy(caller, kept).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn would(app: &App, caller: &Caller, kept: Kept<'_>, body: &Body) -> Result<Document, Failure> {
    let wanted = if body.is_absent() { None } else { Some(read(body, Retention::FOREVER)?) };
    Ok(Document::new(preview(&app.preview_retention(caller, kept, wanted).await?)))
}

fn workspace(id: &str) -> Result<WorkspaceId, Failure> {
    Ok(parse_id(id)?)
}

/// `GET organizations/ORG/relationships/data-retention-policy`
pub(crate) async fn of_organization(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
) -> Result<Document, Failure> {
    show(&app, &caller, Kept::Organization(&name)).await
}

/// `GET workspaces/ID/relationships/data-retention-policy`
pub(crate) async fn of_workspace(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Document, Failure> {
    show(&app, &caller, Kept::Workspace(&workspace(&id)?)).await
}

/// `POST organizations/ORG/relationships/data-retention-policy`
pub(crate) async fn set_of_organization(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    set(&app, &caller, Kept::Organization(&name), &body).await
}

/// `POST workspaces/ID/relationships/data-retention-policy`
pub(crate) async fn set_of_workspace(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    set(&app, &caller, Kept::Workspace(&workspace(&id)?), &body).await
}

/// `PATCH organizations/ORG/relationships/data-retention-policy`
pub(crate) async fn change_of_organization(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    change(&app, &caller, Kept::Organization(&name), &body).await
}

/// `PATCH workspaces/ID/relationships/data-retention-policy`
pub(crate) async fn change_of_workspace(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    change(&app, &caller, Kept::Workspace(&workspace(&id)?), &body).await
}

/// `DELETE organizations/ORG/relationships/data-retention-policy`
pub(crate) async fn delete_of_organization(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
) -> Result<StatusCode, Failure> {
    delete(&app, &caller, Kept::Organization(&name)).await
}

/// `DELETE workspaces/ID/relationships/data-retention-policy`
pub(crate) async fn delete_of_workspace(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    delete(&app, &caller, Kept::Workspace(&workspace(&id)?)).await
}

/// `POST organizations/ORG/data-retention-previews`: what a policy would remove; nothing is changed. An address of our own.
pub(crate) async fn preview_of_organization(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    would(&app, &caller, Kept::Organization(&name), &body).await
}

/// `POST workspaces/ID/data-retention-previews`: what a policy would remove; nothing is changed. An address of our own.
pub(crate) async fn preview_of_workspace(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    would(&app, &caller, Kept::Workspace(&workspace(&id)?), &body).await
}
