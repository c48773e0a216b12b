//! Names and values that say that they hold a secret, whether or not the provider said so: older versions of the engines did not write that down.

use std::{cell::RefCell, collections::HashMap};

/// So many answers a thread remembers: a state of many instances has few names of attributes.
const REMEMBERED: usize = 1_024;
/// The most bytes of a name that is remembered.
const SHORT: usize = 64;

thread_local! {
    static NAMED: RefCell<HashMap<String, bool>> = RefCell::default();
}

/// Anywhere in a name, which is compared in small letters and without what stands between them.
const SECRETS: [&str; 15] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "privatekey",
    "accesskey",
    "accountkey",
    "apikey",
    "credential",
    "connectionstring",
    "authorization",
    "cookie",
    "signature",
];
/// At the end of a name.
const ENDS: [&str; 3] = ["pass", "auth", "sas"];
/// As a word of a name.
const WORDS: [&str; 3] = ["pass", "auth", "sas"];

/// Whether what has this name is not to be shown.
pub(crate) fn is_named(name: &str) -> bool {
    if name.len() > SHORT {
        return tells(name);
    }
    NAMED.with_borrow_mut(|named| {
        if let Some(known) = named.get(name) {
            return *known;
        }
        if named.len() >= REMEMBERED {
            named.clear();
        }
        let tells = tells(name);
        named.insert(name.to_owned(), tells);
        tells
    })
}

fn tells(name: &str) -> bool {
    let close: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    SECRETS.iter().any(|secret| close.contains(secret))
        || ENDS.iter().any(|end| close.ends_with(end))
        || words(name).any(|word| WORDS.iter().any(|secret| word.eq_ignore_ascii_case(secret)))
}

/// The words of a name like `sas_url`, `SasUrl` or `sas-url`.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric()).flat_map(|part| {
        let mut before = false;
        let mut starts = vec![0];
        for (at, c) in part.char_indices() {
            if c.is_uppercase() && before {
                starts.push(at);
            }
            before = c.is_lowercase() || c.is_ascii_digit();
        }
        starts.push(part.len());
        starts.windows(2).map(|ends| &part[ends[0]..ends[1]]).collect::<Vec<_>>()
    })
}

/// Whether a value is an address that may carry a secret: with who enters there, or with a query.
pub(crate) fn is_in(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.contains('@') || rest.contains('?')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_however_they_are_written() {
        for name in [
            "password",
            "db_password",
            "ApiKey",
            "apikey",
            "API-Key",
            "api.key",
            "AccessKey",
            "PrivateKey",
            "tls private key",
            "ConnectionString",
            "passphrase",
            "pwd",
            "DbPwd",
            "DbPass",
            "db_pass",
            "auth",
            "BasicAuth",
            "auth_header",
            "authHeader",
            "Authorization",
            "session_cookie",
            "request-signature",
            "sas",
            "SasUrl",
            "blob_sas",
            "credentials",
            "ACCESS_TOKEN",
            "accountKey",
        ] {
            assert!(is_named(name), "{name}");
        }
        for name in
            ["author", "authored_by", "name", "id", "passenger", "compassion", "sassy", "keyboard", "Owner", "team", ""]
        {
            assert!(!is_named(name), "{name}");
        }
    }

    #[test]
    fn an_address_may_hold_one() {
        for value in ["postgres://u:p@host/db", "https://u@host", "https://host/x?sig=1", "s3://b?x", "a b://c@d/e"] {
            assert!(is_in(value), "{value}");
        }
        for value in ["https://host/path@2", "https://host/#a", "arn:aws:s3:::b", "a@b", "what?", "i-0abc"] {
            assert!(!is_in(value), "{value}");
        }
    }
}
