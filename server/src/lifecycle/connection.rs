//! One connection: HTTP/1.1, or HTTP/2 where TLS agreed on it, until either side has enough.

use super::{
    Patience, Shutdown,
    activity::{Activity, Answer, Watched},
    upload::Upload,
};
use axum::{Router, extract::ConnectInfo};
use http::{Request, Response};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::{convert::Infallible, future::Future, net::SocketAddr, pin::pin, time::Duration};
use tokio::io::{AsyncRead, AsyncWrite};
use tower::Service;

/// What a head may weigh, and so what a silent client makes the server hold.
const MAX_HEAD: usize = 64 << 10;

/// Requests at once on one HTTP/2 connection.
const MAX_STREAMS: u32 = 128;

/// A peer that vanished without a word is noticed by these pings.
const PING: Duration = Duration::from_secs(20);

/// Which protocol the two sides agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// Serves one connection to its end. Whatever ends it early is the client's doing and worth a debug line.
pub(super) async fn serve<T>(
    io: T,
    protocol: Protocol,
    peer: SocketAddr,
    router: Router,
    patience: Patience,
    shutdown: Shutdown,
) where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = Activity::new(protocol == Protocol::Http1);
    let io = TokioIo::new(Watched::new(io, activity.clone(), patience.stall));
    let service = {
        let activity = activity.clone();
        service_fn(move |request| answer(request, peer, router.clone(), &activity, patience))
    };
    let ended = match protocol {
        Protocol::Http1 => {
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(MAX_HEAD);
            let connection = pin!(http.serve_connection(io, service));
            drive(connection, http1::Connection::graceful_shutdown, &activity, patience, &shutdown).await
        }
        Protocol::Http2 => {
            let mut http = http2::Builder::new(TokioExecutor::new());
            http.timer(TokioTimer::new())
                .max_concurrent_streams(MAX_STREAMS)
                .max_header_list_size(MAX_HEAD as u32)
                .keep_alive_interval(PING)
                .keep_alive_timeout(PING);
            let connection = pin!(http.serve_connection(io, service));
            drive(connection, http2::Connection::graceful_shutdown, &activity, patience, &shutdown).await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "connection ended early");
    }
}

fn answer(
    mut request: Request<Incoming>,
    peer: SocketAddr,
    mut router: Router,
    activity: &Activity,
    patience: Patience,
) -> impl Future<Output = Result<Response<Answer>, Infallible>> + use<> {
    let under_way = activity.begin();
    request.extensions_mut().insert(ConnectInfo(peer));
    // A router is always ready, so there is nothing to poll before the call.
    let response = router.call(request.map(|body| Upload::new(body, patience.stall)));
    async move { Ok(response.await?.map(|body| Answer { body, _under_way: under_way })) }
}

async fn drive<C>(
    mut connection: std::pin::Pin<&mut C>,
    wind_down: impl Fn(std::pin::Pin<&mut C>),
    activity: &Activity,
    patience: Patience,
    shutdown: &Shutdown,
) -> Result<(), hyper::Error>
where
    C: Future<Output = Result<(), hyper::Error>>,
{
    let mut overdue = pin!(activity.overdue(patience));
    let mut winding_down = false;
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => return ended,
            () = shutdown.forced().cancelled() => return Ok(()),
            () = shutdown.wanted().cancelled(), if !winding_down => {
                winding_down = true;
                wind_down(connection.as_mut());
            }
            () = overdue.as_mut() => return Ok(()),
        }
    }
}
