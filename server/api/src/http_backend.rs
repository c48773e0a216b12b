//! `backend "http"` (client contract section 18): a state at one address, LOCK and UNLOCK on the same. It is the same lock and the same
//! versions as behind every other door.

use crate::{
    error::{detail, status},
    jsonapi::{Query, reader},
};
use app::{App, Caller, Content, Error, Reader, Settings, Source, Unlock, Upload, Which, model::Workspace};
use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    lock::{Holder, Lock},
    permission::Permission,
};
use http_doors::caller;
use serde::Deserialize;
use serde_json::json;
use std::io::Cursor;
use tokio::io::AsyncReadExt as _;

const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

#[derive(Deserialize)]
struct ClientLock {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "Operation", default)]
    operation: String,
}

/// The most bytes of a lock: what is longer is a state.
const LARGEST_LOCK: u64 = 64 << 10;

/// A body of which nobody says whether it is a lock or a state.
struct Incoming {
    /// All of it, or what is longer than any lock.
    start: Bytes,
    /// What may come after that.
    rest: Option<Reader>,
}

impl Incoming {
    async fn read(mut body: Reader) -> Result<Self, Error> {
        let mut start = Vec::new();
        let read = (&mut body).take(LARGEST_LOCK + 1).read_to_end(&mut start).await;
        read.map_err(|error| Error::invalid("body", format!("the body was cut off: {error}; send it again")))?;
        let rest = (start.len() as u64 > LARGEST_LOCK).then_some(body);
        Ok(Self { start: start.into(), rest })
    }

    /// All of it, where that is a lock or nothing.
    fn lock(&self) -> Result<&Bytes, Error> {
        if self.rest.is_some() {
            return Err(Error::TooLarge(format!("the body is larger than a lock: {LARGEST_LOCK} bytes")));
        }
        Ok(&self.start)
    }

    fn upload(self) -> Upload {
        match self.rest {
            None => Upload::of(self.start),
            Some(rest) => Upload::stream(Box::pin(Cursor::new(self.start).chain(rest))),
        }
    }
}

/// Every method of a state's address.
pub(crate) async fn handle(
    State(app): State<App>,
    Path((organization, workspace)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
    query: Query,
    body: Body,
) -> Response {
    let answered = async {
        // Before a byte of the body is read: nobody fills the memory who may not write.
        let caller = caller::authenticate(&app, &headers).await?.0;
        if matches!(method.as_str(), "POST" | "PUT" | "LOCK") {
            may_write_or_make(&app, &caller, &organization, &workspace).await?;
        }
        let body = Incoming::read(reader(body)).await?;
        answer(&app, &caller, (&organization, &workspace), &method, &headers, &query, body).await
    };
    answered.await.unwrap_or_else(|error| refuse(&error))
}

/// Every other address here. It must not be "not found": this client reads that as an empty state, and would create everything anew.
pub(crate) async fn misaddressed() -> Response {
    refuse(&Error::invalid(
        "address",
        "the address of a state is /api/http/ORGANIZATION/WORKSPACE, with nothing behind it",
    ))
}

async fn answer(
    app: &App,
    caller: &Caller,
    (organization, name): (&str, &str),
    method: &Method,
    headers: &HeaderMap,
    query: &Query,
    body: Incoming,
) -> Result<Response, Error> {
    let which = Which::Name(organization, name);
    let lock_id = query.get("ID").map(ToOwned::to_owned);
    // Clients choose their methods: a body that is a lock is none of a state's, whatever the method (client contract, trap 34).
    let is_lock = body.rest.is_none() && Content::is_lock(&body.start);
    match method.as_str() {
        "GET" => read(app, caller, which).await,
        "LOCK" => lock(app, caller, which, body.lock()?).await,
        "UNLOCK" => unlock(app, caller, which, body.lock()?).await,
        "POST" | "PUT" if is_lock => lock(app, caller, which, &body.start).await,
        "DELETE" if is_lock => unlock(app, caller, which, &body.start).await,
        "POST" | "PUT" => write(app, caller, which, headers, lock_id, body.upload()).await,
        "DELETE" => {
            let workspace = app.workspace(caller, which, Permission::WriteState).await?;
            app.delete_state(caller, &workspace.id, &Source::Http(lock_id)).await?;
            Ok(StatusCode::OK.into_response())
        }
        _ => {
            let allowed = HeaderValue::from_static("GET, POST, PUT, DELETE, LOCK, UNLOCK");
            Ok((StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, allowed)]).into_response())
        }
    }
}

async fn read(app: &App, caller: &Caller, which: Which<'_>) -> Result<Response, Error> {
    let Some((version, _)) = app.current_state(caller, which).await? else {
        return Err(Error::not_found(format!("the state of {which}")));
    };
    let body = http_doors::state::body(app, &version).await?;
    let digest = STANDARD.encode(hex::decode(&version.md5).unwrap_or_default());
    Ok(([(header::CONTENT_TYPE, "application/json"), (CONTENT_MD5, digest.as_str())], body).into_response())
}

async fn write(
    app: &App,
    caller: &Caller,
    which: Which<'_>,
    headers: &HeaderMap,
    lock_id: Option<String>,
    mut state: Upload,
) -> Result<Response, Error> {
    if let Some(given) = headers.get(CONTENT_MD5) {
        let bytes = STANDARD.decode(given).ok().filter(|bytes| bytes.len() == 16);
        let wrong = || Error::invalid("Content-MD5", "it is no MD5 in base64; leave it out, or send the state's");
        state = state.with_md5(hex::encode(bytes.ok_or_else(wrong)?));
    }
    let workspace = found_or_made(app, caller, which, Permission::WriteState).await?;
    app.write_state(caller, &workspace, &Source::Http(lock_id), state, None).await?;
    Ok(StatusCode::OK.into_response())
}

async fn lock(app: &App, caller: &Caller, which: Which<'_>, body: &Bytes) -> Result<Response, Error> {
    let client: ClientLock = serde_json::from_slice(body)
        .map_err(|e| Error::invalid("lock", format!("the body is no lock with an ID: {e}")))?;
    let text = std::str::from_utf8(body).map_err(|e| Error::invalid("lock", e))?;
    let workspace = found_or_made(app, caller, which, Permission::Lock).await?;
    app.lock(caller, &workspace.id, &client.operation, Some((&client.id, text))).await?;
    Ok(StatusCode::OK.into_response())
}

/// Whether the caller may change this workspace, or make it if it is not there.
async fn may_write_or_make(app: &App, caller: &Caller, organization: &str, name: &str) -> Result<(), Error> {
    let which = Which::Name(organization, name);
    match app.workspace(caller, which, Permission::ReadState).await {
        Err(Error::NotFound(_)) => {}
        found => return found.map(drop),
    }
    match app.organization(caller, organization, Permission::CreateWorkspace).await {
        Err(Error::NotFound(_)) => Err(unseen(which, Permission::WriteState)),
        found => found.map(drop),
    }
}

/// Who may not even see the organization is told so: "not found" would read as an empty state.
fn unseen(which: Which<'_>, permission: Permission) -> Error {
    Error::Forbidden(format!("{which}: the right to {permission} is missing; an owner can give it"))
}

/// The workspace of this address. This backend has no call that makes one: the first lock or write does, for who may. It has no runs: its
/// client executes.
async fn found_or_made(
    app: &App,
    caller: &Caller,
    which: Which<'_>,
    permission: Permission,
) -> Result<Workspace, Error> {
    match (app.workspace(caller, which, permission).await, which) {
        (Err(Error::NotFound(_)), Which::Name(organization, name)) => {
            let settings =
                Settings { name: Some(name.to_owned()), execution_mode: Some("local".into()), ..Settings::default() };
            match app.create_workspace(caller, organization, &settings).await {
                // Another first request may have been faster.
                Err(invalid @ Error::Invalid(_)) => app.workspace(caller, which, permission).await.map_err(|_| invalid),
                Err(Error::NotFound(_)) => Err(unseen(which, permission)),
                made => made,
            }
        }
        (found, _) => found,
    }
}

async fn unlock(app: &App, caller: &Caller, which: Which<'_>, body: &Bytes) -> Result<Response, Error> {
    let workspace = app.workspace(caller, which, Permission::ReadState).await?;
    let client: Option<ClientLock> = if body.iter().all(u8::is_ascii_whitespace) {
        None
    } else {
        let read = serde_json::from_slice(body);
        Some(read.map_err(|e| Error::invalid("lock", format!("the body is no lock with an ID: {e}")))?)
    };
    let how = client.as_ref().map_or(Unlock::ForceHttp, |client| Unlock::Http(&client.id));
    match app.unlock(caller, &workspace.id, how).await {
        Ok(_) => {}
        // It was found just now: who may read it and not unlock it is told so. "Not found" would read as an empty state.
        Err(Error::NotFound(_)) => return Err(unseen(which, Permission::Lock)),
        // What is not locked needs no unlock: the answer to the first try may have been lost.
        Err(Error::Conflict(_)) if client.is_some() && workspace.lock().map_err(Error::from)?.is_none() => {}
        Err(other) => return Err(other),
    }
    Ok(StatusCode::OK.into_response())
}

/// Errors as this client reads them: 423 carries the lock's JSON, everything else is text.
fn refuse(error: &Error) -> Response {
    if let Error::Locked { lock, info, .. } = error {
        let json = info.clone().unwrap_or_else(|| describe(lock).to_string());
        return (StatusCode::LOCKED, [(header::CONTENT_TYPE, "application/json")], json).into_response();
    }
    let code = match error {
        Error::Invalid(_) => StatusCode::BAD_REQUEST,
        other => status(other),
    };
    let mut response =
        (code, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], detail(error) + "\n").into_response();
    if code == StatusCode::UNAUTHORIZED {
        let basic = HeaderValue::from_static("Basic realm=\"terrane\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
    }
    response
}

/// A lock that no `backend "http"` took, in its words.
fn describe(lock: &Lock) -> serde_json::Value {
    let (id, who) = match &lock.holder {
        Holder::Run(run) => (run.to_string(), run.to_string()),
        Holder::Client { user, id, .. } => (id.clone().unwrap_or_else(|| user.to_string()), user.to_string()),
    };
    json!({
        "ID": id,
        "Operation": "terrane",
        "Info": lock.reason,
        "Who": who,
        "Version": "",
        "Created": lock.since.rfc3339(),
        "Path": "",
    })
}
