//! The registry of an organization's own modules and providers: what publishes them (`key`, `module`, `provider`), what tests modules
//! (`test`), and what the CLI asks (`serve`, client contract 19.2 and 19.3).

mod key;
pub(crate) mod module;
pub(crate) mod provider;
mod serve;
pub(crate) mod test;
mod upload;

use crate::error::Failure;
use app::{App, Error, model::RegistryFile};
use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Path, State},
    http::header,
    response::{IntoResponse, Response},
    routing::{get, put},
};
use http_doors::{
    Http,
    signed::{self, Purpose},
};
use tokio_util::io::ReaderStream;

/// Below `/api/registry`.
pub(crate) fn router() -> Router<Http> {
    Router::new()
        .route("/private/v2/gpg-keys", get(key::list).post(key::create))
        .route("/private/v2/gpg-keys/{organization}/{key}", get(key::show).delete(key::delete))
        .route("/v1/modules/{organization}/{module}/{system}/versions", get(serve::module_versions))
        .route("/v1/modules/{organization}/{module}/{system}/{number}/download", get(serve::module))
        .route("/v1/providers/{organization}/{kind}/versions", get(serve::provider_versions))
        .route("/v1/providers/{organization}/{kind}/{number}/download/{os}/{arch}", get(serve::provider))
}

/// Below `/api/signed`: what comes in, and what the CLI fetches without a token.
pub(crate) fn signed_router() -> Router<Http> {
    Router::new()
        .route("/module/{signed}", put(upload::module))
        .route("/shasums/{signed}", put(upload::shasums))
        .route("/signature/{signed}", put(upload::signature))
        .route("/platform/{signed}", put(upload::platform))
        .layer(DefaultBodyLimit::disable())
        .route("/registry/{signed}/{file}", get(download))
}

/// Where a file can be fetched without a token, for a while; its name at the end is for those who keep it, and tells what it is.
fn address(app: &App, file: &RegistryFile) -> String {
    format!("{}/{}", signed::address(app, Purpose::RegistryFile, file.id.as_str()), file.name)
}

/// `GET` (and `HEAD`) of such an address.
async fn download(State(app): State<App>, Path((signed, _)): Path<(String, String)>) -> Result<Response, Failure> {
    let file = app.registry_file(&signed::verify(&app, Purpose::RegistryFile, &signed)?).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, file.size.to_string()),
    ];
    let body = Body::from_stream(ReaderStream::with_capacity(app.open_file(&file).await?, 64 << 10));
    Ok((headers, body).into_response())
}

/// The organization of an address that names it twice: what is private to it is in its own namespace.
fn own<'a>(organization: &'a str, namespace: &str) -> Result<&'a str, Error> {
    if organization == namespace {
        return Ok(organization);
    }
    Err(Error::not_found(format!("a private namespace {namespace} in organization {organization}")))
}

/// Refuses what is not private to the organization: nothing else is kept here.
fn private(body: &crate::jsonapi::Body, organization: &str) -> Result<(), Error> {
    let registry: Option<String> = body.attribute("registry-name")?;
    if registry.is_some_and(|registry| registry != "private") {
        return Err(Error::invalid("registry-name", "registry-name is 'private': nothing public is kept here"));
    }
    let namespace: Option<String> = body.attribute("namespace")?;
    if namespace.is_some_and(|namespace| namespace != organization) {
        return Err(Error::invalid("namespace", "namespace is the name of the organization"));
    }
    Ok(())
}
