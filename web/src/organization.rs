//! The organizations that a person sees, and a new one.

use crate::{
    failure::{Failure, sentence},
    form::Form,
    page::{Layout, html},
    person::Person,
    sign_in::Proof,
};
use app::{App, Error, model::Organization};
use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "organizations.html")]
struct Organizations {
    layout: Layout,
    organizations: Vec<Organization>,
    site_admin: bool,
    /// What was asked for of a new one.
    name: String,
    email: String,
    problem: Option<String>,
}

impl Organizations {
    async fn new(app: &App, person: &Person) -> Result<Self, Error> {
        Ok(Self {
            layout: Layout::of(app, person, "Organizations"),
            organizations: app.list_organizations(&person.caller).await?,
            site_admin: person.caller.is_site_admin(),
            name: String::new(),
            email: person.user.email.clone(),
            problem: None,
        })
    }
}

/// `GET /app`
pub(crate) async fn list(State(app): State<App>, person: Person) -> Result<Response, Failure> {
    Ok(html(&Organizations::new(&app, &person).await?))
}

/// A new organization.
#[derive(Deserialize)]
pub(crate) struct New {
    #[serde(flatten)]
    proof: Proof,
    name: String,
    email: String,
}

/// `POST /app`: makes an organization that this person owns.
pub(crate) async fn create(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
    Form(new): Form<New>,
) -> Result<Response, Failure> {
    new.proof.check(&app, &person, &headers)?;
    if !person.caller.is_site_admin() {
        return Err(Error::Forbidden("only a site admin creates organizations".into()).into());
    }
    let (name, email) = (new.name.trim().to_owned(), new.email.trim().to_owned());
    match app.create_organization(Some(&person.user), &name, &email).await {
        Ok(made) => Ok(Redirect::to(&format!("/app/{}", made.name)).into_response()),
        Err(Error::Invalid(problems)) => {
            let said: Vec<String> = problems.iter().map(|problem| sentence(&problem.detail)).collect();
            let page = Organizations {
                name,
                email,
                problem: Some(said.join(" ")),
                ..Organizations::new(&app, &person).await?
            };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
        }
        Err(other) => Err(other.into()),
    }
}
