//! The way out of the `http` import: only to hosts that were allowed by name, only to addresses that belong to the internet unless
//! said otherwise, with bounds on time and size, and the same rules for every redirect.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ::http::header::{AUTHORIZATION, LOCATION};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Method, StatusCode, Url, redirect};
use sentinel::http::{Fetch, Request, Response};

/// The longest answer, in bytes.
const SIZE: usize = 4 << 20;
/// How many redirects are followed.
const REDIRECTS: usize = 10;
/// How long a policy may wait for one answer with all its retries.
const PATIENCE: Duration = Duration::from_secs(120);
/// The longest pause before a retry.
const PAUSE: Duration = Duration::from_secs(30);

/// Makes requests for policies.
pub(super) struct Client {
    hosts: Vec<String>,
    private: bool,
}

/// Why an attempt gave no answer.
enum Failure {
    /// It may be better the next time.
    Passing(String),
    Final(String),
}

impl Client {
    pub(super) fn new(hosts: Vec<String>, private: bool) -> Self {
        Self { hosts: hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect(), private }
    }

    /// Refuses an address that no rule allows.
    fn judge(&self, url: &Url) -> Result<(), String> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("policies may not use {} addresses", url.scheme()));
        }
        let host = url.host_str().unwrap_or_default();
        let allowed = |rule: &String| match rule.strip_prefix('*') {
            Some(suffix) => suffix.starts_with('.') && host.len() > suffix.len() && host.ends_with(suffix),
            None => host == rule,
        };
        if !self.hosts.iter().any(allowed) {
            return Err(format!("policies may not reach {host}: allow it with --http-allow"));
        }
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match literal {
            Ok(address) if !self.private && !is_public(address) => Err(refused(host, address)),
            _ => Ok(()),
        }
    }

    async fn attempt(&self, request: &Request) -> Result<Response, Failure> {
        let built = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(request.timeout.max(1).into()))
            .tls_danger_accept_invalid_certs(!request.verified)
            .dns_resolver(Guard { private: self.private })
            .build();
        let client = built.map_err(|error| Failure::Final(format!("no http client can be made: {error}")))?;
        let mut url = Url::parse(&request.url)
            .map_err(|error| Failure::Final(format!("{:?} is no address: {error}", request.url)))?;
        let mut method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| Failure::Final(format!("{:?} is no method", request.method)))?;
        let (mut body, mut trusted) = (request.body.clone(), true);
        for _ in 0..=REDIRECTS {
            self.judge(&url).map_err(Failure::Final)?;
            let mut wanted = client.request(method.clone(), url.clone());
            for (name, value) in &request.headers {
                if trusted || !name.eq_ignore_ascii_case(AUTHORIZATION.as_str()) {
                    wanted = wanted.header(name, value);
                }
            }
            if let Some(body) = &body {
                wanted = wanted.body(body.clone());
            }
            let answer = wanted.send().await.map_err(|error| failure(&url, error))?;
            let target = answer.headers().get(LOCATION).filter(|_| answer.status().is_redirection());
            let Some(target) = target else { return read(&url, answer).await };
            let next = target.to_str().ok().and_then(|target| url.join(target).ok());
            let next = next.ok_or_else(|| Failure::Final(format!("{url} redirects to what is no address")))?;
            trusted &= next.origin() == url.origin();
            if !matches!(answer.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT) {
                (method, body) = (Method::GET, None);
            }
            url = next;
        }
        Err(Failure::Final(format!("{} redirects more than {REDIRECTS} times", request.url)))
    }

    async fn persist(&self, request: &Request) -> Result<Response, String> {
        let mut pause = Duration::from_secs(1);
        for left in (0..=request.retries.min(10)).rev() {
            match self.attempt(request).await {
                Ok(answer) if left > 0 && answer.status >= 500 && answer.status != 501 => {}
                Ok(answer) => return Ok(answer),
                Err(Failure::Passing(_)) if left > 0 => {}
                Err(Failure::Passing(why) | Failure::Final(why)) => return Err(why),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE);
        }
        Err(format!("{} gave no answer", request.url))
    }
}

impl Fetch for Client {
    fn fetch(&self, request: &Request) -> Result<Response, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("no connection can be opened: {error}"))?;
        let late = |_| format!("{} gave no answer within {} s", request.url, PATIENCE.as_secs());
        runtime.block_on(async { tokio::time::timeout(PATIENCE, self.persist(request)).await.map_err(late)? })
    }
}

fn failure(url: &Url, error: reqwest::Error) -> Failure {
    let passing = error.is_timeout();
    let error = error.without_url();
    let mut text = format!("{url} cannot be reached: {error}");
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    if passing { Failure::Passing(text) } else { Failure::Final(text) }
}

async fn read(url: &Url, mut answer: reqwest::Response) -> Result<Response, Failure> {
    let text = |value: &::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| failure(url, error))? {
        if body.len() + chunk.len() > SIZE {
            return Err(Failure::Final(format!("the answer of {url} is longer than {} MB", SIZE >> 20)));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, headers, body })
}

fn refused(host: &str, address: IpAddr) -> String {
    format!("policies may not reach {host}: {address} is not an address of the internet; --http-private allows it")
}

/// Resolves names, and gives only addresses that may be reached.
struct Guard {
    private: bool,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if let Some(bad) = found.iter().find(|found| !private && !is_public(found.ip())) {
                return Err(refused(name.as_str(), bad.ip()).into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether an address belongs to the internet and not to this machine, its networks or a translation of them.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let special = matches!((a, b, c), (0 | 240.., ..) | (100, 64..=127, _) | (192, 0, 0) | (198, 18..=19, _));
    !(special
        || v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_multicast()
        || v4.is_documentation())
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    // Only 2000::/3 is given out; Teredo, documentation and 6to4 lie in it.
    match v6.segments() {
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002 | 0x3fff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    /// A server that gives each of the answers once and then closes.
    fn server(answers: Vec<String>) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    head.push(byte[0]);
                }
                // A client that has read enough may be gone.
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        port
    }

    fn fetch(hosts: &[&str], private: bool, url: &str) -> Result<Response, String> {
        crate::tls::install();
        let client = Client::new(hosts.iter().map(|h| (*h).to_owned()).collect(), private);
        client.fetch(&Request {
            method: "GET".into(),
            url: url.into(),
            headers: vec![("Authorization".into(), "x".into())],
            body: None,
            retries: 0,
            timeout: 10,
            verified: true,
        })
    }

    fn answer(status: &str, header: &str, body: &str) -> String {
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{header}\r\n{body}", body.len())
    }

    #[test]
    fn an_allowed_host_answers() {
        let port = server(vec![answer("302 Found", "Location: /there\r\n", ""), answer("200 OK", "X: y\r\n", "hello")]);
        let got = fetch(&["127.0.0.1"], true, &format!("http://127.0.0.1:{port}/")).unwrap();
        assert_eq!((got.status, got.body.as_slice()), (200, b"hello".as_slice()));
        assert!(got.headers.contains(&("x".into(), "y".into())));
    }

    #[test]
    fn nothing_else_is_reached() {
        for (hosts, private, url) in [
            (&["example.com"][..], true, "http://127.0.0.1:1/"),
            (&["127.0.0.1"], false, "http://127.0.0.1:1/"),
            (&["localhost"], false, "http://localhost:1/"),
            (&["[::1]"], false, "http://[::1]:1/"),
            (&["[::ffff:10.0.0.1]"], false, "http://[::ffff:10.0.0.1]:1/"),
            (&["2130706433", "127.0.0.1"], false, "http://2130706433/"),
            (&["*.example.com"], true, "http://example.com.evil.test/"),
            (&["localhost"], true, "file://localhost/etc/passwd"),
        ] {
            let why = fetch(hosts, private, url).unwrap_err();
            assert!(why.contains("may not"), "{url}: {why}");
        }
    }

    #[test]
    fn a_redirect_is_judged_as_the_first_address_was() {
        let port = server(vec![answer("302 Found", "Location: http://169.254.169.254/latest\r\n", "")]);
        let why = fetch(&["127.0.0.1"], true, &format!("http://127.0.0.1:{port}/")).unwrap_err();
        assert!(why.contains("may not reach 169.254.169.254"), "{why}");
    }

    #[test]
    fn an_answer_without_end_is_not_read() {
        let port = server(vec![answer("200 OK", "", &"x".repeat(SIZE + 1))]);
        let why = fetch(&["127.0.0.1"], true, &format!("http://127.0.0.1:{port}/")).unwrap_err();
        assert!(why.contains("longer than 4 MB"), "{why}");
    }

    #[test]
    fn addresses_of_the_internet_are_told_from_others() {
        for (address, public) in [
            ("1.1.1.1", true),
            ("2606:4700::1111", true),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("192.168.0.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("255.255.255.255", false),
            ("224.0.0.1", false),
            ("::", false),
            ("::1", false),
            ("fe80::1", false),
            ("fd00::1", false),
            ("64:ff9b::a00:1", false),
            ("2002:a00:1::", false),
            ("::ffff:127.0.0.1", false),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }
}
