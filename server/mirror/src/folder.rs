//! A folder that somebody filled, for sites without a way out: providers packed or unpacked, as `terraform providers mirror` and the
//! engines' own filesystem mirrors lay them out.

use crate::{
    address::{self, Platform, Provider},
    archive,
    error::{Error, Result},
};
use semver::Version;
use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

/// A package in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// `terraform-provider-TYPE_VERSION_PLATFORM.zip`
    Packed(PathBuf),
    /// `VERSION/PLATFORM`
    Unpacked(PathBuf),
}

impl Place {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Packed(path) | Self::Unpacked(path) => path,
        }
    }
}

/// Everything that the folder has of one provider.
pub(crate) type Contents = BTreeMap<Version, BTreeMap<Platform, Place>>;

/// The folder.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    /// What was summed up already, for as long as it looks the same.
    sums: Mutex<HashMap<PathBuf, (Look, String)>>,
}

/// What tells files apart without reading them.
type Look = (SystemTime, u64, usize);

impl Folder {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root, sums: Mutex::default() }
    }

    /// Every provider that it has something of.
    pub(crate) fn providers(&self) -> Result<Vec<Provider>> {
        let mut found = Vec::new();
        for host in names(&self.root)? {
            for namespace in names(&self.root.join(&host))? {
                for kind in names(&self.root.join(&host).join(&namespace))? {
                    found.extend(Provider::parse(&host, &namespace, &kind));
                }
            }
        }
        Ok(found)
    }

    /// What it has of a provider; nothing when it does not have it.
    pub(crate) fn contents(&self, provider: &Provider) -> Result<Contents> {
        let directory = self.root.join(provider.to_string());
        list(&directory, provider).map_err(|error| Error::io("reading the folder of providers", &directory, &error))
    }

    /// The check sum of a package as lock files have it: `zh:…` where it is packed, `h1:…` where it is not.
    pub(crate) fn hash(&self, place: &Place) -> Result<String> {
        let path = place.path();
        let hash = || {
            let look = look(path)?;
            let known = self.lock().get(path).filter(|(then, _)| *then == look).map(|(_, hash)| hash.clone());
            if let Some(hash) = known {
                return Ok(hash);
            }
            let hash = match place {
                Place::Packed(path) => format!("zh:{}", archive::sum(path)?),
                Place::Unpacked(path) => archive::h1_of_directory(path)?,
            };
            self.lock().insert(path.to_owned(), (look, hash.clone()));
            Ok(hash)
        };
        hash().map_err(|error: io::Error| Error::io("reading the package", path, &error))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, (Look, String)>> {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The directories in a directory.
fn names(directory: &Path) -> Result<Vec<String>> {
    let names = || {
        let mut names = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            if entry.path().is_dir() {
                names.extend(entry.file_name().into_string());
            }
        }
        Ok(names)
    };
    names().map_err(|error: io::Error| Error::io("reading the folder of providers", directory, &error))
}

fn list(directory: &Path, provider: &Provider) -> io::Result<Contents> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Contents::new());
        }
        Err(error) => return Err(error),
    };
    let mut contents = Contents::new();
    let prefix = format!("terraform-provider-{}_", provider.kind());
    for entry in entries {
        let entry = entry?;
        let (name, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
        if let Some(version) = address::version(&name) {
            for platform in fs::read_dir(&path)? {
                let platform = platform?;
                let name = Platform::parse(&platform.file_name().to_string_lossy());
                if let Some(name) = name.filter(|_| platform.path().is_dir()) {
                    contents.entry(version.clone()).or_default().insert(name, Place::Unpacked(platform.path()));
                }
            }
        }
        let packed = name.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(".zip")).and_then(|rest| {
            let (version, platform) = rest.split_once('_')?;
            Some((address::version(version)?, Platform::parse(platform)?))
        });
        if let Some((version, platform)) = packed.filter(|_| path.is_file()) {
            // Of two the packed one: its check sum is the one that its publisher signed.
            contents.entry(version).or_default().insert(platform, Place::Packed(path));
        }
    }
    contents.retain(|_, platforms| !platforms.is_empty());
    Ok(contents)
}

/// The newest change beneath a path, and how much lies there.
fn look(path: &Path) -> io::Result<Look> {
    let metadata = fs::metadata(path)?;
    let mut look = (metadata.modified()?, metadata.len(), 1);
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            let (modified, bytes, count) = self::look(&entry?.path())?;
            look = (look.0.max(modified), look.1 + bytes, look.2 + count);
        }
    }
    Ok(look)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_layouts_are_read_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let at = root.path().join("registry.terraform.io/hashicorp/null");
        for directory in ["2.1.2/linux_amd64", "2.1.2/not-a-platform", "latest/linux_amd64", "3.0.0"] {
            fs::create_dir_all(at.join(directory)).unwrap();
        }
        fs::write(at.join("2.1.2/linux_amd64/terraform-provider-null_v2.1.2_x4"), "program").unwrap();
        for name in [
            "terraform-provider-null_3.2.0_linux_arm64.zip",
            "terraform-provider-other_1.0.0_linux_amd64.zip",
            "index.json",
        ] {
            fs::write(at.join(name), name).unwrap();
        }
        let folder = Folder::new(root.path().into());
        let provider = Provider::parse("registry.terraform.io", "hashicorp", "null").unwrap();
        let contents = folder.contents(&provider).unwrap();
        let shown: Vec<_> = contents
            .iter()
            .flat_map(|(version, platforms)| {
                platforms
                    .iter()
                    .map(move |(platform, place)| format!("{version} {platform} {}", matches!(place, Place::Packed(_))))
            })
            .collect();
        assert_eq!(shown, ["2.1.2 linux_amd64 false", "3.2.0 linux_arm64 true"]);
        let places: Vec<_> = contents.values().flat_map(BTreeMap::values).collect();
        assert!(folder.hash(places[0]).unwrap().starts_with("h1:"));
        let packed = folder.hash(places[1]).unwrap();
        assert!(packed.starts_with("zh:"));
        fs::write(places[1].path(), "another, longer archive").unwrap();
        assert_ne!(folder.hash(places[1]).unwrap(), packed);
        assert_eq!(folder.providers().unwrap(), [provider]);
        let other = Provider::parse("registry.terraform.io", "hashicorp", "none").unwrap();
        assert!(folder.contents(&other).unwrap().is_empty());
    }
}
