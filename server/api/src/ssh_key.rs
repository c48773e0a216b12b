//! Keys with which runs fetch modules over SSH. No answer holds a value.

use crate::{
    error::Failure,
    jsonapi::{Body, Document, List, Query, Resource},
    workspace::{self, parse_id},
};
use app::{App, Error, model::SshKey};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::id::SshKeyId;
use http_doors::Authenticated;
use serde_json::json;

fn resource(key: &SshKey) -> Resource {
    Resource::new("ssh-keys", &key.id, json!({ "name": key.name })).one(
        "organization",
        "organizations",
        Some(&key.organization_name),
    )
}

fn parse(id: &str) -> Result<SshKeyId, Error> {
    id.parse().map_err(|_| Error::not_found("that SSH key"))
}

/// `GET organizations/ORG/ssh-keys`
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    query: Query,
) -> Result<List, Failure> {
    let keys = app.list_ssh_keys(&caller, &organization).await?;
    Ok(List::part(keys.iter().map(resource).collect(), query.page()))
}

/// `POST organizations/ORG/ssh-keys`
pub(crate) async fn create(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    body.about("ssh-keys")?;
    let name: Option<String> = body.attribute("name")?;
    let value = body.attribute::<String>("value")?.unwrap_or_default().into();
    let key = app.create_ssh_key(&caller, &organization, &name.unwrap_or_default(), &value).await?;
    Ok(Document::created(resource(&key)))
}

/// `GET ssh-keys/ID`
pub(crate) async fn show(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Document, Failure> {
    Ok(Document::new(resource(&app.ssh_key(&caller, &parse(&id)?).await?)))
}

/// `PATCH ssh-keys/ID`: its name.
pub(crate) async fn update(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    body.about("ssh-keys")?;
    let name: Option<String> = body.attribute("name")?;
    Ok(Document::new(resource(&app.rename_ssh_key(&caller, &parse(&id)?, name.as_deref()).await?)))
}

/// `DELETE ssh-keys/ID`
pub(crate) async fn delete(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    app.delete_ssh_key(&caller, &parse(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `PATCH workspaces/ID/relationships/ssh-key`: `id` is a key's, or null for none.
pub(crate) async fn assign(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    let key: Option<String> = body.attribute("id")?;
    let key = key.filter(|id| !id.is_empty()).map(|id| parse(&id)).transpose()?;
    let workspace = app.assign_ssh_key(&caller, &parse_id(&id)?, key.as_ref()).await?;
    let resource = workspace::resource(&workspace, &caller)?;
    Ok(Document::new(resource.one("ssh-key", "ssh-keys", key.as_ref().map(SshKeyId::as_str))))
}
