//! State versions and outputs.

use crate::{
    error::Failure,
    jsonapi::{Body, Document, List, Query, Resource, reader},
    workspace::parse_id,
};
use app::{
    Announced, App, Error, OutputValue, Source, Upload, Which,
    model::{Output, StateVersion},
};
use axum::{
    body::{Body as RawBody, Bytes},
    extract::{FromRequest as _, Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    id::{OutputId, StateVersionId},
    permission::Permission,
};
use http_doors::{
    Authenticated,
    signed::{self, Purpose},
};
use serde_json::{Value, json};
use tokio_util::io::ReaderStream;

/// `announced` is for the answer to whoever announced it, and has the right to write: only there are the addresses to upload to.
pub(crate) fn resource(app: &App, version: &StateVersion, outputs: &[String], announced: bool) -> Resource {
    let id = &version.id;
    let pending = version.status == "pending";
    let upload = |purpose| (pending && announced).then(|| signed::address(app, purpose, id.as_str()));
    let attributes = json!({
        "status": match version.status.as_str() {
            _ if version.purged_at.is_some() => "backing_data_permanently_deleted",
            "errored" => "discarded",
            status => status,
        },
        "serial": version.serial,
        "lineage": version.lineage,
        "md5": version.md5,
        "size": version.size,
        "created-at": version.created_at.rfc3339(),
        "terraform-version": version.terraform_version,
        "state-version": version.format,
        "resources-processed": !pending && version.indexed,
        "hosted-state-download-url":
            version.purged_at.is_none().then(|| format!("{}/api/v2/state-versions/{id}/download", app.address)),
        "hosted-json-state-download-url":
            version.json_blob_id.as_ref().map(|_| format!("{}/api/v2/state-versions/{id}/json-download", app.address)),
        "hosted-state-upload-url": upload(Purpose::State),
        "hosted-json-state-upload-url": upload(Purpose::JsonState),
    });
    let resource = Resource::new("state-versions", id, attributes);
    let resource = match &version.rollback_id {
        Some(earlier) => resource.one("rollback-state-version", "state-versions", Some(earlier)),
        None => resource,
    };
    resource
        .one("workspace", "workspaces", Some(version.workspace_id.as_str()))
        .one("run", "runs", version.run_id.as_deref())
        .one("created-by", "users", version.created_by.as_deref())
        .many("outputs", "state-version-outputs", outputs.iter().cloned())
}

pub(crate) async fn document(app: &App, version: &StateVersion, query: &Query) -> Result<Document, Error> {
    let outputs = app.state_outputs(version).await?;
    let ids: Vec<String> = outputs.iter().map(|(output, _)| output.id.to_string()).collect();
    let mut included = Vec::new();
    if query.includes("outputs") {
        included.extend(outputs.iter().map(|(output, value)| output_resource(output, value, false)));
    }
    Ok(Document::new(resource(app, version, &ids, false)).including(included))
}

fn output_resource(output: &Output, value: &OutputValue, clear: bool) -> Resource {
    let kind: Value = serde_json::from_str(value.kind.get()).unwrap_or_default();
    let name = kind.as_str().or_else(|| kind.get(0).and_then(Value::as_str)).unwrap_or("dynamic").to_owned();
    let shown: Value = if value.sensitive && !clear {
        Value::Null
    } else {
        serde_json::from_str(value.value.get()).unwrap_or_default()
    };
    let attributes = json!({
        "name": value.name,
        "sensitive": value.sensitive,
        "type": name,
        "detailed-type": kind,
        "value": shown,
    });
    Resource::new("state-version-outputs", &output.id, attributes)
}

pub(crate) fn parse(id: &str) -> Result<StateVersionId, Error> {
    id.parse().map_err(|_| Error::not_found("that state version"))
}

/// How many seconds a client that applies by itself lets pass between two states on its way (client contract 15.5), by the size of one: the
/// client takes 20 seconds at least, and each is kept, so that one apply leaves about 100 KB a second at most.
fn snapshot_seconds(bytes: i64) -> i64 {
    (20 + bytes / 100_000).min(3600)
}

/// An answer about a state of this size, which also says how often the next ones are wanted.
fn paced(bytes: i64, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    response.headers_mut().insert("x-terraform-snapshot-interval", snapshot_seconds(bytes).into());
    response
}

/// `GET workspaces/ID/current-state-version`: 404 means that there is none, told only to who may know. The pace of a first apply is told
/// with it.
pub(crate) async fn current(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, Failure> {
    let current = app.current_state(&caller, Which::Id(&parse_id(&id)?)).await?;
    let Some((version, _)) = current else {
        return Ok(paced(0, Failure(Error::not_found(format!("the state of workspace {id}")))));
    };
    Ok(paced(version.size, document(&app, &version, &query).await?))
}

/// `GET workspaces/ID/current-state-version-outputs`: all of them at once, sensitive ones without their value.
pub(crate) async fn current_outputs(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<List, Failure> {
    let current = app.current_state(&caller, Which::Id(&parse_id(&id)?)).await?;
    let (version, _) = current.ok_or_else(|| Error::not_found(format!("the state of workspace {id}")))?;
    outputs_of(&app, &version).await
}

async fn outputs_of(app: &App, version: &StateVersion) -> Result<List, Failure> {
    let outputs = app.state_outputs(version).await?;
    Ok(List::all(outputs.iter().map(|(output, value)| output_resource(output, value, false)).collect()))
}

/// `GET state-versions/ID`
pub(crate) async fn show(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, Failure> {
    let version = app.state_version(&caller, &parse(&id)?).await?;
    Ok(paced(version.size, document(&app, &version, &query).await?))
}

/// `GET state-versions/ID/outputs`
pub(crate) async fn outputs(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<List, Failure> {
    outputs_of(&app, &app.state_version(&caller, &parse(&id)?).await?).await
}

/// `GET state-version-outputs/ID`: one output with its value, sensitive or not.
pub(crate) async fn output(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Document, Failure> {
    let id: OutputId = id.parse().map_err(|_| Error::not_found("that output"))?;
    let (output, value) = app.state_output(&caller, &id).await?;
    Ok(Document::new(output_resource(&output, &value, true)))
}

/// `GET state-versions?filter[organization][name]=…&filter[workspace][name]=…`
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    query: Query,
) -> Result<List, Failure> {
    let missing = |key: &str| Error::invalid(key, format!("the query names no {key}"));
    let organization = query.get("filter[organization][name]").ok_or_else(|| missing("filter[organization][name]"))?;
    let name = query.get("filter[workspace][name]").ok_or_else(|| missing("filter[workspace][name]"))?;
    let workspace = app.workspace(&caller, Which::Name(organization, name), Permission::ReadState).await?;
    let page = query.page();
    let (versions, total) = app.list_state_versions(&caller, &workspace.id, page.size, page.offset()).await?;
    Ok(List::page(versions.iter().map(|version| resource(&app, version, &[], false)).collect(), page, total))
}

/// `POST workspaces/ID/state-versions`: with the state inside (older clients), or announcing an upload.
pub(crate) async fn create(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Failure> {
    let id = parse_id(&id)?;
    // Before a byte of the body is read: it may be large, and who may not write fills no memory.
    let workspace = app.workspace(&caller, Which::Id(&id), Permission::WriteState).await?;
    let body = Body::from_request(request, &()).await?;
    body.about("state-versions")?;
    let announced = Announced {
        serial: body.attribute("serial")?.ok_or_else(|| Error::invalid("serial", "Serial can't be blank"))?,
        md5: body.attribute("md5")?.ok_or_else(|| Error::invalid("md5", "MD5 can't be blank"))?,
        lineage: body.attribute::<String>("lineage")?.unwrap_or_default(),
        force: body.attribute("force")?.unwrap_or_default(),
    };
    let inline: Option<String> = body.attribute("state")?;
    let Some(inline) = inline.filter(|state| !state.is_empty()) else {
        let version = app.announce_state(&caller, &id, &announced).await?;
        return Ok(paced(version.size, Document::created(resource(&app, &version, &[], true))));
    };
    let decoded = |text: &str| STANDARD.decode(text.trim()).map(Bytes::from);
    let state = decoded(&inline).map_err(|e| Error::invalid("state", format!("State is no base64: {e}")))?;
    let written = app.write_state(&caller, &workspace, &Source::Cloud, Upload::of(state), Some(&announced)).await?;
    if let Some(json) = body.attribute::<String>("json-state")?.filter(|json| !json.is_empty() && !written.repeated) {
        let json = decoded(&json).map_err(|e| Error::invalid("json-state", format!("JSON state is no base64: {e}")))?;
        app.upload_state_json(&written.version.id, Upload::of(json)).await?;
    }
    Ok(paced(written.version.size, Document::created(resource(&app, &written.version, &[], true))))
}

/// `PUT` of a signed address: the state's bytes. It is finalized before the answer, so that no unlock ever meets a pending one.
pub(crate) async fn upload(
    State(app): State<App>,
    Path(signed): Path<String>,
    body: RawBody,
) -> Result<StatusCode, Failure> {
    let id = parse(&signed::verify(&app, Purpose::State, &signed)?)?;
    app.upload_state(&id, Upload::stream(reader(body))).await?;
    Ok(StatusCode::OK)
}

/// `PUT` of a signed address: the JSON form of a state, which may come before it, after it, or never.
pub(crate) async fn upload_json(
    State(app): State<App>,
    Path(signed): Path<String>,
    body: RawBody,
) -> Result<StatusCode, Failure> {
    let id = parse(&signed::verify(&app, Purpose::JsonState, &signed)?)?;
    app.upload_state_json(&id, Upload::stream(reader(body))).await?;
    Ok(StatusCode::OK)
}

/// `GET state-versions/ID/download`: the bytes, exactly as they came.
pub(crate) async fn download(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let version = app.state_version(&caller, &parse(&id)?).await?;
    let body = http_doors::state::body(&app, &version).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// `GET state-versions/ID/json-download`
pub(crate) async fn download_json(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let version = app.state_version(&caller, &parse(&id)?).await?;
    let body = axum::body::Body::from_stream(ReaderStream::new(app.state_json(&version).await?));
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}
