//! Commands around the phases of an organization's runs. Only owners see them: a script may hold a secret.

use super::{Frame, problem};
use crate::{
    failure::Failure,
    form::Form,
    page::{Layout, html, moment},
    person::Person,
    sign_in::Proof,
};
use app::{App, Error};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use domain::{hook::Point, permission::Permission};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

struct Row {
    point: Point,
    when: &'static str,
    script: SecretString,
    since: Option<String>,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "settings/hooks.html")]
struct Hooks {
    layout: Layout,
    frame: Frame,
    rows: Vec<Row>,
}

fn when(point: Point) -> &'static str {
    match point {
        Point::PrePlan => "Before a plan, and before init",
        Point::PostPlan => "After a plan that succeeded",
        Point::PreApply => "Before an apply, and before init",
        Point::PostApply => "After an apply that succeeded",
    }
}

async fn page(app: &App, person: &Person, organization: &str) -> Result<Hooks, Failure> {
    let organization = app.organization(&person.caller, organization, Permission::ManageOrganization).await?;
    let hooks = app.list_hooks(&person.caller, &organization.name).await?;
    let row = |point| {
        let hook = hooks.iter().find(|hook| hook.point == point);
        Row {
            point,
            when: when(point),
            script: hook.map(|hook| hook.script.clone()).unwrap_or_default(),
            since: hook.map(|hook| moment(hook.updated_at)),
            problem: None,
        }
    };
    let frame = Frame::new(person, &organization, "hooks");
    Ok(Hooks { layout: frame.layout(app, person, "Hooks"), frame, rows: Point::ALL.map(row).into() })
}

/// `GET /app/settings/organizations/ORG/hooks`
pub(crate) async fn list(
    State(app): State<App>,
    person: Person,
    Path(organization): Path<String>,
) -> Result<Response, Failure> {
    Ok(html(&page(&app, &person, &organization).await?))
}

/// A script to keep.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(flatten)]
    proof: Proof,
    script: SecretString,
}

fn point(text: &str) -> Result<Point, Error> {
    Point::parse(text).ok_or_else(|| Error::not_found("That hook"))
}

/// `POST /app/settings/organizations/ORG/hooks/POINT`
pub(crate) async fn put(
    State(app): State<App>,
    person: Person,
    Path((organization, at)): Path<(String, String)>,
    headers: HeaderMap,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Failure> {
    wanted.proof.check(&app, &person, &headers)?;
    let at = point(&at)?;
    // A browser sends the ends of lines in its own way, which a shell does not read.
    let script = SecretString::from(wanted.script.expose_secret().replace("\r\n", "\n"));
    match app.put_hook(&person.caller, &organization, at, script.clone()).await {
        Ok(_) => Ok(Redirect::to(&format!("/app/settings/organizations/{organization}/hooks")).into_response()),
        Err(error) => {
            let problem = problem(error)?;
            let mut page = page(&app, &person, &organization).await?;
            for row in page.rows.iter_mut().filter(|row| row.point == at) {
                row.script = script.clone();
                row.problem = Some(problem.clone());
            }
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
        }
    }
}

/// `POST /app/settings/organizations/ORG/hooks/POINT/delete`
pub(crate) async fn delete(
    State(app): State<App>,
    person: Person,
    Path((organization, at)): Path<(String, String)>,
    headers: HeaderMap,
    Form(proof): Form<Proof>,
) -> Result<Redirect, Failure> {
    proof.check(&app, &person, &headers)?;
    app.delete_hook(&person.caller, &organization, point(&at)?).await?;
    Ok(Redirect::to(&format!("/app/settings/organizations/{organization}/hooks")))
}
