//! The library of AWS, told what it needs to know.

use crate::{Credential, Options};
use aws_config::{
    BehaviorVersion, Region, environment::EnvironmentVariableRegionProvider, meta::region::RegionProviderChain,
    retry::RetryConfig, stalled_stream_protection::StalledStreamProtectionConfig, timeout::TimeoutConfig,
};
use aws_credential_types::Credentials;
use aws_sdk_s3::{
    Client,
    config::{Builder, RequestChecksumCalculation, ResponseChecksumValidation, SharedHttpClient},
};
use aws_smithy_http_client::{
    self as http, Connector,
    proxy::ProxyConfig,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use objects::{Error, Result};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use secrecy::ExposeSecret as _;

/// Where nobody says a region: Amazon's first, and what other servers take for any.
const ANYWHERE: &str = "us-east-1";

/// A client for these options, with whatever credentials there are.
pub(crate) async fn client(options: &Options) -> Result<Client> {
    let http = https(&options.certificates)
        .map_err(|wrong| Error::store("preparing the connection for", &options.bucket, wrong))?;
    let pace = &options.pace;
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(pace.connect)
        .operation_attempt_timeout(pace.answer)
        .operation_timeout(pace.total)
        .build();
    let mut shared = aws_config::defaults(BehaviorVersion::latest());
    if let Some(Credential { id, secret }) = &options.credential {
        shared = shared.credentials_provider(Credentials::new(
            id,
            secret.expose_secret(),
            None,
            None,
            "--objects-credential",
        ));
    }
    match (&options.region, &options.endpoint) {
        (Some(region), _) => shared = shared.region(Region::new(region.clone())),
        // Who is not at Amazon's need not wait for its machines' own service to say where they are.
        (None, Some(_)) => {
            let said = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new());
            shared = shared.region(said.or_else(ANYWHERE));
        }
        (None, None) => {}
    }
    let shared = shared
        .http_client(http)
        .retry_config(RetryConfig::standard().with_max_attempts(pace.attempts))
        .timeout_config(timeouts)
        // What hangs is seen by the time-outs; a reader that takes its time is not stalled.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .load()
        .await;
    if shared.region().is_none() {
        return Err(Error::store(
            "preparing the connection for",
            &options.bucket,
            "nobody says its region: name it with --objects-region",
        ));
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

/// HTTPS as everywhere in this program: rustls with ring, the system's authorities and these, the proxies of the environment.
fn https(certificates: &[u8]) -> Result<SharedHttpClient, String> {
    let mut trust = TrustStore::default();
    // The library would panic over one that it cannot read.
    for certificate in CertificateDer::pem_slice_iter(certificates) {
        let certificate = certificate.map_err(|error| format!("--ca-bundle is no PEM: {error}"))?;
        RootCertStore::empty()
            .add(certificate)
            .map_err(|error| format!("--ca-bundle holds a certificate that is none: {error}"))?;
    }
    trust.add_pem_certificate(certificates);
    let tls = TlsContext::builder().with_trust_store(trust).build().map_err(|error| error.to_string())?;
    // A builder without a connector of one's own knows no proxies.
    Ok(http::Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = Connector::builder().proxy_config(ProxyConfig::from_env());
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(tls.clone()).build()
    }))
}
