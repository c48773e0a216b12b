//! One setting's name in all four places it can come from, so that the flag, the variable, the key in the file and the help cannot drift
//! apart.

use std::path::PathBuf;

/// A setting as a person names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The name in a configuration file; the flag is `--name`, the variable `TERRANE_NAME`.
    pub name: &'static str,
    /// What stands for the value in the help.
    pub value: &'static str,
    /// What the setting does; says the default.
    pub help: &'static str,
    /// Where the value can hold a secret, the setting that names a file to read it from instead.
    pub file: Option<&'static str>,
    /// Whether the flag may stand alone and then means `on`.
    pub bare: bool,
}

impl Key {
    /// A setting that may be printed.
    pub const fn new(name: &'static str, value: &'static str, help: &'static str) -> Self {
        Self { name, value, help, file: None, bare: false }
    }

    /// A setting whose value can hold a secret.
    pub const fn secret(name: &'static str, file: &'static str, value: &'static str, help: &'static str) -> Self {
        Self { name, value, help, file: Some(file), bare: false }
    }

    /// A switch whose flag may stand alone.
    pub const fn switch(name: &'static str, help: &'static str) -> Self {
        Self { name, value: "on|off", help, file: None, bare: true }
    }
}

/// The environment variable of the setting `name`.
pub(super) fn variable(name: &str) -> String {
    format!("TERRANE_{}", name.to_uppercase().replace('-', "_"))
}

/// Where an effective value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// The command line.
    Flag(String),
    /// The environment.
    Variable(String),
    /// The configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// The key in it.
        key: String,
    },
    /// Nobody said anything.
    Default,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "--{name}"),
            Self::Variable(name) => f.write_str(name),
            Self::File { path, key } => write!(f, "{key} in {}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// Why the configuration cannot be used: one line for the person who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where the bad value came from, which also names the setting.
    pub origin: String,
    /// What is wrong with it.
    pub wrong: String,
    /// What would have been right.
    pub accepted: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}; accepted: {}", self.origin, self.wrong, self.accepted)
    }
}

impl std::error::Error for Problem {}
