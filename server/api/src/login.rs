//! `POST /oauth/token`: where `terraform login` exchanges its code (client contract 19.1). Errors have the form of RFC 6749.

use crate::error::{detail, status};
use app::{App, Error};
use axum::{
    Form, Json,
    extract::{State, rejection::FormRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::login::CLIENT;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;

/// The longest form that is read, in bytes: anybody may send one.
pub(crate) const LARGEST: usize = 16 << 10;

/// What the client sends.
#[derive(Deserialize)]
pub(crate) struct Exchange {
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    code: SecretString,
    #[serde(default)]
    code_verifier: SecretString,
}

pub(crate) async fn exchange(State(app): State<App>, form: Result<Form<Exchange>, FormRejection>) -> Response {
    let Ok(Form(form)) = form else {
        return refuse(StatusCode::BAD_REQUEST, "invalid_request", "the body is no form, or says something twice");
    };
    if form.grant_type != "authorization_code" {
        return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type", "only authorization_code is exchanged here");
    }
    if form.client_id != CLIENT {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client", "the client is not the one that this server offers");
    }
    // RFC 7636: 43 to 128 characters. A shorter one could be guessed from its challenge.
    if !(43..=128).contains(&form.code_verifier.expose_secret().len()) {
        return refuse(StatusCode::BAD_REQUEST, "invalid_request", "the code verifier must have 43 to 128 characters");
    }
    match app.exchange_login(&form.code, &form.redirect_uri, &form.code_verifier).await {
        Ok(token) => {
            let body = Json(json!({ "access_token": token.expose_secret(), "token_type": "bearer" }));
            ([(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], body).into_response()
        }
        Err(Error::Unauthorized(why)) => refuse(StatusCode::BAD_REQUEST, "invalid_grant", &why),
        Err(other) => refuse(status(&other), "server_error", &detail(&other)),
    }
}

fn refuse(status: StatusCode, error: &str, description: &str) -> Response {
    let body = Json(json!({ "error": error, "error_description": description }));
    (status, [(header::CACHE_CONTROL, "no-store")], body).into_response()
}
