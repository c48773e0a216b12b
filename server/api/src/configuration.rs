//! Configuration versions.

use crate::{
    error::Failure,
    jsonapi::{Body, Document, Resource, reader},
    workspace::parse_id,
};
use app::{App, Error, NewConfiguration, model::ConfigurationVersion};
use axum::{
    body::Body as Bytes,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::id::ConfigurationVersionId;
use http_doors::{
    Authenticated,
    signed::{self, Purpose},
};
use serde_json::json;
use tokio_util::io::ReaderStream;

pub(crate) fn resource(version: &ConfigurationVersion, upload_url: Option<&str>) -> Resource {
    let attributes = json!({
        "status": version.status,
        "source": version.source,
        "speculative": version.speculative,
        "provisional": version.provisional,
        "auto-queue-runs": version.auto_queue_runs,
        "error": version.error_message.as_ref().map(|_| "upload_refused"),
        "error-message": version.error_message,
        "upload-url": upload_url,
        "created-at": version.created_at.rfc3339(),
    });
    Resource::new("configuration-versions", &version.id, attributes)
        .one("workspace", "workspaces", Some(version.workspace_id.as_str()))
        .one("ingress-attributes", "ingress-attributes", None)
}

pub(crate) fn parse(id: &str) -> Result<ConfigurationVersionId, Error> {
    id.parse().map_err(|_| Error::not_found("that configuration version"))
}

/// `POST workspaces/ID/configuration-versions`
pub(crate) async fn create(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(workspace): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    body.about("configuration-versions")?;
    let new = NewConfiguration {
        speculative: body.attribute("speculative")?.unwrap_or_default(),
        provisional: body.attribute("provisional")?.unwrap_or_default(),
        auto_queue_runs: body.attribute("auto-queue-runs")?.unwrap_or(true),
    };
    let version = app.create_configuration(&caller, &parse_id(&workspace)?, new).await?;
    let url = signed::address(&app, Purpose::Configuration, version.id.as_str());
    Ok(Document::created(resource(&version, Some(&url))))
}

/// `GET configuration-versions/ID`
pub(crate) async fn show(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Document, Failure> {
    Ok(Document::new(resource(&app.configuration(&caller, &parse(&id)?).await?, None)))
}

/// `GET configuration-versions/ID/download`: the archive as it was uploaded.
pub(crate) async fn download(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let reader = app.download_configuration(&caller, &parse(&id)?).await?;
    let body = Bytes::from_stream(ReaderStream::new(reader));
    Ok(([(header::CONTENT_TYPE, "application/x-gzip")], body).into_response())
}

/// `PUT` of a signed address: the archive, sealed as it streams in, looked at before it counts.
pub(crate) async fn upload(
    State(app): State<App>,
    Path(signed): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Failure> {
    let id = parse(&signed::verify(&app, Purpose::Configuration, &signed)?)?;
    app.upload_configuration(&id, reader(body)).await?;
    Ok(StatusCode::OK)
}
