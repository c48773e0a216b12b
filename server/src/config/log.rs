//! What the server says about its work on standard error.

use super::{
    key::{Key, Problem},
    sources::Sources,
    value::Value,
};
use std::{path::Path, str::FromStr};
use tracing_subscriber::filter::Targets;

const FORMAT: Key = Key::new("log-format", "text|json", "How log lines are written [default: text]");
const LEVEL: Key = Key::new(
    "log-level",
    "LEVEL",
    "error, warn, info, debug or trace, also by part: info,terrane::request=debug logs every request [default: info]",
);

/// All settings of this section.
pub(super) const KEYS: [Key; 2] = [FORMAT, LEVEL];

/// The section.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// How lines are written.
    pub format: Format,
    /// Which lines are written.
    pub level: Targets,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

impl Log {
    /// Reads the section.
    pub(super) fn read(sources: &mut Sources) -> Result<Self, Problem> {
        let info = || Level { text: "info".to_owned(), targets: Targets::new().with_default(tracing::Level::INFO) };
        Ok(Self { format: sources.get(&FORMAT, |_| Format::Text)?, level: sources.get(&LEVEL, |_| info())?.targets })
    }
}

impl Value for Format {
    const ACCEPTED: &'static str = "text or json";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(format!("{text:?} is neither")),
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(if *self == Self::Text { "text" } else { "json" }.to_owned())
    }
}

struct Level {
    text: String,
    targets: Targets,
}

impl Value for Level {
    const ACCEPTED: &'static str =
        "error, warn, info, debug, trace or off, or a list with targets, such as info,terrane::request=debug";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        // A bare word that is no level would silently become a target.
        let known = |part: &str| part.contains('=') || tracing_subscriber::filter::LevelFilter::from_str(part).is_ok();
        match Targets::from_str(text) {
            Ok(targets) if text.split(',').all(known) => Ok(Self { text: text.to_owned(), targets }),
            _ => Err(format!("{text:?} is no level")),
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(self.text.clone())
    }
}
