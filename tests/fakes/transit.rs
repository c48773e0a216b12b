//! Vault's transit engine, mounted at `transit` in the namespace `team`: it knows the keys `one` and `two`, and the token `hvs.good`.

use std::net::SocketAddr;

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::cipher;

/// The token that it takes.
pub(crate) const TOKEN: &str = "hvs.good";
/// The namespace that it is in.
pub(crate) const NAMESPACE: &str = "team";

/// Starts one.
pub(crate) async fn start() -> SocketAddr {
    super::serve(|_| Router::new().route("/v1/transit/{verb}/{key}", post(answer))).await
}

type Said = (StatusCode, Json<Value>);

async fn answer(Path((verb, key)): Path<(String, String)>, headers: HeaderMap, Json(asked): Json<Value>) -> Said {
    let refuse =
        |status: u16, why: &str| (StatusCode::from_u16(status).expect("a status"), Json(json!({ "errors": [why] })));
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if header("x-vault-namespace") != NAMESPACE {
        return refuse(404, "no handler for route");
    }
    if header("x-vault-token") != TOKEN {
        return refuse(403, "permission denied");
    }
    if !["one", "two"].contains(&key.as_str()) {
        return refuse(400, "encryption key not found");
    }
    let good = |field: &str, text: String| {
        (StatusCode::OK, Json(json!({ "request_id": "a-request", "data": { field: text } })))
    };
    match verb.as_str() {
        "encrypt" => match asked["plaintext"].as_str().and_then(|text| BASE64_STANDARD.decode(text).ok()) {
            Some(plaintext) => {
                let sealed = BASE64_STANDARD.encode(cipher::encrypt(&key, &plaintext));
                good("ciphertext", format!("vault:v1:{sealed}"))
            }
            None => refuse(400, "failed to base64-decode plaintext"),
        },
        "decrypt" => {
            let sealed = asked["ciphertext"].as_str().and_then(|text| text.strip_prefix("vault:v1:"));
            let sealed = sealed.and_then(|text| BASE64_STANDARD.decode(text).ok());
            match sealed.map(|sealed| cipher::decrypt(&key, &sealed)) {
                Some(Some(plaintext)) => good("plaintext", BASE64_STANDARD.encode(plaintext)),
                Some(None) => refuse(400, "cipher: message authentication failed"),
                None => refuse(400, "invalid ciphertext: no prefix"),
            }
        }
        _ => refuse(404, "unsupported path"),
    }
}
