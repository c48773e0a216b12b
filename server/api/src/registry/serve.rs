//! What the CLI asks of a registry. Archives are fetched without a token: their addresses are signed.

use super::{address, provider::protocols};
use crate::error::Failure;
use app::App;
use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderName, StatusCode},
};
use http_doors::Authenticated;
use serde_json::{Value, json};

const GET: HeaderName = HeaderName::from_static("x-terraform-get");

/// `GET modules/ORG/NAME/SYSTEM/versions`
pub(super) async fn module_versions(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, name, system)): Path<(String, String, String)>,
) -> Result<Json<Value>, Failure> {
    let (_, versions) = app.module(&caller, &organization, &name, &system).await?;
    let whole = versions.iter().filter(|version| version.status == "ok");
    let versions: Vec<Value> = whole.map(|version| json!({ "version": version.version })).collect();
    Ok(Json(json!({ "modules": [{ "versions": versions }] })))
}

/// `GET modules/ORG/NAME/SYSTEM/VERSION/download`
pub(super) async fn module(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, name, system, number)): Path<(String, String, String, String)>,
) -> Result<(StatusCode, [(HeaderName, String); 1]), Failure> {
    let file = app.module_archive(&caller, (&organization, &name, &system), &number).await?;
    Ok((StatusCode::NO_CONTENT, [(GET, address(&app, &file))]))
}

/// `GET providers/ORG/NAME/versions`: those that can be installed somewhere.
pub(super) async fn provider_versions(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, name)): Path<(String, String)>,
) -> Result<Json<Value>, Failure> {
    let found = app.installable(&caller, &organization, &name).await?;
    let versions = found.iter().map(|(version, platforms)| {
        let platforms: Vec<Value> =
            platforms.iter().map(|platform| json!({ "os": platform.os, "arch": platform.arch })).collect();
        json!({ "version": version.version, "protocols": protocols(version), "platforms": platforms })
    });
    Ok(Json(json!({ "versions": versions.collect::<Vec<_>>() })))
}

/// `GET providers/ORG/NAME/VERSION/download/OS/ARCH`
pub(super) async fn provider(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, name, number, os, arch)): Path<(String, String, String, String, String)>,
) -> Result<Json<Value>, Failure> {
    let package = app.package(&caller, (&organization, &name), &number, (&os, &arch)).await?;
    Ok(Json(json!({
        "protocols": protocols(&package.version),
        "os": os,
        "arch": arch,
        "filename": package.platform.filename,
        "download_url": address(&app, &package.archive),
        "shasum": package.platform.shasum,
        "shasums_url": address(&app, &package.shasums),
        "shasums_signature_url": address(&app, &package.signature),
        "signing_keys": { "gpg_public_keys": [{ "key_id": package.key.key_id, "ascii_armor": package.key.ascii_armor }] },
    })))
}
