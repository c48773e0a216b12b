//! A client of a server's API, for commands that a person gives at a terminal: with the token that `terraform login` left.

mod place;

pub(crate) use place::Place;

use crate::config::{self, Login};
use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::Args;
use reqwest::{Method, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::{path::PathBuf, time::Duration};

/// How to reach a server.
#[derive(Debug, Clone, Args)]
pub struct Connection {
    /// A file whose first line is the token, instead of what `terraform login` left or `TF_TOKEN_host` says
    #[arg(long, value_name = "FILE", global = true)]
    pub token_file: Option<PathBuf>,
    /// PEM certificates of authorities to trust beside the system's
    #[arg(long, value_name = "FILE", global = true)]
    pub ca_bundle: Option<PathBuf>,
}

/// A server, asked with a token.
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    host: String,
    token: SecretString,
}

impl Client {
    /// A client of the server on this host, with the token that the connection names or that is found for it.
    pub(crate) fn new(connection: &Connection, host: &str) -> anyhow::Result<Self> {
        let mut http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(120))
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("terrane/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = &connection.ca_bundle {
            let pem = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem);
            for certificate in certificates.with_context(|| format!("{} holds no certificates", path.display()))? {
                http = http.add_root_certificate(certificate);
            }
        }
        let base = Url::parse(&format!("https://{host}/api/v2/")).with_context(|| format!("{host:?} is no host"))?;
        let token = token(connection, &config::login(), host)?;
        Ok(Self { http: http.build()?, base, host: host.to_owned(), token })
    }

    /// The document at an address below `/api/v2/`.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> anyhow::Result<Value> {
        let bytes = self.ask(Method::GET, path, query, None).await?;
        serde_json::from_slice(&bytes)
            .with_context(|| format!("{} does not answer as a server of this kind", self.host))
    }

    /// The bytes at an address below `/api/v2/`.
    pub(crate) async fn download(&self, path: &str) -> anyhow::Result<Bytes> {
        self.ask(Method::GET, path, &[], None).await
    }

    /// Sends a document to an address below `/api/v2/`; what comes back.
    pub(crate) async fn send(&self, method: Method, path: &str, document: &Value) -> anyhow::Result<Value> {
        let bytes = self.ask(method, path, &[], Some(document)).await?;
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        document: Option<&Value>,
    ) -> anyhow::Result<Bytes> {
        let mut url = self.base.join(path).with_context(|| format!("{path:?} is no address"))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.http.request(method, url).bearer_auth(self.token.expose_secret());
        if let Some(document) = document {
            request = request.header("content-type", "application/vnd.api+json").body(document.to_string());
        }
        let answer = request.send().await.with_context(|| format!("asking {}", self.host))?;
        let status = answer.status();
        let bytes = answer.bytes().await.with_context(|| format!("reading the answer of {}", self.host))?;
        if status.is_success() {
            return Ok(bytes);
        }
        if status == StatusCode::UNAUTHORIZED {
            bail!("{} does not know this token: terraform login {0}", self.host);
        }
        let read: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        match read["errors"][0]["detail"].as_str() {
            Some(said) => bail!("{said}"),
            None => bail!("{} answers {status}", self.host),
        }
    }
}

fn token(connection: &Connection, login: &Login, host: &str) -> anyhow::Result<SecretString> {
    if let Some(file) = &connection.token_file {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        return Ok(text.lines().next().unwrap_or_default().trim().to_owned().into());
    }
    let found = login.token(host).map_err(anyhow::Error::msg)?;
    found.with_context(|| {
        format!("there is no token for {host}: terraform login {host}, or name a file with --token-file")
    })
}
