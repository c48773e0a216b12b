//! Commands around the phases of an organization's runs. The field has these on each agent's disk only; here they have an address.

use crate::{
    error::Failure,
    jsonapi::{Body, Document, List, Resource},
};
use app::{App, Error, Hook};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::hook::Point;
use http_doors::Authenticated;
use secrecy::ExposeSecret;
use serde_json::json;

fn resource(hook: &Hook) -> Resource {
    let attributes = json!({ "script": hook.script.expose_secret(), "updated-at": hook.updated_at.rfc3339() });
    Resource::new("hooks", hook.point.as_str(), attributes)
}

fn parse(point: &str) -> Result<Point, Error> {
    let known = Point::ALL.map(Point::as_str).join(", ");
    Point::parse(point).ok_or_else(|| Error::not_found(format!("a hook of that name (there are {known})")))
}

/// `GET organizations/ORG/hooks`
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
) -> Result<List, Failure> {
    Ok(List::all(app.list_hooks(&caller, &organization).await?.iter().map(resource).collect()))
}

/// `PUT organizations/ORG/hooks/POINT`
pub(crate) async fn put(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, point)): Path<(String, String)>,
    body: Body,
) -> Result<Document, Failure> {
    body.about("hooks")?;
    let script: Option<String> = body.attribute("script")?;
    let hook = app.put_hook(&caller, &organization, parse(&point)?, script.unwrap_or_default().into()).await?;
    Ok(Document::new(resource(&hook)))
}

/// `DELETE organizations/ORG/hooks/POINT`
pub(crate) async fn delete(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, point)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    app.delete_hook(&caller, &organization, parse(&point)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
