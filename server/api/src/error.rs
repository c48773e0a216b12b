//! The one mapping of errors to JSON:API (client contract section 6, TFE objects 1.6).

use crate::jsonapi::MEDIA_TYPE;
use app::Error;
use axum::{
    body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// What a handler answers when its verb did not happen.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

pub(crate) fn status(error: &Error) -> StatusCode {
    match error {
        Error::Unauthorized(_) => StatusCode::UNAUTHORIZED,
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Conflict(_) | Error::Locked { .. } => StatusCode::CONFLICT,
        Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Error::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// What may be told of an error. An internal one is logged here, where it is handled, and told as nothing but that.
pub(crate) fn detail(error: &Error) -> String {
    match error {
        Error::Internal(text) => {
            tracing::error!(error = %text, "a request failed");
            "the server failed; its log says why".into()
        }
        other => other.to_string(),
    }
}

fn title(error: &Error) -> &'static str {
    match error {
        Error::Unauthorized(_) => "unauthorized",
        Error::NotFound(_) => "not found",
        Error::Forbidden(_) => "forbidden",
        Error::Invalid(_) => "invalid attribute",
        Error::Conflict(_) | Error::Locked { .. } => "conflict",
        Error::TooLarge(_) => "payload too large",
        Error::Unavailable(_) => "service unavailable",
        Error::Internal(_) => "internal server error",
    }
}

/// What was refused before any handler saw it, where that was not said in anybody's form: an address that is no text, a method that the
/// address does not take, a body too large. The text says why.
pub(crate) async fn unformed(response: Response) -> Result<(Response, String), Response> {
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || kind.is_some_and(|k| !k.starts_with(b"text/plain")) {
        return Err(response);
    }
    let (mut parts, body) = response.into_parts();
    let said = body::to_bytes(body, 4096).await.unwrap_or_default();
    let why = match String::from_utf8_lossy(&said).trim() {
        "" if status == StatusCode::METHOD_NOT_ALLOWED => "this address does not take that method".to_owned(),
        "" => status.canonical_reason().unwrap_or("the request was refused").to_lowercase(),
        said => said.to_owned(),
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    Ok((Response::from_parts(parts, body::Body::empty()), why))
}

/// The same as the error that clients of this API read.
pub(crate) async fn in_form(response: Response) -> Response {
    let (mut response, why) = match unformed(response).await {
        Ok(both) => both,
        Err(formed) => return formed,
    };
    let status = response.status();
    let title = status.canonical_reason().unwrap_or_default().to_lowercase();
    let document = json!({ "errors": [{ "status": status.as_str(), "title": title, "detail": why }] });
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    *response.body_mut() = document.to_string().into();
    response
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let code = status(&self.0);
        let errors: Vec<Value> = match &self.0 {
            Error::Invalid(problems) => problems
                .iter()
                .map(|problem| {
                    let pointer = if problem.attribute.is_empty() {
                        "/data".to_owned()
                    } else {
                        format!("/data/attributes/{}", problem.attribute)
                    };
                    json!({ "status": "422", "title": title(&self.0), "detail": problem.detail, "source": { "pointer": pointer } })
                })
                .collect(),
            other => {
                vec![json!({ "status": code.as_str(), "title": title(other), "detail": detail(other) })]
            }
        };
        let mut response =
            (code, [(header::CONTENT_TYPE, MEDIA_TYPE)], json!({ "errors": errors }).to_string()).into_response();
        if code == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
