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

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    async fn ask(router: &Router, path: &str) -> (u16, String) {
        let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn readiness_ends_as_soon_as_a_stop_is_wanted() {
        let shutdown = Shutdown::new();
        let up = router(shutdown.clone(), async || Ok(()));
        assert_eq!(ask(&up, "/readyz").await, (200, "ok\n".to_owned()));
        shutdown.want();
        assert_eq!(ask(&up, "/readyz").await, (503, "stopping\n".to_owned()));
        assert_eq!(ask(&up, "/healthz").await, (200, "ok\n".to_owned()));
    }

    #[tokio::test]
    async fn readiness_says_what_is_missing() {
        let down = router(Shutdown::new(), async || Err("the database does not answer".to_owned()));
        assert_eq!(ask(&down, "/readyz").await, (503, "the database does not answer\n".to_owned()));
        assert_eq!(ask(&down, "/healthz").await, (200, "ok\n".to_owned()));
    }
}
