//! The one place that asks the system what time it is; everything else is given the time or this function.

use time::OffsetDateTime;

/// Says what time it is.
pub type Clock = fn() -> OffsetDateTime;

/// The system's clock.
pub fn system() -> OffsetDateTime {
    #[expect(clippy::disallowed_methods, reason = "time has to come in somewhere, and this is the door")]
    OffsetDateTime::now_utc()
}
