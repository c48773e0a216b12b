//! Tags of a workspace. A key with a value is a binding; a key alone is what older clients call a tag. Both live in one set, so that a
//! binding's key counts as a tag name (client contract 9.1).

use crate::name::Refused;

/// One tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    /// Its name.
    pub key: String,
    /// Its value; empty for a flat tag.
    pub value: String,
}

/// The most tags one workspace may carry.
pub const MOST: usize = 100;

impl Tag {
    /// A tag of these texts, if they may be one.
    pub fn new(key: &str, value: &str) -> Result<Self, Refused> {
        let bad = |text: &str| text.chars().any(|c| c.is_control() || c == ',') || text.len() > 256;
        if key.trim().is_empty() || bad(key) || bad(value) {
            return Err(crate::name::Refused::tag());
        }
        Ok(Self { key: key.to_owned(), value: value.to_owned() })
    }
}
