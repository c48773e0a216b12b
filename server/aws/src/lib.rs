//! How this program speaks to Amazon, and to whatever speaks as it does: who asks, in which region, over which connection, how patiently.
//!
//! A crate of its own, so that a bucket and a key service are reached alike, and nobody else compiles against the library of AWS.

use aws_config::{
    BehaviorVersion, Region, SdkConfig, environment::EnvironmentVariableRegionProvider,
    meta::region::RegionProviderChain, retry::RetryConfig, stalled_stream_protection::StalledStreamProtectionConfig,
    timeout::TimeoutConfig,
};
use aws_credential_types::Credentials;
use aws_smithy_http_client::{
    self as http, Connector,
    proxy::ProxyConfig,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{http::SharedHttpClient, runtime_components::RuntimeComponents};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;

/// Where nobody says a region: Amazon's first, and what other servers take for any.
const ANYWHERE: &str = "us-east-1";

/// An access key.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Its id.
    pub id: String,
    /// Its secret half.
    pub secret: SecretString,
}

impl Credential {
    /// Reads `ID:SECRET`.
    #[must_use]
    pub fn parse(text: &SecretString) -> Option<Self> {
        let (id, secret) = text.expose_secret().split_once(':')?;
        let whole = !id.is_empty() && !secret.is_empty();
        whole.then(|| Self { id: id.to_owned(), secret: secret.into() })
    }
}

/// Who asks, where, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// The region; by default what the environment, the profile or the machine says, and `us-east-1` where nobody does and an endpoint is named.
    pub region: Option<&'a str>,
    /// Where the server is, if it is not Amazon's: a URL.
    pub endpoint: Option<&'a str>,
    /// Who asks; by default whoever the environment, the profile or the machine says.
    pub credential: Option<&'a Credential>,
    /// The setting that the credential came from, for messages.
    pub setting: &'static str,
    /// Authorities to trust beside the system's: PEM.
    pub certificates: &'a [u8],
    /// How long a connection may take.
    pub connect: Duration,
    /// How long one attempt may take.
    pub attempt: Duration,
    /// How often it is tried.
    pub attempts: u32,
    /// How long all attempts together may take.
    pub total: Duration,
}

impl Account<'_> {
    /// What a client of one of the services is made of. Its region is `None` where nobody says one.
    ///
    /// # Errors
    /// When the certificates cannot be read.
    pub async fn config(&self) -> Result<SdkConfig, String> {
        let http = https(self.certificates)?;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(self.connect)
            .operation_attempt_timeout(self.attempt)
            .operation_timeout(self.total)
            .build();
        let mut shared = aws_config::defaults(BehaviorVersion::latest());
        if let Some(Credential { id, secret }) = self.credential {
            shared =
                shared.credentials_provider(Credentials::new(id, secret.expose_secret(), None, None, self.setting));
        }
        match (self.region, self.endpoint) {
            (Some(region), _) => shared = shared.region(Region::new(region.to_owned())),
            // Who is not at Amazon's need not wait for its machines' own service to say where they are.
            (None, Some(_)) => {
                let said = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new());
                shared = shared.region(said.or_else(ANYWHERE));
            }
            (None, None) => {}
        }
        let shared = shared
            .http_client(http)
            .retry_config(RetryConfig::standard().with_max_attempts(self.attempts))
            .timeout_config(timeouts)
            // What hangs is seen by the time-outs; a reader that takes its time is not stalled.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        Ok(shared.load().await)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_key_is_read_and_never_shown() {
        let key = Credential::parse(&"AKIA:hunter2".into()).unwrap();
        assert!(key.id == "AKIA" && !format!("{key:?}").contains("hunter2"));
        for bad in ["hunter2", ":hunter2", "AKIA:"] {
            assert!(Credential::parse(&bad.into()).is_none());
        }
    }
}
