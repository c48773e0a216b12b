//! Names that say that they hold a secret, whether or not the provider said so: older versions of the engines did not write that down.

const SECRETS: [&str; 9] = [
    "password",
    "passwd",
    "secret",
    "token",
    "private_key",
    "access_key",
    "api_key",
    "credential",
    "connection_string",
];

/// Whether what has this name is not to be shown.
pub(super) fn is_named(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRETS.iter().any(|secret| name.contains(secret))
}
