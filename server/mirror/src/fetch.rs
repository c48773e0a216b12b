//! One answer of an origin: into memory when it is a document, into a file when it is an archive; never more than was expected.

use crate::{
    archive::Summing,
    error::{Error, Result},
    guard::{Guard, shown},
};
use bytes::Bytes;
use reqwest::{Client, Response, StatusCode};
use std::{
    fs::File,
    io::Write,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};
use url::Url;

/// The largest document: bytes.
const DOCUMENT: usize = 32 << 20;

/// Something that can be asked.
#[derive(Debug, Clone)]
pub(crate) struct Fetcher {
    certificates: Vec<PathBuf>,
    /// Made when something is asked for the first time.
    client: OnceLock<Client>,
    guard: Option<Guard>,
}

impl Fetcher {
    /// One that trusts these certificates (PEM) beside the public ones, and goes where the guard lets it; without one, everywhere.
    pub(crate) fn new(certificates: &[PathBuf], guard: Option<Guard>) -> Self {
        Self { certificates: certificates.to_vec(), client: OnceLock::new(), guard }
    }

    fn client(&self) -> Result<Client> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let failed = |error: reqwest::Error| Error::Io(format!("there can be no client for origins: {error}"));
        let mut client = Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(Duration::from_secs(60))
            .user_agent(concat!("terrane/", env!("CARGO_PKG_VERSION")));
        for path in &self.certificates {
            let pem = std::fs::read(path).map_err(|error| Error::io("reading", path, &error))?;
            for certificate in reqwest::Certificate::from_pem_bundle(&pem).map_err(failed)? {
                client = client.add_root_certificate(certificate);
            }
        }
        if let Some(guard) = &self.guard {
            client = client.redirect(guard.redirects()).dns_resolver(Arc::new(guard.clone()));
        }
        let client = client.build().map_err(failed)?;
        Ok(self.client.get_or_init(|| client).clone())
    }

    /// A whole document.
    pub(crate) async fn document(&self, url: &Url) -> Result<Bytes> {
        let mut answer = self.ask(url).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| broken(url, &error))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > DOCUMENT {
                return Err(Error::Refused(format!("{} is larger than {DOCUMENT} bytes", shown(url))));
            }
        }
        Ok(bytes.into())
    }

    /// A whole archive of at most so many bytes into this file; gives its SHA-256.
    pub(crate) async fn archive(&self, url: &Url, file: &File, most: u64) -> Result<String> {
        let mut answer = self.ask(url).await?;
        let mut summing = Summing::new(file);
        while let Some(chunk) = answer.chunk().await.map_err(|error| broken(url, &error))? {
            if summing.bytes + chunk.len() as u64 > most {
                return Err(Error::Refused(format!("{} is larger than {most} bytes", shown(url))));
            }
            // A pipe's worth of bytes into the page cache: not worth a thread.
            summing.write_all(&chunk).map_err(|error| Error::Io(format!("keeping {}: {error}", shown(url))))?;
        }
        Ok(summing.finish())
    }

    async fn ask(&self, url: &Url) -> Result<Response> {
        if let Some(guard) = &self.guard {
            guard.check(url).map_err(Error::Refused)?;
        }
        let answer = self.client()?.get(url.clone()).send().await.map_err(|error| broken(url, &error))?;
        match answer.status() {
            status if status.is_success() => Ok(answer),
            StatusCode::NOT_FOUND | StatusCode::GONE => Err(Error::NotFound(format!("{} is not there", shown(url)))),
            status => Err(Error::Unavailable(format!("{} answers {status}", shown(url)))),
        }
    }
}

/// The whole chain of causes: the first alone says only that sending failed.
fn broken(url: &Url, error: &reqwest::Error) -> Error {
    let mut text = format!("{} cannot be fetched", shown(url));
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    Error::Unavailable(text)
}
