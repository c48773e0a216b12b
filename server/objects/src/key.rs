//! Names of objects.

use std::{fmt, str::FromStr};

/// The name of an object, such as `org-x/ws-y/blob-z`: safe as a path and as a name in every object store.
///
/// At most 512 bytes; parts of 1 to 128 characters of `A-Z a-z 0-9 . _ -`, none of which begins with a dot, joined by `/`. An object's key
/// is never the beginning of another's up to a `/`: a folder cannot be a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

/// The text is no key of an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} cannot name an object: at most 512 bytes, parts of 1 to 128 characters A-Z a-z 0-9 . _ - that do not begin with a dot, joined by /"
)]
pub struct InvalidKey(String);

const LONGEST: usize = 512;
const LONGEST_PART: usize = 128;

impl Key {
    /// Takes a text as a key.
    ///
    /// # Errors
    /// When it cannot be one.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidKey> {
        let text = text.into();
        if text.len() <= LONGEST && text.split('/').all(is_part) { Ok(Self(text)) } else { Err(InvalidKey(text)) }
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_part(part: &str) -> bool {
    (1..=LONGEST_PART).contains(&part.len())
        && !part.starts_with('.')
        && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

impl FromStr for Key {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        Self::new(text)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::{Component, Path};

    #[test]
    fn what_can_and_cannot_be_a_key() {
        for good in ["a", "org-x/ws-y/blob-z", "a.b/c_d", &"a".repeat(128)] {
            assert_eq!(Key::new(good).unwrap().as_str(), good);
        }
        let long = vec!["a".repeat(128); 4].join("/");
        for bad in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "a/../b",
            ".incoming/x",
            "a\\b",
            "a b",
            "ä",
            "a\0",
            &"a".repeat(129),
            &long,
        ] {
            assert_eq!(Key::new(bad), Err(InvalidKey(bad.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn a_key_stays_below_its_folder(text in "[a./\\\\~-]{0,12}|\\PC{0,20}") {
            if let Ok(key) = Key::new(text) {
                let parts = Path::new(key.as_str()).components();
                prop_assert!(parts.into_iter().all(|part| matches!(part, Component::Normal(_))));
            }
        }
    }
}
