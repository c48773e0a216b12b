//! Public keys of those who sign providers.

use crate::{
    error::Failure,
    jsonapi::{Body, Document, List, Query, Resource},
};
use app::{App, Error, model::GpgKey};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use http_doors::Authenticated;
use serde_json::json;

fn resource(key: &GpgKey, organization: &str) -> Resource {
    let attributes = json!({
        "ascii-armor": key.ascii_armor,
        "key-id": key.key_id,
        "namespace": organization,
        "source": "",
        "source-url": null,
        "trust-signature": "",
        "created-at": key.created_at.rfc3339(),
        "updated-at": key.created_at.rfc3339(),
    });
    Resource::new("gpg-keys", &key.key_id, attributes)
}

/// `GET gpg-keys?filter[namespace]=ORG,…`
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    query: Query,
) -> Result<List, Failure> {
    let missing = || Error::invalid("filter[namespace]", "the query names no filter[namespace]");
    let mut keys = Vec::new();
    for organization in query.get("filter[namespace]").ok_or_else(missing)?.split(',').take(20) {
        let found = app.list_gpg_keys(&caller, organization).await?;
        keys.extend(found.iter().map(|key| resource(key, organization)));
    }
    Ok(List::part(keys, query.page()))
}

/// `POST gpg-keys`
pub(crate) async fn create(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    body: Body,
) -> Result<Document, Failure> {
    body.about("gpg-keys")?;
    let organization: String = body.attribute("namespace")?.unwrap_or_default();
    let armor: String = body.attribute("ascii-armor")?.unwrap_or_default();
    let key = app.create_gpg_key(&caller, &organization, &armor).await?;
    Ok(Document::created(resource(&key, &organization)))
}

/// `GET gpg-keys/ORG/KEY`
pub(crate) async fn show(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, key)): Path<(String, String)>,
) -> Result<Document, Failure> {
    Ok(Document::new(resource(&app.gpg_key(&caller, &organization, &key).await?, &organization)))
}

/// `DELETE gpg-keys/ORG/KEY`
pub(crate) async fn delete(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, key)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    app.delete_gpg_key(&caller, &organization, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}
