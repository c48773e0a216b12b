//! The network that `terrane prices update` asks the vendors through. An answer is read while it comes in: an offer file
//! of AWS is hundreds of megabytes, and only a few chunks of it are ever in memory.

use anyhow::Context;
use bytes::Bytes;
use cost::catalogue::Fetch;
use std::{
    io::{self, BufRead, BufReader, Read},
    path::Path,
    time::Duration,
};
use tokio::{runtime::Runtime, sync::mpsc};

/// Chunks that may wait for the reader.
const WAITING: usize = 16;

/// Asks over HTTP, through the proxy that the environment names.
pub struct Network {
    client: reqwest::Client,
    runtime: Runtime,
}

impl Network {
    /// A network that trusts the authorities in `bundle` beside the system's.
    ///
    /// # Errors
    /// When the bundle cannot be used.
    pub fn new(bundle: Option<&Path>) -> anyhow::Result<Self> {
        let mut client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(Duration::from_secs(60))
            .user_agent(concat!("terrane/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = bundle {
            let pem = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem);
            for certificate in certificates.with_context(|| format!("{} holds no certificates", path.display()))? {
                client = client.add_root_certificate(certificate);
            }
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Ok(Self { client: client.build()?, runtime: runtime.context("cannot start the runtime")? })
    }
}

impl Fetch for Network {
    fn open(&self, url: &str, key: Option<&str>) -> io::Result<Box<dyn BufRead>> {
        let mut request = self.client.get(url);
        if let Some(key) = key {
            let mut secret = reqwest::header::HeaderValue::from_str(key).map_err(io::Error::other)?;
            secret.set_sensitive(true);
            request = request.header("x-goog-api-key", secret);
        }
        let answer = self.runtime.block_on(async { request.send().await?.error_for_status() });
        let mut answer = answer.map_err(told)?;
        let (sender, receiver) = mpsc::channel(WAITING);
        self.runtime.spawn(async move {
            loop {
                let chunk = match answer.chunk().await {
                    Ok(None) => return,
                    Ok(Some(chunk)) => Ok(chunk),
                    Err(error) => Err(told(error)),
                };
                let ended = chunk.is_err();
                if sender.send(chunk).await.is_err() || ended {
                    return;
                }
            }
        });
        Ok(Box::new(BufReader::new(Chunks { receiver, chunk: io::Cursor::new(Bytes::new()) })))
    }
}

/// What went wrong, without the address: whoever asked knows it.
fn told(error: reqwest::Error) -> io::Error {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    io::Error::other(text)
}

struct Chunks {
    receiver: mpsc::Receiver<io::Result<Bytes>>,
    chunk: io::Cursor<Bytes>,
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.chunk.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.receiver.blocking_recv() {
                Some(chunk) => self.chunk = io::Cursor::new(chunk?),
                None => return Ok(0),
            }
        }
    }
}
