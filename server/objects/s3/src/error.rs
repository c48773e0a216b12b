//! What S3 says, in words for the person who keeps the server: what is wrong, and what to do.

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use objects::{Error, causes};
use std::error::Error as _;

/// What the credentials need, for the message that they have it not.
const RIGHTS: &str = "grant the credentials in use s3:ListBucket and s3:ListBucketMultipartUploads on it, and s3:GetObject, s3:PutObject, \
    s3:DeleteObject and s3:AbortMultipartUpload on its objects";

/// What one said, by its code: what to do about it.
const ADVICE: &[(&[&str], &str)] = &[
    (&["NoSuchBucket", "NotFound"], "make the bucket, or name another one with --objects"),
    (&["AccessDenied", "AllAccessDisabled", "Forbidden"], RIGHTS),
    (
        &["InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "TokenRefreshRequired"],
        "the store does not accept the credentials: look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the profile or the role",
    ),
    (
        &["RequestTimeTooSkewed", "RequestExpired"],
        "the clocks of this machine and of the store differ too much: have both set by NTP",
    ),
    (
        &["PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301"],
        "the bucket is in another region: name it with --objects-region",
    ),
    (&["MethodNotAllowed", "ReadOnly", "InvalidObjectState"], "look whether the store is read-only"),
    (&["QuotaExceeded", "XMinioStorageFull", "InsufficientStorage"], "the store is full: give it room"),
];

/// An error of the store, while doing something to an object.
pub(crate) fn failed<E>(doing: &'static str, key: &str, place: &str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    Error::store(doing, key, format!("{place}: {}", said(error)))
}

fn said<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error {
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            let said = answer.err();
            let code = said.code().map_or_else(|| by_status(status), str::to_owned);
            let message = said.message().map(|message| format!(" ({message})")).unwrap_or_default();
            format!("it answers {status} {code}{message}; {}", advice(&code, status))
        }
        SdkError::TimeoutError(_) => {
            "it does not answer in time; see that the store is well, and the way to it (--objects-endpoint)".to_owned()
        }
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            "it cannot be reached in time; see that the store is well, and the way to it (--objects-endpoint)"
                .to_owned()
        }
        SdkError::DispatchFailure(failure) => {
            unreached(&failure.as_connector_error().map(|error| causes(error)).unwrap_or_default())
        }
        SdkError::ResponseError(_) => {
            format!(
                "what it answers is not understood ({}); see that it is an S3 server",
                error.source().map(causes).unwrap_or_default()
            )
        }
        other => other.source().map(causes).unwrap_or_default(),
    }
}

/// No answer at all: no credentials, no connection, or nobody who could be trusted.
fn unreached(causes: &str) -> String {
    let advice = if causes.contains("credentials") {
        "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or give the machine a role"
    } else if causes.contains("certificate") {
        "if its authority is your own, name it with --ca-bundle"
    } else {
        "see that the store runs and that this machine reaches it (--objects-endpoint)"
    };
    format!("no connection ({causes}); {advice}")
}

fn by_status(status: u16) -> String {
    match status {
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        507 => "InsufficientStorage",
        _ => return status.to_string(),
    }
    .to_owned()
}

fn advice(code: &str, status: u16) -> &'static str {
    let known = ADVICE.iter().find(|(codes, _)| codes.contains(&code));
    match (known, status) {
        (Some((_, advice)), _) => advice,
        (None, _) if code.starts_with("KMS.") => {
            "the key of --objects-encryption cannot be used: allow kms:GenerateDataKey and kms:Decrypt on it"
        }
        (None, 403) => RIGHTS,
        (None, 429 | 500..) => {
            "the store is overloaded or down: it was tried several times; try again, and look at the store"
        }
        _ => "look at the store's own log",
    }
}
