//! The database and the key that everything in it is sealed with.

use super::{
    key::{Key, Problem},
    master::Masters,
    objects::Objects,
    sources::Sources,
    value::{Switch, Value},
};
use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};
use url::Url;

const DATABASE: Key = Key::secret(
    "database",
    "database-file",
    "sqlite:FILE|postgres:URL",
    "Where rows are kept [default: sqlite:DIR/terrane.db in the data directory]",
);
const INDEX_ATTRIBUTES: Key = Key::new(
    "index-attributes",
    "on|off",
    "Whether the search finds resources by id, arn, name, region and tags, which lie in clear in the database for it [default: on]",
);
/// All settings of this section.
pub(super) const KEYS: [Key; 2] = [DATABASE, INDEX_ATTRIBUTES];

/// The section.
#[derive(Debug, Clone)]
pub struct Storage {
    /// The database.
    pub database: Database,
    /// Whether the index of the search holds attributes of resources.
    pub index_attributes: bool,
    /// What wraps all other keys.
    pub masters: Masters,
    /// Where large sealed bytes are kept.
    pub objects: Objects,
}

impl Storage {
    /// Reads the section; the defaults lie in the directory `data`, and a key may lie in one of these variables.
    pub(super) fn read(sources: &mut Sources, data: &Path, variables: &[(String, String)]) -> Result<Self, Problem> {
        Ok(Self {
            database: sources.get(&DATABASE, |_| Database::Sqlite(data.join("terrane.db")))?,
            index_attributes: sources.get(&INDEX_ATTRIBUTES, |_| Switch(true))?.0,
            masters: Masters::read(sources, data, variables)?,
            objects: Objects::read(sources, data)?,
        })
    }
}

/// Where rows are kept.
#[derive(Debug, Clone)]
pub enum Database {
    /// In a file.
    Sqlite(PathBuf),
    /// In a Postgres server: a URL, which may carry a password.
    Postgres(SecretString),
}

impl Value for Database {
    const ACCEPTED: &'static str = "sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME, the password percent-encoded";

    // No message repeats the text: a password may stand anywhere in what was mistyped.
    fn parse(text: &str, base: &Path) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return match path {
                ":memory:" => Err("a database in memory forgets everything".to_owned()),
                _ if path.contains('?') => Err("a sqlite database takes no options".to_owned()),
                _ => PathBuf::parse(path, base).map(Self::Sqlite),
            };
        }
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err("the value begins with neither sqlite: nor postgres://".to_owned());
        }
        match Url::parse(text) {
            Ok(_) => Ok(Self::Postgres(text.into())),
            Err(error) => Err(format!("the value is no URL ({error})")),
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(url) => match Url::parse(url.expose_secret()) {
                Ok(url) => masked(url).to_string(),
                Err(_) => "postgres://***".to_owned(),
            },
        })
    }
}

/// The URL without its password, wherever that stands.
pub(super) fn masked(mut url: Url) -> Url {
    if url.password().is_some() {
        // Only a URL without a host refuses, and that has no password.
        let _ = url.set_password(Some("***"));
    }
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    if pairs.iter().any(|(name, _)| name.contains("password")) {
        let kept = pairs.into_iter().map(|(name, value)| {
            let value = if name.contains("password") { "***".to_owned() } else { value };
            (name, value)
        });
        url.query_pairs_mut().clear().extend_pairs(kept.collect::<Vec<_>>());
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_masked_wherever_it_stands() {
        for url in [
            "postgres://terrane:hunter2@db/terrane",
            "postgres://db/terrane?sslmode=require&password=hunter2",
            "postgresql://terrane:hunter2@db:5432/terrane?sslpassword=hunter2",
        ] {
            let database = Database::parse(url, Path::new("/")).unwrap();
            let shown = database.show().to_string();
            assert!(!shown.contains("hunter2") && shown.contains("***"), "{shown}");
            assert!(!format!("{database:?}").contains("hunter2"));
        }
    }

    #[test]
    fn a_bad_database_is_refused_without_being_repeated() {
        for (text, wrong) in [
            ("mysql://root:hunter2@db", "the value begins with neither sqlite: nor postgres://"),
            ("postgres://terrane:hun#ter2@db", "the value is no URL (invalid port number)"),
            ("sqlite::memory:", "a database in memory forgets everything"),
            ("sqlite:", "the path is empty"),
            ("sqlite:a.db?mode=ro", "a sqlite database takes no options"),
        ] {
            assert_eq!(Database::parse(text, Path::new("/")).unwrap_err(), wrong);
        }
    }
}
