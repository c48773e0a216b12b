//! The versions of a workspace's state.

use crate::{
    failure::Failure,
    page::{Layout, PER_PAGE, Pages, html, moment, paging, size},
    person::Person,
    workspace::{Frame, Paging},
};
use app::{App, Error, Which};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use domain::{id::StateVersionId, permission::Permission};

struct Row {
    id: String,
    serial: i64,
    created: String,
    by: String,
    run: Option<String>,
    size: String,
    resources: i64,
    version: String,
    current: bool,
    late: bool,
    /// Its bytes were removed.
    gone: bool,
}

#[derive(Template)]
#[template(path = "states.html")]
struct States {
    layout: Layout,
    frame: Frame,
    rows: Vec<Row>,
    pages: Pages,
}

/// `GET /app/ORG/WS/states`
pub(crate) async fn list(
    State(app): State<App>,
    person: Person,
    Path((organization, workspace)): Path<(String, String)>,
    Query(Paging { page }): Query<Paging>,
) -> Result<Response, Failure> {
    let which = Which::Name(&organization, &workspace);
    let workspace = app.workspace(&person.caller, which, Permission::ReadState).await?;
    let (number, offset) = paging(page);
    let (versions, total) = app.list_state_versions(&person.caller, &workspace.id, PER_PAGE, offset).await?;
    let makers: Vec<&str> = versions.iter().filter_map(|version| version.created_by.as_deref()).collect();
    let names = app.user_names(&makers).await?;
    let rows = versions.iter().map(|version| Row {
        id: version.id.to_string(),
        serial: version.serial,
        created: moment(version.created_at),
        by: version.created_by.as_ref().and_then(|id| names.get(id)).cloned().unwrap_or_default(),
        run: version.run_id.clone(),
        size: size(version.size),
        resources: version.resource_count,
        version: version.terraform_version.clone(),
        current: workspace.current_state_id.as_deref() == Some(version.id.as_str()),
        late: version.status == "errored" || version.status == "discarded",
        gone: version.purged_at.is_some(),
    });
    let rows = rows.collect();
    let frame = Frame::new(&workspace, "states");
    let pages = Pages::new(number, total, format!("{}/states?page=", frame.path));
    let layout = frame.layout(&app, &person, "States").live(&format!("workspace={}", workspace.id));
    Ok(html(&States { layout, frame, rows, pages }))
}

/// `GET /app/ORG/WS/states/VERSION/download`
pub(crate) async fn download(
    State(app): State<App>,
    person: Person,
    Path((organization, workspace, version)): Path<(String, String, String)>,
) -> Result<Response, Failure> {
    let missing = || Error::not_found("That state version");
    let id: StateVersionId = version.parse().map_err(|_| missing())?;
    let which = Which::Name(&organization, &workspace);
    let workspace = app.workspace(&person.caller, which, Permission::ReadState).await?;
    let version = app.state_version(&person.caller, &id).await?;
    if version.workspace_id != workspace.id {
        return Err(missing().into());
    }
    let body = http_doors::state::body(&app, &version).await?;
    let name = format!("attachment; filename=\"{}-{}.tfstate\"", workspace.name, version.serial);
    Ok(([(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, name)], body)
        .into_response())
}
