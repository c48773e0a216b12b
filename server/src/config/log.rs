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
        let info = || Level::new("info", Targets::new().with_default(tracing::Level::INFO));
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

impl Level {
    /// rustls warns of what strangers say in a handshake, sqlx tells of every notice of Postgres, the library of AWS tells of requests with all
    /// their headers: whoever wants to read that asks for it by name.
    fn new(text: &str, targets: Targets) -> Self {
        let quiet = [
            ("rustls", tracing::Level::ERROR),
            ("sqlx", tracing::Level::WARN),
            ("aws_", tracing::Level::WARN),
            ("azure_", tracing::Level::WARN),
            ("typespec", tracing::Level::WARN),
        ];
        let unasked = quiet.into_iter().filter(|(target, _)| text != "off" && !text.contains(target));
        let targets = unasked.fold(targets, |targets, (target, level)| targets.with_target(target, level));
        Self { text: text.to_owned(), targets }
    }
}

impl Value for Level {
    const ACCEPTED: &'static str =
        "error, warn, info, debug, trace or off, or a list with targets, such as info,terrane::request=debug";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        // A bare word that is no level would silently become a target.
        let known = |part: &str| part.contains('=') || tracing_subscriber::filter::LevelFilter::from_str(part).is_ok();
        match Targets::from_str(text) {
            Ok(targets) if text.split(',').all(known) => Ok(Self::new(text, targets)),
            _ => Err(format!("{text:?} is no level")),
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(self.text.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level as L;

    #[test]
    fn strangers_cannot_fill_the_log_unless_somebody_asks_for_it() {
        let level = |text| Level::parse(text, Path::new("")).unwrap().targets;
        assert!(!level("debug").would_enable("rustls::msgs", &L::WARN));
        assert!(level("debug").would_enable("rustls::msgs", &L::ERROR));
        assert!(level("debug").would_enable("terrane::request", &L::DEBUG));
        assert!(level("info,rustls=warn").would_enable("rustls::msgs", &L::WARN));
        assert!(!level("off").would_enable("rustls", &L::ERROR));
    }
}
