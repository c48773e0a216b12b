//! The organizations that a person sees.

use crate::{
    failure::Failure,
    page::{Layout, html},
    person::Person,
};
use app::{App, model::Organization};
use askama::Template;
use axum::{extract::State, response::Response};

#[derive(Template)]
#[template(path = "organizations.html")]
struct Organizations {
    layout: Layout,
    organizations: Vec<Organization>,
    site_admin: bool,
}

/// `GET /app`
pub(crate) async fn list(State(app): State<App>, person: Person) -> Result<Response, Failure> {
    let organizations = app.list_organizations(&person.caller).await?;
    let layout = Layout::of(&app, &person, "Organizations");
    Ok(html(&Organizations { layout, organizations, site_admin: person.caller.is_site_admin() }))
}
