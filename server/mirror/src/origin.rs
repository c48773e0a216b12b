//! A registry as its own clients see it: discovery, versions, downloads, signed check sums (the provider registry protocol).

use crate::{
    address::{self, Platform, Provider, is_sum},
    error::{Error, Result},
    fetch::Fetcher,
    signature,
};
use bytes::Bytes;
use semver::Version;
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use url::Url;

/// How long a registry's own word on where it offers providers is taken for true.
const FRESH: Duration = Duration::from_secs(3_600);

/// Every platform of every version.
pub(crate) type Versions = BTreeMap<Version, Vec<String>>;

/// The check sum of each platform's archive, in hexadecimal digits.
pub(crate) type Sums = BTreeMap<String, String>;

#[derive(Deserialize)]
struct Services {
    #[serde(rename = "providers.v1")]
    providers: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    versions: Vec<ListedVersion>,
}

#[derive(Deserialize)]
struct ListedVersion {
    version: String,
    #[serde(default)]
    platforms: Vec<ListedPlatform>,
}

#[derive(Deserialize)]
struct ListedPlatform {
    os: String,
    arch: String,
}

#[derive(Deserialize)]
struct Download {
    filename: String,
    download_url: String,
    shasum: Option<String>,
    shasums_url: String,
    shasums_signature_url: Option<String>,
    #[serde(default)]
    signing_keys: SigningKeys,
}

#[derive(Default, Deserialize)]
struct SigningKeys {
    #[serde(default)]
    gpg_public_keys: Vec<SigningKey>,
}

#[derive(Deserialize)]
struct SigningKey {
    ascii_armor: String,
}

/// A client of all registries.
pub(crate) struct Origin {
    fetcher: Fetcher,
    discovered: Mutex<HashMap<String, (Instant, Url)>>,
}

impl Origin {
    pub(crate) fn new(fetcher: Fetcher) -> Self {
        Self { fetcher, discovered: Mutex::default() }
    }

    /// The versions that the registry has.
    pub(crate) async fn versions(&self, provider: &Provider) -> Result<Versions> {
        let url = self.at(provider, "versions").await?;
        let document = self.fetcher.document(&url).await.map_err(|error| match error {
            Error::NotFound(_) => Error::NotFound(format!("{provider} is not known to its registry")),
            other => other,
        })?;
        let listed: Listed = read(&url, &document)?;
        let platforms = |listed: Vec<ListedPlatform>| {
            let platforms = listed.into_iter().map(|platform| format!("{}_{}", platform.os, platform.arch));
            platforms.filter(|platform| Platform::parse(platform).is_some()).collect()
        };
        let versions = listed.versions.into_iter();
        Ok(versions.filter_map(|v| Some((address::version(&v.version)?, platforms(v.platforms)))).collect())
    }

    /// The check sums of a version, signed where the registry names keys. `platform` is one that the version has.
    pub(crate) async fn sums(&self, provider: &Provider, version: &Version, platform: &Platform) -> Result<Sums> {
        let (at, download) = self.download(provider, version, platform).await?;
        let url = reference(&at, &download.shasums_url)?;
        let sums = self.fetcher.document(&url).await?;
        let keys: Vec<_> = download.signing_keys.gpg_public_keys.iter().map(|key| key.ascii_armor.as_str()).collect();
        if !keys.is_empty() {
            let signature = download.shasums_signature_url.as_deref().unwrap_or_default();
            let signature = self.fetcher.document(&reference(&at, signature)?).await?;
            signature::verify(&keys.join("\n"), &sums, &signature).map_err(|error| {
                Error::Refused(format!("the check sums of {provider} {version} are refused: their signature: {error}"))
            })?;
        }
        let mut found = Sums::new();
        for (sum, name) in lines(&sums) {
            let prefix = format!("terraform-provider-{}_{version}_", provider.kind());
            let of_name =
                name.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(".zip")).and_then(Platform::parse);
            let of_platform = (name == download.filename).then(|| platform.clone());
            if let Some(platform) = of_platform.or(of_name) {
                found.insert(platform.to_string(), sum.to_owned());
            }
        }
        Ok(found)
    }

    /// Where an archive is, which must have the check sum `sum`.
    pub(crate) async fn archive(
        &self,
        provider: &Provider,
        version: &Version,
        platform: &Platform,
        sum: &str,
    ) -> Result<Url> {
        let (at, download) = self.download(provider, version, platform).await?;
        match download.shasum {
            Some(other) if !other.eq_ignore_ascii_case(sum) => Err(Error::Refused(format!(
                "{provider} {version} {platform} is refused: its registry now says that its check sum is {other}, and said {sum}"
            ))),
            _ => reference(&at, &download.download_url),
        }
    }

    /// Fetches what these addresses name.
    pub(crate) fn fetcher(&self) -> &Fetcher {
        &self.fetcher
    }

    async fn download(&self, provider: &Provider, version: &Version, platform: &Platform) -> Result<(Url, Download)> {
        let last = format!("{version}/download/{}/{}", platform.os(), platform.architecture());
        let url = self.at(provider, &last).await?;
        let document = self.fetcher.document(&url).await.map_err(|error| match error {
            Error::NotFound(_) => {
                Error::NotFound(format!("{provider} {version} for {platform} is not known to its registry"))
            }
            other => other,
        })?;
        let download = read(&url, &document)?;
        Ok((url, download))
    }

    /// The address of something about a provider.
    async fn at(&self, provider: &Provider, last: &str) -> Result<Url> {
        let base = self.base(provider.host()).await?;
        reference(&base, &format!("{}/{}/{last}", provider.namespace(), provider.kind()))
    }

    async fn base(&self, host: &str) -> Result<Url> {
        let known = self.lock().get(host).filter(|(since, _)| since.elapsed() < FRESH).map(|(_, url)| url.clone());
        if let Some(url) = known {
            return Ok(url);
        }
        let well_known = format!("https://{host}/.well-known/terraform.json");
        let url = Url::parse(&well_known).map_err(|error| Error::NotFound(format!("{host} is no host: {error}")))?;
        let services: Services = read(&url, &self.fetcher.document(&url).await?)?;
        let none = || Error::NotFound(format!("{host} is no registry of providers"));
        let mut base = reference(&url, &services.providers.ok_or_else(none)?)?;
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        self.lock().insert(host.to_owned(), (Instant::now(), base.clone()));
        Ok(base)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Instant, Url)>> {
        self.discovered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a document says.
fn read<T: DeserializeOwned>(url: &Url, document: &Bytes) -> Result<T> {
    let shown = crate::guard::shown(url);
    serde_json::from_slice(document)
        .map_err(|error| Error::Unavailable(format!("{shown} is not what it should be: {error}")))
}

/// An address that a document names, relative to the document's own.
fn reference(at: &Url, reference: &str) -> Result<Url> {
    let shown = crate::guard::shown(at);
    at.join(reference).map_err(|error| Error::Unavailable(format!("{shown} names an address that is none: {error}")))
}

/// Check sum and file name of each line of a `SHA256SUMS`.
pub(crate) fn lines(sums: &[u8]) -> impl Iterator<Item = (&str, &str)> {
    let text = std::str::from_utf8(sums).unwrap_or_default();
    text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (sum, name) = (words.next()?, words.next()?.trim_start_matches('*'));
        is_sum(sum).then_some((sum, name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_sums_are_read_line_by_line() {
        let sum = "a".repeat(64);
        let text = format!("{sum}  one.zip\nnonsense\n{sum} *two.zip\n{}  three.zip\n", "A".repeat(64));
        let names: Vec<_> = lines(text.as_bytes()).map(|(_, name)| name).collect();
        assert_eq!(names, ["one.zip", "two.zip"]);
    }
}
