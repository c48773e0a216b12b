//! The kinds of values that more than one section uses: how a person writes them, and how they are shown again.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    time::Duration,
};

/// Something a setting can hold.
pub trait Value: Sized {
    /// What is accepted, for the message about what is not.
    const ACCEPTED: &'static str;

    /// Reads the text a person wrote; relative paths start at `base`. The error says what is wrong with the text.
    fn parse(text: &str, base: &Path) -> Result<Self, String>;

    /// The value as `terrane config` prints it: readable again, except where a secret is masked.
    fn show(&self) -> toml::Value;
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Switch(pub bool);

impl Value for Switch {
    const ACCEPTED: &'static str = "on or off";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        match text {
            "on" | "true" => Ok(Self(true)),
            "off" | "false" => Ok(Self(false)),
            _ => Err(format!("{text:?} is neither")),
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(if self.0 { "on" } else { "off" }.to_owned())
    }
}

/// A number of things that can run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count(pub u32);

impl Value for Count {
    const ACCEPTED: &'static str = "a whole number from 1 to 10000";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        match text.parse() {
            Ok(count @ 1..=10_000) => Ok(Self(count)),
            Ok(count) => Err(format!("{count} is out of range")),
            Err(_) => Err(format!("{text:?} is no such number")),
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::Integer(self.0.into())
    }
}

/// A number of bytes, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size(pub u64);

const SIZE_UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("B", 1),
];

impl Value for Size {
    const ACCEPTED: &'static str = "a size such as 512MiB, 2GB or a number of bytes";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        let (digits, factor) =
            SIZE_UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor))).unwrap_or((text, 1));
        let number: u64 = digits.trim_end().parse().map_err(|_| format!("{text:?} is no size"))?;
        match number.checked_mul(factor) {
            Some(0) => Err(format!("{text:?} is nothing at all")),
            // What TOML and SQL count in.
            Some(bytes) if i64::try_from(bytes).is_ok() => Ok(Self(bytes)),
            _ => Err(format!("{text:?} is more than can be counted")),
        }
    }

    fn show(&self) -> toml::Value {
        let unit = SIZE_UNITS.iter().find(|(unit, factor)| unit.ends_with("iB") && self.0.is_multiple_of(*factor));
        toml::Value::String(match unit {
            Some((unit, factor)) => format!("{}{unit}", self.0 / factor),
            None => format!("{}B", self.0),
        })
    }
}

/// A length of time, in whole seconds, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

const SPAN_UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// A hundred years: longer than anything this can be said of, and far from any overflow of a date.
const SPAN_MAX: u64 = 100 * 365 * 86_400;

impl Value for Span {
    const ACCEPTED: &'static str = "a length of time such as 90s, 12h, 30d or 1h30m";

    fn parse(text: &str, _: &Path) -> Result<Self, String> {
        let no_span = || format!("{text:?} is no length of time");
        let mut seconds: u64 = 0;
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(no_span)?;
            let number: u64 = rest[..end].parse().map_err(|_| no_span())?;
            let unit = rest[end..].chars().next().ok_or_else(no_span)?;
            let factor = SPAN_UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(no_span)?.1;
            seconds = seconds.saturating_add(number.saturating_mul(factor));
            rest = &rest[end + unit.len_utf8()..];
        }
        match seconds {
            0 if text.is_empty() => Err(no_span()),
            0 => Err(format!("{text:?} is no time at all")),
            1..=SPAN_MAX => Ok(Self(Duration::from_secs(seconds))),
            _ => Err(format!("{text:?} is more than a hundred years")),
        }
    }

    fn show(&self) -> toml::Value {
        let mut rest = self.0.as_secs();
        let mut text = String::new();
        for (unit, factor) in SPAN_UNITS {
            if rest >= factor {
                // Writing to a String does not fail.
                let _ = write!(text, "{}{unit}", rest / factor);
                rest %= factor;
            }
        }
        toml::Value::String(text)
    }
}

/// A file or a directory, absolute.
impl Value for PathBuf {
    const ACCEPTED: &'static str = "a path";

    fn parse(text: &str, base: &Path) -> Result<Self, String> {
        if text.is_empty() {
            return Err("the path is empty".to_owned());
        }
        Ok(base.join(text.strip_prefix("./").unwrap_or(text)))
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(self.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Value>(text: &str) -> Result<T, String> {
        T::parse(text, Path::new("/here"))
    }

    #[test]
    fn sizes_are_read_and_shown() {
        assert_eq!(read::<Size>("1GiB").unwrap().0, 1 << 30);
        assert_eq!(read::<Size>("512 MB").unwrap().0, 512_000_000);
        assert_eq!(read::<Size>("1536").unwrap(), Size(1536));
        assert_eq!(Size(1536).show().as_str(), Some("1536B"));
        assert_eq!(Size(3 << 20).show().as_str(), Some("3MiB"));
        assert_eq!(read::<Size>("0").unwrap_err(), "\"0\" is nothing at all");
        assert_eq!(read::<Size>("9999999TiB").unwrap_err(), "\"9999999TiB\" is more than can be counted");
        for bad in ["", "GiB", "-1", "1.5GiB", "1gib"] {
            assert_eq!(read::<Size>(bad).unwrap_err(), format!("{bad:?} is no size"));
        }
    }

    #[test]
    fn spans_are_read_and_shown() {
        for (text, seconds) in [("90s", 90), ("12h", 43_200), ("30d", 2_592_000), ("1h30m", 5_400)] {
            assert_eq!(read::<Span>(text).unwrap().0.as_secs(), seconds);
        }
        assert_eq!(Span(Duration::from_secs(90_061)).show().as_str(), Some("1d1h1m1s"));
        for bad in ["", "30", "d", "1w", "1.5h", "-1h", "1hé"] {
            assert_eq!(read::<Span>(bad).unwrap_err(), format!("{bad:?} is no length of time"));
        }
        assert_eq!(read::<Span>("0s").unwrap_err(), "\"0s\" is no time at all");
        assert_eq!(read::<Span>("36501d").unwrap_err(), "\"36501d\" is more than a hundred years");
    }

    #[test]
    fn paths_become_absolute() {
        assert_eq!(read::<PathBuf>("./terrane-data").unwrap(), Path::new("/here/terrane-data"));
        assert_eq!(read::<PathBuf>("/srv").unwrap(), Path::new("/srv"));
    }
}
