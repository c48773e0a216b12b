//! What Azure says, in words for the person who keeps the server: what is wrong, and what to do.

use azure_core::error::ErrorKind;
use objects::{Error, causes};

/// What the credential needs, for the message that it has it not.
const RIGHTS: &str = "give the identity the role Storage Blob Data Contributor on the container, or sign with sp=rwdlc for containers and objects";

/// What one said, by its code: what to do about it.
const ADVICE: &[(&[&str], &str)] = &[
    (&["ContainerNotFound", "ResourceNotFound"], "make the container, or name another one with --objects"),
    (
        &["ContainerBeingDeleted", "ContainerDisabled"],
        "the container cannot be used: make another one and name it with --objects",
    ),
    (
        &["AuthenticationFailed", "InvalidAuthenticationInfo", "NoAuthenticationInformation"],
        "the store does not accept --objects-credential: look whether it is the right one and whether it has ended; if it has not, the \
         clocks of this machine and of the store may differ: have this one set by NTP",
    ),
    (&["AuthorizationFailure", "AuthorizationPermissionMismatch", "AuthorizationResourceTypeMismatch"], RIGHTS),
    (&["AccountIsDisabled"], "the account is disabled or read-only: look at it in the portal"),
    (&["InvalidBlockList"], "another one put the same object at the same time: try again"),
];

/// An error of the store, while doing something to an object.
pub(crate) fn failed(doing: &'static str, key: &str, place: &str, error: &azure_core::Error) -> Error {
    Error::store(doing, key, format!("{place}: {}", said(error)))
}

/// The code of an answer that is an error.
pub(crate) fn code(error: &azure_core::Error) -> Option<&str> {
    match error.kind() {
        ErrorKind::HttpResponse { error_code, .. } => error_code.as_deref(),
        _ => None,
    }
}

fn said(error: &azure_core::Error) -> String {
    match error.kind() {
        ErrorKind::HttpResponse { status, error_code, raw_response } => {
            let status = u16::from(*status);
            let body = raw_response.as_ref().and_then(|raw| std::str::from_utf8(raw.body()).ok()).unwrap_or_default();
            let told = |name: &str| {
                let (_, rest) = body.split_once(&format!("<{name}>"))?;
                rest.split_once(&format!("</{name}>")).map(|(text, _)| text.lines().next().unwrap_or_default())
            };
            let code = told("Code").or(error_code.as_deref()).unwrap_or_default();
            let message = told("AuthenticationErrorDetail").or_else(|| told("Message"));
            let message = message.map(|message| format!(" ({message})")).unwrap_or_default();
            format!("it answers {status} {code}{message}; {}", advice(code, status))
        }
        ErrorKind::Credential => {
            format!(
                "no identity ({}); give --objects-credential, or give this machine an identity of Entra",
                causes(error)
            )
        }
        _ => unreached(&causes(error)),
    }
}

fn unreached(said: &str) -> String {
    let advice = if said.contains("certificate") {
        "if its authority is your own, name it with --ca-bundle"
    } else {
        "see that the store is well and that this machine reaches it (--objects-endpoint)"
    };
    format!("{said}; {advice}")
}

fn advice(code: &str, status: u16) -> &'static str {
    match (ADVICE.iter().find(|(codes, _)| codes.contains(&code)), status) {
        (Some((_, advice)), _) => advice,
        (None, 401 | 403) => RIGHTS,
        (None, 405) => "look whether the store is read-only",
        (None, 429 | 500..) => {
            "the store is overloaded or down: it was tried several times; try again, and look at the store"
        }
        _ => "look at the store's own log",
    }
}
