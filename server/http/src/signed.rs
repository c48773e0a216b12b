//! Addresses that authenticate by themselves, in the path: the CLI sends no Authorization to upload and log addresses, and throws away the
//! query string of the latter (client contract sections 3 and 12).

use app::{App, Error, Result};

/// How long an address is good, in seconds: the longest apply and an hour.
const GOOD: i64 = 25 * 3600;
/// The same where the client goes on to it at once.
const SHORT: i64 = 600;

/// What an address is good for. One for logs uploads nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Upload a configuration.
    Configuration,
    /// Upload a state.
    State,
    /// Upload the JSON form of a state.
    JsonState,
    /// Read a log.
    Log,
    /// Read the archive of a provider.
    Provider,
    /// Upload a module.
    Module,
    /// Upload the check sums of a provider.
    Shasums,
    /// Upload the signature of those.
    Signature,
    /// Upload a provider for one platform.
    Platform,
    /// Read a file of the registry.
    RegistryFile,
}

impl Purpose {
    fn label(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::State => "state",
            Self::JsonState => "json-state",
            Self::Log => "log",
            Self::Provider => "provider",
            Self::Module => "module",
            Self::Shasums => "shasums",
            Self::Signature => "signature",
            Self::Platform => "platform",
            Self::RegistryFile => "registry",
        }
    }

    fn seconds(self) -> i64 {
        if matches!(self, Self::Provider | Self::RegistryFile) { SHORT } else { GOOD }
    }
}

/// The absolute address at which whoever has it may do this to the thing with this id.
pub fn address(app: &App, purpose: Purpose, id: &str) -> String {
    let until = app.now().plus_seconds(purpose.seconds());
    format!("{}/api/signed/{}/{}", app.address, purpose.label(), app.vault.sign(purpose.label(), id.as_bytes(), until))
}

/// The id that the signed part of an address is good for.
pub fn verify(app: &App, purpose: Purpose, signed: &str) -> Result<String> {
    let refused = || Error::Unauthorized("the address is not one of ours, or too old; ask for a new one".into());
    let payload = app.vault.verify(purpose.label(), signed, app.now()).ok_or_else(refused)?;
    String::from_utf8(payload).map_err(|_| refused())
}
