//! How long a workspace keeps what is no longer needed.

use crate::{
    failure::Failure,
    form::Form,
    page::{Layout, html},
    person::Person,
    retention::{Policy, Wanted, act, find},
    workspace::Frame,
};
use app::{App, Kept, Which, model::Workspace};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use domain::permission::Permission;

#[derive(Template)]
#[template(path = "workspace_retention.html")]
struct Retention {
    layout: Layout,
    frame: Frame,
    policy: Policy,
    may_decide: bool,
}

async fn workspace(app: &App, person: &Person, organization: &str, name: &str) -> Result<(Workspace, Frame), Failure> {
    let workspace = app.workspace(&person.caller, Which::Name(organization, name), Permission::Read).await?;
    let frame = Frame::new(&workspace, "settings");
    Ok((workspace, frame))
}

fn path(frame: &Frame) -> String {
    format!("{}/settings/retention", frame.path)
}

fn page(app: &App, person: &Person, workspace: &Workspace, frame: Frame, policy: Policy) -> Retention {
    let may_decide = person.can(workspace.role.as_deref(), Permission::DeleteWorkspace);
    Retention { layout: frame.layout(app, person, "Retention"), frame, policy, may_decide }
}

/// `GET /app/ORG/WS/settings/retention`
pub(crate) async fn show(
    State(app): State<App>,
    person: Person,
    Path((organization, name)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let (workspace, frame) = workspace(&app, &person, &organization, &name).await?;
    let policy = find(&app, &person, Kept::Workspace(&workspace.id), path(&frame)).await?;
    Ok(html(&page(&app, &person, &workspace, frame, policy)))
}

/// `POST /app/ORG/WS/settings/retention`
pub(crate) async fn update(
    State(app): State<App>,
    person: Person,
    Path((organization, name)): Path<(String, String)>,
    headers: HeaderMap,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Failure> {
    wanted.proof.check(&app, &person, &headers)?;
    let (workspace, frame) = workspace(&app, &person, &organization, &name).await?;
    let kept = Kept::Workspace(&workspace.id);
    let Some(policy) = act(&app, &person, kept, path(&frame), wanted).await? else {
        return Ok(Redirect::to(&path(&frame)).into_response());
    };
    Ok((policy.status(), html(&page(&app, &person, &workspace, frame, policy))).into_response())
}
