//! The pages, for people. Every page is whole without any script; a module in `static/` keeps an open one up to date. Handlers call the
//! verbs of `app` and nothing else.

mod agent;
mod assets;
mod failure;
mod form;
mod guard;
mod history;
mod live;
mod log;
mod login;
mod organization;
mod page;
mod person;
mod plan;
mod queue;
mod resource;
mod retention;
mod run;
mod search;
mod settings;
mod sign_in;
mod state;
mod throttle;
mod token;
mod workspace;
mod workspace_retention;
mod workspace_settings;

use app::App;
use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef, Path},
    http::{HeaderValue, Uri, header},
    middleware::map_response,
    response::{Redirect, Response},
    routing::{get, post},
};
use http_doors::Http;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The most bytes of a form.
const FORM: usize = 64 * 1024;
/// How many passwords are checked at once: each check takes memory and time on purpose.
const CHECKS: usize = 4;
/// What a page may load, and from where.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// What a handler can reach.
#[derive(Clone)]
struct Web {
    http: Http,
    throttle: Arc<throttle::Throttle>,
    checks: Arc<Semaphore>,
}

impl FromRef<Web> for App {
    fn from_ref(web: &Web) -> App {
        web.http.app.clone()
    }
}

/// Every page.
pub fn router(http: &Http) -> Router {
    let web = Web { http: http.clone(), throttle: Arc::default(), checks: Arc::new(Semaphore::new(CHECKS)) };
    let pages = Router::new()
        .route("/", get(async || Redirect::to("/app")))
        .route("/setup/{setup}", get(sign_in::setup).post(sign_in::set_up))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/oauth/authorization", get(login::ask).post(login::answer))
        .route("/app", get(organization::list).post(organization::create))
        .route("/app/events", get(live::events))
        .route("/app/settings/tokens", get(token::list).post(token::create))
        .route("/app/settings/tokens/{token}/revoke", post(token::revoke))
        .route("/app/settings/queues", get(queue::list))
        .route("/app/settings/queues/{organization}", get(queue::show).post(queue::update))
        .route("/app/settings/search/{organization}", get(search::find))
        .route("/app/settings/runners", get(agent::list))
        .route("/app/settings/runners/{agent}/delete", post(agent::delete))
        .nest("/app/settings/organizations", settings::router())
        .route("/app/{organization}", get(workspace::list))
        .route("/app/{organization}/workspaces", get(workspace::list))
        .route("/app/{organization}/workspaces/{*rest}", get(shorter))
        .route("/app/{organization}/{workspace}", get(workspace::show))
        .route("/app/{organization}/{workspace}/variables", get(workspace::variables))
        .route(
            "/app/{organization}/{workspace}/settings",
            get(workspace_settings::show).post(workspace_settings::update),
        )
        .route("/app/{organization}/{workspace}/settings/sharing", post(workspace_settings::share))
        .route("/app/{organization}/{workspace}/settings/ssh-key", post(workspace_settings::assign_key))
        .route(
            "/app/{organization}/{workspace}/settings/retention",
            get(workspace_retention::show).post(workspace_retention::update),
        )
        .route("/app/{organization}/{workspace}/resources", get(resource::list))
        .route("/app/{organization}/{workspace}/states", get(state::list))
        .route("/app/{organization}/{workspace}/states/{version}", get(history::show))
        .route("/app/{organization}/{workspace}/states/{version}/rollback", post(history::roll_back))
        .route("/app/{organization}/{workspace}/states/{version}/download", get(state::download))
        .route("/app/{organization}/{workspace}/runs", get(run::list))
        .route("/app/{organization}/{workspace}/runs/{run}", get(run::show))
        .route("/app/{organization}/{workspace}/runs/{run}/{action}", post(run::decide))
        .route("/app/{organization}/{workspace}/runs/{run}/log/{phase}", get(log::follow))
        .route("/app/{organization}/{workspace}/runs/{run}/log/{phase}/text", get(log::text))
        .fallback(async || failure::Failure(app::Error::not_found("This address")))
        .layer(DefaultBodyLimit::max(FORM))
        .with_state(web);
    Router::new().route("/static/{name}", get(assets::serve)).merge(pages).layer(map_response(protect))
}

/// `/app/ORG/workspaces/…`, as other servers of this kind have it, leads to `/app/ORG/…`.
async fn shorter(Path((organization, rest)): Path<(String, String)>, uri: Uri) -> Redirect {
    // Taken from the address as it was sent: what was escaped stays escaped.
    let path = uri.path();
    let rest = path.splitn(5, '/').nth(4).map_or(rest, str::to_owned);
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let organization = path.split('/').nth(2).map_or(organization, str::to_owned);
    Redirect::to(&format!("/app/{organization}/{}{query}", rest.trim_start_matches('/')))
}

/// What every answer says to the browser about itself.
async fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
