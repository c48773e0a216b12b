//! What verifiers of a run's identity fetch, and what a site admin does about its keys.

use crate::error::Failure;
use app::{App, PublicKey};
use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use http_doors::Authenticated;
use serde_json::{Value, json};

/// A key is published a day and more before it signs: who asks once an hour knows it in time.
const FOR_AN_HOUR: [(HeaderName, HeaderValue); 1] =
    [(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"))];

/// `GET /.well-known/openid-configuration`
pub(crate) async fn configuration(State(app): State<App>) -> impl IntoResponse {
    let issuer = &app.address;
    let claims = [
        "sub",
        "aud",
        "exp",
        "nbf",
        "iat",
        "iss",
        "jti",
        "terraform_run_phase",
        "terraform_workspace_id",
        "terraform_workspace_name",
        "terraform_organization_id",
        "terraform_organization_name",
        "terraform_project_id",
        "terraform_project_name",
        "terraform_run_id",
        "terraform_full_workspace",
    ];
    let document = json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/jwks"),
        "response_types_supported": ["id_token"],
        "claims_supported": claims,
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid"],
        "subject_types_supported": ["public"],
    });
    (FOR_AN_HOUR, Json(document))
}

/// `GET /.well-known/jwks`
pub(crate) async fn keys(State(app): State<App>) -> Result<impl IntoResponse, Failure> {
    let keys: Vec<Value> = app.identity_keys().await?.iter().map(jwk).collect();
    Ok((FOR_AN_HOUR, Json(json!({ "keys": keys }))))
}

fn jwk(key: &PublicKey) -> Value {
    json!({ "kty": "RSA", "alg": "RS256", "use": "sig", "kid": key.id, "n": key.modulus, "e": key.exponent })
}

/// `POST admin/oidc-settings/actions/rotate-key`
pub(crate) async fn rotate(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
) -> Result<StatusCode, Failure> {
    app.rotate_identity_key(Some(&caller)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST admin/oidc-settings/actions/trim-key`
pub(crate) async fn trim(State(app): State<App>, Authenticated(caller): Authenticated) -> Result<StatusCode, Failure> {
    app.trim_identity_keys(Some(&caller)).await?;
    Ok(StatusCode::NO_CONTENT)
}
