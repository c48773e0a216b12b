//! What every HTTP door shares: who is calling, addresses that authenticate by themselves, streams of changes.

pub mod caller;
pub mod signed;
pub mod state;

use app::{App, Caller};
use axum::extract::FromRef;
use tokio_util::sync::CancellationToken;

/// What a handler can reach.
#[derive(Clone, Debug)]
pub struct Http {
    /// The verbs.
    pub app: App,
    /// Cancelled when the server stops: streams end, so that the stop need not wait for them.
    pub stopping: CancellationToken,
}

impl FromRef<Http> for App {
    fn from_ref(http: &Http) -> App {
        http.app.clone()
    }
}

/// The caller, proved by a bearer token, Basic authentication with the token as password, or a browser session.
#[derive(Debug, Clone)]
pub struct Authenticated(pub Caller);
