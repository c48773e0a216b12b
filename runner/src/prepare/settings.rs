//! The engine's own settings, as the configuration brought them and as we write them.

use super::LARGEST_SETTINGS;
use crate::layout::Layout;
use cap_std::fs::Dir;
use protocol::Job;
use secrecy::ExposeSecret;
use std::{
    fs, io,
    io::{Read, Write},
    path::Path,
};

/// The settings of the engine that came with the configuration, put where it looks for those of its user.
pub(super) fn uploaded(module: &Dir, layout: &Layout) -> io::Result<Option<String>> {
    let file = match module.open(".terraformrc") {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let mut text = String::new();
    file.take(LARGEST_SETTINGS).read_to_string(&mut text)?;
    fs::write(layout.home().join(".terraformrc"), &text)?;
    Ok(Some(text))
}

/// Writes our own: who the engine is to this server, and where it has providers from.
pub(crate) fn write(job: &Job, installation: &str, path: &Path) -> io::Result<()> {
    let mut text = String::from("disable_checkpoint = true\n");
    if let Some(host) = host(&job.address) {
        text += &format!("credentials {} {{\n  token = {}\n}}\n", quote(host), quote(job.token.expose_secret()));
    }
    text += installation;
    let mut file = fs::File::create(path)?;
    file.write_all(text.as_bytes())
}

/// A string of HCL in which nothing is interpolated.
pub(crate) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace("${", "$${").replace("%{", "%%{")
}

/// `host:port` of an address, as the engine looks for credentials.
pub(crate) fn host(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    rest.split('/').next().filter(|host| !host.is_empty())
}

/// The port of an address.
pub(crate) fn port(address: &str) -> Option<u16> {
    let (scheme, _) = address.split_once("://")?;
    let host = host(address)?;
    let after = host.rsplit_once(']').map_or(host, |(_, after)| after);
    match after.rsplit_once(':') {
        Some((_, port)) => port.parse().ok(),
        None => Some(if scheme == "http" { 80 } else { 443 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_port() {
        for (address, is_host, is_port) in [
            ("https://terrane.example", Some("terrane.example"), Some(443)),
            ("https://localhost:8443/", Some("localhost:8443"), Some(8443)),
            ("http://[::1]:80/x", Some("[::1]:80"), Some(80)),
            ("https://[::1]", Some("[::1]"), Some(443)),
            ("nonsense", None, None),
        ] {
            assert_eq!((host(address), port(address)), (is_host, is_port), "{address}");
        }
    }

    #[test]
    fn a_quoted_string_interpolates_nothing() {
        assert_eq!(quote("a\"b\\${x}%{y}\n"), "\"a\\\"b\\\\$${x}%%{y}\\n\"");
    }
}
