//! What wraps all other keys: a file, a variable, a key service outside.

use super::{
    key::{Key, Problem},
    runner::Mirror as Address,
    sources::Sources,
    value::Value,
};
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use url::Url;

/// How long a key service may take for one answer.
const PATIENCE: Duration = Duration::from_secs(10);

const MASTER_KEY: Key = Key::new(
    "master-key",
    "file:FILE|env:VARIABLE|awskms:KEY|azurekeyvault:URL|vault:KEY",
    "What wraps all other keys [default: file:master.key in the data directory]",
);
const OLD: Key = Key::new(
    "old-master-key",
    "file:FILE|env:VARIABLE|awskms:KEY|azurekeyvault:URL|vault:KEY",
    "What wrapped them until now: beside a new --master-key, until every server has started with both [default: none]",
);
const ENDPOINT: Key =
    Key::new("master-key-endpoint", "URL", "Where KMS or Vault is [default: Amazon's own for the region]");
const REGION: Key = Key::new(
    "master-key-region",
    "REGION",
    "The region of the KMS key [default: that of its ARN, or as the cloud's own tools find it]",
);
const CREDENTIAL: Key = Key::secret(
    "master-key-credential",
    "master-key-credential-file",
    "TEXT",
    "ID:SECRET for KMS, CLIENT-ID:SECRET for Azure, a token for Vault [default: whoever the cloud says this machine is]",
);

const MOUNT: Key = Key::new("master-key-mount", "PATH", "Where Vault's transit engine is mounted [default: transit]");
const NAMESPACE: Key =
    Key::new("master-key-namespace", "NAME", "The namespace of Vault that the engine is in [default: none]");

/// All settings of this section.
pub(super) const KEYS: [Key; 7] = [MASTER_KEY, OLD, ENDPOINT, REGION, CREDENTIAL, MOUNT, NAMESPACE];
/// Those that say something of a key service only, and of which kinds.
const OF_SERVICES: [(&Key, &[Kind]); 5] = [
    (&ENDPOINT, &[Kind::Kms, Kind::Transit]),
    (&REGION, &[Kind::Kms]),
    (&CREDENTIAL, &[Kind::Kms, Kind::KeyVault, Kind::Transit]),
    (&MOUNT, &[Kind::Transit]),
    (&NAMESPACE, &[Kind::Transit]),
];

/// The section.
#[derive(Debug, Clone)]
pub struct Masters {
    /// What wraps the root keys.
    pub current: MasterKey,
    /// What wrapped them until now.
    pub old: Option<MasterKey>,
}

/// A master key; which authorities to trust is said elsewhere.
#[derive(Debug, Clone)]
pub enum MasterKey {
    /// In a file, which is made with a new site.
    File(PathBuf),
    /// In a variable of the environment.
    Variable {
        /// Its name.
        name: String,
        /// The key's text.
        text: SecretString,
    },
    /// A key of AWS KMS.
    Kms(Box<secrets_aws::Options>),
    /// A key of Azure Key Vault.
    KeyVault(Box<secrets_vaults::KeyVaultOptions>),
    /// A key of Vault's transit engine.
    Transit(Box<secrets_vaults::TransitOptions>),
}

/// A kind of key service outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Kms,
    KeyVault,
    Transit,
}

impl Masters {
    /// Reads the section; the default lies in the directory `data`, and variables that are named among these.
    pub(super) fn read(sources: &mut Sources, data: &Path, variables: &[(String, String)]) -> Result<Self, Problem> {
        let current = sources.get(&MASTER_KEY, |_| Place::File(data.join("master.key")))?;
        let old = sources.find::<Place>(&OLD)?;
        let service = Service::read(sources)?;
        let kinds = || [Some(&current), old.as_ref()].into_iter().flatten().filter_map(Place::kind);
        for (key, of) in OF_SERVICES {
            if sources.is_set(key) && !kinds().any(|kind| of.contains(&kind)) {
                return Err(Problem {
                    origin: sources.origin(key),
                    wrong: "it says nothing of what --master-key names".to_owned(),
                    accepted: "another --master-key, or leave this one out".to_owned(),
                });
            }
        }
        if kinds().any(|kind| kinds().any(|other| other != kind)) {
            return Err(Problem {
                origin: sources.origin(&OLD),
                wrong: "both master keys are services, and the settings that reach one say nothing of the other"
                    .to_owned(),
                accepted: "a file or a variable between the two: move there first, and from there to the new one"
                    .to_owned(),
            });
        }
        let old = old.map(|place| place.resolve(&sources.origin(&OLD), &service, variables)).transpose()?;
        let current = current.resolve(&sources.origin(&MASTER_KEY), &service, variables)?;
        Ok(Self { current, old })
    }
}

impl Masters {
    /// Whether one of them lies in this variable.
    pub(super) fn lie_in(&self, variable: &str) -> bool {
        let lies = |key: &MasterKey| matches!(key, MasterKey::Variable { name, .. } if name == variable);
        lies(&self.current) || self.old.as_ref().is_some_and(lies)
    }
}

/// How a key service is reached.
#[derive(Debug)]
struct Service {
    endpoint: Option<Url>,
    region: Option<String>,
    credential: Option<SecretString>,
    mount: String,
    namespace: Option<String>,
    endpoint_origin: String,
    credential_origin: String,
}

impl Service {
    fn read(sources: &mut Sources) -> Result<Self, Problem> {
        let endpoint = sources.find::<Address>(&ENDPOINT)?.map(|Address(url)| url);
        if endpoint.as_ref().is_some_and(|url| !super::objects::is_bare(url)) {
            return Err(Problem {
                origin: sources.origin(&ENDPOINT),
                wrong: "it holds more than an address: a credential in it would be shown".to_owned(),
                accepted: "an address alone; what opens the service is --master-key-credential".to_owned(),
            });
        }
        Ok(Self {
            endpoint,
            region: sources.find::<super::objects::Region>(&REGION)?.map(|super::objects::Region(name)| name),
            credential: sources.find::<super::objects::Secret>(&CREDENTIAL)?.map(|super::objects::Secret(text)| text),
            mount: sources.find::<Name>(&MOUNT)?.map_or("transit".to_owned(), |Name(name)| name),
            namespace: sources.find::<Name>(&NAMESPACE)?.map(|Name(name)| name),
            endpoint_origin: sources.origin(&ENDPOINT),
            credential_origin: sources.origin(&CREDENTIAL),
        })
    }
}

impl Service {
    fn refuse_credential(&self, wrong: &str, accepted: &str) -> Problem {
        Problem { origin: self.credential_origin.clone(), wrong: wrong.to_owned(), accepted: accepted.to_owned() }
    }
}

/// A name that may have parts, as Vault has them.
struct Name(String);

impl Value for Name {
    const ACCEPTED: &'static str = "a name, or parts joined by /";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        let text = text.trim_matches('/');
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let good =
            text.split('/').all(|part| !part.is_empty() && part.chars().all(known) && part != "." && part != "..");
        good.then(|| Self(text.to_owned())).ok_or_else(|| format!("{text:?} is no such name"))
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(self.0.clone())
    }
}

/// The key alone.
#[derive(Debug, Clone, PartialEq)]
enum Place {
    File(PathBuf),
    Variable(String),
    Kms(String),
    KeyVault(Url),
    Transit(String),
}

impl Place {
    fn kind(&self) -> Option<Kind> {
        match self {
            Self::File(_) | Self::Variable(_) => None,
            Self::Kms(_) => Some(Kind::Kms),
            Self::KeyVault(_) => Some(Kind::KeyVault),
            Self::Transit(_) => Some(Kind::Transit),
        }
    }

    fn resolve(self, origin: &str, service: &Service, variables: &[(String, String)]) -> Result<MasterKey, Problem> {
        match self {
            Self::File(path) => Ok(MasterKey::File(path)),
            Self::Variable(name) => {
                let text = variables.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str());
                let wrong = match text.map(secrets::MasterKey::parse) {
                    Some(Some(_)) => return Ok(MasterKey::Variable { name, text: text.unwrap_or_default().into() }),
                    Some(None) => format!("the variable {name} does not hold a key"),
                    None => format!("there is no variable {name}"),
                };
                let accepted =
                    "a variable with one line, `trnk_` and 43 characters, as `terrane keys generate` prints it";
                Err(Problem { origin: origin.to_owned(), wrong, accepted: accepted.to_owned() })
            }
            Self::Kms(key) => Ok(MasterKey::Kms(Box::new(secrets_aws::Options {
                key,
                region: service.region.clone(),
                endpoint: service.endpoint.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned()),
                credential: match service.credential.as_ref().map(secrets_aws::Credential::parse) {
                    Some(None) => return Err(service.refuse_credential("the value is no access key", "ID:SECRET")),
                    other => other.flatten(),
                },
                certificates: Vec::new(),
                patience: PATIENCE,
            }))),
            Self::KeyVault(key) => Ok(MasterKey::KeyVault(Box::new(secrets_vaults::KeyVaultOptions {
                key,
                application: match service.credential.as_ref().map(secrets_vaults::Application::parse) {
                    Some(None) => {
                        return Err(service.refuse_credential("the value is no application", "CLIENT-ID:SECRET"));
                    }
                    other => other.flatten(),
                },
                certificates: Vec::new(),
                patience: PATIENCE,
            }))),
            Self::Transit(key) => Ok(MasterKey::Transit(Box::new(secrets_vaults::TransitOptions {
                key,
                address: service.endpoint.clone().ok_or_else(|| Problem {
                    origin: service.endpoint_origin.clone(),
                    wrong: "nobody says where Vault is".to_owned(),
                    accepted: "its address, such as https://vault.example.com:8200".to_owned(),
                })?,
                mount: service.mount.clone(),
                namespace: service.namespace.clone(),
                token: service
                    .credential
                    .clone()
                    .ok_or_else(|| service.refuse_credential("nobody says who asks Vault", "a token of Vault"))?,
                certificates: Vec::new(),
                patience: PATIENCE,
            }))),
        }
    }
}

impl Value for Place {
    const ACCEPTED: &'static str = "file:FILE, such as file:/etc/terrane/master.key, env:VARIABLE, awskms: and the id, the ARN or an alias of a key, \
         azurekeyvault:https://VAULT/keys/NAME, or vault: and the name of a key";

    // No message repeats the text: somebody may have given the key itself.
    fn parse(text: &str, base: &Path) -> Result<Self, String> {
        if secrets::MasterKey::parse(text).is_some() {
            return Err(
                "the value is a key itself, which everybody on this machine can read: put it into a file or a variable"
                    .to_owned(),
            );
        }
        let letters = |name: &str, more: &[char]| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(&c))
        };
        match text.split_once(':') {
            Some(("file", path)) => PathBuf::parse(path.strip_prefix("//").unwrap_or(path), base).map(Self::File),
            Some(("env", name)) if letters(name, &['_']) => Ok(Self::Variable(name.to_owned())),
            Some(("env", _)) => Err("the value names no variable".to_owned()),
            Some(("awskms", key)) if letters(key, &['-', '_', ':', '/']) => Ok(Self::Kms(key.to_owned())),
            Some(("awskms", _)) => Err("the value names no key of KMS".to_owned()),
            Some(("azurekeyvault", url)) => key_of_a_vault(url).map(Self::KeyVault),
            Some(("vault", key)) if letters(key, &['-', '_', '.']) => Ok(Self::Transit(key.to_owned())),
            Some(("vault", _)) => Err("the value names no key of Vault".to_owned()),
            Some((scheme, _)) if letters(scheme, &[]) => {
                Err("the value begins with none of file:, env:, awskms:, azurekeyvault: and vault:".to_owned())
            }
            _ => PathBuf::parse(text, base).map(Self::File),
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(match self {
            Self::File(path) => format!("file:{}", path.display()),
            Self::Variable(name) => format!("env:{name}"),
            Self::Kms(key) => format!("awskms:{key}"),
            Self::KeyVault(url) => format!("azurekeyvault:{url}"),
            Self::Transit(key) => format!("vault:{key}"),
        })
    }
}

/// The address of a key, or of a version of it.
fn key_of_a_vault(text: &str) -> Result<Url, String> {
    let no_key = "the value is no https://VAULT/keys/NAME, or a version of that";
    let url = Url::parse(text.trim_end_matches('/')).map_err(|_| no_key.to_owned())?;
    // A vault of tests listens on this machine.
    let guarded = url.scheme() == "https" || (url.scheme() == "http" && url.host_str() == Some("127.0.0.1"));
    let mut segments = url.path_segments().into_iter().flatten();
    let keys = segments.next() == Some("keys");
    let rest: Vec<&str> = segments.collect();
    let named = (1..=2).contains(&rest.len()) && rest.iter().all(|part| !part.is_empty());
    if guarded && keys && named && super::objects::is_bare(&url) { Ok(url) } else { Err(no_key.to_owned()) }
}

impl MasterKey {
    /// The text of the key in a variable, read; it was looked at when the configuration was.
    pub(crate) fn of_variable(text: &SecretString) -> Option<secrets::MasterKey> {
        secrets::MasterKey::parse(text.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "trnk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn place(text: &str) -> Result<Place, String> {
        Place::parse(text, Path::new("/here"))
    }

    #[test]
    fn a_key_is_read_and_shown() {
        for (text, shown) in [
            ("a/master.key", "file:/here/a/master.key"),
            ("file:./master.key", "file:/here/master.key"),
            ("file:///etc/master.key", "file:/etc/master.key"),
            ("env:MASTER_1", "env:MASTER_1"),
            ("awskms:alias/terrane", "awskms:alias/terrane"),
            ("vault:a-key.1", "vault:a-key.1"),
            ("azurekeyvault:https://a.vault.azure.net/keys/b/", "azurekeyvault:https://a.vault.azure.net/keys/b"),
            ("azurekeyvault:https://a.vault.azure.net/keys/b/0c", "azurekeyvault:https://a.vault.azure.net/keys/b/0c"),
            (
                "awskms:arn:aws:kms:eu-central-1:123456789012:key/0-1",
                "awskms:arn:aws:kms:eu-central-1:123456789012:key/0-1",
            ),
        ] {
            let read = place(text).unwrap();
            assert_eq!(read.show().as_str(), Some(shown));
            assert_eq!(place(shown).unwrap(), read);
        }
        for bad in ["", "file:", "env:", "env:A B", "env:A=B", "awskms:", "awskms:a b", "kms:a", KEY]
            .into_iter()
            .chain(["vault:", "vault:a/b", "azurekeyvault:a", "azurekeyvault:http://a.vault.azure.net/keys/b"])
            .chain(["azurekeyvault:https://a.vault.azure.net/secrets/b", "azurekeyvault:https://u:p@a/keys/b"])
        {
            let wrong = place(bad).unwrap_err();
            assert!(!wrong.contains("AAAA"), "{wrong}");
        }
    }

    #[test]
    fn a_variable_is_read_once_and_never_shown() {
        let service = Service {
            endpoint: None,
            region: None,
            credential: None,
            mount: String::new(),
            namespace: None,
            endpoint_origin: String::new(),
            credential_origin: String::new(),
        };
        let variables = [("GOOD", KEY), ("BAD", "trnk_AAAA")].map(|(name, text)| (name.to_owned(), text.to_owned()));
        let resolve = |name: &str| Place::Variable(name.to_owned()).resolve("--master-key", &service, &variables);
        let good = resolve("GOOD").unwrap();
        assert!(!format!("{good:?}").contains("AAAA"));
        assert_eq!(resolve("BAD").unwrap_err().wrong, "the variable BAD does not hold a key");
        assert_eq!(resolve("NONE").unwrap_err().wrong, "there is no variable NONE");
    }
}
