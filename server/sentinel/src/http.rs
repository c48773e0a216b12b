//! What the `http` import asks its host: requests and answers. The library opens no connection; whoever gives a [`Fetch`] decides
//! where a policy may go.

use std::fmt;
use std::sync::Arc;

/// A request of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: String,
    /// Where to.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: Option<Vec<u8>>,
    /// How often a failed request is made again, at most 10.
    pub retries: u8,
    /// How long one attempt may take, in seconds, at most 30.
    pub timeout: u8,
    /// Whether the server's certificate is verified.
    pub verified: bool,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// What was sent.
    pub body: Vec<u8>,
}

/// Makes requests for policies, within the rules of its host.
pub trait Fetch: Send + Sync {
    /// Makes the request; redirects are followed and retries made here.
    ///
    /// # Errors
    /// Why there is no answer, for people: refused by the rules, not reached, too large, too late.
    fn fetch(&self, request: &Request) -> Result<Response, String>;
}

/// The way out that a run has.
#[derive(Clone)]
pub struct Door(pub Arc<dyn Fetch>);

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Door")
    }
}
