//! The first person, sign-in and sign-out.

use crate::{
    Web,
    failure::{Failure, sentence},
    form::Form,
    guard,
    page::{Layout, html},
    person::{Person, cookie},
};
use app::{App, Error, NewUser};
use askama::Template;
use axum::{
    extract::{ConnectInfo, Path, Query, State},
    http::{Extensions, HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use http_doors::caller::session;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::net::SocketAddr;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    layout: Layout,
    to: String,
    login: String,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "setup.html")]
struct Setup {
    layout: Layout,
    setup: String,
    name: String,
    email: String,
    problem: Option<String>,
}

/// Where a sign-in leads.
#[derive(Deserialize)]
pub(crate) struct To {
    #[serde(default)]
    to: String,
}

/// `GET /sign-in`
pub(crate) async fn show(Query(To { to }): Query<To>) -> Response {
    let to = guard::own_path(&to).to_owned();
    html(&SignIn { layout: Layout::bare("Sign in"), to, login: String::new(), problem: None })
}

/// Who wants in.
#[derive(Deserialize)]
pub(crate) struct Credentials {
    login: String,
    password: SecretString,
    #[serde(default)]
    to: String,
}

/// `POST /sign-in`
pub(crate) async fn sign_in(
    State(web): State<Web>,
    extensions: Extensions,
    headers: HeaderMap,
    Form(credentials): Form<Credentials>,
) -> Result<Response, Failure> {
    let app = &web.http.app;
    guard::check_origin(app, &headers)?;
    let to = guard::own_path(&credentials.to).to_owned();
    let login = credentials.login.trim().to_owned();
    let again = |status: StatusCode, problem: String| {
        let page =
            SignIn { layout: Layout::bare("Sign in"), to: to.clone(), login: login.clone(), problem: Some(problem) };
        (status, html(&page)).into_response()
    };
    let mut keys = vec![format!("name {}", login.to_lowercase().chars().take(254).collect::<String>())];
    keys.extend(extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| format!("address {}", peer.ip())));
    if !web.throttle.allow(&keys, app.now()) {
        let problem = "Too many attempts. Wait a minute, then try again.".to_owned();
        return Ok(again(StatusCode::TOO_MANY_REQUESTS, problem));
    }
    let turn = web.checks.acquire().await.map_err(|e| Error::internal("waiting to check a password", e))?;
    let signed_in = app.sign_in(&login, &credentials.password).await;
    drop(turn);
    match signed_in {
        Ok(session) => {
            web.throttle.forgive(&keys[..1]);
            Ok((cookie(Some(&session)), Redirect::to(&to)).into_response())
        }
        Err(Error::Unauthorized(_)) => {
            Ok(again(StatusCode::UNAUTHORIZED, "The name or the password is wrong.".to_owned()))
        }
        Err(other) => Err(other.into()),
    }
}

/// The token that every form of a signed-in person carries.
#[derive(Deserialize)]
pub(crate) struct Proof {
    csrf: String,
}

impl Proof {
    /// Refuses what this person did not send from one of our pages.
    pub(crate) fn check(&self, app: &App, person: &Person, headers: &HeaderMap) -> Result<(), Error> {
        guard::check_origin(app, headers)?;
        guard::check_form(app, &person.user.id, &self.csrf)
    }
}

/// `POST /sign-out`
pub(crate) async fn sign_out(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
    Form(proof): Form<Proof>,
) -> Result<Response, Failure> {
    proof.check(&app, &person, &headers)?;
    if let Some(session) = session(&headers) {
        app.sign_out(session).await?;
    }
    Ok((cookie(None), Redirect::to("/sign-in")).into_response())
}

/// `GET /setup/LINK`
pub(crate) async fn setup(State(app): State<App>, Path(setup): Path<String>) -> Result<Response, Failure> {
    app.check_setup(&setup).await?;
    let layout = Layout::bare("Set up");
    Ok(html(&Setup { layout, setup, name: String::new(), email: String::new(), problem: None }))
}

/// The first person.
#[derive(Deserialize)]
pub(crate) struct First {
    name: String,
    email: String,
    password: SecretString,
    repeated: SecretString,
}

/// `POST /setup/LINK`
pub(crate) async fn set_up(
    State(web): State<Web>,
    Path(setup): Path<String>,
    headers: HeaderMap,
    Form(first): Form<First>,
) -> Result<Response, Failure> {
    let app = &web.http.app;
    guard::check_origin(app, &headers)?;
    app.check_setup(&setup).await?;
    let (name, email) = (first.name.trim().to_owned(), first.email.trim().to_owned());
    let again = |problem: String| {
        let layout = Layout::bare("Set up");
        let page =
            Setup { layout, setup: setup.clone(), name: name.clone(), email: email.clone(), problem: Some(problem) };
        (StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response()
    };
    if first.password.expose_secret() != first.repeated.expose_secret() {
        return Ok(again("The two passwords differ.".into()));
    }
    let new = NewUser { name: name.clone(), email: email.clone(), site_admin: true, password: Some(first.password) };
    let turn = web.checks.acquire().await.map_err(|e| Error::internal("waiting to hash a password", e))?;
    let done = app.set_up(&setup, new).await;
    drop(turn);
    match done {
        Ok(session) => Ok((cookie(Some(&session)), Redirect::to("/app")).into_response()),
        Err(Error::Invalid(problems)) => {
            let said: Vec<String> = problems.iter().map(|problem| sentence(&problem.detail)).collect();
            Ok(again(said.join(" ")))
        }
        Err(other) => Err(other.into()),
    }
}
