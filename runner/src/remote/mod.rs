//! The server as a runner elsewhere sees it: the calls of [`Server`] over HTTPS, outbound only (`protocol::wire`).

mod call;

use crate::server::{Adopted, Download, Error, Package, Server};
use bytes::Bytes;
use call::{Call, is_missing};
use futures::TryStreamExt as _;
use protocol::{
    Artifact, Image, Job, Lease, Outcome, Wish,
    wire::{Claim, Enlisted, Finish, HOLD, Held, Hello, Started, Than, Wished},
};
use reqwest::{Method, StatusCode};
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio_util::io::StreamReader;

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an answer, or the next part of one, may take: longer than a server holds a request open.
const SILENCE: Duration = Duration::from_secs(HOLD + 25);
/// How often a connection is asked whether it is still there, and how long that may take.
const ALIVE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(5));

/// Why there can be no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address of the server cannot be used.
    #[error("the address of the server is {0:?}: it must begin with https:// (or http:// for one on this machine)")]
    Address(String),
    /// A file with certificates cannot be used.
    #[error("the certificates in {path} cannot be used: {reason}")]
    Certificates {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Something else.
    #[error("there can be no HTTPS client: {0}")]
    Other(#[from] reqwest::Error),
}

/// A server behind HTTPS.
pub struct Remote {
    client: reqwest::Client,
    /// Without a slash at its end.
    address: String,
    token: SecretString,
    enlisted: Mutex<Option<Enlisted>>,
    /// The name of the claim that is not answered yet.
    claim: Mutex<Option<String>>,
}

impl Remote {
    /// A client of the server at an address, with a runner's token; the server's certificate may be signed by one of these authorities
    /// (files with PEM) or by a public one.
    pub fn new(address: &str, token: SecretString, authorities: &[PathBuf]) -> Result<Self, ClientError> {
        let address = address.trim_end_matches('/').to_owned();
        let local = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
        if !address.starts_with("https://") && !local.iter().any(|prefix| address.starts_with(prefix)) {
            return Err(ClientError::Address(address));
        }
        let mut client = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .http2_keep_alive_interval(ALIVE.0)
            .http2_keep_alive_timeout(ALIVE.1)
            .http2_keep_alive_while_idle(true)
            .user_agent(concat!("terrane-runner/", env!("CARGO_PKG_VERSION")));
        for path in authorities {
            for certificate in certificates(path)? {
                client = client.add_root_certificate(certificate);
            }
        }
        Ok(Self { client: client.build()?, address, token, enlisted: Mutex::default(), claim: Mutex::default() })
    }

    fn call(&self, method: Method, path: &str) -> Call {
        let request = self.client.request(method, format!("{}/api/runner/{path}", self.address));
        let enlisted = self.enlisted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Call::new(request, &self.token, enlisted.as_ref())
    }

    fn about(&self, method: Method, lease: &Lease, what: &str) -> Call {
        self.call(method, &format!("phases/{}/{what}", lease.phase_id)).under(lease)
    }

    /// A document or a file of the server's mirror; `None` when that does not have it.
    async fn mirrored(&self, path: &str) -> Result<Option<reqwest::Response>, Error> {
        let request = self.client.get(format!("{}{path}", self.address)).bearer_auth(self.token.expose_secret());
        let answer = request.send().await.map_err(|error| call::unavailable(&error))?;
        match answer.status() {
            status if status.is_success() => Ok(Some(answer)),
            StatusCode::NOT_FOUND => Ok(None),
            status => Err(Error::Unavailable(format!("its mirror of providers answers {status}"))),
        }
    }

    /// The claim that is open, or a new one.
    fn open_claim(&self) -> Claim {
        let mut open = self.claim.lock().unwrap_or_else(PoisonError::into_inner);
        let claim = open.get_or_insert_with(|| {
            let mut bytes = [0; 16];
            SystemRandom::new().fill(&mut bytes).expect("the operating system has randomness");
            hex::encode(bytes)
        });
        Claim { claim: claim.clone() }
    }

    fn close_claim(&self) -> Option<Claim> {
        self.claim.lock().unwrap_or_else(PoisonError::into_inner).take().map(|claim| Claim { claim })
    }
}

fn certificates(path: &Path) -> Result<Vec<reqwest::Certificate>, ClientError> {
    let unusable = |reason: String| ClientError::Certificates { path: path.to_owned(), reason };
    let pem = fs::read(path).map_err(|error| unusable(error.to_string()))?;
    let found = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| unusable(error.to_string()))?;
    if found.is_empty() { Err(unusable("there are none".into())) } else { Ok(found) }
}

fn download(answer: reqwest::Response) -> Download {
    Box::pin(StreamReader::new(answer.bytes_stream().map_err(io::Error::other)))
}

impl Server for Remote {
    async fn enlist(&self, hello: Hello) -> Result<Enlisted, Error> {
        let enlisted: Enlisted = self.call(Method::POST, "enlist").json(&hello).answer().await?;
        *self.enlisted.lock().unwrap_or_else(PoisonError::into_inner) = Some(enlisted.clone());
        Ok(enlisted)
    }

    async fn leave(&self) -> Result<(), Error> {
        // An answer to the last claim may be on its way: nobody will take it.
        if let Some(claim) = self.close_claim() {
            self.call(Method::POST, "release").json(&claim).done().await?;
        }
        self.call(Method::POST, "leave").done().await
    }

    async fn claim(&self) -> Result<Job, Error> {
        loop {
            let answer = self.call(Method::POST, "claim").json(&self.open_claim()).send().await?;
            if !is_missing(&answer) {
                let job = call::read(answer).await?;
                self.close_claim();
                return Ok(job);
            }
        }
    }

    async fn adopt(&self, lease: &Lease) -> Result<Option<Adopted>, Error> {
        let held: Held = self.about(Method::POST, lease, "adopt").answer().await?;
        Ok(held.log_end.map(|log_end| Adopted { log_end }))
    }

    async fn renew(&self, lease: &Lease) -> Result<Wish, Error> {
        let wished: Wished = self.about(Method::POST, lease, "renew").answer().await?;
        Ok(wished.wish)
    }

    async fn wish(&self, lease: &Lease, than: Wish) -> Result<Wish, Error> {
        loop {
            let wished: Wished = self.about(Method::POST, lease, "wish").json(&Than { than }).answer().await?;
            if wished.wish != than {
                return Ok(wished.wish);
            }
        }
    }

    async fn started(&self, lease: &Lease, version: &str, image: Option<&Image>) -> Result<(), Error> {
        let started = Started { version: version.to_owned(), image: image.cloned() };
        self.about(Method::POST, lease, "started").json(&started).done().await
    }

    async fn configuration(&self, lease: &Lease) -> Result<Download, Error> {
        self.about(Method::GET, lease, "configuration").send().await.map(download)
    }

    async fn state(&self, lease: &Lease) -> Result<Option<Bytes>, Error> {
        let answer = self.about(Method::GET, lease, "state").send().await?;
        if is_missing(&answer) {
            return Ok(None);
        }
        answer.bytes().await.map(Some).map_err(|error| call::unavailable(&error))
    }

    async fn artifact(&self, lease: &Lease, artifact: Artifact) -> Result<Option<Download>, Error> {
        let answer = self.about(Method::GET, lease, &format!("artifacts/{}", artifact.as_str())).send().await?;
        Ok(if is_missing(&answer) { None } else { Some(download(answer)) })
    }

    async fn provider(
        &self,
        provider: &mirror::Provider,
        version: &mirror::Version,
        platform: &mirror::Platform,
    ) -> Result<Option<Package>, Error> {
        #[derive(Deserialize)]
        struct Archives {
            archives: HashMap<String, Archive>,
        }
        #[derive(Deserialize)]
        struct Archive {
            url: String,
            #[serde(default)]
            hashes: Vec<String>,
        }
        let document = format!("{}{provider}/{version}.json", protocol::PROVIDERS);
        let Some(answer) = self.mirrored(&document).await? else { return Ok(None) };
        let mut archives: Archives = call::read(answer).await?;
        let Some(Archive { url, hashes }) = archives.archives.remove(&platform.to_string()) else { return Ok(None) };
        // The server's public address may not be the one that this runner calls it by.
        let path = url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
        let archive = self.mirrored(path.unwrap_or(&url)).await?;
        Ok(archive.map(|answer| Package { hashes, archive: download(answer) }))
    }

    async fn append_log(&self, lease: &Lease, offset: u64, bytes: Bytes) -> Result<(), Error> {
        self.about(Method::POST, lease, &format!("log?offset={offset}")).body(bytes).done().await
    }

    async fn put_state(&self, lease: &Lease, state: Bytes) -> Result<(), Error> {
        self.about(Method::PUT, lease, "state").body(state).done().await
    }

    async fn finish(&self, lease: &Lease, outcome: Outcome, artifacts: Vec<(Artifact, PathBuf)>) -> Result<(), Error> {
        for (artifact, path) in artifacts {
            let file = tokio::fs::File::open(&path).await;
            let file = file.map_err(|error| Error::Refused(format!("{} cannot be read: {error}", path.display())))?;
            self.about(Method::PUT, lease, &format!("artifacts/{}", artifact.as_str())).body(file).done().await?;
        }
        self.about(Method::POST, lease, "finish").json(&Finish { outcome }).done().await
    }
}
