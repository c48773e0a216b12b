//! What KMS says, in words for the person who keeps the server: what is wrong, and what to do.

use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use secrets::{Error, causes};
use std::error::Error as StdError;

/// An answer that is none.
pub(crate) const NO_ANSWER: &str = "what it answers is no key; see that it is KMS (--master-key-endpoint)";

const RIGHTS: &str =
    "grant the credentials in use kms:Encrypt and kms:Decrypt on the key, in their own policy and in the key's";

/// What one said, by its code: what to do about it.
const ADVICE: &[(&[&str], &str)] = &[
    (
        &["NotFoundException"],
        "there is no such key in this account and region: look at --master-key and --master-key-region",
    ),
    (&["DisabledException"], "the key is disabled: enable it again"),
    (
        &["KMSInvalidStateException", "KeyUnavailableException"],
        "the key cannot be used: if its deletion is pending, cancel that; if it lies in a store of its own, look at that one",
    ),
    (
        &["InvalidCiphertextException"],
        "what the database holds was not made for this site and root key: restore the table root_keys from a backup",
    ),
    (&["AccessDeniedException", "AccessDenied"], RIGHTS),
    (
        &[
            "UnrecognizedClientException",
            "InvalidSignatureException",
            "ExpiredTokenException",
            "InvalidClientTokenId",
            "IncompleteSignature",
        ],
        "it does not accept the credentials: look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the profile or the role; if they are right, have \
         the clock of this machine set by NTP",
    ),
    (&["InvalidKeyUsageException"], "the key must be a symmetric one that encrypts and decrypts"),
    (&["ThrottlingException", "LimitExceededException"], "it was asked too often by this account: try again later"),
];

/// How an operator knows the key.
pub(crate) fn named(key: &str) -> String {
    format!("the KMS key {key}")
}

/// The service did not do its part.
pub(crate) fn service(key: &str, doing: &'static str, problem: String) -> Error {
    Error::Service { service: named(key), doing, problem }
}

/// Whether another key than the one that was named made it.
pub(crate) fn is_of_another_key<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code) == Some("IncorrectKeyException")
}

/// An error of KMS, while doing something.
pub(crate) fn failed<E>(key: &str, doing: &'static str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    service(key, doing, said(error))
}

fn said<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    const WAY: &str = "see that it is well, and the way to it (--master-key-endpoint, --master-key-region)";
    match error {
        SdkError::ServiceError(answer) if answer.raw().status().is_success() => NO_ANSWER.to_owned(),
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            let code = answer.err().code().unwrap_or("without a code");
            let message = answer.err().message().map(|message| format!(" ({message})")).unwrap_or_default();
            format!("it answers {status} {code}{message}; {}", advice(code, status))
        }
        SdkError::TimeoutError(_) => format!("it does not answer in time; {WAY}"),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => format!("it cannot be reached in time; {WAY}"),
        SdkError::DispatchFailure(failure) => {
            let causes = failure.as_connector_error().map(|error| causes(error)).unwrap_or_default();
            let advice = if causes.contains("credentials") {
                "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or give the machine a role"
            } else if causes.contains("certificate") {
                "if its authority is your own, name it with --ca-bundle"
            } else {
                WAY
            };
            format!("no connection ({causes}); {advice}")
        }
        SdkError::ResponseError(_) => {
            format!("what it answers is not understood ({}); {WAY}", error.source().map(causes).unwrap_or_default())
        }
        other => other.source().map(causes).unwrap_or_default(),
    }
}

fn advice(code: &str, status: u16) -> &'static str {
    match (ADVICE.iter().find(|(codes, _)| codes.contains(&code)), status) {
        (Some((_, advice)), _) => advice,
        (None, 401 | 403) => RIGHTS,
        (None, 429 | 500..) => "it is overloaded or down: it was tried several times; try again later",
        _ => "look at its documentation for that code",
    }
}
