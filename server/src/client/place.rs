//! Which workspace of which server a command is about.

use anyhow::{Context as _, bail};
use serde_json::Value;
use std::{path::Path, str::FromStr};

/// Where terraform keeps what it initialized a directory with.
const FOLDER: &str = ".terraform";

/// A workspace of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) host: String,
    pub(crate) organization: String,
    pub(crate) workspace: String,
}

impl FromStr for Place {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.trim_start_matches("https://").split('/').collect();
        match parts.as_slice() {
            [host, organization, workspace] if parts.iter().all(|part| !part.is_empty()) => Ok(Self {
                host: host.to_ascii_lowercase(),
                organization: (*organization).to_owned(),
                workspace: (*workspace).to_owned(),
            }),
            _ => Err("it is HOST/ORGANIZATION/WORKSPACE".to_owned()),
        }
    }
}

impl Place {
    /// The workspace that this directory was initialized for; `chosen` is what the environment says of its name.
    pub(crate) fn of_directory(directory: &Path, chosen: Option<&str>) -> anyhow::Result<Self> {
        let file = directory.join(FOLDER).join("terraform.tfstate");
        if !file.exists() {
            bail!(
                "this directory was not initialized: name the workspace with --workspace HOST/ORGANIZATION/WORKSPACE, or run terraform init first"
            );
        }
        let text = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        let read: Value =
            serde_json::from_str(&text).with_context(|| format!("{} is not what terraform writes", file.display()))?;
        let backend = &read["backend"];
        if !matches!(backend["type"].as_str(), Some("cloud" | "remote")) {
            bail!("this directory has no cloud block: name the workspace with --workspace HOST/ORGANIZATION/WORKSPACE");
        }
        let config = &backend["config"];
        let said = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let selected = || {
            let text = std::fs::read_to_string(directory.join(FOLDER).join("environment")).ok()?;
            Some(text.trim().to_owned()).filter(|name| !name.is_empty())
        };
        // `remote` with a prefix: what is selected is the rest of the name.
        let prefix = said(&config["workspaces"]["prefix"]).or_else(|| said(&config["workspaces"][0]["prefix"]));
        let named = said(&config["workspaces"]["name"]).or_else(|| said(&config["workspaces"][0]["name"]));
        let workspace = named.or_else(|| chosen.map(str::to_owned)).or_else(selected);
        let workspace =
            workspace.context("no workspace is selected: terraform workspace select, or name one with --workspace")?;
        Ok(Self {
            host: said(&config["hostname"]).context("its cloud block names no host")?,
            organization: said(&config["organization"]).context("its cloud block names no organization")?,
            workspace: prefix.unwrap_or_default() + &workspace,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(host: &str, workspace: &str) -> Place {
        Place { host: host.into(), organization: "acme".into(), workspace: workspace.into() }
    }

    #[test]
    fn a_place_is_said() {
        assert_eq!("Terrane.test:8443/acme/web".parse(), Ok(place("terrane.test:8443", "web")));
        assert_eq!("https://terrane.test/acme/web".parse(), Ok(place("terrane.test", "web")));
        for wrong in ["", "a", "a/b", "a//c", "a/b/c/d"] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_directory_says_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let of = |chosen| Place::of_directory(folder.path(), chosen);
        assert!(of(None).unwrap_err().to_string().contains("not initialized"));
        std::fs::create_dir(folder.path().join(FOLDER)).unwrap();
        let write = |kind: &str, workspaces: &str| {
            let config = format!(r#"{{"hostname":"t.test","organization":"acme","workspaces":{workspaces}}}"#);
            let state = format!(r#"{{"version":3,"backend":{{"type":"{kind}","config":{config}}}}}"#);
            std::fs::write(folder.path().join(FOLDER).join("terraform.tfstate"), state).unwrap();
        };
        write("cloud", r#"{"name":"web","tags":null}"#);
        assert_eq!(of(Some("ignored")).unwrap(), place("t.test", "web"));
        write("cloud", r#"{"name":null,"tags":["a"]}"#);
        assert!(of(None).unwrap_err().to_string().contains("no workspace is selected"));
        assert_eq!(of(Some("chosen")).unwrap(), place("t.test", "chosen"));
        std::fs::write(folder.path().join(FOLDER).join("environment"), "selected\n").unwrap();
        assert_eq!(of(None).unwrap(), place("t.test", "selected"));
        write("remote", r#"[{"name":null,"prefix":"web-"}]"#);
        assert_eq!(of(None).unwrap(), place("t.test", "web-selected"));
        write("s3", "{}");
        assert!(of(None).unwrap_err().to_string().contains("no cloud block"));
    }
}
