//! Providers: made, announced, removed.

use super::{own, private};
use crate::{
    error::Failure,
    jsonapi::{Body, Document, List, Query, Resource},
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

/// A provider, for who publishes (`manages`) or who reads. Its versions are pointed at where they were read.
fn resource(provider: &Provider, organization: &str, manages: bool, versions: Option<&[ProviderVersion]>) -> Resource {
    let attributes = json!({
        "name": provider.name,
        "namespace": organization,
        "registry-name": "private",
        "created-at": provider.created_at.rfc3339(),
        "updated-at": provider.changed_at.rfc3339(),
        "permissions": { "can-delete": manages },
    });
    let resource = Resource::new("registry-providers", &provider.id, attributes).one(
        "organization",
        "organizations",
        Some(organization),
    );
    let Some(versions) = versions else { return resource };
    let ids = versions.iter().map(|version| version.id.to_string());
    resource.many("registry-provider-versions", "registry-provider-versions", ids)
}

/// The protocols of a version.
pub(super) fn protocols(version: &ProviderVersion) -> Value {
    serde_json::from_str(&version.protocols).unwrap_or_default()
}

fn version_resource(version: &ProviderVersion, manages: bool) -> Resource {
    let attributes = json!({
        "version": version.version,
        "key-id": version.key_id,
        "protocols": protocols(version),
        "shasums-uploaded": version.shasums > 0,
        "shasums-sig-uploaded": version.signatures > 0,
        "permissions": { "can-delete": manages, "can-upload-asset": manages && !version.is_signed() },
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

/// Where check sums and signature of a version are uploaded.
fn version_links(app: &App, version: &ProviderVersion) -> Value {
    json!({
        "shasums-upload": signed::address(app, Purpose::Shasums, version.id.as_str()),
        "shasums-sig-upload": signed::address(app, Purpose::Signature, version.id.as_str()),
    })
}

/// Where the archive of a platform is uploaded.
fn platform_links(app: &App, platform: &ProviderPlatform) -> Value {
    json!({ "provider-binary-upload": signed::address(app, Purpose::Platform, platform.id.as_str()) })
}

/// `GET organizations/ORG/registry-providers`: without their versions.
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    query: Query,
) -> Result<List, Failure> {
    let page = query.page();
    let (providers, total) = app.list_providers(&caller, &organization, page.size, page.offset()).await?;
    let manages = app.manages_registry(&caller, &organization).await?;
    let resources = providers.iter().map(|provider| resource(provider, &organization, manages, None));
    Ok(List::page(resources.collect(), page, total))
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
    Ok(Document::created(resource(&provider, &organization, true, Some(&[]))))
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
    let manages = app.manages_registry(&caller, &organization).await?;
    let included = versions.iter().map(|version| version_resource(version, manages)).collect();
    Ok(Document::new(resource(&provider, &organization, manages, Some(&versions))).including(included))
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
    query: Query,
) -> Result<List, Failure> {
    let (page, organization) = (query.page(), own(&organization, &namespace)?);
    let (_, versions, total) = app.provider_page(&caller, (organization, &name), page.size, page.offset()).await?;
    let manages = app.manages_registry(&caller, organization).await?;
    Ok(List::page(versions.iter().map(|version| version_resource(version, manages)).collect(), page, total))
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
    Ok(Document::created(version_resource(&version, true)).links(version_links(&app, &version)))
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
    let manages = app.manages_registry(&caller, &organization).await?;
    let data = version_resource(&version, manages).many("platforms", "registry-provider-platforms", ids);
    let document = Document::new(data);
    Ok(if manages && !version.is_signed() { document.links(version_links(&app, &version)) } else { document })
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
    query: Query,
) -> Result<List, Failure> {
    let provider = (own(&organization, &namespace)?, name.as_str());
    let (_, platforms) = app.provider_version(&caller, provider, &number).await?;
    Ok(List::part(platforms.iter().map(platform_resource).collect(), query.page()))
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
    Ok(Document::created(platform_resource(&platform)).links(platform_links(&app, &platform)))
}

/// `GET …/NAME/versions/VERSION/platforms/OS/ARCH`
pub(crate) async fn platform(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path((organization, namespace, name, number, os, arch)): Placed,
) -> Result<Document, Failure> {
    let provider = (own(&organization, &namespace)?, name.as_str());
    let (_, platform) = app.platform(&caller, provider, &number, (&os, &arch)).await?;
    let document = Document::new(platform_resource(&platform));
    let pending = platform.files == 0 && app.manages_registry(&caller, &organization).await?;
    Ok(if pending { document.links(platform_links(&app, &platform)) } else { document })
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
