//! Who looks at a page.

use crate::{Web, failure::Failure};
use app::{App, Caller, Error, model::User};
use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, Method, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use domain::permission::{Permission, Role, allows};
use http_doors::caller::{SESSION, session};
use secrecy::{ExposeSecret as _, SecretString};

/// How long a browser keeps the cookie, in seconds; the session itself may end before.
const KEPT: u32 = 14 * 24 * 3600;

/// A person with a session.
pub(crate) struct Person {
    /// Who asks.
    pub(crate) caller: Caller,
    /// The same, as a person.
    pub(crate) user: User,
    /// The session's secret: long streams ask again whether it still counts.
    pub(crate) session: SecretString,
}

impl Person {
    /// Whether this person may do that, when the store says that they have `role`.
    pub(crate) fn can(&self, role: Option<&str>, permission: Permission) -> bool {
        let role = if self.caller.is_site_admin() { Some(Role::Owner) } else { role.and_then(Role::parse) };
        role.is_some_and(|role| allows(role, permission))
    }
    /// Whether the session still counts.
    pub(crate) async fn is_signed_in(&self, app: &App) -> bool {
        app.authenticate_session(self.session.expose_secret()).await.is_ok()
    }
}

impl FromRequestParts<Web> for Person {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        let signed_in = match session(&parts.headers) {
            Some(session) => web.http.app.authenticate_session(session).await.map(|caller| (caller, session)),
            None => Err(Error::Unauthorized("nobody is signed in".into())),
        };
        match signed_in {
            Ok((caller, session)) => {
                let user = caller.user().map_err(|error| Failure(error).into_response())?.clone();
                Ok(Self { caller, user, session: session.to_owned().into() })
            }
            Err(Error::Unauthorized(_)) if parts.method == Method::GET => {
                let to = parts.uri.path_and_query().map_or("/app", |path| path.as_str());
                let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("to", to).finish();
                Err(Redirect::to(&format!("/sign-in?{query}")).into_response())
            }
            Err(error) => Err(Failure(error).into_response()),
        }
    }
}

/// The cookie that keeps a session; without one, the cookie that ends it.
pub(crate) fn cookie(session: Option<&SecretString>) -> [(header::HeaderName, HeaderValue); 1] {
    let (value, age) = session.map_or(("", 0), |session| (session.expose_secret(), KEPT));
    let text = format!("{SESSION}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={age}");
    let mut value = HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""));
    value.set_sensitive(true);
    [(header::SET_COOKIE, value)]
}
