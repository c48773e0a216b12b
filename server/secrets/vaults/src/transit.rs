//! The key service over one key of Vault's transit engine, or of OpenBao's.

use crate::ask::{Answer, Service};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures::future::{BoxFuture, FutureExt as _};
use reqwest::Client;
use secrecy::{ExposeSecret as _, SecretString};
use secrets::{Error, KeyService, Place, Result, RootKey, WrappedKey};
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;
use zeroize::Zeroizing;

/// What the id of a master key of this kind begins with.
const SCHEME: &str = "vault:";

/// Which key, and how to reach it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The key's name.
    pub key: String,
    /// Where Vault is.
    pub address: Url,
    /// Where the transit engine is mounted.
    pub mount: String,
    /// The namespace, of an Enterprise or an HCP Vault.
    pub namespace: Option<String>,
    /// Who asks.
    pub token: SecretString,
    /// Authorities to trust beside the system's: PEM.
    pub certificates: Vec<u8>,
    /// How long one answer may take.
    pub patience: Duration,
}

/// One key of the transit engine.
pub struct Transit {
    client: Client,
    service: Service,
    options: Options,
}

impl Transit {
    /// Prepares everything; nothing is asked of Vault yet.
    ///
    /// # Errors
    /// When the certificates cannot be read.
    pub fn open(options: Options) -> Result<Self> {
        let name = format!("the key {}/{} of Vault at {}", options.mount, options.key, options.address);
        let service = Service { name: name.trim_end_matches('/').to_owned(), patience: options.patience };
        let client = service.client(&options.certificates)?;
        Ok(Self { client, service, options })
    }

    /// What the master key is called. Where Vault is may change.
    fn id(&self) -> String {
        let Options { key, mount, namespace, .. } = &self.options;
        let namespace = namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        format!("{SCHEME}{namespace}{mount}/{key}")
    }

    /// The field of the answer to one of the verbs of the engine.
    async fn ask(&self, doing: &'static str, verb: &str, body: Value, field: &str) -> Result<Zeroizing<String>> {
        let mut url = self.options.address.clone();
        let path = ["v1"].into_iter().chain(self.options.mount.split('/')).chain([verb, &self.options.key]);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        let answer = self.service.ask(doing, || {
            let request = self.client.post(url.clone()).header("x-vault-token", self.options.token.expose_secret());
            let request = request.header("x-vault-request", "true").json(&body);
            match &self.options.namespace {
                Some(namespace) => request.header("x-vault-namespace", namespace),
                None => request,
            }
        });
        let answer = answer.await?;
        match answer.json()["data"][field].as_str() {
            Some(text) if answer.is_good() => Ok(Zeroizing::new(text.to_owned())),
            _ => Err(self.service.failed(doing, self.said(&answer))),
        }
    }

    fn said(&self, answer: &Answer) -> String {
        let Options { key, mount, .. } = &self.options;
        let json = answer.json();
        let told: Vec<&str> = json["errors"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let told = if told.is_empty() { String::new() } else { format!(" ({})", told.join("; ").replace('\n', " ")) };
        let advice = match answer.status {
            200..300 => "what it answers is no key; see that it is Vault (--master-key-endpoint)".to_owned(),
            400 => format!(
                "see that there is a key {key} at {mount}, which encrypts, and that the database is this site's"
            ),
            403 => format!(
                "give it a token (--master-key-credential) that has not ended, and whose policy allows update on {mount}/encrypt/{key} and \
                 {mount}/decrypt/{key}"
            ),
            404 => format!(
                "see that the transit engine is mounted at {mount} (--master-key-mount, --master-key-namespace)"
            ),
            503 => "Vault is sealed or in maintenance: unseal it, and try again".to_owned(),
            429 | 500.. => "it is overloaded or down: it was tried several times; try again later".to_owned(),
            _ => "look at its log".to_owned(),
        };
        format!("it answers {}{told}; {advice}", answer.status)
    }

    async fn wrap_key(&self, root: &RootKey) -> Result<WrappedKey> {
        const DOING: &str = "wrapping";
        let plaintext = Zeroizing::new(BASE64_STANDARD.encode(root.expose()));
        let ciphertext = self.ask(DOING, "encrypt", json!({ "plaintext": plaintext.as_str() }), "ciphertext").await?;
        let wrapped = WrappedKey::new(self.id(), ciphertext.as_bytes().to_vec());
        wrapped.ok_or_else(|| self.service.failed(DOING, "the names of its mount and key are too long"))
    }

    async fn unwrap_key(&self, wrapped: &WrappedKey, root: &str) -> Result<RootKey> {
        const DOING: &str = "unwrapping";
        if wrapped.by() != self.id() {
            return Err(Error::OtherMaster {
                root: root.to_owned(),
                wanted: wrapped.by().to_owned(),
                given: self.id(),
            });
        }
        let ciphertext = std::str::from_utf8(wrapped.wrapped()).map_err(|_| Error::Format)?;
        let plaintext = self.ask(DOING, "decrypt", json!({ "ciphertext": ciphertext }), "plaintext").await?;
        let bytes = BASE64_STANDARD.decode(plaintext.as_bytes()).map(Zeroizing::new).ok();
        let bytes = bytes.as_ref().and_then(|bytes| bytes.as_slice().try_into().ok());
        bytes.map(RootKey::from_bytes).ok_or_else(|| self.service.failed(DOING, "what it answers is no key of ours"))
    }
}

impl KeyService for Transit {
    fn name(&self) -> String {
        self.service.name.clone()
    }

    fn wrap<'a>(&'a self, key: &'a RootKey, _site: &'a str) -> BoxFuture<'a, Result<WrappedKey>> {
        self.wrap_key(key).boxed()
    }

    fn unwrap<'a>(&'a self, wrapped: &'a WrappedKey, place: Place<'a>) -> BoxFuture<'a, Result<RootKey>> {
        self.unwrap_key(wrapped, place.root).boxed()
    }
}

impl std::fmt::Debug for Transit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Transit({})", self.id())
    }
}
