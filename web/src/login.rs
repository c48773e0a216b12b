//! The page on which a person allows `terraform login`. Nothing is issued and nobody is sent anywhere before they have said so here.

use crate::{
    failure::Failure,
    form::Form,
    page::{Layout, html},
    person::Person,
    sign_in::Proof,
    token,
};
use app::{App, Error};
use askama::Template;
use axum::{
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};
use domain::login::{Request, Said};
use secrecy::ExposeSecret as _;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "login.html")]
struct Page {
    layout: Layout,
    user: String,
    request: Asked,
    denied: bool,
}

/// What the CLI has the browser ask for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    client_id: String,
    response_type: String,
    redirect_uri: String,
    code_challenge: String,
    code_challenge_method: String,
    state: String,
}

impl Asked {
    fn check(&self) -> Result<Request, Error> {
        let said = Said {
            client: &self.client_id,
            response_type: &self.response_type,
            redirect: &self.redirect_uri,
            method: &self.code_challenge_method,
            challenge: &self.code_challenge,
            state: &self.state,
        };
        Request::new(&said).map_err(|refused| Error::Forbidden(refused.to_string()))
    }
}

/// `GET /oauth/authorization`
pub(crate) async fn ask(
    State(app): State<App>,
    person: Person,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let request = asked.check()?;
    let layout = Layout::of(&app, &person, "terraform login");
    let page = html(&Page { layout, user: person.user.name, request: asked, denied: false });
    Ok((leading_to(&request), page).into_response())
}

/// What the person said.
#[derive(Deserialize)]
pub(crate) struct Answer {
    #[serde(flatten)]
    proof: Proof,
    #[serde(flatten)]
    asked: Asked,
    decision: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    days: String,
}

/// `POST /oauth/authorization`
pub(crate) async fn answer(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
    Form(answer): Form<Answer>,
) -> Result<Response, Failure> {
    answer.proof.check(&app, &person, &headers)?;
    let request = answer.asked.check()?;
    if answer.decision != "allow" {
        // The CLI understands no refusal (client contract 19.1): the person is told here, and ends it there.
        let layout = Layout::of(&app, &person, "terraform login");
        return Ok(html(&Page { layout, user: person.user.name, request: answer.asked, denied: true }));
    }
    let description = Some(answer.description.trim()).filter(|text| !text.is_empty()).unwrap_or("terraform login");
    let code = app.allow_login(&person.caller, &request, description, token::lifetime(&answer.days)?).await?;
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("code", code.expose_secret())
        .append_pair("state", &request.state)
        .finish();
    Ok((leading_to(&request), Redirect::to(&format!("{}?{query}", request.redirect))).into_response())
}

/// Browsers follow the form's answer to the CLI only if the page says that it may lead there.
fn leading_to(request: &Request) -> [(header::HeaderName, HeaderValue); 1] {
    let policy = crate::POLICY.replace("form-action 'self'", &format!("form-action 'self' {}", request.origin));
    let policy = HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(crate::POLICY));
    [(header::CONTENT_SECURITY_POLICY, policy)]
}
