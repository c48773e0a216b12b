//! Asking a service in JSON, patiently, and telling what it said.

use futures::StreamExt as _;
use reqwest::{Client, RequestBuilder, Response, header::HeaderMap};
use secrets::{Error, Result, causes};
use serde_json::Value;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

/// How often it is asked where that helps.
const ATTEMPTS: u32 = 3;
/// How long it is left alone before the second time; twice as long before the third.
const PAUSE: Duration = Duration::from_millis(250);
/// The most bytes of an answer.
const LONGEST: usize = 64 * 1024;

/// A service, as an operator knows it.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) patience: Duration,
}

/// What it answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    body: Zeroizing<Vec<u8>>,
}

impl Answer {
    pub(crate) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Null where it is no JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Service {
    pub(crate) fn failed(&self, doing: &'static str, problem: impl Into<String>) -> Error {
        Error::Service { service: self.name.clone(), doing, problem: problem.into() }
    }

    /// A client as everywhere in this program: it trusts these authorities too, takes the proxies of the environment, and follows nobody elsewhere.
    pub(crate) fn client(&self, certificates: &[u8]) -> Result<Client> {
        let preparing = |wrong: String| self.failed("preparing", wrong);
        let more = reqwest::Certificate::from_pem_bundle(certificates)
            .map_err(|error| preparing(format!("--ca-bundle is no PEM: {}", causes(&error))))?;
        let builder = Client::builder().connect_timeout(self.patience).redirect(reqwest::redirect::Policy::none());
        let client = more.into_iter().fold(builder, reqwest::ClientBuilder::add_root_certificate).build();
        client.map_err(|error| preparing(causes(&error)))
    }

    /// Asks until there is an answer that asking again would not change.
    pub(crate) async fn ask(&self, doing: &'static str, request: impl Fn() -> RequestBuilder) -> Result<Answer> {
        let mut attempt = 1;
        loop {
            let wrong = match timeout(self.patience, once(request())).await {
                Ok(Ok(answer)) if answer.status != 429 && answer.status < 500 => return Ok(answer),
                Ok(Ok(answer)) if attempt == ATTEMPTS => return Ok(answer),
                Ok(Ok(_)) => String::new(),
                Ok(Err(wrong)) => wrong,
                Err(_) => format!("it does not answer in time; {WAY}"),
            };
            if attempt == ATTEMPTS {
                return Err(self.failed(doing, wrong));
            }
            sleep(PAUSE.saturating_mul(attempt)).await;
            attempt += 1;
        }
    }
}

const WAY: &str = "see that it is well, and the way to it";

async fn once(request: RequestBuilder) -> Result<Answer, String> {
    let unreached = |error: reqwest::Error| {
        let said = causes(&error.without_url());
        let advice =
            if said.contains("certificate") { "if its authority is your own, name it with --ca-bundle" } else { WAY };
        format!("no connection ({said}); {advice}")
    };
    let answer = request.send().await.map_err(unreached)?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = whole(answer).await.map_err(unreached)?;
    let body =
        body.ok_or_else(|| format!("its answer has more than {LONGEST} bytes; see that it is the right address"))?;
    Ok(Answer { status, headers, body })
}

async fn whole(answer: Response) -> Result<Option<Zeroizing<Vec<u8>>>, reqwest::Error> {
    // All of it at once: a growing buffer would leave copies of a key behind.
    let mut body = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut parts = answer.bytes_stream();
    while let Some(part) = parts.next().await {
        let part = part?;
        if body.len() + part.len() > LONGEST {
            return Ok(None);
        }
        body.extend_from_slice(&part);
    }
    Ok(Some(body))
}
