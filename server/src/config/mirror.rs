//! The mirror of providers and engines: where it fetches, which folders it has, how much it keeps.

use super::{
    key::{Key, Problem},
    runner::Mirror as Address,
    sources::Sources,
    value::{Size, Switch, Value},
};
use std::path::{Path, PathBuf};
use url::Url;

const HOSTS: Key = Key::new(
    "mirror-hosts",
    "HOST,…",
    "Registries whose providers this server fetches once and hands on, such as registry.terraform.io [default: none]",
);
const PRIVATE: Key = Key::switch(
    "mirror-private",
    "Let those registries, and what they refer to, have private addresses [default: off]",
);
const PROVIDERS: Key = Key::new(
    "mirror-providers",
    "DIR",
    "Providers that this server hands on and asks nobody for, as `terraform providers mirror` lays them out [default: none]",
);
const RELEASES: Key = Key::new(
    "mirror-releases",
    "DIR|URL",
    "Releases of engines that this server hands on, in a folder or fetched once, laid out as the vendors' [default: none]",
);
const SIZE: Key = Key::new("mirror-size", "SIZE", "How much of what was fetched is kept [default: 20GiB]");

/// All settings of this section.
pub(super) const KEYS: [Key; 5] = [HOSTS, PRIVATE, PROVIDERS, RELEASES, SIZE];

/// The section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// Registries that are asked.
    pub hosts: Vec<String>,
    /// Whether those may have private addresses.
    pub private: bool,
    /// A folder of providers.
    pub providers: Option<PathBuf>,
    /// Releases of engines.
    pub releases: Option<Releases>,
    /// How many bytes of archives are kept.
    pub bytes: u64,
}

impl Mirror {
    /// Reads the section.
    pub(super) fn read(sources: &mut Sources) -> Result<Self, Problem> {
        Ok(Self {
            hosts: sources.find::<Hosts>(&HOSTS)?.map_or_else(Vec::new, |Hosts(hosts)| hosts),
            private: sources.get(&PRIVATE, |_| Switch(false))?.0,
            providers: sources.find(&PROVIDERS)?,
            releases: sources.find(&RELEASES)?,
            bytes: sources.get(&SIZE, |_| Size(20 << 30))?.0,
        })
    }
}

/// Where releases of engines lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Releases {
    /// In a folder.
    Folder(PathBuf),
    /// Elsewhere.
    Address(Url),
}

impl Value for Releases {
    const ACCEPTED: &'static str = "a directory, or an https or http URL such as https://releases.example.com";

    fn parse(text: &str, base: &Path) -> Result<Self, String> {
        if text.contains("://") {
            return Address::parse(text, base).map(|Address(url)| Self::Address(url));
        }
        PathBuf::parse(text, base).map(Self::Folder)
    }

    fn show(&self) -> toml::Value {
        match self {
            Self::Folder(path) => path.show(),
            Self::Address(url) => Address(url.clone()).show(),
        }
    }
}

struct Hosts(Vec<String>);

impl Value for Hosts {
    const ACCEPTED: &'static str =
        "names of registries with commas between them, such as registry.terraform.io,registry.opentofu.org";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        let host = |text: &str| {
            let host = text.trim();
            let known = mirror::Provider::parse(host, "namespace", "type");
            known.map(|provider| provider.host().to_owned()).ok_or_else(|| format!("{host:?} is no name of a host"))
        };
        text.split(',').map(host).collect::<Result<_, _>>().map(Self)
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(self.0.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_are_names_and_nothing_else() {
        let hosts = |text| Hosts::parse(text, Path::new("/")).map(|Hosts(hosts)| hosts);
        assert_eq!(
            hosts("Registry.terraform.io, 127.0.0.1:8443").unwrap(),
            ["registry.terraform.io", "127.0.0.1:8443"]
        );
        for bad in ["", "https://registry.terraform.io", "a.b/c", "a.b,,c.d", "a b"] {
            assert!(hosts(bad).unwrap_err().contains("is no name of a host"), "{bad}");
        }
    }

    #[test]
    fn releases_lie_in_a_folder_or_elsewhere() {
        let read = |text| Releases::parse(text, Path::new("/here"));
        assert_eq!(read("./releases").unwrap(), Releases::Folder("/here/releases".into()));
        assert!(matches!(read("https://releases.example.com").unwrap(), Releases::Address(_)));
        assert!(read("ftp://releases.example.com").is_err());
    }
}
