//! A moment, as microseconds since 1970. The clock that tells which is elsewhere.

use std::fmt;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Microseconds since 1970-01-01T00:00:00Z: one number sorts, compares and is stored alike everywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// The moment that many microseconds after 1970.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }
    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }
    /// This moment and so many seconds; far away it stops at the end of time.
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }
    /// RFC 3339 in UTC with a literal `Z` and milliseconds: clients parse no other form (client contract section 4, rule 4).
    pub fn rfc3339(self) -> String {
        let millis = i128::from(self.0.div_euclid(1_000)) * 1_000_000;
        let moment = OffsetDateTime::from_unix_timestamp_nanos(millis).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (date, clock) = (moment.date(), moment.time());
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            date.year(),
            u8::from(date.month()),
            date.day(),
            clock.hour(),
            clock.minute(),
            clock.second(),
            clock.millisecond()
        )
    }
    /// Reads RFC 3339.
    pub fn parse(text: &str) -> Option<Self> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(moment.unix_timestamp_nanos() / 1_000).ok().map(Self)
    }
}

impl From<i64> for Time {
    fn from(micros: i64) -> Self {
        Self(micros)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_with_z_and_milliseconds() {
        assert_eq!(Time::from_micros(0).rfc3339(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Time::from_micros(1_764_000_000_123_456).rfc3339(), "2025-11-24T16:00:00.123Z");
    }

    #[test]
    fn it_is_read_with_any_offset() {
        assert_eq!(Time::parse("1970-01-01T01:00:00+01:00"), Some(Time::from_micros(0)));
        assert_eq!(Time::parse("yesterday"), None);
    }
}
