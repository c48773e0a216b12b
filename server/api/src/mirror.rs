//! The provider network mirror protocol, and engines' releases as their vendors lay them out; for whoever has a token: people, runs, runners.
//!
//! A CLI sends its token for the documents of the protocol and none for archives, which therefore have signed addresses, good for minutes.

use crate::error::Failure;
use app::Error;
use axum::{
    Json, Router,
    body::Body,
    extract::{FromRequestParts, Path, State},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use http_doors::{
    Http, caller,
    signed::{self, Purpose},
};
use mirror::{Archive, Index, Platform, Provider, Release, Version, find_product};
use serde_json::{Map, Value, json};
use tokio_util::io::ReaderStream;

/// Every route of the mirror.
pub(crate) fn router() -> Router<Http> {
    Router::new()
        .route("/providers/{host}/{namespace}/{kind}/{document}", get(provider))
        .route("/releases/{product}/index.json", get(releases))
        .route("/releases/{product}/{version}/{file}", get(release))
}

/// Why something cannot be had here.
#[derive(Debug)]
pub(crate) enum Refused {
    Mirror(mirror::Error),
    Other(Failure),
}

impl From<mirror::Error> for Refused {
    fn from(error: mirror::Error) -> Self {
        Self::Mirror(error)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Other(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let error = match self {
            Self::Other(failure) => return failure.into_response(),
            Self::Mirror(error) => error,
        };
        let status = match &error {
            mirror::Error::NotFound(_) => StatusCode::NOT_FOUND,
            mirror::Error::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            mirror::Error::Refused(_) => StatusCode::BAD_GATEWAY,
            // Our own files: a path of the server is for its log.
            mirror::Error::Io(text) => return Failure(Error::Internal(text.clone())).into_response(),
        };
        if status.is_server_error() {
            // A CLI tells its person the status alone.
            tracing::warn!(%error, "something of the mirror cannot be had");
        }
        let title = status.canonical_reason().unwrap_or_default().to_lowercase();
        let body = json!({ "errors": [{ "status": status.as_str(), "title": title, "detail": error.to_string() }] });
        (status, Json(body)).into_response()
    }
}

/// Whoever has a token that is good here.
pub(crate) struct Somebody;

impl FromRequestParts<Http> for Somebody {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, http: &Http) -> Result<Self, Failure> {
        let missing = || Error::Unauthorized("the request carries no token: send it as `Authorization: Bearer`".into());
        let token = caller::token(&parts.headers).ok_or_else(missing)?;
        match http.app.authenticate(&token).await {
            Ok(_) => Ok(Self),
            Err(error @ Error::Unauthorized(_)) => {
                // A runner's, then; who has neither hears of the one that people have.
                http.app.authenticate_runner(&token).await.map(|_| Self).map_err(|other| match other {
                    Error::Unauthorized(_) => error.into(),
                    other => other.into(),
                })
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// `GET index.json`: the versions of a provider; `GET VERSION.json`: the archives of one.
async fn provider(
    State(http): State<Http>,
    _: Somebody,
    Path((host, namespace, kind, document)): Path<(String, String, String, String)>,
) -> Result<Json<Value>, Refused> {
    let provider = Provider::parse(&host, &namespace, &kind)
        .ok_or_else(|| Error::not_found(format!("a provider {host}/{namespace}/{kind}")))?;
    if document == "index.json" {
        let versions = http.app.mirror.versions(&provider).await?;
        let versions: Map<_, _> = versions.iter().map(|version| (version.to_string(), json!({}))).collect();
        return Ok(Json(json!({ "versions": versions })));
    }
    let version = document.strip_suffix(".json").and_then(mirror::version);
    let version = version.ok_or_else(|| Error::not_found(format!("a document {document} of a provider")))?;
    let archives = http.app.mirror.archives(&provider, &version).await?;
    let archives: Map<_, _> = archives
        .iter()
        .map(|(platform, hashes)| {
            let what = format!("{provider} {version} {platform}");
            let file = provider.archive(&version, platform);
            let url = format!("{}/{file}", signed::address(&http.app, Purpose::Provider, &what));
            (platform.to_string(), json!({ "url": url, "hashes": hashes }))
        })
        .collect();
    Ok(Json(json!({ "archives": archives })))
}

/// `GET` of an archive at its signed address; the name of the file at its end is for those who keep it.
pub(crate) async fn archive(
    State(http): State<Http>,
    Path((signed, _)): Path<(String, String)>,
) -> Result<Response, Refused> {
    let what = signed::verify(&http.app, Purpose::Provider, &signed)?;
    let (provider, version, platform) =
        read(&what).ok_or_else(|| Error::Internal(format!("{what:?} was signed and names no archive")))?;
    Ok(stream(http.app.mirror.archive(&provider, &version, &platform).await?))
}

/// What an address was signed for.
fn read(what: &str) -> Option<(Provider, Version, Platform)> {
    let mut parts = what.split(' ');
    let provider = Provider::parse_address(parts.next()?)?;
    Some((provider, mirror::version(parts.next()?)?, Platform::parse(parts.next()?)?))
}

/// `GET PRODUCT/index.json`: the versions of an engine.
async fn releases(State(http): State<Http>, _: Somebody, Path(product): Path<String>) -> Result<Json<Index>, Refused> {
    let known = find_product(&product).ok_or_else(|| Error::not_found(format!("an engine {product}")))?;
    Ok(Json(http.app.mirror.releases(known).await?))
}

/// `GET PRODUCT/VERSION/FILE`: check sums, their signature, or an archive.
async fn release(
    State(http): State<Http>,
    _: Somebody,
    Path((product, version, file)): Path<(String, String, String)>,
) -> Result<Response, Refused> {
    let release = Release::parse(&product, &version, &file)
        .ok_or_else(|| Error::not_found(format!("a file {product}/{version}/{file} of a release")))?;
    Ok(stream(http.app.mirror.release(&release).await?))
}

fn stream(archive: Archive) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, archive.bytes.to_string()),
    ];
    (headers, Body::from_stream(ReaderStream::with_capacity(archive.file, 64 << 10))).into_response()
}
