//! Everything that machines talk to: discovery, the TFE API, `backend "http"`. Handlers decode, call one verb, encode.

mod admin;
mod agent_pool;
mod comment;
mod configuration;
mod discovery;
mod error;
mod explorer;
mod history;
mod hook;
mod http_backend;
mod identity;
mod jsonapi;
mod log;
mod login;
mod mirror;
mod organization;
mod plan_json;
mod registry;
mod retention;
mod run;
mod run_event;
mod runner;
mod search;
mod sharing;
mod ssh_key;
mod state;
mod token;
mod variable;
mod workspace;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue},
    middleware::map_response,
    response::Response,
    routing::{any, delete, get, patch, post, put},
};
use http_doors::Http;
use registry::{module, provider, test};

/// The most bytes of a document.
const DOCUMENT: usize = 8 << 20;
/// The version of the API that clients may expect (client contract section 5).
const API_VERSION: HeaderValue = HeaderValue::from_static("2.6");
/// With a version of this form every CLI from 1.4 on renders structured output, whatever the name is.
const SERVER_VERSION: HeaderValue = HeaderValue::from_static("v202511-1");
const APP_NAME: HeaderValue = HeaderValue::from_static("Terraform Enterprise");

/// Every route of machines.
pub fn router(http: &Http) -> Router {
    let state_bytes = http.app.limits.state_bytes;
    let api = Router::new()
        .route("/ping", get(discovery::ping))
        .route("/account/details", get(discovery::account))
        .route("/admin/organizations", get(admin::list))
        .route("/admin/organizations/{organization}", get(admin::show).patch(admin::update))
        .route("/admin/runners", get(agent_pool::site_runners))
        .route("/organizations", get(organization::list).post(organization::create))
        .route("/organizations/{organization}", get(organization::show).patch(organization::update))
        .route("/organizations/{organization}/entitlement-set", get(discovery::entitlements))
        .route("/organizations/{organization}/capacity", get(organization::capacity))
        .route("/organizations/{organization}/runs", get(run::list_of_organization))
        .route("/organizations/{organization}/runs/queue", get(organization::queue))
        .route(
            "/organizations/{organization}/projects",
            get(organization::list_projects).post(organization::create_project),
        )
        .route("/organizations/{organization}/agent-pools", get(agent_pool::list).post(agent_pool::create))
        .route("/agent-pools/{pool}", get(agent_pool::show).patch(agent_pool::update).delete(agent_pool::delete))
        .route("/agent-pools/{pool}/agents", get(agent_pool::agents))
        .route("/agents/{agent}", get(agent_pool::agent).delete(agent_pool::delete_agent))
        .route("/agent-pools/{pool}/authentication-tokens", get(agent_pool::tokens).post(agent_pool::create_token))
        .route("/users/{user}/authentication-tokens", get(token::list).post(token::create))
        .route("/authentication-tokens/{token}", get(token::show).delete(token::delete))
        .route("/projects/{project}", get(organization::show_project))
        .route("/organizations/{organization}/workspaces", get(workspace::list).post(workspace::create))
        .route(
            "/organizations/{organization}/workspaces/{name}",
            get(workspace::show_by_name).patch(workspace::update_by_name).delete(workspace::delete_by_name),
        )
        .route(
            "/organizations/{organization}/workspaces/{name}/actions/safe-delete",
            post(workspace::safe_delete_by_name),
        )
        .route("/workspaces/{workspace}", get(workspace::show).patch(workspace::update).delete(workspace::delete))
        .route("/workspaces/{workspace}/actions/safe-delete", post(workspace::safe_delete))
        .route("/workspaces/{workspace}/actions/lock", post(workspace::lock))
        .route("/workspaces/{workspace}/actions/unlock", post(workspace::unlock))
        .route("/workspaces/{workspace}/actions/force-unlock", post(workspace::force_unlock))
        .route("/workspaces/{workspace}/tag-bindings", get(workspace::tag_bindings).patch(workspace::add_tag_bindings))
        .route("/workspaces/{workspace}/effective-tag-bindings", get(workspace::tag_bindings))
        .route("/workspaces/{workspace}/relationships/tags", post(workspace::add_tags))
        .route("/workspaces/{workspace}/relationships/ssh-key", patch(ssh_key::assign))
        .route("/organizations/{organization}/ssh-keys", get(ssh_key::list).post(ssh_key::create))
        .route("/ssh-keys/{ssh_key}", get(ssh_key::show).patch(ssh_key::update).delete(ssh_key::delete))
        .route(
            "/organizations/{organization}/relationships/data-retention-policy",
            get(retention::of_organization)
                .post(retention::set_of_organization)
                .patch(retention::change_of_organization)
                .delete(retention::delete_of_organization),
        )
        .route(
            "/workspaces/{workspace}/relationships/data-retention-policy",
            get(retention::of_workspace)
                .post(retention::set_of_workspace)
                .patch(retention::change_of_workspace)
                .delete(retention::delete_of_workspace),
        )
        .route("/organizations/{organization}/data-retention-previews", post(retention::preview_of_organization))
        .route("/workspaces/{workspace}/data-retention-previews", post(retention::preview_of_workspace))
        .route("/organizations/{organization}/hooks", get(hook::list))
        .route("/organizations/{organization}/hooks/{point}", put(hook::put).delete(hook::delete))
        .route("/organizations/{organization}/registry-modules", get(module::list).post(module::create))
        .route(
            "/organizations/{organization}/registry-modules/private/{owner}/{module}/{system}",
            get(module::show).delete(module::delete),
        )
        .route(
            "/organizations/{organization}/registry-modules/private/{owner}/{module}/{system}/versions",
            post(module::create_version),
        )
        .route(
            "/organizations/{organization}/registry-modules/private/{owner}/{module}/{system}/version",
            get(module::show_version),
        )
        .route(
            "/organizations/{organization}/registry-modules/private/{owner}/{module}/{system}/{number}",
            delete(module::delete_version),
        )
        .route("/registry-modules/{organization}/{module}/{system}/versions", post(module::create_version_by_name))
        .route(
            "/organizations/{organization}/tests/registry-modules/private/{owner}/{module}/{system}/test-runs",
            get(test::list).post(test::create),
        )
        .route(
            "/organizations/{organization}/tests/registry-modules/private/{owner}/{module}/{system}/test-runs/configuration-versions",
            post(test::create_configuration),
        )
        .route(
            "/organizations/{organization}/tests/registry-modules/private/{owner}/{module}/{system}/test-runs/{test}",
            get(test::show),
        )
        .route(
            "/organizations/{organization}/tests/registry-modules/private/{owner}/{module}/{system}/test-runs/{test}/cancel",
            post(test::cancel),
        )
        .route(
            "/organizations/{organization}/tests/registry-modules/private/{owner}/{module}/{system}/test-runs/{test}/force-cancel",
            post(test::force_cancel),
        )
        .route("/organizations/{organization}/registry-providers", get(provider::list).post(provider::create))
        .route(
            "/organizations/{organization}/registry-providers/private/{owner}/{kind}",
            get(provider::show).delete(provider::delete),
        )
        .route(
            "/organizations/{organization}/registry-providers/private/{owner}/{kind}/versions",
            get(provider::versions).post(provider::create_version),
        )
        .route(
            "/organizations/{organization}/registry-providers/private/{owner}/{kind}/versions/{number}",
            get(provider::version).delete(provider::delete_version),
        )
        .route(
            "/organizations/{organization}/registry-providers/private/{owner}/{kind}/versions/{number}/platforms",
            get(provider::platforms).post(provider::create_platform),
        )
        .route(
            "/organizations/{organization}/registry-providers/private/{owner}/{kind}/versions/{number}/platforms/{os}/{arch}",
            get(provider::platform).delete(provider::delete_platform),
        )
        .route("/admin/oidc-settings/actions/rotate-key", post(identity::rotate))
        .route("/admin/oidc-settings/actions/trim-key", post(identity::trim))
        .route(
            "/workspaces/{workspace}/relationships/remote-state-consumers",
            get(sharing::list).post(sharing::add).patch(sharing::replace).delete(sharing::remove),
        )
        .route("/workspaces/{workspace}/remote-state-reads", get(sharing::reads))
        .route("/workspaces/{workspace}/vars", get(variable::list).post(variable::create))
        .route("/workspaces/{workspace}/all-vars", get(variable::list))
        .route(
            "/workspaces/{workspace}/vars/{variable}",
            get(variable::show).patch(variable::update).delete(variable::delete),
        )
        .route("/workspaces/{workspace}/configuration-versions", post(configuration::create))
        .route("/configuration-versions/{configuration}", get(configuration::show))
        .route("/configuration-versions/{configuration}/download", get(configuration::download))
        .route("/workspaces/{workspace}/runs", get(run::list))
        .route("/runs", post(run::create))
        .route("/runs/{run}", get(run::show))
        .route("/runs/{run}/run-events", get(run_event::list))
        .route("/run-events/{event}", get(run_event::show))
        .route("/runs/{run}/comments", get(comment::list).post(comment::create))
        .route("/comments/{comment}", get(comment::show))
        .route("/runs/{run}/actions/apply", post(run::confirm))
        .route("/runs/{run}/actions/discard", post(run::discard))
        .route("/runs/{run}/actions/cancel", post(run::cancel))
        .route("/runs/{run}/actions/force-cancel", post(run::force_cancel))
        .route("/plans/{plan}", get(run::plan))
        .route("/plans/{plan}/json-output", get(plan_json::full))
        .route("/plans/{plan}/json-output-redacted", get(plan_json::redacted))
        .route("/applies/{apply}", get(run::apply))
        .route("/organizations/{organization}/explorer", get(explorer::query))
        .route("/organizations/{organization}/explorer/export/csv", get(explorer::export))
        .route("/organizations/{organization}/search", get(search::find))
        .route("/workspaces/{workspace}/resources", get(search::list))
        .route("/workspaces/{workspace}/current-state-version", get(state::current))
        .route("/workspaces/{workspace}/current-state-version-outputs", get(state::current_outputs))
        .route(
            "/workspaces/{workspace}/state-versions",
            // A state may come inside: base64 makes it a third larger, twice over for its two forms.
            post(state::create)
                .layer(DefaultBodyLimit::max(state_bytes.saturating_mul(3).saturating_add(DOCUMENT)))
                .patch(history::roll_back),
        )
        .route("/workspaces/{workspace}/state-version-at", get(history::at))
        .route("/workspaces/{workspace}/actions/restore", post(history::restore))
        .route("/organizations/{organization}/deleted-workspaces", get(history::list_deleted))
        .route("/state-versions", get(state::list))
        .route("/state-versions/{version}/diff/{other}", get(history::diff))
        .route("/state-versions/{version}", get(state::show))
        .route("/state-versions/{version}/outputs", get(state::outputs))
        .route("/state-versions/{version}/download", get(state::download))
        .route("/state-versions/{version}/json-download", get(state::download_json))
        .route("/state-version-outputs/{output}", get(state::output))
        .layer(DefaultBodyLimit::max(DOCUMENT))
        .fallback(async || error::Failure(app::Error::not_found("that address")))
        .layer(map_response(error::in_form));
    let signed = Router::new()
        .route("/configuration/{signed}", put(configuration::upload).layer(DefaultBodyLimit::disable()))
        .route("/state/{signed}", put(state::upload))
        .route("/json-state/{signed}", put(state::upload_json))
        .route("/log/{signed}", get(log::read))
        .route("/provider/{signed}/{file}", get(mirror::archive))
        .merge(registry::signed_router())
        .layer(map_response(error::in_form));
    let states = Router::new()
        .route("/{organization}/{workspace}", any(http_backend::handle))
        .fallback(http_backend::misaddressed);
    Router::new()
        .route("/.well-known/terraform.json", get(discovery::services))
        .route("/oauth/token", post(login::exchange).layer(DefaultBodyLimit::max(login::LARGEST)))
        .route("/.well-known/openid-configuration", get(identity::configuration))
        .route("/.well-known/jwks", get(identity::keys))
        .nest("/api/v2", api)
        .nest("/api/signed", signed)
        .nest("/api/http", states)
        .nest("/api/runner", runner::router(http))
        .nest("/api/mirror", mirror::router().layer(map_response(error::in_form)))
        .nest(
            "/api/registry",
            registry::router().layer(DefaultBodyLimit::max(DOCUMENT)).layer(map_response(error::in_form)),
        )
        .layer(DefaultBodyLimit::max(state_bytes))
        .layer(map_response(identify))
        .with_state(http.clone())
}

/// Says who answers: the CLI decides by these headers what it may ask for.
async fn identify(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("tfp-api-version"), API_VERSION);
    headers.insert(HeaderName::from_static("tfp-appname"), APP_NAME);
    headers.insert(HeaderName::from_static("x-tfe-version"), SERVER_VERSION);
    response
}
