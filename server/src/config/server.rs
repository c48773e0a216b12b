//! Where the server keeps its files, where it listens and what it is called from outside.

use super::{
    key::{Key, Problem},
    sources::Sources,
    value::Value,
};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};
use url::{Host, Url};

const DATA: Key = Key::new("data", "DIR", "The data directory [default: ./terrane-data]");
const LISTEN: Key = Key::new("listen", "ADDRESS:PORT", "Where to accept connections [default: 127.0.0.1:8443]");
const URL: Key = Key::new(
    "url",
    "URL",
    "How clients reach this server [default: https://localhost:PORT, as --listen and --tls have it]",
);
const TLS: Key = Key::new(
    "tls",
    "auto|off|CERT,KEY",
    "auto: certificates of an own local authority, DIR/ca.pem; off: plain HTTP, for a proxy that ends TLS; CERT,KEY: two PEM files [default: auto]",
);

const TLS_NAMES: Key = Key::new(
    "tls-names",
    "NAME,...",
    "More names and addresses by which clients reach this server; certificates of its own authority bear them [default: none]",
);

/// All settings of this section.
pub(super) const KEYS: [Key; 5] = [DATA, LISTEN, URL, TLS, TLS_NAMES];

/// The section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The data directory, absolute.
    pub data: PathBuf,
    /// The address to listen on; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The public URL, if a person gave one; see [`Server::public_url`].
    pub url: Option<Url>,
    /// How connections are protected.
    pub tls: Tls,
    /// Names and addresses that a certificate of the own authority bears beside the usual ones.
    pub tls_names: Vec<String>,
}

impl Server {
    /// Reads the section.
    pub(super) fn read(sources: &mut Sources) -> Result<Self, Problem> {
        let server = Self {
            data: sources.get(&DATA, |base| base.join("terrane-data"))?,
            listen: sources.get(&LISTEN, |_| SocketAddr::from(([127, 0, 0, 1], 8443)))?,
            url: sources.find::<PublicUrl>(&URL)?.map(|PublicUrl(url)| url),
            tls: sources.get(&TLS, |_| Tls::Auto)?,
            tls_names: sources.find::<Names>(&TLS_NAMES)?.map_or_else(Vec::new, |Names(names)| names),
        };
        match &server.url {
            Some(url) if url.scheme() == "http" && server.tls != Tls::Off => Err(Problem {
                origin: sources.origin(&URL),
                wrong: format!("\"{url}\" begins with http, but this server answers https only"),
                accepted: "an https URL, or --tls off beside it".to_owned(),
            }),
            _ => Ok(server),
        }
    }

    /// How clients reach the server that is bound to `bound`: the configured URL, or one on this machine. Its path is always `/`.
    pub fn public_url(&self, bound: SocketAddr) -> Url {
        if let Some(url) = &self.url {
            return url.clone();
        }
        let scheme = if self.tls == Tls::Off { "http" } else { "https" };
        let host = match bound.ip() {
            ip if ip.is_loopback() || ip.is_unspecified() => Host::Domain("localhost".to_owned()),
            IpAddr::V4(ip) => Host::Ipv4(ip),
            IpAddr::V6(ip) => Host::Ipv6(ip),
        };
        let text = format!("{scheme}://{host}:{}/", bound.port());
        Url::parse(&text).expect("a scheme, a host and a port make a URL")
    }

    /// The names a certificate must bear: this machine's own, the public host and those that were asked for.
    pub fn certificate_names(&self, bound: SocketAddr) -> Vec<String> {
        let mut names: Vec<String> =
            vec!["localhost".to_owned(), Ipv4Addr::LOCALHOST.to_string(), Ipv6Addr::LOCALHOST.to_string()];
        let public = match self.public_url(bound).host() {
            Some(Host::Domain(name)) => Some(name.to_owned()),
            Some(Host::Ipv4(ip)) => Some(ip.to_string()),
            Some(Host::Ipv6(ip)) => Some(ip.to_string()),
            None => None,
        };
        for name in public.into_iter().chain(self.tls_names.iter().cloned()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

impl Value for SocketAddr {
    const ACCEPTED: &'static str = "an IP address and a port, such as 127.0.0.1:8443 or [::]:443";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        text.parse().map_err(|_| format!("{text:?} is no such address"))
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(self.to_string())
    }
}

/// How connections are protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// By certificates of an authority in the data directory.
    Auto,
    /// Not at all.
    Off,
    /// By a certificate a person brought.
    Files {
        /// The certificate and what leads to its root, PEM.
        certificate: PathBuf,
        /// The private key, PEM.
        key: PathBuf,
    },
}

impl Value for Tls {
    const ACCEPTED: &'static str = "auto, off, or two PEM files CERT,KEY";

    fn parse(text: &str, base: &Path) -> Result<Self, String> {
        match text.split_once(',') {
            None if text == "auto" => Ok(Self::Auto),
            None if text == "off" => Ok(Self::Off),
            Some((certificate, key)) if !certificate.is_empty() && !key.is_empty() && !key.contains(',') => {
                Ok(Self::Files { certificate: PathBuf::parse(certificate, base)?, key: PathBuf::parse(key, base)? })
            }
            _ => Err(format!("{text:?} is none of these")),
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(match self {
            Self::Auto => "auto".to_owned(),
            Self::Off => "off".to_owned(),
            Self::Files { certificate, key } => format!("{},{}", certificate.display(), key.display()),
        })
    }
}

struct Names(Vec<String>);

impl Value for Names {
    const ACCEPTED: &'static str = "host names and IP addresses with commas between them, such as terrane,10.0.0.7";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        let name = |text: &str| {
            let text = text.trim();
            let name = || match Host::parse(text) {
                Ok(Host::Domain(name)) if !text.contains([':', '*']) => Some(name),
                Ok(Host::Ipv4(ip)) => Some(ip.to_string()),
                _ => None,
            };
            // A URL would have an address of version 6 in brackets; a certificate has not.
            text.parse()
                .ok()
                .map(|ip: IpAddr| ip.to_string())
                .or_else(name)
                .ok_or_else(|| format!("{text:?} is neither"))
        };
        text.split(',').map(name).collect::<Result<_, _>>().map(Self)
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(self.0.join(","))
    }
}

struct PublicUrl(Url);

impl Value for PublicUrl {
    const ACCEPTED: &'static str =
        "an https or http URL of a host and at most a port, such as https://terrane.example.com";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("{text:?} is no URL ({error})"))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(format!("{text:?} begins with neither https nor http"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the URL carries a user name".to_owned());
        }
        // Clients discover the services at fixed paths below the host.
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(format!("{text:?} goes on after the host"));
        }
        Ok(Self(url))
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(self.0.as_str().trim_end_matches('/').to_owned())
    }
}
