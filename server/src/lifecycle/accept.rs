//! The accept loop.

use super::{
    Patience, Shutdown,
    connection::{self, Protocol},
    descriptors,
};
use axum::Router;
use rustls::ServerConfig;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

/// Connections at once, at most, and never more than half the descriptors there are; more wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 8_192;

/// Accepts connections until `shutdown` is wanted, then waits for the requests under way, at most as long as `patience` says. Handlers find
/// the client's address as `ConnectInfo<SocketAddr>`. Answers how many connections had to be cut off.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    router: Router,
    patience: Patience,
    shutdown: &Shutdown,
) -> usize {
    let acceptor = tls.map(TlsAcceptor::from);
    let connections = TaskTracker::new();
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS.min(descriptors::raise() / 2)));
    loop {
        let (stream, peer, permit) = tokio::select! {
            () = shutdown.wanted().cancelled() => break,
            accepted = accept(&listener, &room) => accepted,
        };
        let task = handle(stream, peer, acceptor.clone(), router.clone(), patience, shutdown.clone());
        connections.spawn(async move {
            task.await;
            drop(permit);
        });
    }
    drop(listener);
    connections.close();
    tokio::select! {
        () = connections.wait() => return 0,
        () = tokio::time::sleep(patience.stop) => {}
        () = shutdown.forced().cancelled() => {}
    }
    let cut = connections.len();
    shutdown.forced().cancel();
    connections.wait().await;
    cut
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // Nobody closes the semaphore, so there is always a permit in the end.
    let permit = room.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, permit),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                // Out of descriptors: the error stays until some are given back.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn handle(
    stream: TcpStream,
    peer: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    router: Router,
    patience: Patience,
    shutdown: Shutdown,
) {
    // Answers are small and wanted at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "connection ended before its first request");
        return;
    }
    let Some(acceptor) = acceptor else {
        connection::serve(stream, Protocol::Http1, peer, router, patience, shutdown).await;
        return;
    };
    let handshake = tokio::select! {
        handshake = tokio::time::timeout(patience.handshake, acceptor.accept(stream)) => handshake,
        () = shutdown.wanted().cancelled() => return,
    };
    match handshake {
        Ok(Ok(stream)) => {
            let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            let protocol = if http2 { Protocol::Http2 } else { Protocol::Http1 };
            connection::serve(stream, protocol, peer, router, patience, shutdown).await;
        }
        Ok(Err(error)) => tracing::debug!(%peer, %error, "TLS handshake failed"),
        Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
    }
}
