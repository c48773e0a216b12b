//! What a site admin decides about organizations: which part of the runners each of them gets.

use crate::{
    error::Failure,
    jsonapi::{Body, Document, List, Resource},
};
use app::{App, Share, ShareChange};
use axum::extract::{Path, State};
use http_doors::Authenticated;
use serde_json::json;

fn resource(share: &Share) -> Resource {
    let attributes = json!({
        "name": share.name,
        "external-id": share.id.as_str(),
        "run-limit": share.run_limit,
        "effective-run-limit": share.effective_limit,
        "run-weight": share.run_weight,
        "running": share.running,
        "queued": share.queued,
    });
    Resource::new("organizations", &share.name, attributes)
}

/// `GET admin/organizations`
pub(crate) async fn list(State(app): State<App>, Authenticated(caller): Authenticated) -> Result<List, Failure> {
    let shares = app.list_shares(Some(&caller)).await?;
    Ok(List::all(shares.iter().map(resource).collect()))
}

/// `GET admin/organizations/ORG`
pub(crate) async fn show(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
) -> Result<Document, Failure> {
    Ok(Document::new(resource(&app.share(Some(&caller), &name).await?)))
}

/// `PATCH admin/organizations/ORG`: `run-limit` (null is the server's setting) and `run-weight`.
pub(crate) async fn update(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    body.about("organizations")?;
    let change = ShareChange { run_limit: body.change("run-limit")?, run_weight: body.attribute("run-weight")? };
    Ok(Document::new(resource(&app.set_share(Some(&caller), &name, change).await?)))
}
