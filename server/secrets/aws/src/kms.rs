//! The key service over one key of KMS.

use crate::{Credential, error};
use aws::Account;
use aws_sdk_kms::{Client, config::Builder, primitives::Blob};
use futures::future::{BoxFuture, FutureExt as _};
use secrets::{Error, KeyService, Place, Result, RootKey, WrappedKey};
use std::time::Duration;
use zeroize::Zeroizing;

/// What the id of a master key of this kind begins with.
const SCHEME: &str = "awskms:";
/// What a root key is bound to, as the trail of KMS shows it.
const SITE: &str = "terrane:site";
const ROOT: &str = "terrane:root";

/// Which key, and how to reach it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The key: its id, its ARN, or an alias.
    pub key: String,
    /// The region; by default that of the ARN, or what the environment, the profile or the machine says.
    pub region: Option<String>,
    /// Where the server is, if it is not Amazon's: a URL.
    pub endpoint: Option<String>,
    /// Who asks; by default whoever the environment, the profile or the machine says.
    pub credential: Option<Credential>,
    /// Authorities to trust beside the system's: PEM.
    pub certificates: Vec<u8>,
    /// How long one attempt may take.
    pub patience: Duration,
}

/// One key of KMS.
pub struct Kms {
    client: Client,
    key: String,
}

impl Kms {
    /// Prepares everything; nothing is asked of KMS yet.
    ///
    /// # Errors
    /// When the certificates cannot be read, or nobody says the region.
    pub async fn open(options: Options) -> Result<Self> {
        let of_arn = options.key.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(2));
        let account = Account {
            region: options.region.as_deref().or(of_arn),
            endpoint: options.endpoint.as_deref(),
            credential: options.credential.as_ref(),
            setting: "--master-key-credential",
            certificates: &options.certificates,
            connect: options.patience,
            attempt: options.patience,
            attempts: 3,
            total: options.patience.saturating_mul(4),
        };
        let wrong = |problem: String| error::service(&options.key, "preparing", problem);
        let shared = account.config().await.map_err(wrong)?;
        if shared.region().is_none() {
            return Err(wrong(
                "nobody says its region: name it with --master-key-region, or name the key by its ARN".to_owned(),
            ));
        }
        let mut config = Builder::from(&shared);
        if let Some(endpoint) = &options.endpoint {
            config = config.endpoint_url(endpoint);
        }
        Ok(Self { client: Client::from_conf(config.build()), key: options.key })
    }

    async fn wrap_key(&self, root: &RootKey, site: &str) -> Result<WrappedKey> {
        let asked = self.client.encrypt().key_id(&self.key).plaintext(Blob::new(root.expose().as_slice()));
        let asked = asked.encryption_context(SITE, site).encryption_context(ROOT, root.id());
        let answer = asked.send().await.map_err(|error| error::failed(&self.key, "wrapping", &error))?;
        let (Some(arn), Some(blob)) = (answer.key_id, answer.ciphertext_blob) else {
            return Err(error::service(&self.key, "wrapping", error::NO_ANSWER.to_owned()));
        };
        let wrapped = WrappedKey::new(format!("{SCHEME}{arn}"), blob.into_inner());
        wrapped.ok_or_else(|| error::service(&self.key, "wrapping", error::NO_ANSWER.to_owned()))
    }

    async fn unwrap_key(&self, wrapped: &WrappedKey, Place { site, root }: Place<'_>) -> Result<RootKey> {
        let other = || Error::OtherMaster {
            root: root.to_owned(),
            wanted: wrapped.by().to_owned(),
            given: format!("{SCHEME}{}", self.key),
        };
        if !wrapped.by().starts_with(SCHEME) {
            return Err(other());
        }
        let asked = self.client.decrypt().key_id(&self.key).ciphertext_blob(Blob::new(wrapped.wrapped()));
        let asked = asked.encryption_context(SITE, site).encryption_context(ROOT, root);
        let answer = match asked.send().await {
            Err(error) if error::is_of_another_key(&error) => return Err(other()),
            answer => answer.map_err(|error| error::failed(&self.key, "unwrapping", &error))?,
        };
        // KMS refuses what another key made; who only speaks as it does may not. Which key an alias means, only KMS knows.
        let named = self.key.contains("alias/") || answer.key_id().is_some_and(|arn| arn.ends_with(&self.key));
        if !named {
            return Err(other());
        }
        let bytes = answer.plaintext.map(|blob| Zeroizing::new(blob.into_inner()));
        let bytes: Option<&[u8; 32]> = bytes.as_ref().and_then(|bytes| bytes.as_slice().try_into().ok());
        let no_key = || error::service(&self.key, "unwrapping", error::NO_ANSWER.to_owned());
        bytes.map(RootKey::from_bytes).ok_or_else(no_key)
    }
}

impl KeyService for Kms {
    fn name(&self) -> String {
        error::named(&self.key)
    }

    fn wrap<'a>(&'a self, key: &'a RootKey, site: &'a str) -> BoxFuture<'a, Result<WrappedKey>> {
        self.wrap_key(key, site).boxed()
    }

    fn unwrap<'a>(&'a self, wrapped: &'a WrappedKey, place: Place<'a>) -> BoxFuture<'a, Result<RootKey>> {
        self.unwrap_key(wrapped, place).boxed()
    }
}

impl std::fmt::Debug for Kms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kms({})", self.key)
    }
}
