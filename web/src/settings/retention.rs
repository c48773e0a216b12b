//! How long an organization keeps what is no longer needed.

use super::Frame;
use crate::{
    failure::Failure,
    form::Form,
    page::{Layout, html},
    person::Person,
    retention::{Policy, Wanted, act, find},
};
use app::{App, Kept};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use domain::permission::Permission;

#[derive(Template)]
#[template(path = "settings/retention.html")]
struct Retention {
    layout: Layout,
    frame: Frame,
    policy: Policy,
    may_decide: bool,
}

async fn frame(app: &App, person: &Person, organization: &str) -> Result<Frame, Failure> {
    let organization = app.organization(&person.caller, organization, Permission::Read).await?;
    Ok(Frame::new(person, &organization, "retention"))
}

fn path(frame: &Frame) -> String {
    format!("{}/retention", frame.path)
}

fn page(app: &App, person: &Person, frame: Frame, policy: Policy) -> Retention {
    Retention { layout: frame.layout(app, person, "Retention"), may_decide: frame.owner, frame, policy }
}

/// `GET /app/settings/organizations/ORG/retention`
pub(crate) async fn show(
    State(app): State<App>,
    person: Person,
    Path(organization): Path<String>,
) -> Result<Response, Failure> {
    let frame = frame(&app, &person, &organization).await?;
    let policy = find(&app, &person, Kept::Organization(&organization), path(&frame)).await?;
    Ok(html(&page(&app, &person, frame, policy)))
}

/// `POST /app/settings/organizations/ORG/retention`
pub(crate) async fn update(
    State(app): State<App>,
    person: Person,
    Path(organization): Path<String>,
    headers: HeaderMap,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Failure> {
    wanted.proof.check(&app, &person, &headers)?;
    let frame = frame(&app, &person, &organization).await?;
    let kept = Kept::Organization(&organization);
    let Some(policy) = act(&app, &person, kept, path(&frame), wanted).await? else {
        return Ok(Redirect::to(&path(&frame)).into_response());
    };
    Ok((policy.status(), html(&page(&app, &person, frame, policy))).into_response())
}
