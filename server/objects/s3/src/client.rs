//! The library of AWS, told what it needs to know.

use crate::Options;
use aws::Account;
use aws_sdk_s3::{
    Client,
    config::{Builder, RequestChecksumCalculation, ResponseChecksumValidation},
};
use objects::{Error, Result};

/// A client for these options, with whatever credentials there are.
pub(crate) async fn client(options: &Options) -> Result<Client> {
    let pace = &options.pace;
    let account = Account {
        region: options.region.as_deref(),
        endpoint: options.endpoint.as_deref(),
        credential: options.credential.as_ref(),
        setting: "--objects-credential",
        certificates: &options.certificates,
        connect: pace.connect,
        attempt: pace.answer,
        attempts: pace.attempts,
        total: pace.total,
    };
    let wrong = |wrong: String| Error::store("preparing the connection for", &options.bucket, wrong);
    let shared = account.config().await.map_err(wrong)?;
    if shared.region().is_none() {
        return Err(wrong("nobody says its region: name it with --objects-region".to_owned()));
    }
    let mut config = Builder::from(&shared)
        .force_path_style(options.path_style)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    if let Some(endpoint) = &options.endpoint {
        config = config.endpoint_url(endpoint);
    }
    Ok(Client::from_conf(config.build()))
}
