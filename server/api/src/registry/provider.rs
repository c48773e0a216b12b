//! Providers: made, announced, removed.

use super::{own, private};
use crate::{
    error::Failure,
    jsonapi::{Body, Document, List, Resource},
};
use app::{
    App,
    model::{Provider, ProviderPlatform, ProviderVersion},
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

fn resource(provider: &Provider, organization: &str, versions: &[ProviderVersion]) -> Resource {
    let attributes = json!({
        "name": provider.name,
        "namespace": organization,
        "registry-name": "private",
        "created-at": provider.created_at.rfc3339(),
        "updated-at": versions.first().map_or(provider.created_at, |version| version.created_at).rfc3339(),
        "permissions": { "can-delete": true },
    });
    let ids = versions.iter().map(|version| version.id.to_string());
    Resource::new("registry-providers", &provider.id, attributes)
        .one("organization", "organizations", Some(organization))
        .many("registry-provider-versions", "registry-provider-versions", ids)
}

/// The protocols of a version.
pub(super) fn protocols(version: &ProviderVersion) -> Value {
    serde_json::from_str(&version.protocols).unwrap_or_default()
}

fn version_resource(version: &ProviderVersion) -> Resource {
    let attributes = json!({
        "version": version.version,
        "key-id": version.key_id,
        "protocols": protocols(version),
        "shasums-uploaded": version.shasums > 0,
        "shasums-sig-uploaded": version.signatures > 0,
        "permissions": { "can-delete": true, "can-upload-asset": true },
        "created-at": version.created_at.rfc3339(),
        "updated-at": version.created_at.rfc3339(),
    });
    Resource::new("registry-provider-versions", &version.id, attributes).one(
        "registry-provider",
        "registry-providers",
        Some(version.provider_id.as_str()),
    )
}

fn platform_resource(platform: &ProviderPlatform) -> Resource {
    let attributes = json!({
        "os": platform.os,
        "arch": platform.arch,
        "shasum": platform.shasum,
        "filename": platform.filename,
        "provider-binary-uploaded": platform.files > 0,
    });
    Resource::new("registry-provider-platforms", &platform.id, attributes).one(
        "registry-provider-version",
        "registry-provider-versions",
        Some(platform.version_id.as_str()),
    )
}

/// `GET organizations/ORG/registry-providers`: without their versions.
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
) -> Result<List, Failure> {
    let providers = app.list_providers(&caller, &organization).await?;
    Ok(List::all(providers.iter().map(|provider| resource(provider, &organization, &[])).collect()))
}

/// `POST organizations/ORG/registry-providers`
pub(crate) async fn create(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    body.about("registry-providers")?;
    private(&body, &organization)?;
    let name: String = body.attribute("name")?.unwrap_or_default();
    let provider = app.create_provider(&caller, &organization, &name).await?;
    Ok(Document::created(resource(&provider, &organization, &[])))
}

/// Organization, namespace and name of a provider.
type Named = Path<(String, String, String)>;
/// The same, and a version's number.
type Numbered = Path<(String, String, String, String)>;
/// The same, system and processor.
type Placed = Path<(String, String, String, String, String, String)>;

/// `GET organizations/ORG/registry-providers/private/ORG/NAME`
pub(crate) async fn show(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name)): Named,
) -> Result<Document, Failure> {
    let (provider, versions) = app.provider(&caller, own(&organization, &namespace)?, &name).await?;
    let included = versions.iter().map(version_resource).collect();
    Ok(Document::new(resource(&provider, &organization, &versions)).including(included))
}

/// `DELETE organizations/ORG/registry-providers/private/ORG/NAME`
pub(crate) async fn delete(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name)): Named,
) -> Result<StatusCode, Failure> {
    app.delete_provider(&caller, own(&organization, &namespace)?, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET …/NAME/versions`
pub(crate) async fn versions(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name)): Named,
) -> Result<List, Failure> {
    let (_, versions) = app.provider(&caller, own(&organization, &namespace)?, &name).await?;
    Ok(List::all(versions.iter().map(version_resource).collect()))
}

/// `POST …/NAME/versions`: the answer says where to upload check sums and signature.
pub(crate) async fn create_version(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name)): Named,
    body: Body,
) -> Result<Document, Failure> {
    body.about("registry-provider-versions")?;
    let number: String = body.attribute("version")?.unwrap_or_default();
    let key: String = body.attribute("key-id")?.unwrap_or_default();
    let protocols: Vec<String> = body.attribute("protocols")?.unwrap_or_default();
    let provider = (own(&organization, &namespace)?, name.as_str());
    let version = app.create_provider_version(&caller, provider, &number, &key, &protocols).await?;
    let links = json!({
        "shasums-upload": signed::address(&app, Purpose::Shasums, version.id.as_str()),
        "shasums-sig-upload": signed::address(&app, Purpose::Signature, version.id.as_str()),
    });
    Ok(Document::created(version_resource(&version)).links(links))
}

/// `GET …/NAME/versions/VERSION`
pub(crate) async fn version(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name, number)): Numbered,
) -> Result<Document, Failure> {
    let provider = (own(&organization, &namespace)?, name.as_str());
    let (version, platforms) = app.provider_version(&caller, provider, &number).await?;
    let ids = platforms.iter().map(|platform| platform.id.to_string());
    Ok(Document::new(version_resource(&version).many("platforms", "registry-provider-platforms", ids)))
}

/// `DELETE …/NAME/versions/VERSION`
pub(crate) async fn delete_version(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name, number)): Numbered,
) -> Result<StatusCode, Failure> {
    app.delete_provider_version(&caller, (own(&organization, &namespace)?, &name), &number).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET …/NAME/versions/VERSION/platforms`
pub(crate) async fn platforms(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name, number)): Numbered,
) -> Result<List, Failure> {
    let provider = (own(&organization, &namespace)?, name.as_str());
    let (_, platforms) = app.provider_version(&caller, provider, &number).await?;
    Ok(List::all(platforms.iter().map(platform_resource).collect()))
}

/// `POST …/NAME/versions/VERSION/platforms`: the answer says where to upload the archive.
pub(crate) async fn create_platform(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name, number)): Numbered,
    body: Body,
) -> Result<Document, Failure> {
    body.about("registry-provider-version-platforms").or_else(|_| body.about("registry-provider-platforms"))?;
    let text = |attribute: &str| body.attribute::<String>(attribute).map(Option::unwrap_or_default);
    let (os, arch, shasum, filename) = (text("os")?, text("arch")?, text("shasum")?, text("filename")?);
    let provider = (own(&organization, &namespace)?, name.as_str());
    let platform = app.create_platform(&caller, provider, &number, (&os, &arch, &shasum, &filename)).await?;
    let upload = signed::address(&app, Purpose::Platform, platform.id.as_str());
    Ok(Document::created(platform_resource(&platform)).links(json!({ "provider-binary-upload": upload })))
}

/// `GET …/NAME/versions/VERSION/platforms/OS/ARCH`
pub(crate) async fn platform(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name, number, os, arch)): Placed,
) -> Result<Document, Failure> {
    let provider = (own(&organization, &namespace)?, name.as_str());
    let (_, platform) = app.platform(&caller, provider, &number, (&os, &arch)).await?;
    Ok(Document::new(platform_resource(&platform)))
}

/// `DELETE …/NAME/versions/VERSION/platforms/OS/ARCH`
pub(crate) async fn delete_platform(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name, number, os, arch)): Placed,
) -> Result<StatusCode, Failure> {
    app.delete_platform(&caller, (own(&organization, &namespace)?, &name), &number, (&os, &arch)).await?;
    Ok(StatusCode::NO_CONTENT)
}
