use super::{
    connection::{self, Protocol},
    *,
};
use crate::{clock, config, tls};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
    routing::get,
};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use std::{net::SocketAddr, path::Path, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
    time::Instant,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// One end of an HTTP/1.1 connection whose other end is served.
fn connect(router: Router) -> DuplexStream {
    let (client, server) = tokio::io::duplex(1 << 16);
    let peer = SocketAddr::from(([127, 0, 0, 1], 1));
    tokio::spawn(connection::serve(server, Protocol::Http1, peer, router, Patience::default(), Shutdown::new()));
    client
}

async fn read_to_end(mut client: DuplexStream) -> (String, Duration) {
    let started = Instant::now();
    let mut text = String::new();
    client.read_to_string(&mut text).await.unwrap();
    (text, started.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_ends_when_it_was_idle_too_long() {
    let (text, waited) = read_to_end(connect(Router::new())).await;
    assert_eq!((text.as_str(), waited.as_secs()), ("", 90));
}

#[tokio::test(start_paused = true)]
async fn a_head_said_byte_by_byte_ends_the_connection() {
    let client = connect(Router::new());
    let (read, mut write) = tokio::io::split(client);
    let mut read = read;
    let started = Instant::now();
    let slow = tokio::spawn(async move {
        for byte in b"GET / HTTP/1.1\r\nhost: a-very-long-name".iter().cycle() {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if write.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
    });
    let mut text = String::new();
    read.read_to_string(&mut text).await.unwrap();
    // The first byte came after one second.
    assert_eq!((text.as_str(), started.elapsed().as_secs()), ("", 16));
    slow.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_take_its_time_and_the_idle_time_begins_after_it() {
    let chunks = || {
        let later = async || {
            tokio::time::sleep(Duration::from_secs(3_600)).await;
            Ok::<_, std::io::Error>(Bytes::from("late"))
        };
        Body::from_stream(futures::stream::once(later()))
    };
    let mut client = connect(Router::new().route("/", get(async move || chunks())));
    client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let (text, waited) = read_to_end(client).await;
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\nlate\r\n0\r\n\r\n"), "{text}");
    assert_eq!(waited.as_secs(), 3_600 + 90);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_coming_ends_its_request() {
    let read = async |body: Bytes| body.len().to_string();
    let mut client = connect(Router::new().route("/", axum::routing::post(read)));
    client.write_all(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n1234").await.unwrap();
    let (text, waited) = read_to_end(client).await;
    assert!(text.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{text}");
    assert_eq!(waited.as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_takes_is_given_up() {
    let mut client = connect(Router::new().route("/", get(async || vec![b'x'; 1 << 20])));
    client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_secs(61)).await;
    let (text, waited) = read_to_end(client).await;
    assert_eq!((text.len(), waited.as_secs()), (1 << 16, 0));
}

struct Server {
    address: SocketAddr,
    shutdown: Shutdown,
    task: JoinHandle<usize>,
}

async fn start(router: Router, tls: Option<Arc<rustls::ServerConfig>>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::new();
    let wanted = shutdown.clone();
    let task = tokio::spawn(async move { serve(listener, tls, router, Patience::default(), &wanted).await });
    Server { address, shutdown, task }
}

async fn get_root(address: SocketAddr) -> TcpStream {
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    client
}

#[tokio::test]
async fn a_request_under_way_is_answered_and_no_new_one_is_accepted() {
    let (begun, go_on) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let router = {
        let (begun, go_on) = (begun.clone(), go_on.clone());
        let slow = async move || {
            begun.add_permits(1);
            drop(go_on.acquire().await);
            "done"
        };
        Router::new().route("/", get(slow))
    };
    let server = start(router, None).await;
    let idle = TcpStream::connect(server.address).await.unwrap();
    let mut client = get_root(server.address).await;
    begun.acquire().await.unwrap().forget();
    server.shutdown.want();
    // The idle connection ends once the server has heard of it; by then it no longer listens.
    assert_eq!(read_tcp(idle).await, "");
    go_on.add_permits(1);
    let mut text = String::new();
    client.read_to_string(&mut text).await.unwrap();
    assert!(text.ends_with("\r\n\r\ndone"), "{text}");
    assert_eq!(server.task.await.unwrap(), 0);
    assert!(TcpStream::connect(server.address).await.is_err());
}

async fn read_tcp(mut client: TcpStream) -> String {
    let mut text = String::new();
    client.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn a_stream_that_listens_for_the_end_ends_and_others_are_cut_off() {
    let begun = Arc::new(Semaphore::new(0));
    let router = |shutdown: Option<Shutdown>| {
        let begun = begun.clone();
        let stream = async move || {
            begun.add_permits(1);
            match shutdown {
                Some(shutdown) => shutdown.wanted().cancelled().await,
                None => std::future::pending().await,
            }
            "the end"
        };
        Router::new().route("/", get(stream))
    };
    let listening = Shutdown::new();
    let server = start(router(Some(listening.clone())), None).await;
    let client = get_root(server.address).await;
    begun.acquire().await.unwrap().forget();
    listening.want();
    server.shutdown.want();
    assert!(read_tcp(client).await.ends_with("the end"));
    assert_eq!(server.task.await.unwrap(), 0);

    let server = start(router(None), None).await;
    let client = get_root(server.address).await;
    begun.acquire().await.unwrap().forget();
    server.shutdown.want();
    server.shutdown.want();
    assert_eq!(server.task.await.unwrap(), 1);
    assert_eq!(read_tcp(client).await, "");
}

async fn handshake(address: SocketAddr, data: &Path, protocol: &[u8]) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(data.join("ca.pem")).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(tls::provider()).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let stream = TcpStream::connect(address).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap()
}

#[tokio::test]
async fn both_protocols_are_spoken_over_tls_and_handlers_know_the_client() {
    let data = tempfile::tempdir().unwrap();
    let flags = config::Flags::default().with("data", data.path().to_str().unwrap());
    let settings = config::load_from(flags, [], "/".into()).unwrap().config.server;
    let certificate = tls::certificate(&settings, settings.listen, clock::system).unwrap().unwrap();
    let tls = tls::server_config(certificate).unwrap();
    let whoami = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string();
    let server = start(Router::new().route("/", get(whoami)), Some(tls)).await;

    let stream = handshake(server.address, data.path(), b"h2").await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut client, http2) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let http2 = tokio::spawn(http2);
    let request = http::Request::get("https://localhost/").body(Empty::<Bytes>::new()).unwrap();
    let response = client.send_request(request).await.unwrap();
    assert_eq!(response.version(), http::Version::HTTP_2);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "127.0.0.1");

    let mut stream = handshake(server.address, data.path(), b"http/1.1").await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.ends_with("\r\n\r\n127.0.0.1"), "{text}");

    server.shutdown.want();
    assert_eq!(server.task.await.unwrap(), 0);
    // The server said goodbye on HTTP/2 as well: the client's connection ended without an error.
    http2.await.unwrap().unwrap();
}
