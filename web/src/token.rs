//! A person's API tokens. `terraform login` opens this page where it was told that there is no other way in (docs/login.md).

use crate::{
    failure::{Failure, sentence},
    form::Form,
    page::{Layout, html, moment},
    person::Person,
    sign_in::Proof,
};
use app::{App, Error};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use domain::{id::TokenId, time::Time};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// How long tokens may live, in days; 0 is for ever.
const DAYS: [i64; 4] = [30, 90, 365, 0];

struct Row {
    id: String,
    description: String,
    created: String,
    expires: Option<String>,
    over: bool,
}

#[derive(Template)]
#[template(path = "tokens.html")]
struct Tokens {
    layout: Layout,
    rows: Vec<Row>,
    from_cli: bool,
    fresh: Option<SecretString>,
    problem: Option<String>,
}

/// Who sent the person here.
#[derive(Deserialize)]
pub(crate) struct From {
    source: Option<String>,
}

/// `GET /app/settings/tokens`
pub(crate) async fn list(
    State(app): State<App>,
    person: Person,
    Query(from): Query<From>,
) -> Result<Response, Failure> {
    let mut page = page(&app, &person).await?;
    page.from_cli = from.source.as_deref() == Some("terraform-login");
    Ok(html(&page))
}

async fn page(app: &App, person: &Person) -> Result<Tokens, Error> {
    let now = app.now();
    let tokens = app.list_tokens(&person.caller).await?;
    let row = |token: app::model::Token| Row {
        id: token.id.to_string(),
        description: token.description,
        created: moment(token.created_at),
        expires: token.expires_at.map(|at| moment(Time::from_micros(at))),
        over: token.expires_at.is_some_and(|at| at <= now.micros()),
    };
    let layout = Layout::of(app, person, "Tokens");
    Ok(Tokens { layout, rows: tokens.into_iter().map(row).collect(), from_cli: false, fresh: None, problem: None })
}

/// A token to make.
#[derive(Deserialize)]
pub(crate) struct New {
    #[serde(flatten)]
    proof: Proof,
    description: String,
    days: String,
}

/// How long a token is to live, in seconds, of the days that a form offers.
pub(crate) fn lifetime(days: &str) -> Result<Option<i64>, Error> {
    let days = days.parse().ok().filter(|days| DAYS.contains(days));
    let days = days.ok_or_else(|| Error::invalid("days", "a token lives 30, 90 or 365 days, or for ever"))?;
    Ok((days > 0).then_some(days * 24 * 3600))
}

/// `POST /app/settings/tokens`: the answer shows the value, this once.
pub(crate) async fn create(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
    Form(new): Form<New>,
) -> Result<Response, Failure> {
    new.proof.check(&app, &person, &headers)?;
    let made = app.create_token(&person.user, new.description.trim(), lifetime(&new.days)?).await;
    let mut page = page(&app, &person).await?;
    match made {
        Ok((_, value)) => {
            page.fresh = Some(value);
            Ok(html(&page))
        }
        Err(Error::Invalid(problems)) => {
            page.problem = Some(problems.iter().map(|problem| sentence(&problem.detail)).collect());
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

/// `POST /app/settings/tokens/ID/revoke`
pub(crate) async fn revoke(
    State(app): State<App>,
    person: Person,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(proof): Form<Proof>,
) -> Result<Redirect, Failure> {
    proof.check(&app, &person, &headers)?;
    let token: TokenId = token.parse().map_err(|_| Error::not_found("That token"))?;
    app.revoke_token(&person.caller, &token).await?;
    Ok(Redirect::to("/app/settings/tokens"))
}
