//! `terrane health`: asks the server of this configuration, on this machine, whether it would serve. Where there is no curl, as in a small
//! image, the binary checks itself.

use crate::{
    config::{Config, Tls},
    tls,
};
use anyhow::{Context as _, bail};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

/// A server that takes longer to say a word is not well.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks for `/readyz`.
///
/// # Errors
/// When nobody answers, or with the reason of a server that is not ready.
pub(crate) async fn ping(config: &Config) -> anyhow::Result<()> {
    let server = &config.server;
    if server.listen.port() == 0 {
        bail!("with port 0 in --listen nobody but the server knows where it listens");
    }
    let address = reachable(server.listen);
    let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy();
    let (scheme, client) = match &server.tls {
        Tls::Off => ("http", client),
        Tls::Auto => ("https", client.tls_certs_only([authority(&server.data.join(tls::CA_FILE))?])),
        // Whose names it bears is not ours to know. Nothing is sent, and one word from this machine is all that is believed.
        Tls::Files { .. } => ("https", client.danger_accept_invalid_certs(true)),
    };
    let url = format!("{scheme}://{address}/readyz");
    let asking = || format!("asking {url}");
    let answer = client.build().with_context(asking)?.get(&url).send().await.with_context(asking)?;
    let (status, said) = (answer.status(), answer.text().await.with_context(asking)?);
    if !status.is_success() {
        bail!("{url} answers {status}: {}", said.trim());
    }
    Ok(())
}

fn authority(file: &std::path::Path) -> anyhow::Result<reqwest::Certificate> {
    let pem =
        std::fs::read(file).with_context(|| format!("reading {}: has the server been started?", file.display()))?;
    reqwest::Certificate::from_pem(&pem).with_context(|| format!("reading {}", file.display()))
}

/// Where a server that listens there is found from this machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_every_address_is_asked_on_this_machine() {
        for (listen, asked) in
            [("0.0.0.0:8443", "127.0.0.1:8443"), ("[::]:443", "[::1]:443"), ("10.1.2.3:80", "10.1.2.3:80")]
        {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), asked);
        }
    }
}
