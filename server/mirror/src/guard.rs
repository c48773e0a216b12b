//! Where the mirror may connect to. An origin's answers name further addresses: none of them may lead into the network that the server
//! stands in, unless the operator says that origins may be there.

use reqwest::{
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};
use url::{Host, Url};

/// How often an origin may send us on.
const REDIRECTS: usize = 5;

/// What may be connected to.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    /// Whether private addresses are fine.
    pub(crate) private: bool,
    /// Names that resolve to whatever they like: those of the site's own proxies.
    pub(crate) proxies: Arc<[String]>,
}

impl Guard {
    /// Says what is wrong with an address before it is asked.
    pub(crate) fn check(&self, url: &Url) -> Result<(), String> {
        if url.scheme() != "https" {
            return Err(format!("{} is no https address", shown(url)));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!("{} carries a user", shown(url)));
        }
        let literal = match url.host() {
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            Some(Host::Domain(_)) => None,
            None => return Err(format!("{} names no host", shown(url))),
        };
        match literal {
            Some(ip) if !self.private && !is_public(ip) => Err(refused(&ip.to_string())),
            _ => Ok(()),
        }
    }

    /// Follows an origin to what is as good as its first address.
    pub(crate) fn redirects(&self) -> redirect::Policy {
        let guard = self.clone();
        redirect::Policy::custom(move |attempt| {
            if attempt.previous().len() > REDIRECTS {
                return attempt.error("it sends us on without end");
            }
            match guard.check(attempt.url()) {
                Ok(()) => attempt.follow(),
                Err(wrong) => attempt.error(wrong),
            }
        })
    }
}

/// Looks names up and forgets what must not be connected to: at the last moment, so that a name that changes meanwhile gains nothing.
impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let name = name.as_str();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name, 0)).await?.collect();
            if guard.private || guard.proxies.iter().any(|proxy| proxy.eq_ignore_ascii_case(name)) {
                return Ok(Box::new(found.into_iter()) as Addrs);
            }
            let public: Vec<_> = found.into_iter().filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(io::Error::other(refused(name)).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

fn refused(what: &str) -> String {
    format!("{what} is a private address, which origins may have only with --mirror-private")
}

/// An address without what may be secret in it.
pub(crate) fn shown(url: &Url) -> String {
    format!("{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

/// Whether everybody on the Internet means the same machine by it.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || ip.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && b & 0xc0 == 64)
        || (a == 198 && b & 0xfe == 18)
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99);
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(ip) = ip.to_ipv4_mapped() {
        return is_public_v4(ip);
    }
    // Only what is routed to everybody; and in it, what stands for an address of the older kind, or for nobody.
    let [first, second, third, ..] = ip.segments();
    let embeds = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match first {
        0x2002 => embeds(second, third),
        0x0064 if second == 0xff9b => {
            let [.., high, low] = ip.segments();
            embeds(high, low)
        }
        0x2001 => second >= 0x0200 && second != 0x0db8,
        _ => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_everybody_can_reach_is_public() {
        for ip in
            ["8.8.8.8", "140.82.121.4", "2606:4700::1111", "2a00:1450:4001::1", "64:ff9b::808:808", "::ffff:8.8.8.8"]
        {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "198.18.0.1",
            "192.0.0.8",
            "203.0.113.5",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "fec0::1",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn an_address_is_checked_before_it_is_asked() {
        let guard = Guard { private: false, proxies: Arc::new([]) };
        let check = |url: &str| guard.check(&Url::parse(url).unwrap());
        check("https://registry.terraform.io/v1").unwrap();
        check("https://8.8.8.8/v1").unwrap();
        for url in [
            "http://registry.terraform.io/",
            "file:///etc/passwd",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://169.254.169.254/latest/meta-data",
            "https://user:secret@registry.terraform.io/",
        ] {
            let wrong = check(url).unwrap_err();
            assert!(!wrong.contains("secret"), "{wrong}");
        }
        let private = Guard { private: true, ..guard.clone() };
        private.check(&Url::parse("https://127.0.0.1:8443/").unwrap()).unwrap();
        assert!(private.check(&Url::parse("http://127.0.0.1:8443/").unwrap()).is_err());
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_resolved() {
        let guard = Guard { private: false, proxies: Arc::new(["proxy".to_owned()]) };
        let refused = guard.resolve("localhost".parse().unwrap()).await;
        assert!(refused.err().unwrap().to_string().contains("private"));
        let site = Guard { proxies: Arc::new(["localhost".to_owned()]), ..guard };
        assert!(site.resolve("localhost".parse().unwrap()).await.unwrap().next().is_some());
    }
}
