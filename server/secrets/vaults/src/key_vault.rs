//! The key service over one RSA key of Azure Key Vault.
//!
//! Who asks is either an application with a secret, which goes to where the vault itself says that tokens are made, or whoever Entra says this
//! machine is.

use crate::ask::{Answer, Service};
use azure::Wire;
use azure_core::{
    credentials::TokenCredential,
    http::{ClientOptions, Transport},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use futures::future::{BoxFuture, FutureExt as _};
use reqwest::Client;
use secrecy::{ExposeSecret as _, SecretString};
use secrets::{Error, KeyService, Place, Result, RootKey, WrappedKey, causes};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use url::Url;
use zeroize::Zeroizing;

/// What the id of a master key of this kind begins with.
const SCHEME: &str = "azurekeyvault:";
const VERSION: &str = "7.4";
const ALGORITHM: &str = "RSA-OAEP-256";

/// An application of Entra, and its secret.
#[derive(Debug, Clone)]
pub struct Application {
    /// Its client id.
    pub id: String,
    /// Its client secret.
    pub secret: SecretString,
}

impl Application {
    /// Reads `CLIENT-ID:SECRET`.
    #[must_use]
    pub fn parse(text: &SecretString) -> Option<Self> {
        let (id, secret) = text.expose_secret().split_once(':')?;
        (!id.is_empty() && !secret.is_empty()).then(|| Self { id: id.to_owned(), secret: secret.into() })
    }
}

/// Which key, and how to reach it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The key's address: `https://VAULT/keys/NAME`, or a version of it.
    pub key: Url,
    /// Who asks; by default whoever Entra says this machine is.
    pub application: Option<Application>,
    /// Authorities to trust beside the system's: PEM.
    pub certificates: Vec<u8>,
    /// How long one answer may take.
    pub patience: Duration,
}

/// One key of a vault.
pub struct KeyVault {
    client: Client,
    service: Service,
    key: Url,
    who: Who,
}

enum Who {
    Application(Application),
    Machine(Arc<dyn TokenCredential>),
}

impl KeyVault {
    /// Prepares everything; nothing is asked of the vault yet.
    ///
    /// # Errors
    /// When the certificates cannot be read, or this machine is nobody and no application is given.
    pub fn open(options: Options) -> Result<Self> {
        let service =
            Service { name: format!("the key {} of Azure Key Vault", options.key), patience: options.patience };
        let preparing = |wrong: String| service.failed("preparing", wrong);
        let client = service.client(&options.certificates)?;
        let who = match options.application {
            Some(application) => Who::Application(application),
            None => {
                let unsigned = Box::new(|_: &mut Url| Ok(()));
                let wire = Wire::new(&options.certificates, options.patience, options.patience, unsigned)
                    .map_err(preparing)?;
                let options =
                    ClientOptions { transport: Some(Transport::new(Arc::new(wire))), ..ClientOptions::default() };
                Who::Machine(azure::identity(&options).map_err(|error| preparing(causes(&error)))?)
            }
        };
        Ok(Self { client, service, key: options.key, who })
    }

    /// A token for this vault. The vault says where they are made and for what: asked without one, it tells.
    async fn token(&self, doing: &'static str) -> Result<SecretString> {
        let asked = self.service.ask(doing, || self.client.get(versioned(&self.key))).await?;
        let challenge = asked.headers.get("www-authenticate").and_then(|value| value.to_str().ok());
        let challenge = challenge.and_then(Challenge::read).filter(|challenge| challenge.is_of(&self.key));
        let challenge = challenge.ok_or_else(|| {
            let wrong = "asked without a token it does not say where one is had; see that the address is a key of a vault (--master-key)";
            self.service.failed(doing, format!("it answers {}; {wrong}", asked.status))
        })?;
        match &self.who {
            Who::Machine(credential) => {
                let token = credential.get_token(&[&challenge.scope], None).await;
                let advice = "give --master-key-credential, or give this machine an identity of Entra";
                let token = token.map_err(|error| {
                    self.service.failed(doing, format!("no identity ({}); {advice}", causes(&error)))
                })?;
                Ok(token.token.secret().to_owned().into())
            }
            Who::Application(application) => self.token_of(application, &challenge, doing).await,
        }
    }

    async fn token_of(&self, who: &Application, challenge: &Challenge, doing: &'static str) -> Result<SecretString> {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", who.id.as_str()),
            ("client_secret", who.secret.expose_secret()),
            ("scope", challenge.scope.as_str()),
        ];
        let body = Zeroizing::new(url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish());
        let answer = self.service.ask(doing, || {
            let request = self.client.post(challenge.tokens.clone());
            request.header("content-type", "application/x-www-form-urlencoded").body(body.as_str().to_owned())
        });
        let answer = answer.await?;
        match answer.json()["access_token"].as_str() {
            Some(token) if answer.is_good() => Ok(token.to_owned().into()),
            _ => {
                let json = answer.json();
                let told = json["error_description"].as_str().or(json["error"].as_str()).unwrap_or_default();
                let told = told.lines().next().unwrap_or_default();
                let advice = "look at --master-key-credential: CLIENT-ID:SECRET of an application of that tenant, whose secret has not ended";
                Err(self
                    .service
                    .failed(doing, format!("{} gives no token: {} {told}; {advice}", challenge.tokens, answer.status)))
            }
        }
    }

    /// The answer to a question about the key.
    async fn ask(&self, doing: &'static str, url: Url, body: Option<Value>) -> Result<Value> {
        let token = self.token(doing).await?;
        let answer = self.service.ask(doing, || {
            let request = match &body {
                Some(body) => self.client.post(versioned(&url)).json(body),
                None => self.client.get(versioned(&url)),
            };
            request.bearer_auth(token.expose_secret())
        });
        let answer = answer.await?;
        if answer.is_good() { Ok(answer.json()) } else { Err(self.service.failed(doing, said(&answer))) }
    }

    /// The address of the version that wraps now.
    async fn current(&self, doing: &'static str) -> Result<Url> {
        if self.key.path_segments().is_some_and(|segments| segments.count() > 2) {
            return Ok(self.key.clone());
        }
        let found = self.ask(doing, self.key.clone(), None).await?;
        self.version(&found["key"]["kid"]).ok_or_else(|| self.service.failed(doing, NO_KEY))
    }

    /// The address of a version, if it is one of this key: nobody else is sent a token.
    fn version(&self, kid: &Value) -> Option<Url> {
        let kid = Url::parse(kid.as_str()?).ok()?;
        let ours = kid.origin() == self.key.origin();
        let same = kid.path_segments()?.take(2).eq(self.key.path_segments()?.take(2));
        (ours && same && kid.path_segments()?.count() == 3 && kid.query().is_none()).then_some(kid)
    }

    async fn wrap_key(&self, root: &RootKey) -> Result<WrappedKey> {
        const DOING: &str = "wrapping";
        let version = self.current(DOING).await?;
        let value = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(root.expose()));
        let body = json!({ "alg": ALGORITHM, "value": value.as_str() });
        let wrapped = self.ask(DOING, verb(&version, "wrapkey"), Some(body)).await?;
        let kid = self.version(&wrapped["kid"]);
        let bytes = wrapped["value"].as_str().and_then(|value| BASE64_URL_SAFE_NO_PAD.decode(value).ok());
        let (Some(kid), Some(bytes)) = (kid, bytes) else { return Err(self.service.failed(DOING, NO_KEY)) };
        WrappedKey::new(format!("{SCHEME}{kid}"), bytes)
            .ok_or_else(|| self.service.failed(DOING, "its address is too long"))
    }

    async fn unwrap_key(&self, wrapped: &WrappedKey, root: &str) -> Result<RootKey> {
        const DOING: &str = "unwrapping";
        let version = wrapped.by().strip_prefix(SCHEME).and_then(|kid| self.version(&kid.into()));
        let Some(version) = version else {
            let given = format!("{SCHEME}{}", self.key);
            return Err(Error::OtherMaster { root: root.to_owned(), wanted: wrapped.by().to_owned(), given });
        };
        let body = json!({ "alg": ALGORITHM, "value": BASE64_URL_SAFE_NO_PAD.encode(wrapped.wrapped()) });
        let answer = self.ask(DOING, verb(&version, "unwrapkey"), Some(body)).await?;
        let bytes =
            answer["value"].as_str().and_then(|value| BASE64_URL_SAFE_NO_PAD.decode(value).ok().map(Zeroizing::new));
        let bytes = bytes.as_ref().and_then(|bytes| bytes.as_slice().try_into().ok());
        bytes.map(RootKey::from_bytes).ok_or_else(|| self.service.failed(DOING, NO_KEY))
    }
}

const NO_KEY: &str = "what it answers is no key of this vault; see that the address is right (--master-key)";

fn versioned(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_query(Some(&format!("api-version={VERSION}")));
    url
}

fn verb(version: &Url, verb: &str) -> Url {
    let mut url = version.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.push(verb);
    }
    url
}

fn said(answer: &Answer) -> String {
    let json = answer.json();
    let error = &json["error"];
    let code = error["innererror"]["code"].as_str().or(error["code"].as_str()).unwrap_or("without a code");
    let told = error["message"].as_str().and_then(|message| message.lines().next());
    let told = told.map(|told| format!(" ({told})")).unwrap_or_default();
    let advice = match answer.status {
        401 => "it does not accept the token: look at --master-key-credential, or at the identity of this machine",
        403 => {
            "give whoever asks the role Key Vault Crypto Service Encryption User on the key (get, wrapKey, unwrapKey), and let the vault's \
             network rules admit this machine"
        }
        404 => "there is no such key in the vault: look at --master-key; if it was deleted, recover it",
        429 | 500.. => "it is overloaded or down: it was tried several times; try again later",
        _ => "see that the key is an RSA key, is enabled, and may wrap and unwrap",
    };
    format!("it answers {} {code}{told}; {advice}", answer.status)
}

/// Where tokens for a vault are made, and for what.
#[derive(Debug, PartialEq)]
struct Challenge {
    tokens: Url,
    scope: String,
    resource: Url,
}

impl Challenge {
    /// Reads `Bearer authorization="https://login…/TENANT", resource="https://vault…"`.
    fn read(header: &str) -> Option<Self> {
        let fields = header.strip_prefix("Bearer ")?.split([',', ' ']).filter_map(|field| field.trim().split_once('='));
        let fields: Vec<(&str, &str)> = fields.map(|(name, value)| (name, value.trim_matches('"'))).collect();
        let field = |name: &str| fields.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let mut tokens = Url::parse(field("authorization").or_else(|| field("authorization_uri"))?).ok()?;
        tokens.path_segments_mut().ok()?.pop_if_empty().extend(["oauth2", "v2.0", "token"]);
        let resource = field("resource")?;
        let scope = format!("{}/.default", resource.trim_end_matches('/'));
        Some(Self { tokens, scope, resource: Url::parse(resource).ok()? })
    }

    /// Whether it is for the cloud of this vault, and as well guarded as the vault: nobody else's word sends a secret anywhere.
    fn is_of(&self, vault: &Url) -> bool {
        let (Some(host), Some(cloud)) = (vault.host_str(), self.resource.host_str()) else { return false };
        let within = host == cloud || host.ends_with(&format!(".{cloud}"));
        within && (self.tokens.scheme() == "https" || vault.scheme() == "http")
    }
}

impl KeyService for KeyVault {
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

impl std::fmt::Debug for KeyVault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyVault({})", self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_read_and_only_its_own_is_taken() {
        let header =
            "Bearer authorization=\"https://login.microsoftonline.com/a-tenant\", resource=\"https://vault.azure.net\"";
        let challenge = Challenge::read(header).unwrap();
        assert_eq!(challenge.tokens.as_str(), "https://login.microsoftonline.com/a-tenant/oauth2/v2.0/token");
        assert_eq!(challenge.scope, "https://vault.azure.net/.default");
        let vault = |url: &str| Url::parse(url).unwrap();
        assert!(challenge.is_of(&vault("https://acme.vault.azure.net/keys/a")));
        assert!(!challenge.is_of(&vault("https://acme.vault.azure.cn/keys/a")));
        assert!(!challenge.is_of(&vault("https://acmevault.azure.net/keys/a")));
        let plain = Challenge::read(&header.replace("https://login", "http://login")).unwrap();
        assert!(!plain.is_of(&vault("https://acme.vault.azure.net/keys/a")), "a secret would travel in the clear");
        for bad in ["", "Basic realm=\"a\"", "Bearer resource=\"https://vault.azure.net\""] {
            assert_eq!(Challenge::read(bad), None, "{bad}");
        }
    }
}
