//! Modules: made, announced, removed.

use super::{own, private};
use crate::{
    error::Failure,
    jsonapi::{Body, Document, List, Resource},
};
use app::{
    App,
    model::{Module, ModuleVersion},
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use http_doors::{
    Authenticated,
    signed::{self, Purpose},
};
use serde_json::{Value, json};

fn resource(module: &Module, organization: &str, versions: &[ModuleVersion]) -> Resource {
    let statuses: Vec<Value> = versions
        .iter()
        .map(|version| json!({ "version": version.version, "status": version.status, "error": version.error }))
        .collect();
    let attributes = json!({
        "name": module.name,
        "provider": module.provider,
        "namespace": organization,
        "registry-name": "private",
        "status": if versions.iter().any(|version| version.status == "ok") { "setup_complete" } else { "pending" },
        "publishing-mechanism": "non_vcs",
        "version-statuses": statuses,
        "no-code": false,
        "permissions": { "can-delete": true, "can-resync": false, "can-retry": false },
        "created-at": module.created_at.rfc3339(),
        "updated-at": versions.first().map_or(module.created_at, |version| version.created_at).rfc3339(),
    });
    Resource::new("registry-modules", &module.id, attributes).one("organization", "organizations", Some(organization))
}

/// `GET organizations/ORG/registry-modules`: without their versions.
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
) -> Result<List, Failure> {
    let modules = app.list_modules(&caller, &organization).await?;
    Ok(List::all(modules.iter().map(|module| resource(module, &organization, &[])).collect()))
}

/// `POST organizations/ORG/registry-modules`
pub(crate) async fn create(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    body.about("registry-modules")?;
    private(&body, &organization)?;
    let name: String = body.attribute("name")?.unwrap_or_default();
    let provider: String = body.attribute("provider")?.unwrap_or_default();
    let module = app.create_module(&caller, &organization, &name, &provider).await?;
    Ok(Document::created(resource(&module, &organization, &[])))
}

/// Organization, namespace, name and system of a module.
type Named = Path<(String, String, String, String)>;

/// `GET organizations/ORG/registry-modules/private/ORG/NAME/SYSTEM`
pub(crate) async fn show(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name, provider)): Named,
) -> Result<Document, Failure> {
    let (module, versions) = app.module(&caller, own(&organization, &namespace)?, &name, &provider).await?;
    Ok(Document::new(resource(&module, &organization, &versions)))
}

/// `DELETE organizations/ORG/registry-modules/private/ORG/NAME/SYSTEM`
pub(crate) async fn delete(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name, provider)): Named,
) -> Result<StatusCode, Failure> {
    app.delete_module(&caller, own(&organization, &namespace)?, &name, &provider).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST organizations/ORG/registry-modules/private/ORG/NAME/SYSTEM/versions`: the answer says where to upload it.
pub(crate) async fn create_version(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name, provider)): Named,
    body: Body,
) -> Result<Document, Failure> {
    let organization = own(&organization, &namespace)?;
    announce(&app, &caller, (organization, &name, &provider), &body).await
}

/// `POST registry-modules/ORG/NAME/SYSTEM/versions`: the same.
pub(crate) async fn create_version_by_name(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, name, provider)): Path<(String, String, String)>,
    body: Body,
) -> Result<Document, Failure> {
    announce(&app, &caller, (&organization, &name, &provider), &body).await
}

async fn announce(
    app: &App,
    caller: &app::Caller,
    module: (&str, &str, &str),
    body: &Body,
) -> Result<Document, Failure> {
    body.about("registry-module-versions")?;
    let number: String = body.attribute("version")?.unwrap_or_default();
    let version = app.create_module_version(caller, module, &number).await?;
    let attributes = json!({
        "version": version.version,
        "status": version.status,
        "source": "tfe-api",
        "created-at": version.created_at.rfc3339(),
        "updated-at": version.created_at.rfc3339(),
    });
    let data = Resource::new("registry-module-versions", &version.id, attributes).one(
        "registry-module",
        "registry-modules",
        Some(version.module_id.as_str()),
    );
    let upload = signed::address(app, Purpose::Module, version.id.as_str());
    Ok(Document::created(data).links(json!({ "upload": upload })))
}

/// `DELETE organizations/ORG/registry-modules/private/ORG/NAME/SYSTEM/VERSION`
pub(crate) async fn delete_version(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name, provider, number)): Path<(String, String, String, String, String)>,
) -> Result<StatusCode, Failure> {
    let organization = own(&organization, &namespace)?;
    app.delete_module_version(&caller, (organization, &name, &provider), &number).await?;
    Ok(StatusCode::NO_CONTENT)
}
