//! Log lines on standard error, and one for each request that tells what was asked without telling what was asked in confidence.

use crate::config::{Format, Log};
use axum::{
    Router,
    extract::{ConnectInfo, MatchedPath, RawPathParams, Request, rejection::RawPathParamsRejection},
    middleware::{self, Next},
    response::Response,
};
use std::{io::IsTerminal, net::SocketAddr, time::Instant};
use tracing_subscriber::{Layer, Registry, layer::SubscriberExt, util::SubscriberInitExt};

/// Sends the process's log lines to standard error. Once a process.
pub fn install(log: &Log) -> Result<(), tracing_subscriber::util::TryInitError> {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match log.format {
        Format::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        Format::Json => lines.json().flatten_event(true).boxed(),
    };
    Registry::default().with(lines.with_filter(log.level.clone())).try_init()
}

/// Has every request of the router logged under the target `terrane::request`: at the level debug, and as a warning where the server failed.
///
/// A line holds the method, the path as its route knows it, the status, the time until the head of the answer, and the client. It never holds
/// a query, a header, or a path parameter whose name begins with `signed`, `signature`, `token` or `secret` or that takes the rest of the path;
/// a path that no route knows is not repeated at all.
pub fn requests(router: Router) -> Router {
    router.layer(middleware::from_fn(log_request))
}

async fn log_request(params: Result<RawPathParams, RawPathParamsRejection>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let started = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let duration_us = started.elapsed().as_micros();
    let path = || match &route {
        Some(route) => told(route.as_str(), params.iter().flatten()),
        None => "(no route)".to_owned(),
    };
    let peer = peer.map(tracing::field::display);
    if response.status().is_server_error() {
        tracing::warn!(target: "terrane::request", %method, path = path(), status, duration_us, peer);
    } else if tracing::enabled!(target: "terrane::request", tracing::Level::DEBUG) {
        tracing::debug!(target: "terrane::request", %method, path = path(), status, duration_us, peer);
    }
    response
}

const UNTOLD: [&str; 5] = ["signed", "signature", "token", "secret", "setup"];

/// The route with its parameters filled in, as far as they may be told.
fn told<'a>(route: &str, params: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut path = route.to_owned();
    for (name, value) in params {
        if UNTOLD.iter().all(|prefix| !name.starts_with(prefix)) {
            path = path.replace(&format!("{{{name}}}"), value);
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, routing::get};
    use std::{
        io,
        sync::{Arc, Mutex},
    };
    use tower::ServiceExt;
    use tracing_subscriber::filter::LevelFilter;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The log of these requests, without what differs from time to time.
    async fn log(paths: &[&str]) -> String {
        let lines = Lines::default();
        let written = lines.clone();
        let writer =
            tracing_subscriber::fmt::layer().without_time().with_ansi(false).with_writer(move || written.clone());
        let subscriber = Registry::default().with(writer.with_filter(LevelFilter::DEBUG));
        let _guard = tracing::subscriber::set_default(subscriber);
        let router = requests(
            Router::new()
                .route("/runs/{run_id}", get(async || "ok"))
                .route("/objects/{signed}/state", get(async || "ok"))
                .route("/files/{*path}", get(async || "ok"))
                .route("/broken", get(async || http::StatusCode::INTERNAL_SERVER_ERROR)),
        );
        for path in paths {
            let request = Request::get(*path).header("authorization", "Bearer hunter2").body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap();
        }
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let no_duration = |word: &str| !word.starts_with("duration_us=");
        let line = |line: &str| line.split(' ').filter(|word| no_duration(word)).collect::<Vec<_>>().join(" ");
        text.lines().map(line).collect::<Vec<_>>().join("\n")
    }

    #[tokio::test]
    async fn a_line_tells_the_path_but_nothing_confidential() {
        let log = log(&[
            "/runs/run-1?token=hunter2",
            "/runs/a%0Ab",
            "/objects/hunter2/state",
            "/files/hunter2/x",
            "/hunter2",
            "/broken?hunter2",
        ]);
        insta::assert_snapshot!(log.await, @r#"
        DEBUG terrane::request: method=GET path="/runs/run-1" status=200
        DEBUG terrane::request: method=GET path="/runs/a\nb" status=200
        DEBUG terrane::request: method=GET path="/objects/{signed}/state" status=200
        DEBUG terrane::request: method=GET path="/files/{*path}" status=200
        DEBUG terrane::request: method=GET path="(no route)" status=404
         WARN terrane::request: method=GET path="/broken" status=500
        "#);
    }
}
