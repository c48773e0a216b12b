//! A verb's refusal, once, as a page.

use crate::page::{Layout, html};
use app::Error;
use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

/// What a handler fails with.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) Error);

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct Page {
    layout: Layout,
    heading: &'static str,
    detail: String,
    sign_in: bool,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, heading) = match &self.0 {
            Error::Unauthorized(_) => (StatusCode::UNAUTHORIZED, "Please sign in"),
            Error::NotFound(_) => (StatusCode::NOT_FOUND, "Not found"),
            Error::Forbidden(_) => (StatusCode::FORBIDDEN, "Not allowed"),
            Error::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "That cannot be right"),
            Error::Conflict(_) | Error::Locked { .. } => (StatusCode::CONFLICT, "That does not fit any more"),
            Error::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "Too large"),
            Error::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "Not now"),
            Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "Something broke"),
        };
        let detail = match &self.0 {
            Error::Internal(text) => {
                tracing::error!(error = %text, "answering with a page");
                "The server could not do this; its log says why. Nothing that was acknowledged is lost.".to_owned()
            }
            Error::NotFound(what) => {
                format!("{what} is not here, or not for you to see. If it should be, ask an owner of the organization.")
            }
            other => sentence(&other.to_string()),
        };
        let sign_in = status == StatusCode::UNAUTHORIZED;
        (status, html(&Page { layout: Layout::bare(heading), heading, detail, sign_in })).into_response()
    }
}

/// What people read begins with a capital letter and ends with a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let mut sentence: String = chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}
