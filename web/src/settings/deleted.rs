//! Workspaces that were deleted, and taking them back.

use super::{Frame, problem};
use crate::{
    failure::Failure,
    form::Form,
    page::{Layout, PER_PAGE, Pages, html, paging},
    person::Person,
    sign_in::Proof,
    workspace::Paging,
};
use app::{App, Error, model::DeletedWorkspace};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use domain::{id::WorkspaceId, permission::Permission};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "settings/deleted.html")]
struct Deleted {
    layout: Layout,
    frame: Frame,
    rows: Vec<DeletedWorkspace>,
    pages: Pages,
    problem: Option<String>,
}

async fn page(app: &App, person: &Person, organization: &str, page: Option<i64>) -> Result<Deleted, Failure> {
    let organization = app.organization(&person.caller, organization, Permission::DeleteWorkspace).await?;
    let (number, offset) = paging(page);
    let listed = app.list_deleted_workspaces(&person.caller, &organization.name, PER_PAGE, offset).await?;
    let frame = Frame::new(person, &organization, "deleted");
    let pages = Pages::new(number, listed.1, format!("{}/deleted-workspaces?page=", frame.path));
    Ok(Deleted { layout: frame.layout(app, person, "Deleted workspaces"), frame, rows: listed.0, pages, problem: None })
}

/// `GET /app/settings/organizations/ORG/deleted-workspaces`
pub(crate) async fn list(
    State(app): State<App>,
    person: Person,
    Path(organization): Path<String>,
    Query(Paging { page: number }): Query<Paging>,
) -> Result<Response, Failure> {
    Ok(html(&page(&app, &person, &organization, number).await?))
}

/// Under which name.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(flatten)]
    proof: Proof,
    name: String,
}

/// `POST /app/settings/organizations/ORG/deleted-workspaces/ID`
pub(crate) async fn restore(
    State(app): State<App>,
    person: Person,
    Path((organization, deleted)): Path<(String, String)>,
    headers: HeaderMap,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Failure> {
    wanted.proof.check(&app, &person, &headers)?;
    let id: WorkspaceId = deleted.parse().map_err(|_| Error::not_found("That workspace"))?;
    match app.restore_workspace(&person.caller, &id, Some(wanted.name.trim())).await {
        Ok(back) => Ok(Redirect::to(&format!("/app/{}/{}", back.organization_name, back.name)).into_response()),
        Err(error) => {
            let problem = Some(problem(error)?);
            let page = Deleted { problem, ..page(&app, &person, &organization, None).await? };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
        }
    }
}
