//! Modules: made, announced, removed.

use super::{own, private};
use crate::{
    error::Failure,
    jsonapi::{Body, Document, List, Query, Resource},
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
use serde_json::json;

/// A module, for who publishes (`manages`) or who reads. Its versions are told of where they were read.
fn resource(module: &Module, organization: &str, manages: bool, versions: Option<&[ModuleVersion]>) -> Resource {
    let mut attributes = json!({
        "name": module.name,
        "provider": module.provider,
        "namespace": organization,
        "registry-name": "private",
        "status": if module.whole > 0 { "setup_complete" } else { "pending" },
        "publishing-mechanism": "non_vcs",
        "no-code": false,
        "permissions": { "can-delete": manages, "can-resync": false, "can-retry": false },
        "created-at": module.created_at.rfc3339(),
        "updated-at": module.changed_at.rfc3339(),
    });
    if let Some(versions) = versions {
        let status = |version: &ModuleVersion| json!({ "version": version.version, "status": version.status, "error": version.error });
        attributes["version-statuses"] = versions.iter().map(status).collect();
    }
    Resource::new("registry-modules", &module.id, attributes).one("organization", "organizations", Some(organization))
}

/// `GET organizations/ORG/registry-modules`: without their versions.
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    query: Query,
) -> Result<List, Failure> {
    let page = query.page();
    let (modules, total) = app.list_modules(&caller, &organization, page.size, page.offset()).await?;
    let manages = app.manages_registry(&caller, &organization).await?;
    let resources = modules.iter().map(|module| resource(module, &organization, manages, None));
    Ok(List::page(resources.collect(), page, total))
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
    Ok(Document::created(resource(&module, &organization, true, Some(&[]))))
}

/// Organization, namespace, name and system of a module.
pub(super) type Named = Path<(String, String, String, String)>;

/// `GET organizations/ORG/registry-modules/private/ORG/NAME/SYSTEM`
pub(crate) async fn show(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name, provider)): Named,
) -> Result<Document, Failure> {
    let (module, versions) = app.module(&caller, own(&organization, &namespace)?, &name, &provider).await?;
    let manages = app.manages_registry(&caller, &organization).await?;
    Ok(Document::new(resource(&module, &organization, manages, Some(&versions))))
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
    let upload = signed::address(app, Purpose::Module, version.id.as_str());
    Ok(Document::created(version_resource(&version)).links(json!({ "upload": upload })))
}

fn version_resource(version: &ModuleVersion) -> Resource {
    let attributes = json!({
        "version": version.version,
        "status": version.status,
        "source": "tfe-api",
        "created-at": version.created_at.rfc3339(),
        "updated-at": version.created_at.rfc3339(),
    });
    Resource::new("registry-module-versions", &version.id, attributes).one(
        "registry-module",
        "registry-modules",
        Some(version.module_id.as_str()),
    )
}

/// `GET organizations/ORG/registry-modules/private/ORG/NAME/SYSTEM/version?module_version=VERSION`: who publishes is told anew where to upload
/// one that was not taken yet.
pub(crate) async fn show_version(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name, provider)): Named,
    query: Query,
) -> Result<Document, Failure> {
    let organization = own(&organization, &namespace)?;
    let missing = || app::Error::invalid("module_version", "the query names no module_version");
    let number = query.get("module_version").ok_or_else(missing)?;
    let version = app.module_version(&caller, (organization, &name, &provider), number).await?;
    let document = Document::new(version_resource(&version));
    if version.status == "ok" || !app.manages_registry(&caller, organization).await? {
        return Ok(document);
    }
    let upload = signed::address(&app, Purpose::Module, version.id.as_str());
    Ok(document.links(json!({ "upload": upload })))
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
