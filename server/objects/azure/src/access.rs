//! Who asks: what a person hands over (an address with a signature, a connection string), or an identity.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::hmac;
use secrecy::{ExposeSecret as _, SecretString};
use std::{collections::BTreeMap, time::SystemTime};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use url::Url;

/// How long a signature of ours is good.
const HOUR: Duration = Duration::HOUR;
/// The version of the protocol whose form of an account's signature this is.
const VERSION: &str = "2019-12-12";
/// What is signed: read, write, delete, list, create; for blobs, of containers and what is in them.
const RIGHTS: (&str, &str, &str) = ("rwdlc", "b", "co");

/// How the store is asked, and where it is.
#[derive(Debug, Clone)]
pub struct Access {
    /// The account's address, without the container.
    pub(crate) account: Url,
    pub(crate) proof: Proof,
}

#[derive(Debug, Clone)]
pub(crate) enum Proof {
    /// A signature that somebody made: a query.
    Signed(SecretString),
    /// The account's key: base64.
    Key { account: String, key: SecretString },
    /// An identity of Entra.
    Identity,
}

/// What was handed over cannot be used. Nothing in it repeats that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(&'static str);

impl Access {
    /// Reads a SAS URL or a connection string. `container` may be named in the URL too.
    ///
    /// # Errors
    /// When it is neither, or something is missing.
    pub fn parse(text: &str, container: &str) -> Result<Self, Refused> {
        if text.starts_with("https://") || text.starts_with("http://") {
            signed(text, container)
        } else {
            connected(text)
        }
    }

    /// Asks as whoever Entra says this machine is.
    #[must_use]
    pub fn identity(account: Url) -> Self {
        Self { account, proof: Proof::Identity }
    }

    /// Asks this account's server, wherever else the credential says it is.
    #[must_use]
    pub fn at(self, account: Url) -> Self {
        Self { account, ..self }
    }

    /// The container's address.
    pub(crate) fn container(&self, name: &str) -> Url {
        let mut url = self.account.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(name);
        }
        url
    }

    /// Adds what proves who asks to an address, right before it is asked: so it is in no message and in no log.
    pub(crate) fn sign(&self, url: &mut Url) -> Result<(), Refused> {
        match &self.proof {
            Proof::Identity => {}
            Proof::Signed(signed) => {
                let query = url.query().map(|query| format!("{query}&")).unwrap_or_default();
                url.set_query(Some(&format!("{query}{}", signed.expose_secret())));
            }
            Proof::Key { account, key } => {
                let key = BASE64_STANDARD.decode(key.expose_secret()).map_err(|_| Refused(NO_KEY))?;
                let until = (now() + HOUR).replace_nanosecond(0).ok().and_then(|until| until.format(&Rfc3339).ok());
                let until = until.ok_or(Refused("the clock of this machine shows no time of this age"))?;
                let signature = signature(account, &key, &until);
                let (rights, services, types) = RIGHTS;
                url.query_pairs_mut()
                    .append_pair("sv", VERSION)
                    .append_pair("ss", services)
                    .append_pair("srt", types)
                    .append_pair("sp", rights)
                    .append_pair("se", &until)
                    .append_pair("sig", &signature);
            }
        }
        Ok(())
    }
}

const NO_KEY: &str = "its AccountKey is not base64";

/// The signature of an account, good until this moment.
fn signature(account: &str, key: &[u8], until: &str) -> String {
    let (rights, services, types) = RIGHTS;
    // From any moment, from any address, over any protocol.
    let text = format!("{account}\n{rights}\n{services}\n{types}\n\n{until}\n\n\n{VERSION}\n");
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    BASE64_STANDARD.encode(hmac::sign(&key, text.as_bytes()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a signature is good for an hour of the world's time; no rule of ours depends on it"
)]
fn now() -> OffsetDateTime {
    SystemTime::now().into()
}

fn signed(text: &str, container: &str) -> Result<Access, Refused> {
    let mut account = Url::parse(text).map_err(|_| Refused("the value is no URL"))?;
    let query = account.query().unwrap_or_default().to_owned();
    if !account.query_pairs().any(|(name, _)| name == "sig") {
        return Err(Refused("the URL is not signed: it has no sig="));
    }
    account.set_query(None);
    let path = account.path().trim_end_matches('/').to_owned();
    account.set_path(path.strip_suffix(&format!("/{container}")).unwrap_or(&path));
    Ok(Access { account, proof: Proof::Signed(query.into()) })
}

fn connected(text: &str) -> Result<Access, Refused> {
    let parts: BTreeMap<&str, &str> = text
        .split(';')
        .filter_map(|part| part.split_once('='))
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect();
    let name = parts.get("AccountName").copied();
    let endpoint = match (parts.get("BlobEndpoint"), name) {
        (Some(endpoint), _) => (*endpoint).to_owned(),
        (None, Some(name)) => {
            let scheme = parts.get("DefaultEndpointsProtocol").copied().unwrap_or("https");
            let suffix = parts.get("EndpointSuffix").copied().unwrap_or("core.windows.net");
            format!("{scheme}://{name}.blob.{suffix}")
        }
        (None, None) => return Err(Refused("the value is neither a SAS URL nor a connection string")),
    };
    let account = Url::parse(&endpoint).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
    let account = account.ok_or(Refused("the connection string's endpoint is no URL"))?;
    let proof = match (parts.get("SharedAccessSignature"), parts.get("AccountKey"), name) {
        (Some(signed), _, _) => Proof::Signed(signed.trim_start_matches('?').into()),
        (None, Some(key), Some(name)) if BASE64_STANDARD.decode(key).is_ok() => {
            Proof::Key { account: name.to_owned(), key: (*key).into() }
        }
        (None, Some(_), Some(_)) => return Err(Refused(NO_KEY)),
        _ => {
            return Err(Refused(
                "the connection string has neither AccountName and AccountKey nor SharedAccessSignature",
            ));
        }
    };
    Ok(Access { account, proof })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "c2VjcmV0IGh1bnRlcjI=";

    #[test]
    fn a_connection_string_says_where_and_who() {
        let access = Access::parse(&format!("AccountName=acme;AccountKey={KEY}"), "states").unwrap();
        assert_eq!(access.container("states").as_str(), "https://acme.blob.core.windows.net/states");
        let here = format!("AccountName=dev;AccountKey={KEY};BlobEndpoint=http://127.0.0.1:10000/dev;");
        let access = Access::parse(&here, "states").unwrap();
        assert_eq!(access.container("states").as_str(), "http://127.0.0.1:10000/dev/states");
        assert!(!format!("{access:?}").contains(KEY));
        let mut url = access.container("states");
        access.sign(&mut url).unwrap();
        let names: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
        assert_eq!(names, ["sv", "ss", "srt", "sp", "se", "sig"]);
    }

    #[test]
    fn a_signed_address_keeps_its_signature_out_of_sight() {
        let text = "https://acme.blob.core.windows.net/states?sv=2024-11-04&sp=rwdlc&sig=hunter2%3D";
        let access = Access::parse(text, "states").unwrap();
        let mut url = access.container("states");
        assert_eq!(url.as_str(), "https://acme.blob.core.windows.net/states");
        assert!(!format!("{access:?}").contains("hunter2"));
        url.set_query(Some("comp=list"));
        access.sign(&mut url).unwrap();
        assert_eq!(url.query(), Some("comp=list&sv=2024-11-04&sp=rwdlc&sig=hunter2%3D"));
    }

    #[test]
    fn what_cannot_be_used_is_not_repeated() {
        for (text, wrong) in [
            ("hunter2", "the value is neither a SAS URL nor a connection string"),
            ("https://acme.blob.core.windows.net/?hunter2", "the URL is not signed: it has no sig="),
            ("AccountName=acme;AccountKey=hunter!2", NO_KEY),
            (
                "AccountName=acme",
                "the connection string has neither AccountName and AccountKey nor SharedAccessSignature",
            ),
        ] {
            assert_eq!(Access::parse(text, "states").err().unwrap(), Refused(wrong));
        }
    }
}
