//! Small servers that stand for what cannot run here: they look at every request as its vendor's documentation has it, and say what is wrong with it.

pub(crate) mod cipher;
pub(crate) mod key_vault;
pub(crate) mod transit;

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;

/// Serves it on a port of this machine until the program ends.
pub(crate) async fn serve(router: impl FnOnce(SocketAddr) -> Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    let router = router(address);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}
