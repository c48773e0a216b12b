//! Archives of the engines themselves, laid out as their vendors lay them out: `terraform/index.json`, `terraform/1.11.4/…_SHA256SUMS` and so on.

use crate::{
    Mirror,
    address::{self, Platform},
    error::{Error, Result},
    kept::Archive,
    origin, signature,
};
use semver::Version;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};
use url::Url;

/// The engines that are mirrored.
const PRODUCTS: [&str; 2] = ["terraform", "tofu"];

/// A file of one release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    product: &'static str,
    version: Version,
    file: File,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum File {
    Sums,
    /// With the number of the key, where it is one of several.
    Signature(String),
    Archive(Platform),
}

impl Release {
    /// Reads the three parts of a path; `None` when it can be no file of a release.
    pub fn parse(product: &str, version: &str, file: &str) -> Option<Self> {
        let product = find_product(product)?;
        let version = address::version(version)?;
        let rest = file.strip_prefix(&format!("{product}_{version}_"))?;
        let file = match rest.strip_prefix("SHA256SUMS") {
            Some("") => File::Sums,
            Some(rest) => {
                let key = rest.strip_suffix("sig")?.trim_matches('.');
                let good = key.len() <= 40 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
                let whole = if key.is_empty() { ".sig".to_owned() } else { format!(".{key}.sig") };
                (good && rest == whole).then(|| File::Signature(rest.to_owned()))?
            }
            None => File::Archive(Platform::parse(rest.strip_suffix(".zip")?)?),
        };
        Some(Self { product, version, file })
    }

    fn name(&self) -> String {
        let Self { product, version, file } = self;
        match file {
            File::Sums => format!("{product}_{version}_SHA256SUMS"),
            File::Signature(rest) => format!("{product}_{version}_SHA256SUMS{rest}"),
            File::Archive(platform) => format!("{product}_{version}_{platform}.zip"),
        }
    }

    fn path(&self) -> PathBuf {
        PathBuf::from(format!("{}/{}/{}", self.product, self.version, self.name()))
    }

    fn sums(&self) -> Self {
        Self { file: File::Sums, ..self.clone() }
    }
}

/// One of the engines that are mirrored.
pub fn find_product(name: &str) -> Option<&'static str> {
    PRODUCTS.into_iter().find(|product| *product == name)
}

/// The index of one engine. What else a vendor says of a version is handed on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Index {
    /// The engine.
    #[serde(default)]
    pub name: String,
    /// Its versions.
    pub versions: BTreeMap<String, serde_json::Value>,
}

impl Mirror {
    /// The versions of an engine: those of the folder, and those of the origin.
    pub async fn releases(&self, product: &'static str) -> Result<Index> {
        let mut index = match &self.releases {
            Some(origin) => self.origin_index(product, &origin.address).await?,
            None => Index::default(),
        };
        index.name = product.to_owned();
        if let Some(folder) = &self.releases_folder {
            let folder = folder.join(product);
            let listed = tokio::task::spawn_blocking(move || versions(&folder).map_err(|error| (folder, error)));
            let listed = listed.await.map_err(|error| Error::Io(error.to_string()))?;
            for version in listed.map_err(|(path, error)| Error::io("reading the folder of releases", &path, &error))? {
                index
                    .versions
                    .entry(version.to_string())
                    .or_insert_with(|| serde_json::json!({ "name": product, "version": version.to_string() }));
            }
        }
        if index.versions.is_empty() {
            return Err(Error::NotFound(format!("no release of {product} is mirrored here")));
        }
        Ok(index)
    }

    /// A file of a release. An archive has the published check sum; check sums are signed where the operator gave keys.
    pub async fn release(&self, release: &Release) -> Result<Archive> {
        let missing = || Error::NotFound(format!("{} is not mirrored here", release.name()));
        if let Some(folder) = &self.releases_folder
            && let Some(file) = Archive::open(&folder.join(release.path())).await?
        {
            return Ok(file);
        }
        if self.releases.is_none() {
            return Err(missing());
        }
        if !matches!(release.file, File::Archive(_)) {
            let path = self.keep_text(release).await?;
            return Archive::open(&path).await?.ok_or_else(missing);
        }
        let path = self.keep_text(&release.sums()).await?;
        let sums = tokio::fs::read(&path).await.map_err(|error| Error::io("reading", &path, &error))?;
        let name = release.name();
        let sum =
            origin::lines(&sums).find(|(_, of)| *of == name).map(|(sum, _)| sum.to_owned()).ok_or_else(missing)?;
        if let Some(archive) = self.kept.find(&sum).await? {
            return Ok(archive);
        }
        let (mirror, of, wanted) = (self.clone(), release.clone(), sum.clone());
        let fetching = async move { mirror.fetch_release(&of, &wanted).await };
        self.fetches.join(&sum, fetching).await?;
        self.kept.find(&sum).await?.ok_or_else(missing)
    }

    async fn fetch_release(&self, release: &Release, sum: &str) -> Result<()> {
        let url = self.release_url(&release.path())?;
        let new = self.kept.begin()?;
        let found = self.plain.archive(&url, &new.file, self.kept.most()).await?;
        let name = release.name();
        if found != sum {
            return Err(Error::Refused(format!(
                "{name} is refused: its check sum is {found}, and published was {sum}"
            )));
        }
        self.kept.keep(new, sum, None).await?;
        tracing::info!(name, "an engine was fetched");
        Ok(())
    }

    /// Check sums or a signature, which never change: fetched once.
    async fn keep_text(&self, release: &Release) -> Result<PathBuf> {
        let path = self.release_records.join(release.path());
        if path.is_file() {
            return Ok(path);
        }
        let (mirror, of, to) = (self.clone(), release.clone(), path.clone());
        let fetching = async move {
            let url = mirror.release_url(&of.path())?;
            let text = mirror.plain.document(&url).await?;
            if of.file == File::Sums {
                mirror.verify_release(&of, &text).await?;
            }
            let written = async {
                tokio::fs::create_dir_all(to.parent().unwrap_or(Path::new("/"))).await?;
                let new = to.with_extension("new");
                tokio::fs::write(&new, &text).await?;
                tokio::fs::rename(&new, &to).await
            };
            written.await.map_err(|error| Error::io("writing", &to, &error))
        };
        self.fetches.join(&release.name(), fetching).await?;
        Ok(path)
    }

    async fn verify_release(&self, release: &Release, sums: &[u8]) -> Result<()> {
        let Some(keys) = self.releases.as_ref().and_then(|origin| origin.keys.as_ref()) else { return Ok(()) };
        let signature = Release { file: File::Signature(".sig".into()), ..release.clone() };
        let signature = self.plain.document(&self.release_url(&signature.path())?).await?;
        let keys =
            tokio::fs::read_to_string(keys).await.map_err(|error| Error::io("reading the keys", keys, &error))?;
        let refused = |error| Error::Refused(format!("{} is refused: its signature: {error}", release.name()));
        signature::verify(&keys, sums, &signature).map_err(refused)
    }

    async fn origin_index(&self, product: &'static str, address: &Url) -> Result<Index> {
        let path = self.release_records.join(format!("{product}.json"));
        let (mirror, to, address) = (self.clone(), path.clone(), address.clone());
        let asking = async move {
            if mirror.release_is_fresh(product) {
                return Ok(());
            }
            let url = under(&address, &format!("{product}/index.json"))?;
            let json = mirror.plain.document(&url).await?;
            serde_json::from_slice::<Index>(&json)
                .map_err(|error| Error::Unavailable(format!("{} is no index: {error}", crate::guard::shown(&url))))?;
            let written = async {
                tokio::fs::create_dir_all(to.parent().unwrap_or(Path::new("/"))).await?;
                let new = to.with_extension("new");
                tokio::fs::write(&new, &json).await?;
                tokio::fs::rename(&new, &to).await
            };
            written.await.map_err(|error| Error::io("writing", &to, &error))?;
            mirror.release_is_known(product);
            Ok(())
        };
        let asked = self.fetches.join(&format!("index of {product}"), asking).await;
        let kept = tokio::fs::read(&path).await.ok().and_then(|json| serde_json::from_slice(&json).ok());
        match (asked, kept) {
            (Ok(()), Some(index)) => Ok(index),
            (Err(error), Some(index)) => {
                tracing::warn!(product, %error, "an older index of releases is used");
                Ok(index)
            }
            // The folder may have some.
            (Err(error), None) if self.releases_folder.is_some() => {
                tracing::warn!(product, %error, "only the folder of releases is used");
                Ok(Index::default())
            }
            (Err(error), None) => Err(error),
            (Ok(()), None) => Err(Error::Io(format!("the index of {product} was written and is gone"))),
        }
    }

    fn release_url(&self, path: &Path) -> Result<Url> {
        let none = || Error::NotFound("no releases are fetched from anywhere".into());
        under(&self.releases.as_ref().ok_or_else(none)?.address, &path.display().to_string())
    }
}

fn under(base: &Url, path: &str) -> Result<Url> {
    let text = format!("{}/{path}", base.as_str().trim_end_matches('/'));
    Url::parse(&text).map_err(|error| Error::Io(format!("{path} has no address beneath the release mirror: {error}")))
}

/// The versions that a folder has something of.
fn versions(folder: &Path) -> io::Result<Vec<Version>> {
    match fs::read_dir(folder) {
        Ok(entries) => {
            let names = entries.map(|entry| Ok(address::version(&entry?.file_name().to_string_lossy())));
            Ok(names.collect::<io::Result<Vec<_>>>()?.into_iter().flatten().collect())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_releases_are_told_from_everything_else() {
        for file in [
            "terraform_1.11.4_SHA256SUMS",
            "terraform_1.11.4_SHA256SUMS.sig",
            "terraform_1.11.4_SHA256SUMS.72D7468F.sig",
            "terraform_1.11.4_linux_amd64.zip",
        ] {
            let release = Release::parse("terraform", "1.11.4", file).unwrap();
            assert_eq!(release.path(), Path::new("terraform/1.11.4").join(file));
        }
        for (product, version, file) in [
            ("terraform", "1.11.4", "terraform_1.11.5_SHA256SUMS"),
            ("terraform", "1.11.4", "tofu_1.11.4_SHA256SUMS"),
            ("terraform", "..", "terraform_.._SHA256SUMS"),
            ("vault", "1.0.0", "vault_1.0.0_SHA256SUMS"),
            ("terraform", "1.11.4", "terraform_1.11.4_SHA256SUMS/../x.sig"),
            ("terraform", "1.11.4", "terraform_1.11.4_SHA256SUMSsig"),
            ("terraform", "1.11.4", "terraform_1.11.4_SHA256SUMS..sig"),
            ("terraform", "1.11.4", "terraform_1.11.4_linux_amd64/.zip"),
            ("terraform", "1.11.4", "index.json"),
        ] {
            assert_eq!(Release::parse(product, version, file), None, "{product} {version} {file}");
        }
    }
}
