//! A load generator: so many clients, each with a connection of its own, each asking again as soon as it is answered.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Where the load goes.
#[derive(Clone)]
pub(crate) struct Target {
    host: String,
    token: String,
    tls: TlsConnector,
}

impl Target {
    /// A server at `host`, whose CA is in `certificate`.
    pub(crate) fn new(host: &str, certificate: &Path, token: &str) -> Self {
        let mut roots = RootCertStore::empty();
        let ca = CertificateDer::from_pem_file(certificate).expect("the server's CA");
        roots.add(ca).expect("a CA certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("TLS versions");
        let tls = TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
        Self { host: host.to_owned(), token: token.to_owned(), tls }
    }

    /// One more client.
    pub(crate) async fn connect(&self) -> Client {
        let stream = TcpStream::connect(&self.host).await.expect("reach the server");
        stream.set_nodelay(true).expect("set TCP_NODELAY");
        let stream = self.tls.connect(ServerName::try_from("127.0.0.1").expect("a name"), stream).await.expect("TLS");
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
        tokio::spawn(connection);
        Client { sender, host: self.host.clone(), headers: vec![("authorization", format!("Bearer {}", self.token))] }
    }
}

/// One connection.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    headers: Vec<(&'static str, String)>,
}

impl Client {
    /// One that says this too in every request.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Asks and reads the whole answer, which must be a success.
    pub(crate) async fn ask(&mut self, method: &str, path: &str, body: impl Into<Bytes>) -> Bytes {
        let mut request = Request::builder().method(method).uri(path).header("host", &self.host);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(body.into())).expect("a request");
        self.sender.ready().await.expect("a connection that lives");
        let answer: Response<_> = self.sender.send_request(request).await.expect("an answer");
        let status = answer.status();
        let body = answer.into_body().collect().await.expect("the whole answer").to_bytes();
        assert!(status.is_success(), "{method} {path} answered {status}: {}", String::from_utf8_lossy(&body));
        body
    }
}

/// What a load brought.
pub(crate) struct Outcome {
    /// Answers a second.
    pub(crate) rate: f64,
    /// How long each answer took.
    pub(crate) took: Vec<Duration>,
}

/// Lets `clients` clients do `deed` again and again for `time`; the deed gets its client and how often it was done before.
pub(crate) async fn run<D>(target: &Target, clients: u32, time: Duration, deed: D) -> Outcome
where
    D: AsyncFn(&mut Client, u32, u64) + Send + Sync,
{
    let mut connected = Vec::new();
    for _ in 0..clients {
        connected.push(target.connect().await);
    }
    let began = Instant::now();
    let work = connected.into_iter().zip(0..).map(async |(mut client, number)| {
        let mut took = Vec::new();
        for time_done in 0.. {
            let asked = Instant::now();
            if asked.duration_since(began) >= time {
                break;
            }
            deed(&mut client, number, time_done).await;
            took.push(asked.elapsed());
        }
        took
    });
    let took: Vec<Duration> = futures::future::join_all(work).await.into_iter().flatten().collect();
    Outcome { rate: took.len() as f64 / began.elapsed().as_secs_f64(), took }
}
