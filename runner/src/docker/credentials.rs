//! Credentials of registries, from the file that `docker login` writes.

use base64::{Engine, engine::general_purpose::STANDARD};
use bollard::auth::DockerCredentials;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::{collections::HashMap, fs, io, path::Path};

/// The registry of a name without one, and what the file calls it.
const HUB: (&str, &str) = ("docker.io", "https://index.docker.io/v1/");

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    auths: HashMap<String, Auth>,
}

#[derive(Deserialize)]
struct Auth {
    /// `USER:PASSWORD` in base64.
    auth: SecretString,
}

/// Those for the registry of an image, where the file has some. No message holds anything of the file.
pub(super) fn of(path: &Path, image: &str) -> io::Result<Option<DockerCredentials>> {
    let failed = |what: &str| io::Error::other(format!("the registry credentials in {}: {what}", path.display()));
    let text = SecretString::from(fs::read_to_string(path).map_err(|error| failed(&error.to_string()))?);
    let file: File =
        serde_json::from_str(text.expose_secret()).map_err(|_| failed("they are not as docker login writes them"))?;
    let registry = registry(image);
    let found = file.auths.get(registry).or_else(|| file.auths.get(HUB.1).filter(|_| registry == HUB.0));
    let Some(found) = found else { return Ok(None) };
    let wrong = || failed(&format!("those for {registry} are not USER:PASSWORD in base64"));
    let bytes = STANDARD.decode(found.auth.expose_secret()).map_err(|_| wrong())?;
    let text = String::from_utf8(bytes).map_err(|_| wrong())?;
    let (username, password) = text.split_once(':').ok_or_else(wrong)?;
    Ok(Some(DockerCredentials {
        username: Some(username.to_owned()),
        password: Some(password.to_owned()),
        serveraddress: Some(registry.to_owned()),
        ..DockerCredentials::default()
    }))
}

/// The registry in the name of an image: its first part, when that is a host's name.
fn registry(image: &str) -> &str {
    match image.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first,
        _ => HUB.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_those_of_the_registry_and_in_no_message() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("config.json");
        let auth = |text: &str| STANDARD.encode(text);
        let text = format!(
            "{{\"auths\":{{\"https://index.docker.io/v1/\":{{\"auth\":\"{}\"}},\"registry.example:5000\":{{\"auth\":\"{}\"}},\"broken.example\":{{\"auth\":\"aHVudGVyMg==\"}}}},\"credsStore\":\"x\"}}",
            auth("hub:one:two"),
            auth("me:secret")
        );
        fs::write(&path, text).unwrap();
        let found = |image: &str| {
            let found = of(&path, image).unwrap()?;
            Some((found.username?, found.password?, found.serveraddress?))
        };
        let text =
            |user: &str, password: &str, server: &str| Some((user.to_owned(), password.to_owned(), server.to_owned()));
        assert_eq!(found("hashicorp/terraform"), text("hub", "one:two", "docker.io"));
        assert_eq!(found("registry.example:5000/team/terraform"), text("me", "secret", "registry.example:5000"));
        assert_eq!(found("ghcr.io/opentofu/opentofu"), None);
        let error = of(&path, "broken.example/x").unwrap_err().to_string();
        assert!(error.contains("broken.example") && !error.contains("hunter2"), "{error}");
    }
}
