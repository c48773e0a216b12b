//! The way to Azure: as every connection of this program, with its authorities, proxies and patience; and what signs an address, which is added
//! here so that nothing above it can tell it.

use async_trait::async_trait;
use azure_core::{
    Error,
    error::ErrorKind,
    http::{
        AsyncRawResponse, Body, HttpClient, Request,
        headers::{HeaderName, HeaderValue, Headers},
    },
};
use futures::TryStreamExt as _;
use secrets::causes;
use std::{collections::HashMap, time::Duration};
use tokio::time::timeout;
use url::Url;

/// Adds what proves who asks to an address, right before it is asked; or says what is wrong.
pub type Sign = dyn Fn(&mut Url) -> Result<(), String> + Send + Sync;

/// The connection.
pub struct Wire {
    client: reqwest::Client,
    answer: Duration,
    sign: Box<Sign>,
}

impl Wire {
    /// Prepares it. `certificates` are PEM; `connect` is how long a connection may take, `answer` how long an answer.
    ///
    /// # Errors
    /// When the certificates cannot be read.
    pub fn new(certificates: &[u8], connect: Duration, answer: Duration, sign: Box<Sign>) -> Result<Self, String> {
        let more = reqwest::Certificate::from_pem_bundle(certificates)
            .map_err(|error| format!("--ca-bundle is no PEM: {}", causes(&error)))?;
        let builder = reqwest::Client::builder().connect_timeout(connect).redirect(reqwest::redirect::Policy::none());
        let client = more.into_iter().fold(builder, reqwest::ClientBuilder::add_root_certificate).build();
        Ok(Self { client: client.map_err(|error| causes(&error))?, answer, sign })
    }

    /// The same connection, for what no library asks.
    #[must_use]
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }
}

#[async_trait]
impl HttpClient for Wire {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let mut url = request.url().clone();
        (self.sign)(&mut url).map_err(|wrong| Error::with_message(ErrorKind::Credential, wrong))?;
        let method = reqwest::Method::from_bytes(request.method().as_str().as_bytes())
            .map_err(|error| Error::with_message(ErrorKind::Other, error.to_string()))?;
        let mut asking = self.client.request(method, url);
        for (name, value) in request.headers().iter() {
            asking = asking.header(name.as_str(), value.as_str());
        }
        let Body::Bytes(bytes) = request.body().clone() else {
            return Err(Error::with_message(ErrorKind::Other, "a request streams, which none of ours does"));
        };
        let answer = match timeout(self.answer, asking.body(bytes).send()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                let kind = if error.is_connect() { ErrorKind::Connection } else { ErrorKind::Io };
                return Err(Error::with_message(kind, causes(&error.without_url())));
            }
            Err(_) => return Err(Error::with_message(ErrorKind::Io, "it does not answer in time")),
        };
        let status = answer.status().as_u16().into();
        let headers = answer.headers().iter().filter_map(|(name, value)| {
            let value = value.to_str().ok()?;
            Some((HeaderName::from(name.as_str().to_owned()), HeaderValue::from(value.to_owned())))
        });
        let headers = Headers::from(headers.collect::<HashMap<_, _>>());
        let body = answer.bytes_stream();
        let body = body.map_err(|error| Error::with_message(ErrorKind::Io, causes(&error.without_url())));
        Ok(AsyncRawResponse::new(status, headers, Box::pin(body)))
    }
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wire(…)")
    }
}
