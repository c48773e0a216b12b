//! Azure Key Vault and the place where its tokens are made: it knows the RSA keys `one` and `two`, each with a version, and the application
//! `an-application` with the secret `a-secret`.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::collections::HashMap;

use super::cipher;

/// The application that it knows.
pub(crate) const APPLICATION: &str = "an-application";
/// Its secret.
pub(crate) const SECRET: &str = "a-secret";
/// The version of each key.
pub(crate) const VERSION: &str = "0698c2156c1a4e1da5b6bab6f6422fd6";
const TOKEN: &str = "a.token.of.the.vault";

type Map = HashMap<String, String>;

/// Starts one.
pub(crate) async fn start() -> SocketAddr {
    let router = |address| {
        Router::new()
            .route("/keys/{name}", get(key))
            .route("/keys/{name}/{version}", get(version))
            .route("/keys/{name}/{version}/{verb}", post(answer))
            .route("/a-tenant/oauth2/v2.0/token", post(token))
            .with_state(Arc::new(address))
    };
    super::serve(router).await
}

async fn token(Form(form): Form<Map>) -> Response {
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if field("grant_type") != "client_credentials" || field("scope") != "http://127.0.0.1/.default" {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_request" }))).into_response();
    }
    if (field("client_id"), field("client_secret")) != (APPLICATION, SECRET) {
        let told = "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: none";
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_client", "error_description": told })))
            .into_response();
    }
    Json(json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": TOKEN })).into_response()
}

fn refuse(status: u16, code: &str, message: &str) -> Response {
    let body = Json(json!({ "error": { "code": code, "message": message } }));
    (StatusCode::from_u16(status).expect("a status"), body).into_response()
}

/// What the service answers to a request that it does not look at.
fn admit(address: SocketAddr, name: &str, query: &Map, headers: &HeaderMap) -> Option<Response> {
    if query.get("api-version").map(String::as_str) != Some("7.4") {
        return Some(refuse(400, "BadParameter", "api-version must be specified"));
    }
    let asked = headers.get("authorization").and_then(|value| value.to_str().ok());
    if asked != Some(&format!("Bearer {TOKEN}")) {
        let challenge = format!("Bearer authorization=\"http://{address}/a-tenant\", resource=\"http://127.0.0.1\"");
        let mut refused = refuse(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.");
        refused.headers_mut().insert("www-authenticate", HeaderValue::from_str(&challenge).expect("a header"));
        return Some(refused);
    }
    let known = ["one", "two"].contains(&name);
    (!known).then(|| refuse(404, "KeyNotFound", "A key with that name was not found in this key vault."))
}

fn kid(address: SocketAddr, name: &str) -> String {
    format!("http://{address}/keys/{name}/{VERSION}")
}

async fn key(
    State(address): State<Arc<SocketAddr>>,
    Path(name): Path<String>,
    Query(query): Query<Map>,
    headers: HeaderMap,
) -> Response {
    admit(*address, &name, &query, &headers).unwrap_or_else(|| {
        let key = json!({ "kid": kid(*address, &name), "kty": "RSA" });
        Json(json!({ "key": key, "attributes": { "enabled": true } })).into_response()
    })
}

async fn version(
    address: State<Arc<SocketAddr>>,
    Path((name, _)): Path<(String, String)>,
    query: Query<Map>,
    headers: HeaderMap,
) -> Response {
    key(address, Path(name), query, headers).await
}

async fn answer(
    State(address): State<Arc<SocketAddr>>,
    Path((name, version, verb)): Path<(String, String, String)>,
    Query(query): Query<Map>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Response {
    if let Some(refused) = admit(*address, &name, &query, &headers) {
        return refused;
    }
    if version != VERSION {
        return refuse(404, "KeyNotFound", "A key with that version was not found in this key vault.");
    }
    let value = asked["value"].as_str().and_then(|value| BASE64_URL_SAFE_NO_PAD.decode(value).ok());
    let (Some("RSA-OAEP-256"), Some(value)) = (asked["alg"].as_str(), value) else {
        return refuse(400, "BadParameter", "Property has invalid value");
    };
    let made = match verb.as_str() {
        "wrapkey" => Some(cipher::encrypt(&name, &value)),
        "unwrapkey" => cipher::decrypt(&name, &value),
        _ => return refuse(404, "NotFound", "no such operation"),
    };
    match made {
        Some(made) => {
            Json(json!({ "kid": kid(*address, &name), "value": BASE64_URL_SAFE_NO_PAD.encode(made) })).into_response()
        }
        None => refuse(400, "BadParameter", "The parameter is incorrect."),
    }
}
