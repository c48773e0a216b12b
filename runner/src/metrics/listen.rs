//! The door of a runner for whoever watches it: `/metrics` and `/healthz`, without a token, on an address that its operator chooses.

use super::{Metrics, Now};
use axum::{Router, http::header, routing::get};
use std::{io, sync::Arc};
use tokio::net::TcpListener;

/// The media type of Prometheus' text.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Answers for as long as it is polled: what was counted, with what the runner does at that moment; and `ok` as long as the process lives, whether or not
/// it reaches its server.
pub async fn serve(
    listener: TcpListener,
    metrics: Arc<Metrics>,
    now: impl Fn() -> Now + Clone + Send + Sync + 'static,
) -> io::Result<()> {
    let text = async move || ([(header::CONTENT_TYPE, TEXT)], metrics.text(now()));
    let router = Router::new().route("/metrics", get(text)).route("/healthz", get(async || "ok\n"));
    axum::serve(listener, router).await
}
