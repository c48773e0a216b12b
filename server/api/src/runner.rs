//! Where runners call from elsewhere (`protocol::wire`). A runner proves itself by the token of its pool, says which agent and which start of
//! it is speaking, and speaks of a phase under the fencing token of its lease.

use crate::jsonapi::reader;
use app::{App, Claimant, Credential, Error, LeaseError, Upload};
use axum::{
    Json,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, FromRequestParts, Path, Query, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use http_doors::{Http, caller};
use protocol::{
    Artifact, Lease,
    wire::{self, Claim, Enlisted, Finish, Held, Hello, Kind, Refusal, Started, Than, Wished},
};
use serde::Deserialize;
use std::time::Duration;
use tokio_util::io::ReaderStream;

/// The most bytes of one piece of a log.
const PIECE: usize = 1 << 20;

/// The most bytes of what a runner says of itself or of a phase.
const DOCUMENT: usize = 1 << 20;

/// Every route of runners.
pub(crate) fn router(http: &Http) -> axum::Router<Http> {
    let state_bytes = http.app.limits.state_bytes;
    axum::Router::new()
        .route("/enlist", post(enlist))
        .route("/leave", post(leave))
        .route("/claim", post(claim))
        .route("/release", post(release))
        .route("/phases/{phase}/adopt", post(adopt))
        .route("/phases/{phase}/renew", post(renew))
        .route("/phases/{phase}/wish", post(wish))
        .route("/phases/{phase}/started", post(started))
        .route("/phases/{phase}/configuration", get(configuration))
        .route("/phases/{phase}/state", get(state).put(put_state).layer(DefaultBodyLimit::max(state_bytes)))
        .route("/phases/{phase}/log", post(log).layer(DefaultBodyLimit::max(PIECE)))
        .route("/phases/{phase}/artifacts/{kind}", get(artifact))
        .route("/phases/{phase}/artifacts/{kind}", put(put_artifact).layer(DefaultBodyLimit::disable()))
        .route("/phases/{phase}/finish", post(finish))
        .layer(DefaultBodyLimit::max(DOCUMENT))
        .layer(map_response(in_form))
}

/// What was refused before any handler saw it, as runners read it.
async fn in_form(response: Response) -> Response {
    match crate::error::unformed(response).await {
        Ok((response, message)) => (response.status(), Json(Refusal { kind: Kind::Refused, message })).into_response(),
        Err(formed) => formed,
    }
}

/// What a runner is told instead of an answer.
#[derive(Debug)]
pub(crate) struct Refused(Kind, Error);

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let kind = match error {
            Error::Unavailable(_) | Error::Internal(_) => Kind::Unavailable,
            _ => Kind::Refused,
        };
        Self(kind, error)
    }
}

impl Refused {
    /// Of a runner that is not who it says it is.
    fn of_agent(error: Error) -> Self {
        match error {
            Error::NotFound(_) => Self(Kind::Unknown, error),
            Error::Conflict(_) => Self(Kind::Superseded, error),
            other => other.into(),
        }
    }
}

impl From<LeaseError> for Refused {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Lost(phase) => Self(Kind::Lost, Error::Conflict(format!("the lease of {phase} is lost"))),
            LeaseError::Other(error) => error.into(),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self.0 {
            Kind::Lost => StatusCode::GONE,
            _ => crate::error::status(&self.1),
        };
        (status, Json(Refusal { kind: self.0, message: crate::error::detail(&self.1) })).into_response()
    }
}

/// A runner whose token is good.
pub(crate) struct Bearer(Credential);

impl FromRequestParts<Http> for Bearer {
    type Rejection = Refused;
    async fn from_request_parts(parts: &mut Parts, http: &Http) -> Result<Self, Refused> {
        let missing = || Error::Unauthorized("the request carries no token of a runner".into());
        let token = caller::token(&parts.headers).ok_or_else(missing)?;
        Ok(Self(http.app.authenticate_runner(&token).await?))
    }
}

/// A runner that has said who it is.
pub(crate) struct Known(Claimant);

impl FromRequestParts<Http> for Known {
    type Rejection = Refused;
    async fn from_request_parts(parts: &mut Parts, http: &Http) -> Result<Self, Refused> {
        let Bearer(credential) = Bearer::from_request_parts(parts, http).await?;
        let agent = text(&parts.headers, wire::AGENT).unwrap_or_default();
        let session = number(&parts.headers, wire::SESSION).unwrap_or_default();
        http.app.claimant(&credential, agent, session).await.map(Self).map_err(Refused::of_agent)
    }
}

/// What a runner says of a phase, under its lease. Whether that is still good is judged by the verb.
pub(crate) struct Leased(Lease);

impl FromRequestParts<Http> for Leased {
    type Rejection = Refused;
    async fn from_request_parts(parts: &mut Parts, http: &Http) -> Result<Self, Refused> {
        let Bearer(credential) = Bearer::from_request_parts(parts, http).await?;
        let agent = text(&parts.headers, wire::AGENT).unwrap_or_default();
        let claimant = http.app.speaker(&credential, agent).await.map_err(Refused::of_agent)?;
        let names: Path<Vec<(String, String)>> =
            Path::from_request_parts(parts, http).await.map_err(|_| Error::not_found("that address"))?;
        let phase = names.0.iter().find(|(name, _)| name == "phase").map(|(_, phase)| phase.as_str());
        let fence = number(&parts.headers, wire::FENCE)
            .ok_or_else(|| Error::invalid(wire::FENCE, "the header must be the fencing token of the lease"))?;
        Ok(Self(claimant.lease(&http.app.limits, phase.unwrap_or_default(), fence)))
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn number(headers: &HeaderMap, name: &str) -> Option<i64> {
    text(headers, name)?.parse().ok()
}

/// Reads what a runner says.
fn read<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, Refused> {
    let unreadable = |error| {
        Error::invalid("", format!("the body is not what this server understands ({error}); see the versions of both"))
    };
    Ok(serde_json::from_slice(body).map_err(unreadable)?)
}

/// Tells a lost lease from everything else.
fn told<T>(app: &App, lease: &Lease, answer: app::Result<T>) -> Result<T, Refused> {
    answer.map_err(|error| app.lease_error(lease, error).into())
}

/// Waits for an answer, but not longer than a connection may be idle, nor than the server serves.
async fn hold<T>(http: &Http, answer: impl Future<Output = T>) -> Result<Option<T>, Refused> {
    tokio::select! {
        answer = answer => Ok(Some(answer)),
        () = tokio::time::sleep(Duration::from_secs(wire::HOLD)) => Ok(None),
        () = http.stopping.cancelled() => Err(Error::Unavailable("the server stops".into()).into()),
    }
}

async fn enlist(
    State(app): State<App>,
    Bearer(credential): Bearer,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Enlisted>, Refused> {
    let hello: Hello = read(&body)?;
    // For the eye only: whoever stands between may have written it.
    let address = text(&headers, "x-forwarded-for").and_then(|list| list.split(',').next()).unwrap_or_default();
    Ok(Json(app.enlist(&credential.serves, &hello, address.trim()).await?))
}

async fn leave(State(app): State<App>, Known(claimant): Known) -> Result<StatusCode, Refused> {
    app.leave(&claimant).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn claim(State(http): State<Http>, Known(claimant): Known, body: Bytes) -> Result<Response, Refused> {
    let Claim { claim } = read(&body)?;
    if claim.is_empty() || claim.len() > 64 {
        return Err(Error::invalid("claim", "the name of a claim has 1 to 64 bytes").into());
    }
    http.app.heard_of(&claimant).await?;
    match hold(&http, Box::pin(http.app.claim(&claimant, Some(&claim)))).await? {
        Some(job) => Ok(Json(job.map_err(Refused::of_agent)?).into_response()),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

async fn release(State(app): State<App>, Known(claimant): Known, body: Bytes) -> Result<StatusCode, Refused> {
    let Claim { claim } = read(&body)?;
    app.release_claim(&claimant, &claim).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn adopt(State(app): State<App>, Leased(lease): Leased) -> Result<Json<Held>, Refused> {
    let log_end = told(&app, &lease, app.adopt(&lease).await)?;
    Ok(Json(Held { log_end }))
}

async fn renew(State(app): State<App>, Leased(lease): Leased) -> Result<Json<Wished>, Refused> {
    let wish = told(&app, &lease, app.renew(&lease).await)?;
    Ok(Json(Wished { wish }))
}

async fn wish(State(http): State<Http>, Leased(lease): Leased, body: Bytes) -> Result<Json<Wished>, Refused> {
    let Than { than } = read(&body)?;
    let answer = hold(&http, http.app.wait_for_wish(&lease, than)).await?;
    let wish = answer.map_or(Ok(than), |wish| told(&http.app, &lease, wish))?;
    Ok(Json(Wished { wish }))
}

async fn started(State(app): State<App>, Leased(lease): Leased, body: Bytes) -> Result<StatusCode, Refused> {
    let Started { version, image } = read(&body)?;
    told(&app, &lease, app.started(&lease, &version, image.as_ref()).await)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn configuration(State(app): State<App>, Leased(lease): Leased) -> Result<Response, Refused> {
    let reader = told(&app, &lease, app.leased_configuration(&lease).await)?;
    Ok(Body::from_stream(ReaderStream::new(reader)).into_response())
}

async fn state(State(app): State<App>, Leased(lease): Leased) -> Result<Response, Refused> {
    match told(&app, &lease, app.leased_state(&lease).await)? {
        Some(state) => {
            let body = Body::from_stream(ReaderStream::new(state));
            Ok(([(header::CONTENT_TYPE, "application/octet-stream")], body).into_response())
        }
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

async fn put_state(State(app): State<App>, Leased(lease): Leased, body: Body) -> Result<StatusCode, Refused> {
    told(&app, &lease, app.put_state(&lease, Upload::stream(reader(body))).await)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(crate) struct Offset {
    offset: u64,
}

async fn log(
    State(app): State<App>,
    Leased(lease): Leased,
    Query(Offset { offset }): Query<Offset>,
    body: Bytes,
) -> Result<StatusCode, Refused> {
    told(&app, &lease, app.write_log(&lease, offset, body).await)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The kind of a file, as the wire spells it.
fn kind(name: &str) -> Result<Artifact, Refused> {
    let kind = serde_json::from_value(serde_json::Value::from(name));
    Ok(kind.map_err(|_| Error::not_found(format!("a file of the kind {name:?}")))?)
}

async fn artifact(
    State(app): State<App>,
    Leased(lease): Leased,
    Path((_, name)): Path<(String, String)>,
) -> Result<Response, Refused> {
    match told(&app, &lease, app.leased_artifact(&lease, kind(&name)?).await)? {
        Some(reader) => Ok(Body::from_stream(ReaderStream::new(reader)).into_response()),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

async fn put_artifact(
    State(app): State<App>,
    Leased(lease): Leased,
    Path((_, name)): Path<(String, String)>,
    body: Body,
) -> Result<StatusCode, Refused> {
    told(&app, &lease, app.stage_artifact(&lease, kind(&name)?, reader(body)).await)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn finish(State(app): State<App>, Leased(lease): Leased, body: Bytes) -> Result<StatusCode, Refused> {
    let Finish { outcome } = read(&body)?;
    told(&app, &lease, app.finish(&lease, outcome, Vec::new()).await)?;
    Ok(StatusCode::NO_CONTENT)
}
