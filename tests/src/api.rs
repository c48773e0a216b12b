//! Plain HTTP to a server, as a program would speak it: JSON:API with a bearer token, and any method with any body.

use std::fs;
use std::path::Path;

use reqwest::blocking::{Client, RequestBuilder};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::{Certificate, Method, redirect};
use serde_json::Value;

/// A client of one server, acting with one token.
#[derive(Clone)]
pub struct Api {
    client: Client,
    url: String,
    token: String,
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    /// Method and path of the request, for messages.
    pub request: String,
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Api {
    /// A client that trusts the CA in `certificate` alone. An empty token sends none.
    ///
    /// # Panics
    /// When the certificate cannot be read.
    #[must_use]
    pub fn new(url: &str, certificate: &Path, token: &str) -> Self {
        // A second installation is refused and changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let pem = fs::read(certificate).unwrap_or_else(|error| panic!("read {}: {error}", certificate.display()));
        let client = Client::builder()
            .tls_certs_only([Certificate::from_pem(&pem).expect("a CA certificate")])
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("an HTTP client");
        Self { client, url: url.to_owned(), token: token.to_owned() }
    }

    /// The same client with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// A request to `path`: below the API when it has no leading slash, an absolute path when it has one, or a whole URL.
    ///
    /// # Panics
    /// When `method` is no method.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let url = if path.starts_with("https://") {
            path.to_owned()
        } else if path.starts_with('/') {
            format!("{}{path}", self.url)
        } else {
            format!("{}/api/v2/{path}", self.url)
        };
        let request = self.client.request(Method::from_bytes(method.as_bytes()).expect("an HTTP method"), url);
        if self.token.is_empty() { request } else { request.header(AUTHORIZATION, format!("Bearer {}", self.token)) }
    }

    /// GET.
    ///
    /// # Panics
    /// When the server cannot be reached.
    #[must_use]
    pub fn get(&self, path: &str) -> Answer {
        send(self.request("GET", path))
    }

    /// GET, or nothing when the server cannot be reached.
    #[must_use]
    pub fn try_get(&self, path: &str) -> Option<Answer> {
        try_send(self.request("GET", path)).ok()
    }

    /// DELETE.
    ///
    /// # Panics
    /// When the server cannot be reached.
    #[must_use]
    pub fn delete(&self, path: &str) -> Answer {
        send(self.request("DELETE", path))
    }

    /// POST of a JSON:API document.
    ///
    /// # Panics
    /// When the server cannot be reached.
    #[must_use]
    pub fn post(&self, path: &str, document: &Value) -> Answer {
        self.document("POST", path, document.to_string())
    }

    /// PATCH of a JSON:API document.
    ///
    /// # Panics
    /// When the server cannot be reached.
    #[must_use]
    pub fn patch(&self, path: &str, document: &Value) -> Answer {
        self.document("PATCH", path, document.to_string())
    }

    /// A body that claims to be a JSON:API document, whatever it is.
    ///
    /// # Panics
    /// When the server cannot be reached.
    #[must_use]
    pub fn document(&self, method: &str, path: &str, body: String) -> Answer {
        send(self.request(method, path).header(CONTENT_TYPE, "application/vnd.api+json").body(body))
    }
}

/// Sends a request.
///
/// # Panics
/// When the server cannot be reached.
#[must_use]
#[track_caller]
pub fn send(request: RequestBuilder) -> Answer {
    try_send(request).unwrap_or_else(|error| panic!("{error:?}"))
}

/// Sends a request; an error is a connection that failed before the whole answer was read.
///
/// # Errors
/// When the server cannot be reached or breaks off.
pub fn try_send(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
    let (client, request) = request.build_split();
    let request = request?;
    let described = format!("{} {}", request.method(), request.url().path());
    let response = client.execute(request)?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Answer { request: described, status, headers, body: response.bytes()?.to_vec() })
}

impl Answer {
    /// This answer, which must have one of these statuses.
    ///
    /// # Panics
    /// When it has another.
    #[track_caller]
    #[must_use]
    pub fn is(self, statuses: &[u16]) -> Self {
        assert!(
            statuses.contains(&self.status),
            "{} answered {}, not {statuses:?}: {}",
            self.request,
            self.status,
            self.text()
        );
        self
    }

    /// This answer, which must be an error of the JSON:API with one of these statuses and a text for people.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn refuses(self, statuses: &[u16]) -> String {
        let answer = self.is(statuses);
        let document = answer.json();
        let error = &document["errors"][0];
        let title = error["title"].as_str().unwrap_or_default();
        assert!(!title.is_empty(), "{} refuses without a title: {document}", answer.request);
        format!("{title}: {}", error["detail"].as_str().unwrap_or_default())
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{} answered {} with no JSON ({error}): {}", self.request, self.status, self.text())
        })
    }

    /// The `data` of a JSON:API document.
    ///
    /// # Panics
    /// When the body is no JSON.
    #[track_caller]
    #[must_use]
    pub fn data(&self) -> Value {
        self.json()["data"].take()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
