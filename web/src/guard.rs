//! What a request has to prove before it changes anything, and where a sign-in may lead.

use app::{App, Error};
use axum::http::{HeaderMap, header};
use domain::id::UserId;

/// What a form's token is signed for.
const FORM: &str = "web-form";
/// How long a form may lie open, in seconds.
const OPEN: i64 = 24 * 3600;

/// The token of this person's forms.
pub(crate) fn form_token(app: &App, user: &UserId) -> String {
    app.vault.sign(FORM, user.as_str().as_bytes(), app.now().plus_seconds(OPEN))
}

/// Refuses a form that is not this person's, or too old.
pub(crate) fn check_form(app: &App, user: &UserId, token: &str) -> Result<(), Error> {
    match app.vault.verify(FORM, token, app.now()) {
        Some(payload) if payload == user.as_str().as_bytes() => Ok(()),
        _ => Err(Error::Forbidden("the form is too old or not from this page; open the page again".into())),
    }
}

/// Refuses what another site lets a browser send. A browser says where a form was; who says nothing is no browser and has the API.
pub(crate) fn check_origin(app: &App, headers: &HeaderMap) -> Result<(), Error> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let same = match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => text(header::ORIGIN).is_some_and(|origin| {
            let host = origin.split_once("://").map(|(_, host)| host);
            app.address == origin || (host.is_some() && host == text(header::HOST))
        }),
    };
    if same {
        Ok(())
    } else {
        Err(Error::Forbidden("the request comes from another site; open the page here and try again".into()))
    }
}

/// Where to go after a sign-in: one of our own pages, whatever was asked for.
pub(crate) fn own_path(wanted: &str) -> &str {
    let ours = wanted == "/app" || wanted.starts_with("/app/") || wanted.starts_with("/oauth/authorization?");
    let plain = wanted.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') && !wanted.contains("//");
    if ours && plain { wanted } else { "/app" }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn a_sign_in_leads_to_our_own_pages_only() {
        for good in ["/app", "/app/acme/net/runs/run-1", "/app/acme?q=a%20b", "/oauth/authorization?state=x"] {
            assert_eq!(own_path(good), good);
        }
        for bad in [
            "//evil",
            "https://evil",
            "/\\evil",
            "/app\\evil",
            "/app/..//evil",
            "",
            "/applause",
            "/oauth/authorization@evil",
            "/app/\r\nx: y",
        ] {
            assert_eq!(own_path(bad), "/app", "{bad}");
        }
    }
}
