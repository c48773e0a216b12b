//! Exchanges a run's identity for a token of a Vault, before the phase begins: Vault's provider takes no identity for a token.

use crate::Options;
use protocol::VaultLogin;
use reqwest::{Certificate, Client, Url, redirect::Policy};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::{fs, net::IpAddr, time::Duration};

/// How long a login may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The largest answer: bytes.
const LARGEST: usize = 1 << 20;

#[derive(Deserialize)]
struct Answer {
    auth: Auth,
}

#[derive(Deserialize)]
struct Auth {
    client_token: SecretString,
}

#[derive(Deserialize)]
struct Refusal {
    errors: Vec<String>,
}

/// The token, or why there is none, in words for who reads the run.
pub(crate) async fn log_in(login: &VaultLogin, options: &Options) -> Result<SecretString, String> {
    let failed = |why: String| format!("logging in to the Vault at {} as {:?}: {why}", login.address, login.role);
    let address = address(login, options).map_err(failed)?;
    let client = client(login, options, &address).await.map_err(failed)?;
    let body = serde_json::json!({ "role": login.role, "jwt": login.identity.expose_secret() });
    let mut request = client.post(address).json(&body);
    if let Some(namespace) = &login.namespace {
        request = request.header("X-Vault-Namespace", namespace);
    }
    let mut answer = request.send().await.map_err(|error| failed(chain(&error)))?;
    let status = answer.status();
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| failed(chain(&error)))? {
        if bytes.len() + chunk.len() > LARGEST {
            return Err(failed("its answer is too long to be one of a Vault".to_owned()));
        }
        bytes.extend_from_slice(&chunk);
    }
    if !status.is_success() {
        let said =
            serde_json::from_slice::<Refusal>(&bytes).map(|refusal| refusal.errors.join("; ")).unwrap_or_default();
        let said: String = said.chars().filter(|c| !c.is_control()).take(500).collect();
        return Err(failed(format!("it answers {status} {said}")));
    }
    let answer: Answer = serde_json::from_slice(&bytes).map_err(|_| failed("it answers without a token".to_owned()))?;
    Ok(answer.auth.client_token)
}

/// Where to log in. The runner itself stands outside of the wall: it dials for a run what the run could dial.
fn address(login: &VaultLogin, options: &Options) -> Result<Url, String> {
    let parts = login.mount.split('/').chain(login.role.split('/'));
    if parts.into_iter().any(|part| part == "..") {
        return Err("its mount or role holds \"..\"".to_owned());
    }
    let text = format!("{}/v1/auth/{}/login", login.address, login.mount);
    let url = Url::parse(&text).map_err(|error| format!("that is no address ({error})"))?;
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
        return Err("the address begins with neither https:// nor http://".to_owned());
    }
    match url.port_or_known_default() {
        Some(port) if options.ports.contains(&port) => Ok(url),
        port => Err(format!(
            "runs may not dial port {}; the operator can allow it with --runner-ports",
            port.unwrap_or_default()
        )),
    }
}

async fn client(login: &VaultLogin, options: &Options, address: &Url) -> Result<Client, String> {
    let told = |error: reqwest::Error| chain(&error);
    let mut client = Client::builder().timeout(PATIENCE).redirect(Policy::none());
    let own = options.certificates.iter().map(|path| fs::read(path).unwrap_or_default()); // who gathers them for runs tells what is missing
    for pem in own.chain(login.certificate.iter().map(|pem| pem.clone().into_bytes())) {
        for certificate in Certificate::from_pem_bundle(&pem).map_err(told)? {
            client = client.add_root_certificate(certificate);
        }
    }
    // A proxy decides for itself where it goes.
    let proxied = options.environment.iter().any(|(key, _)| key.eq_ignore_ascii_case("https_proxy"));
    if !proxied && let (Some(host), Some(port)) = (address.host_str(), address.port_or_known_default()) {
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let found = tokio::net::lookup_host((name, port)).await.map_err(|error| error.to_string())?;
        let found: Vec<_> = found.filter(|address| !is_link_local(address.ip())).collect();
        if found.is_empty() {
            return Err("it has no address but one of this machine's own link, where no Vault is".to_owned());
        }
        client = client.resolve_to_addrs(host, &found);
    }
    client.build().map_err(told)
}

/// Where clouds keep the rights of a machine.
fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => {
            address.is_unicast_link_local() || address.to_ipv4_mapped().is_some_and(|v4| v4.is_link_local())
        }
    }
}

/// An error with its causes: reqwest's own text ends before the reason.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(address: &str) -> VaultLogin {
        VaultLogin {
            address: address.to_owned(),
            namespace: None,
            mount: "jwt".to_owned(),
            role: "r".to_owned(),
            identity: "i".into(),
            certificate: None,
            file: "f".to_owned(),
            variable: None,
        }
    }

    #[test]
    fn only_what_a_run_may_dial_is_dialled() {
        let options = Options::new(std::path::Path::new("/d"));
        for (text, good) in [
            ("https://vault.example", true),
            ("http://vault.example", true),
            ("https://vault.example:8200", false),
            ("file:///etc/passwd", false),
            ("vault.example", false),
        ] {
            assert_eq!(address(&login(text), &options).is_ok(), good, "{text}");
        }
        let up = VaultLogin { mount: "../sys".to_owned(), ..login("https://vault.example") };
        assert!(address(&up, &options).is_err());
    }

    #[tokio::test]
    async fn the_rights_of_the_machine_are_not_asked_for() {
        let options = Options::new(std::path::Path::new("/d"));
        for host in ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]"] {
            let refused = log_in(&login(&format!("http://{host}")), &options).await.unwrap_err();
            assert!(refused.contains("this machine's own link"), "{refused}");
        }
    }
}
