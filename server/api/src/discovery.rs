//! What a client asks before anything else: discovery, ping, who am I, what can this server do.

use crate::{
    error::Failure,
    jsonapi::{Document, Resource},
};
use app::App;
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};
use domain::login;
use http_doors::Authenticated;
use serde_json::{Value, json};

/// `GET /.well-known/terraform.json`: the same answer to everybody (client contract section 1).
pub(crate) async fn services() -> Json<Value> {
    let api = "/api/v2/";
    let login = json!({
        "client": login::CLIENT,
        "grant_types": ["authz_code"],
        "authz": "/oauth/authorization",
        "token": "/oauth/token",
        // The upper bound is exclusive to the CLI too.
        "ports": [login::PORTS.start, login::PORTS.end],
    });
    Json(json!({
        "tfe.v2": api,
        "tfe.v2.1": api,
        "tfe.v2.2": api,
        "state.v2": api,
        "login.v1": login,
        "modules.v1": "/api/registry/v1/modules/",
        "providers.v1": "/api/registry/v1/providers/",
    }))
}

/// `GET ping`: only its headers matter, and those are on every answer.
pub(crate) async fn ping() -> impl IntoResponse {
    StatusCode::NO_CONTENT
}

/// `GET account/details`
pub(crate) async fn account(Authenticated(caller): Authenticated) -> Result<Document, Failure> {
    let user = caller.user()?;
    let attributes = json!({
        "username": user.name,
        "email": user.email,
        "is-service-account": false,
        "is-admin": user.site_admin,
        "two-factor": { "enabled": false, "verified": false },
    });
    Ok(Document::new(Resource::new("users", &user.id, attributes)))
}

/// `GET organizations/ORG/entitlement-set`: true only for what is there. `operations` must be true, or every plan silently runs on the user's
/// own machine (client contract, trap 1).
pub(crate) async fn entitlements(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
) -> Result<Document, Failure> {
    let organization = app.own_organization(&caller, &organization).await?;
    let attributes = json!({
        "operations": true,
        "state-storage": true,
        "agents": false,
        "audit-logging": false,
        "cost-estimation": false,
        "global-run-tasks": false,
        "private-module-registry": true,
        "private-run-tasks": false,
        "run-tasks": false,
        "sentinel": false,
        "sso": false,
        "teams": false,
        "vcs-integrations": false,
    });
    Ok(Document::new(Resource::new("entitlement-sets", &organization.id, attributes)))
}
