//! What `terraform login` left, and the variables that stand for it: the token for a server.

use secrecy::SecretString;
use serde::Deserialize;
use std::{collections::HashMap, path::PathBuf};

/// The prefix of variables that hold the token for a host, as terraform reads them.
const TOKEN: &str = "TF_TOKEN_";

/// Where tokens are looked for.
#[derive(Debug, Clone, Default)]
pub struct Login {
    variables: Vec<(String, String)>,
    file: Option<PathBuf>,
    /// The workspace that the environment chooses: `TF_WORKSPACE`.
    pub workspace: Option<String>,
}

impl Login {
    /// Picks what counts from all variables.
    pub(super) fn read(variables: &[(String, String)]) -> Self {
        let find = |wanted: &str| variables.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        let home = find("HOME").or_else(|| find("USERPROFILE"));
        Self {
            variables: variables.iter().filter(|(name, _)| name.starts_with(TOKEN)).cloned().collect(),
            file: home.map(|home| PathBuf::from(home).join(".terraform.d/credentials.tfrc.json")),
            workspace: find("TF_WORKSPACE").filter(|name| !name.is_empty()),
        }
    }

    /// The token for a host, from its variable or from the file.
    ///
    /// # Errors
    /// When the file is there and cannot be read, in words.
    pub fn token(&self, host: &str) -> Result<Option<SecretString>, String> {
        #[derive(Deserialize)]
        struct Credentials {
            #[serde(default)]
            credentials: HashMap<String, Credential>,
        }
        #[derive(Deserialize)]
        struct Credential {
            token: Option<String>,
        }
        let said = |name: &str| name.strip_prefix(TOKEN).is_some_and(|name| hostname(name) == host);
        if let Some((_, token)) = self.variables.iter().find(|(name, _)| said(name)) {
            return Ok(Some(token.clone().into()));
        }
        let Some(file) = self.file.as_ref().filter(|file| file.exists()) else { return Ok(None) };
        let wrong = |error: &dyn std::fmt::Display| format!("{} cannot be read: {error}", file.display());
        let text = std::fs::read_to_string(file).map_err(|error| wrong(&error))?;
        let mut read: Credentials = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
        Ok(read.credentials.remove(host).and_then(|credential| credential.token).map(Into::into))
    }
}

/// `my__server_example_com` is `my-server.example.com`.
fn hostname(variable: &str) -> String {
    variable.replace("__", "-").replace('_', ".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn a_token_is_found_by_its_host() {
        let folder = tempfile::tempdir().unwrap();
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let variables = [
            set("TF_TOKEN_my__server_test", "a"),
            set("HOME", folder.path().to_str().unwrap()),
            set("TF_WORKSPACE", "w"),
        ];
        let login = Login::read(&variables);
        assert_eq!(login.workspace.as_deref(), Some("w"));
        assert_eq!(login.token("my-server.test").unwrap().unwrap().expose_secret(), "a");
        assert!(login.token("other.test:8443").unwrap().is_none());
        std::fs::create_dir(folder.path().join(".terraform.d")).unwrap();
        let file = folder.path().join(".terraform.d/credentials.tfrc.json");
        std::fs::write(&file, r#"{"credentials":{"other.test:8443":{"token":"b"}}}"#).unwrap();
        assert_eq!(login.token("other.test:8443").unwrap().unwrap().expose_secret(), "b");
        std::fs::write(&file, "{").unwrap();
        assert!(login.token("other.test").unwrap_err().contains("cannot be read"));
        assert!(!format!("{login:?}").contains("\"b\""));
    }
}
