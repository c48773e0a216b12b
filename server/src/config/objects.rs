//! Where sealed bytes that are too large for a row are kept: a directory, a bucket, a container.

use super::{
    key::{Key, Problem},
    runner::Mirror as Address,
    sources::Sources,
    value::{Switch, Value},
};
use objects_azure::Access;
use objects_s3::Encryption;
use secrecy::{ExposeSecret as _, SecretString};
use std::path::{Path, PathBuf};
use url::Url;

/// How the settings of one place are called.
pub(super) struct Names {
    place: Key,
    endpoint: Key,
    credential: Key,
    region: Key,
    path_style: Key,
    encryption: Key,
}

/// Where the site keeps its large blobs.
pub(super) const SITE: Names = Names {
    place: Key::new(
        "objects",
        "file:DIR|s3:BUCKET[/PREFIX]|azblob:CONTAINER[/PREFIX]",
        "Where sealed bytes that are too large for a row are kept [default: file:DIR/objects in the data directory]",
    ),
    endpoint: Key::new(
        "objects-endpoint",
        "URL",
        "Where that bucket or account is [default: Amazon's, or where the credential says]",
    ),
    credential: Key::secret(
        "objects-credential",
        "objects-credential-file",
        "TEXT",
        "ID:SECRET for a bucket; a SAS URL or a connection string for a container [default: whoever the cloud says this machine is]",
    ),
    region: Key::new("objects-region", "REGION", "The bucket's region [default: as the cloud's own tools find it]"),
    path_style: Key::switch(
        "objects-path-style",
        "Name the bucket in the path and not in the name of the host [default: on with --objects-endpoint]",
    ),
    encryption: Key::new(
        "objects-encryption",
        "AES256|aws:kms[:KEY]",
        "What S3 is asked to encrypt with, over this server's own seal [default: the bucket's own]",
    ),
};

/// Where its backups go.
pub(super) const BACKUP: Names = Names {
    place: Key::new(
        "backup",
        "file:DIR|s3:BUCKET[/PREFIX]|azblob:CONTAINER[/PREFIX]",
        "Where backups go, and where they are restored from [default: none]",
    ),
    endpoint: Key::new(
        "backup-endpoint",
        "URL",
        "Where the bucket or account of --backup is [default: as for --objects]",
    ),
    credential: Key::secret(
        "backup-credential",
        "backup-credential-file",
        "TEXT",
        "What opens the place of --backup, as for --objects [default: whoever the cloud says this machine is]",
    ),
    region: Key::new(
        "backup-region",
        "REGION",
        "The region of the bucket of --backup [default: as the cloud's own tools find it]",
    ),
    path_style: Key::switch(
        "backup-path-style",
        "As --objects-path-style, for --backup [default: on with --backup-endpoint]",
    ),
    encryption: Key::new(
        "backup-encryption",
        "AES256|aws:kms[:KEY]",
        "What S3 is asked to encrypt backups with, over their own seal [default: the bucket's own]",
    ),
};

impl Names {
    /// All settings of the place.
    pub(super) const fn keys(&self) -> [Key; 6] {
        [self.place, self.endpoint, self.credential, self.region, self.path_style, self.encryption]
    }
    /// Those that say nothing of a directory.
    fn of_stores(&self) -> [&Key; 2] {
        [&self.endpoint, &self.credential]
    }
    /// Those that only a bucket has.
    fn of_buckets(&self) -> [&Key; 3] {
        [&self.region, &self.path_style, &self.encryption]
    }
}

/// All settings of this section.
pub(super) const KEYS: [Key; 6] = SITE.keys();
/// And those of backups.
pub(super) const BACKUP_KEYS: [Key; 6] = BACKUP.keys();

/// Where large sealed bytes are kept.
#[derive(Debug, Clone)]
pub enum Objects {
    /// In files below a directory. Servers on one database need one that all of them see.
    File(PathBuf),
    /// In a bucket; which authorities to trust is said elsewhere.
    S3(Box<objects_s3::Options>),
    /// In a container; which authorities to trust is said elsewhere.
    Azure(Box<objects_azure::Options>),
}

impl Objects {
    /// Reads the section; the default lies in the directory `data`.
    pub(super) fn read(sources: &mut Sources, data: &Path) -> Result<Self, Problem> {
        let place = sources.get(&SITE.place, |_| Place::File(data.join("objects")))?;
        Self::read_place(sources, &SITE, place)
    }

    /// Reads where backups go, if anybody said so.
    pub(super) fn read_backup(sources: &mut Sources) -> Result<Option<Self>, Problem> {
        match sources.find(&BACKUP.place)? {
            Some(place) => Self::read_place(sources, &BACKUP, place).map(Some),
            None => {
                let others = BACKUP.of_stores().into_iter().chain(BACKUP.of_buckets());
                refuse(sources, others, "the default, no place", &BACKUP).map(|()| None)
            }
        }
    }

    fn read_place(sources: &mut Sources, names: &Names, place: Place) -> Result<Self, Problem> {
        let endpoint = sources.find::<Address>(&names.endpoint)?.map(|Address(url)| url);
        if endpoint.as_ref().is_some_and(|url| !is_bare(url)) {
            return Err(Problem {
                origin: sources.origin(&names.endpoint),
                wrong: "it holds more than an address: a credential in it would be shown".to_owned(),
                accepted: "an address alone; what opens the store is its credential".to_owned(),
            });
        }
        let credential = sources.find::<Secret>(&names.credential)?.map(|Secret(text)| text);
        let region = sources.find::<Region>(&names.region)?;
        let path_style = sources.find::<Switch>(&names.path_style)?;
        let encryption = sources.find::<Encryption>(&names.encryption)?;
        let refused = |wrong: String, accepted: &str| Problem {
            origin: sources.origin(&names.credential),
            wrong,
            accepted: accepted.to_owned(),
        };
        match place {
            Place::File(path) => {
                let others = names.of_stores().into_iter().chain(names.of_buckets());
                refuse(sources, others, "a directory", names)?;
                Ok(Self::File(path))
            }
            Place::S3 { bucket, prefix } => Ok(Self::S3(Box::new(objects_s3::Options {
                bucket,
                prefix,
                region: region.map(|Region(name)| name),
                path_style: path_style.map_or(endpoint.is_some(), |Switch(on)| on),
                endpoint: endpoint.map(|url| url.as_str().trim_end_matches('/').to_owned()),
                encryption: encryption.unwrap_or_default(),
                credential: match credential.as_ref().map(objects_s3::Credential::parse) {
                    Some(None) => return Err(refused("the value is no access key".to_owned(), "ID:SECRET")),
                    other => other.flatten(),
                },
                certificates: Vec::new(),
                pace: objects::Pace::default(),
            }))),
            Place::Azure { container, prefix } => {
                refuse(sources, names.of_buckets().into_iter(), "a container", names)?;
                let accepted = "a SAS URL, or a connection string with AccountName and AccountKey";
                let access = credential.map(|text| Access::parse(text.expose_secret(), &container)).transpose();
                let access = access.map_err(|wrong| refused(wrong.to_string(), accepted))?;
                let access = match (access, endpoint) {
                    (Some(access), Some(endpoint)) => access.at(endpoint),
                    (Some(access), None) => access,
                    (None, Some(endpoint)) => Access::identity(endpoint),
                    (None, None) => {
                        let nobody = format!("nobody says which account, by this or by --{}", names.endpoint.name);
                        return Err(refused(nobody, accepted));
                    }
                };
                let (certificates, pace) = (Vec::new(), objects::Pace::default());
                let options = objects_azure::Options { container, prefix, access, certificates, pace };
                Ok(Self::Azure(Box::new(options)))
            }
        }
    }
}

/// Whether a URL is an address and nothing else.
pub(super) fn is_bare(url: &Url) -> bool {
    url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none()
}

/// A setting that says nothing of the chosen place was meant for another.
fn refuse<'a>(
    sources: &Sources,
    mut keys: impl Iterator<Item = &'a Key>,
    place: &str,
    names: &Names,
) -> Result<(), Problem> {
    match keys.find(|key| sources.is_set(key)) {
        None => Ok(()),
        Some(key) => Err(Problem {
            origin: sources.origin(key),
            wrong: format!("it says nothing of {place}, which --{} names", names.place.name),
            accepted: format!("another --{}, or leave this one out", names.place.name),
        }),
    }
}

/// The place alone.
#[derive(Debug, PartialEq)]
enum Place {
    File(PathBuf),
    S3 { bucket: String, prefix: String },
    Azure { container: String, prefix: String },
}

impl Value for Place {
    const ACCEPTED: &'static str =
        "file:DIR, such as file:/srv/terrane/objects, s3:BUCKET, s3:BUCKET/PREFIX, or azblob:CONTAINER/PREFIX";

    fn parse(text: &str, base: &Path) -> Result<Self, String> {
        let (kind, place) = text.split_once(':').unwrap_or_default();
        let place = place.strip_prefix("//").unwrap_or(place);
        match kind {
            "file" => PathBuf::parse(place, base).map(Self::File),
            "s3" => named(place, "bucket").map(|(bucket, prefix)| Self::S3 { bucket, prefix }),
            "azblob" => named(place, "container").map(|(container, prefix)| Self::Azure { container, prefix }),
            _ => Err("the value begins with none of file:, s3: and azblob:".to_owned()),
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(match self {
            Self::File(path) => format!("file:{}", path.display()),
            Self::S3 { bucket, prefix } => format!("s3:{bucket}/{prefix}").trim_end_matches('/').to_owned(),
            Self::Azure { container, prefix } => {
                format!("azblob:{container}/{prefix}").trim_end_matches('/').to_owned()
            }
        })
    }
}

/// A name and the prefix of every key behind it.
fn named(text: &str, what: &str) -> Result<(String, String), String> {
    let (name, prefix) = text.trim_end_matches('/').split_once('/').unwrap_or((text.trim_end_matches('/'), ""));
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if !(3..=63).contains(&name.len()) || !name.bytes().all(known) {
        return Err(format!("{name:?} is no name of a {what}"));
    }
    match prefix {
        "" => Ok((name.to_owned(), String::new())),
        prefix if objects::Key::new(prefix).is_ok() => Ok((name.to_owned(), format!("{prefix}/"))),
        prefix => Err(format!("{prefix:?} is no prefix: parts of A-Z a-z 0-9 . _ - joined by /")),
    }
}

pub(super) struct Secret(pub(super) SecretString);

impl Value for Secret {
    const ACCEPTED: &'static str = "the credential's text";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        if text.is_empty() { Err("the value is empty".to_owned()) } else { Ok(Self(text.into())) }
    }

    fn show(&self) -> toml::Value {
        toml::Value::String("***".to_owned())
    }
}

pub(super) struct Region(pub(super) String);

impl Value for Region {
    const ACCEPTED: &'static str = "a region such as eu-central-1";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let good = !text.is_empty() && text.bytes().all(known);
        good.then(|| Self(text.to_owned())).ok_or_else(|| format!("{text:?} is no region"))
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(self.0.clone())
    }
}

impl Value for Encryption {
    const ACCEPTED: &'static str = "AES256, aws:kms, or aws:kms: and the id or ARN of a key";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        match text {
            "AES256" => Ok(Self::Aes256),
            "aws:kms" => Ok(Self::Kms(None)),
            _ => match text.strip_prefix("aws:kms:") {
                Some(key) if !key.is_empty() => Ok(Self::Kms(Some(key.to_owned()))),
                _ => Err(format!("{text:?} is no encryption of S3")),
            },
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(match self {
            Self::Unsaid => String::new(),
            Self::Aes256 => "AES256".to_owned(),
            Self::Kms(None) => "aws:kms".to_owned(),
            Self::Kms(Some(key)) => format!("aws:kms:{key}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_and_shown() {
        let place = |text| Place::parse(text, Path::new("/here"));
        let s3 = |bucket: &str, prefix: &str| Place::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() };
        assert_eq!(place("file:./a").unwrap(), Place::File("/here/a".into()));
        assert_eq!(place("s3:states").unwrap(), s3("states", ""));
        assert_eq!(place("s3://states/").unwrap(), s3("states", ""));
        assert_eq!(place("s3:states/a/b/").unwrap(), s3("states", "a/b/"));
        assert_eq!(place("s3:states/a/b").unwrap().show().as_str(), Some("s3:states/a/b"));
        let azure = Place::Azure { container: "states".to_owned(), prefix: "a/".to_owned() };
        assert_eq!(place("azblob:states/a").unwrap(), azure);
        for bad in ["s3:", "azblob:", "s3:a", "s3:states/a//b", "s3:states/../x", "s3:sta tes", "gs:states", "states"] {
            assert!(place(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_credential_is_never_shown() {
        let secret = Secret::parse("AKIA:hunter2", Path::new("/")).unwrap();
        assert_eq!(secret.show().as_str(), Some("***"));
    }

    #[test]
    fn an_encryption_is_read_and_shown() {
        for text in ["AES256", "aws:kms", "aws:kms:arn:aws:kms:eu-central-1:1:key/x"] {
            assert_eq!(Encryption::parse(text, Path::new("/")).unwrap().show().as_str(), Some(text));
        }
        assert!(Encryption::parse("aes", Path::new("/")).is_err());
    }
}
