//! Tokens of people, and any token by its id: of a person, or of the agents of a pool.

use crate::{
    agent_pool,
    error::Failure,
    jsonapi::{Body, Document, List, Resource},
};
use app::{AnyToken, App, Error, model::Token};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::{
    id::{TokenId, UserId},
    time::Time,
};
use http_doors::Authenticated;
use secrecy::ExposeSecret as _;
use serde_json::json;

fn resource(token: &Token, value: Option<&str>) -> Resource {
    let attributes = json!({
        "description": token.description,
        "created-at": token.created_at.rfc3339(),
        "last-used-at": null,
        "expired-at": token.expires_at.map(|at| Time::from_micros(at).rfc3339()),
        "token": value,
    });
    Resource::new("authentication-tokens", &token.id, attributes)
}

fn token_id(text: &str) -> Result<TokenId, Error> {
    text.parse().map_err(|_| Error::not_found("that token"))
}

fn user_id(text: &str) -> Result<UserId, Error> {
    text.parse().map_err(|_| Error::not_found("that user"))
}

/// `GET users/ID/authentication-tokens`
pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<List, Failure> {
    let tokens = app.list_tokens_of(&caller, &user_id(&id)?).await?;
    Ok(List::all(tokens.iter().map(|token| resource(token, None)).collect()))
}

/// `POST users/ID/authentication-tokens`: the only answer that holds the token itself.
pub(crate) async fn create(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    body: Body,
) -> Result<Document, Failure> {
    body.about("authentication-tokens")?;
    let description: Option<String> = body.attribute("description")?;
    let until: Option<String> = body.attribute("expired-at")?;
    let until = until.map(|text| {
        Time::parse(&text)
            .ok_or_else(|| Error::invalid("expired-at", "Expired at is no time such as 2030-01-31T12:00:00Z"))
    });
    let description = description.unwrap_or_default();
    let (token, value) = app.create_token_of(&caller, &user_id(&id)?, &description, until.transpose()?).await?;
    Ok(Document::created(resource(&token, Some(value.expose_secret()))))
}

/// `GET authentication-tokens/ID`
pub(crate) async fn show(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<Document, Failure> {
    Ok(Document::new(match app.any_token(&caller, &token_id(&id)?).await? {
        AnyToken::User(token) => resource(&token, None),
        AnyToken::Agent(token) => agent_pool::token_resource(&token, None),
    }))
}

/// `DELETE authentication-tokens/ID`
pub(crate) async fn delete(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    app.delete_any_token(&caller, &token_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
