//! Who is calling.

use crate::{Authenticated, Http};
use app::{App, Error};
use axum::extract::FromRequestParts;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header, request::Parts};

/// The name of the session's cookie. The prefix makes browsers refuse it without TLS and from a subdomain.
pub const SESSION: &str = "__Host-terrane";

/// The token of an Authorization header: bearer, or the password of Basic authentication (`backend "http"` has no other).
pub fn token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned())
}

/// The session of a browser.
pub fn session(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION).map(|(_, value)| value)
}

/// The caller of a machine's request.
pub async fn authenticate(app: &App, headers: &HeaderMap) -> Result<Authenticated, Error> {
    let token = token(headers).ok_or_else(|| {
        Error::Unauthorized("the request carries no token: send it as `Authorization: Bearer`".into())
    })?;
    app.authenticate(&token).await.map(Authenticated)
}

impl FromRequestParts<Http> for Authenticated {
    type Rejection = Unauthenticated;

    async fn from_request_parts(parts: &mut Parts, state: &Http) -> Result<Self, Unauthenticated> {
        authenticate(&state.app, &parts.headers).await.map_err(Unauthenticated)
    }
}

/// Nobody is calling; the door maps it as it maps every other error.
#[derive(Debug)]
pub struct Unauthenticated(pub Error);

impl axum::response::IntoResponse for Unauthenticated {
    fn into_response(self) -> axum::response::Response {
        let status = match &self.0 {
            Error::Unauthorized(_) => http::StatusCode::UNAUTHORIZED,
            Error::Unavailable(_) => http::StatusCode::SERVICE_UNAVAILABLE,
            _ => http::StatusCode::INTERNAL_SERVER_ERROR,
        };
        if status.is_server_error() {
            tracing::error!(error = %self.0, "authenticating a request");
        }
        let detail = if status.is_server_error() {
            "the request could not be authenticated; try again".into()
        } else {
            self.0.to_string()
        };
        let body = format!(
            r#"{{"errors":[{{"status":"{}","title":"{}","detail":"{}"}}]}}"#,
            status.as_u16(),
            status.canonical_reason().unwrap_or_default().to_lowercase(),
            detail.replace('\\', "").replace('"', "'"),
        );
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/vnd.api+json"));
        headers.insert(header::WWW_AUTHENTICATE, http::HeaderValue::from_static("Bearer, Basic realm=\"terrane\""));
        (status, headers, body).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        headers
    }

    #[test]
    fn a_token_comes_as_bearer_or_as_password() {
        assert_eq!(token(&with("Bearer abc")).as_deref(), Some("abc"));
        assert_eq!(token(&with("basic dXNlcjphOmI=")).as_deref(), Some("a:b"));
        for bad in ["Bearer", "Basic !!!", "Digest x", "Basic dXNlcg=="] {
            assert_eq!(token(&with(bad)), None, "{bad}");
        }
    }

    #[test]
    fn a_session_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "a=b; __Host-terrane=s; c=d".parse().unwrap());
        assert_eq!(session(&headers), Some("s"));
    }
}
