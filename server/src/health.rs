//! What load balancers and start scripts ask: does it live, and would it serve.

use crate::lifecycle::Shutdown;
use axum::{Router, routing::get};
use http::StatusCode;
use std::future::Future;

/// `/healthz`, good while the process answers at all, and `/readyz`, good while `ready` says so and nobody asked the server to stop. The
/// reason against it is shown to whoever asks: it must hold no secret.
pub fn router<F>(shutdown: Shutdown, ready: impl Fn() -> F + Clone + Send + Sync + 'static) -> Router
where
    F: Future<Output = Result<(), String>> + Send + 'static,
{
    let readyz = move || {
        let (stopping, ready) = (shutdown.is_wanted(), ready.clone());
        async move {
            if stopping {
                return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n".to_owned());
            }
            match ready().await {
                Ok(()) => (StatusCode::OK, "ok\n".to_owned()),
                Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
            }
        }
    };
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(readyz))
}
