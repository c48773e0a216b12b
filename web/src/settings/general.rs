//! What all runs of an organization have in common.

use super::{Frame, problem};
use crate::{
    failure::Failure,
    form::Form,
    page::{Layout, html},
    person::Person,
    sign_in::Proof,
};
use app::{App, OrganizationChange};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use domain::permission::Permission;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "settings/general.html")]
struct General {
    layout: Layout,
    frame: Frame,
    email: String,
    image: String,
    problem: Option<String>,
}

async fn page(app: &App, person: &Person, organization: &str) -> Result<General, Failure> {
    let organization = app.organization(&person.caller, organization, Permission::Read).await?;
    let frame = Frame::new(person, &organization, "general");
    let layout = frame.layout(app, person, "Settings");
    Ok(General { layout, frame, email: organization.email, image: organization.image, problem: None })
}

/// `GET /app/settings/organizations/ORG`
pub(crate) async fn show(
    State(app): State<App>,
    person: Person,
    Path(organization): Path<String>,
) -> Result<Response, Failure> {
    Ok(html(&page(&app, &person, &organization).await?))
}

/// What an owner says.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(flatten)]
    proof: Proof,
    email: String,
    image: String,
}

/// `POST /app/settings/organizations/ORG`
pub(crate) async fn update(
    State(app): State<App>,
    person: Person,
    Path(organization): Path<String>,
    headers: HeaderMap,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Failure> {
    wanted.proof.check(&app, &person, &headers)?;
    let (email, image) = (wanted.email.trim().to_owned(), wanted.image.trim().to_owned());
    let change = OrganizationChange { email: Some(email.clone()), image: Some(image.clone()) };
    match app.update_organization(&person.caller, &organization, &change).await {
        Ok(saved) => Ok(Redirect::to(&format!("/app/settings/organizations/{}", saved.name)).into_response()),
        Err(error) => {
            let problem = Some(problem(error)?);
            let page = General { email, image, problem, ..page(&app, &person, &organization).await? };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
        }
    }
}
