//! One request to the server, and what its answer means to a runner.

use crate::server::Error;
use protocol::{
    Lease,
    wire::{self, Enlisted, Kind, Refusal},
};
use reqwest::{RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};
use std::error::Error as _;

/// The most bytes of a refusal that are read.
const REFUSAL: usize = 64 << 10;

/// A request that is not sent yet.
pub(super) struct Call {
    request: RequestBuilder,
    phase: String,
    /// Whether a Terrane server answered before.
    known: bool,
}

impl Call {
    pub(super) fn new(request: RequestBuilder, token: &SecretString, enlisted: Option<&Enlisted>) -> Self {
        let mut request = request.bearer_auth(token.expose_secret());
        if let Some(enlisted) = enlisted {
            request = request.header(wire::AGENT, &enlisted.agent).header(wire::SESSION, enlisted.session);
        }
        Self { request, phase: String::new(), known: enlisted.is_some() }
    }

    pub(super) fn under(self, lease: &Lease) -> Self {
        Self { request: self.request.header(wire::FENCE, lease.fence), phase: lease.phase_id.clone(), ..self }
    }

    pub(super) fn json(self, body: &impl Serialize) -> Self {
        Self { request: self.request.json(body), ..self }
    }

    pub(super) fn body(self, body: impl Into<reqwest::Body>) -> Self {
        Self { request: self.request.body(body), ..self }
    }

    /// Sends it; every answer that is none of success is an error.
    pub(super) async fn send(self) -> Result<Response, Error> {
        let answer = self.request.send().await.map_err(|error| unavailable(&error))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        Err(refused(answer, self.phase, self.known).await)
    }

    /// Sends it and reads the answer.
    pub(super) async fn answer<T: DeserializeOwned>(self) -> Result<T, Error> {
        read(self.send().await?).await
    }

    /// Sends it; there is nothing to read.
    pub(super) async fn done(self) -> Result<(), Error> {
        self.send().await.map(drop)
    }
}

/// Whether the server has nothing to give.
pub(super) fn is_missing(answer: &Response) -> bool {
    answer.status() == StatusCode::NO_CONTENT
}

pub(super) async fn read<T: DeserializeOwned>(answer: Response) -> Result<T, Error> {
    let bytes = answer.bytes().await.map_err(|error| unavailable(&error))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Error::Refused(format!("this runner does not understand the server's answer: {error}")))
}

/// The server was not reached, or its answer was cut. The address tells nothing that is not known, and may hold what is nobody's business.
pub(super) fn unavailable(error: &reqwest::Error) -> Error {
    let mut reason = String::new();
    let mut cause = error.source();
    while let Some(because) = cause {
        reason = format!("{reason}: {because}");
        cause = because.source();
    }
    let what = if error.is_connect() {
        "no connection"
    } else if error.is_timeout() {
        "no answer in time"
    } else {
        "the connection broke"
    };
    Error::Unavailable(format!("{what}{reason}"))
}

async fn refused(mut answer: Response, phase_id: String, known: bool) -> Error {
    let status = answer.status();
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > REFUSAL {
            break;
        }
    }
    match serde_json::from_slice::<Refusal>(&body) {
        Ok(Refusal { kind: Kind::Lost, .. }) => Error::Lost { phase_id },
        Ok(Refusal { kind: Kind::Unavailable, message }) => Error::Unavailable(message),
        Ok(Refusal { kind: Kind::Unknown, .. }) => Error::Unknown,
        Ok(Refusal { kind: Kind::Superseded, message }) => Error::Superseded(message),
        Ok(Refusal { kind: Kind::Refused, message }) => Error::Refused(message),
        // Something between us and the server is speaking, or a server that is older than this protocol.
        Err(_) if known || status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            Error::Unavailable(format!("it answers {status}"))
        }
        Err(_) => Error::Refused(format!("it answers {status} at the address for runners: is it a Terrane server?")),
    }
}
