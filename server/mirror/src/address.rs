//! What names a provider, a version, a platform. Everything that comes from a path or from an origin becomes one of these before it becomes a
//! part of a path or of an address itself.

use semver::Version;
use std::fmt;

/// The longest part of a name: bytes.
const LONGEST: usize = 255;

/// A provider: `HOST/NAMESPACE/TYPE`, in small letters as the engines compare them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Provider {
    host: String,
    namespace: String,
    kind: String,
}

impl Provider {
    /// Reads its three parts; `None` when one of them can be no such name.
    pub fn parse(host: &str, namespace: &str, kind: &str) -> Option<Self> {
        let good = is_host(host) && is_label(namespace) && is_label(kind);
        let small = str::to_ascii_lowercase;
        good.then(|| Self { host: small(host), namespace: small(namespace), kind: small(kind) })
    }

    /// Reads `HOST/NAMESPACE/TYPE`.
    pub fn parse_address(address: &str) -> Option<Self> {
        let mut parts = address.split('/');
        let provider = Self::parse(parts.next()?, parts.next()?, parts.next()?);
        provider.filter(|_| parts.next().is_none())
    }

    /// The registry that publishes it: a name, with a port where it is not 443.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its type: `aws`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Its namespace: `hashicorp`.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name that its archive has at every origin.
    pub fn archive(&self, version: &Version, platform: &Platform) -> String {
        format!("terraform-provider-{}_{version}_{platform}.zip", self.kind)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.host, self.namespace, self.kind)
    }
}

/// An operating system and an architecture: `linux_amd64`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Platform {
    os: String,
    architecture: String,
}

impl Platform {
    /// Reads `OS_ARCHITECTURE`.
    pub fn parse(text: &str) -> Option<Self> {
        let (os, architecture) = text.split_once('_')?;
        let good = |part: &str| {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            !part.is_empty() && part.len() <= 16 && part.bytes().all(plain)
        };
        (good(os) && good(architecture)).then(|| Self { os: os.into(), architecture: architecture.into() })
    }

    /// `linux`
    pub fn os(&self) -> &str {
        &self.os
    }

    /// `amd64`
    pub fn architecture(&self) -> &str {
        &self.architecture
    }

    /// That of this machine, as vendors name it.
    pub fn here() -> Self {
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "x86" => "386",
            other => other,
        };
        Self { os: std::env::consts::OS.into(), architecture: architecture.into() }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.os, self.architecture)
    }
}

/// Reads a version; one that the engines would write in another way is none.
pub fn version(text: &str) -> Option<Version> {
    let version = Version::parse(text).ok()?;
    (text.len() <= 128 && version.to_string() == text).then_some(version)
}

/// A name of the DNS, with or without a port.
fn is_host(text: &str) -> bool {
    let (name, port) = text.split_once(':').unwrap_or((text, "443"));
    let label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(plain) && !label.starts_with('-')
    };
    name.len() <= LONGEST && name.split('.').all(label) && port.parse::<u16>().is_ok_and(|port| port != 0)
}

/// A namespace or a type.
fn is_label(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !text.is_empty()
        && text.len() <= LONGEST
        && text.bytes().all(plain)
        && text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric)
}

/// A SHA-256 in hexadecimal digits.
pub(crate) fn is_sum(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        let provider = Provider::parse("Registry.terraform.io", "hashicorp", "AWS").unwrap();
        assert_eq!(provider.to_string(), "registry.terraform.io/hashicorp/aws");
        assert_eq!(Provider::parse_address("127.0.0.1:8443/a/b_c").unwrap().host(), "127.0.0.1:8443");
        assert_eq!(Platform::parse("linux_amd64").unwrap().to_string(), "linux_amd64");
        assert_eq!(version("1.2.3-beta.1").unwrap().to_string(), "1.2.3-beta.1");
    }

    #[test]
    fn what_could_lead_elsewhere_is_no_name() {
        for host in
            ["", "..", "a..b", "a/b", "-a.b", "a.b:", "a.b:0", "a.b:99999", "a@b", "a.b:80:80", "a b", "[::1]", "é.fr"]
        {
            assert_eq!(Provider::parse(host, "a", "b"), None, "{host}");
        }
        for label in ["", ".", "..", "a/b", "a\\b", "%2e%2e", ".hidden", "a\0", "-a", &"a".repeat(300)] {
            assert_eq!(Provider::parse("a.b", label, "b"), None, "{label}");
            assert_eq!(Provider::parse("a.b", "a", label), None, "{label}");
        }
        for platform in ["linux", "_", "linux_", "linux_amd64_x", "../x_y", "Linux_amd64", "linux_amd/64"] {
            assert_eq!(Platform::parse(platform), None, "{platform}");
        }
        for text in ["", "1", "1.2", "v1.2.3", "01.2.3", "1.2.3/..", "../1.2.3", "1.2.3 "] {
            assert_eq!(version(text), None, "{text}");
        }
        for address in ["a.b/c", "a.b/c/d/e", "a.b//d"] {
            assert_eq!(Provider::parse_address(address), None, "{address}");
        }
    }
}
