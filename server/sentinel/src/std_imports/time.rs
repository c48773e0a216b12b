//! `time`: instants, their calendar parts and arithmetic.

use std::fmt;

use super::utf8;
use crate::builtin::exactly;
use crate::eval::{Machine, Outcome, fault};
use crate::unsettled::Unsettled;
use crate::value::{Method, Native, Object, Value};

const SECOND: i128 = 1_000_000_000;
const DAY: i64 = 86_400;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// A point in time with the zone it is shown in.
#[derive(Clone, Copy)]
pub(crate) struct Instant {
    /// Nanoseconds since 1970 in UTC.
    nanos: i128,
    /// Seconds east of UTC.
    zone: i64,
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        let s = self.local().rem_euclid(DAY);
        write!(f, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)?;
        if self.zone == 0 { f.write_str("Z") } else { f.write_str(&self.zone_text()) }
    }
}

impl Instant {
    fn unix(self) -> i64 {
        i64::try_from(self.nanos.div_euclid(SECOND)).unwrap_or(i64::MAX / 2)
    }

    fn local(self) -> i64 {
        self.unix().saturating_add(self.zone)
    }

    fn zone_text(self) -> String {
        let zone = self.zone.abs();
        format!("{}{:02}:{:02}", if self.zone < 0 { '-' } else { '+' }, zone / 3600, zone / 60 % 60)
    }

    /// Year, month and day in the proleptic Gregorian calendar.
    fn date(self) -> (i64, i64, i64) {
        let days = self.local().div_euclid(DAY) + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        (era * 400 + year + i64::from(month <= 2), month, day)
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let shape = b"0000-00-00T00:00:00";
        let fits = |(n, want): (usize, &u8)| match want {
            b'0' => bytes[n].is_ascii_digit(),
            b'T' => matches!(bytes[n], b'T' | b't' | b' '),
            other => bytes[n] == *other,
        };
        if bytes.len() < 20 || !text.is_ascii() || !shape.iter().enumerate().all(fits) {
            return None;
        }
        let number = |from: usize, to: usize| text[from..to].parse::<i64>().ok();
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let (mut rest, mut fraction) = (&text[19..], 0);
        if let Some(digits) = rest.strip_prefix('.') {
            let len = digits.bytes().take_while(u8::is_ascii_digit).count();
            let nine: String = digits[..len].chars().chain("000000000".chars()).take(9).collect();
            fraction = nine.parse().ok()?;
            rest = &digits[len..];
        }
        let zone = match rest.as_bytes() {
            [b'Z' | b'z'] => 0,
            [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
                let zone = rest[1..3].parse::<i64>().ok()? * 3600 + rest[4..6].parse::<i64>().ok()? * 60;
                if *sign == b'-' { -zone } else { zone }
            }
            _ => return None,
        };
        let given = (year, month, day);
        let shifted = if month > 2 { month - 3 } else { month + 9 };
        let year = if month > 2 { year } else { year - 1 };
        let of_year = (153 * shifted + 2) / 5 + day - 1;
        let of_era = year.rem_euclid(400) * 365 + year.rem_euclid(400) / 4 - year.rem_euclid(400) / 100 + of_year;
        let days = year.div_euclid(400) * 146_097 + of_era - 719_468;
        let unix = days * DAY + hour * 3600 + minute * 60 + second - zone;
        let made = Self { nanos: i128::from(unix) * SECOND + fraction, zone };
        // The 30th of February would be a day in March.
        (made.date() == given).then_some(made)
    }

    fn of(value: Value<'_>) -> Outcome<Self> {
        match value {
            Value::Object(Object::Time(instant)) => Ok(*instant),
            Value::Int(unix) => Ok(Self { nanos: i128::from(unix) * SECOND, zone: 0 }),
            Value::Float(unix) => Ok(Self { nanos: (unix * 1e9) as i128, zone: 0 }),
            other => {
                let text = utf8(other, "time")?;
                Self::parse(&text).map_or_else(|| fault(format!("{text:?} is not a time of RFC 3339")), Ok)
            }
        }
    }
}

pub(super) fn member<'h>(machine: &mut Machine<'h>, name: &str) -> Option<Value<'h>> {
    let constant = match name {
        "nanosecond" => 1,
        "microsecond" => 1000,
        "millisecond" => 1_000_000,
        "second" => 1_000_000_000,
        "minute" => 60_000_000_000,
        "hour" => 3_600_000_000_000,
        "now" => {
            let now = Instant { nanos: machine.now, zone: 0 };
            return Some(Value::Object(machine.objects.keep(Object::Time(now))));
        }
        "load" => {
            let load: Native = |machine, args, _| {
                let [value] = exactly(args, "load")?;
                Ok(Value::Object(machine.objects.keep(Object::Time(Instant::of(value)?))))
            };
            return Some(Value::Native(load));
        }
        // Older policies read the parts of the present from the import itself.
        part => {
            let now = machine.objects.keep(Object::Time(Instant { nanos: machine.now, zone: 0 }));
            let Object::Time(instant) = now else { return None };
            return object_member(machine, now, instant, part);
        }
    };
    Some(Value::Int(constant))
}

fn pair<'h>(object: &Object, args: &[Value<'h>]) -> Outcome<(i128, i128)> {
    let Object::Time(instant) = object else { return fault("this is not a time") };
    let [other] = exactly(args, "a comparison of times")?;
    Ok((instant.nanos, Instant::of(other)?.nanos))
}

pub(super) fn object_member<'h>(
    machine: &mut Machine<'h>,
    object: &'h Object,
    instant: &Instant,
    name: &str,
) -> Option<Value<'h>> {
    let (year, month, day) = instant.date();
    let second = instant.local().rem_euclid(DAY);
    let weekday = (instant.local().div_euclid(DAY) + 4).rem_euclid(7);
    let named = |names: &[&'static str], n: i64| Value::Str(names[n as usize].as_bytes());
    let method: Method = match name {
        "year" => return Some(Value::Int(year)),
        "month" => return Some(Value::Int(month)),
        "month_name" => return Some(named(&MONTHS, month - 1)),
        "day" => return Some(Value::Int(day)),
        "hour" => return Some(Value::Int(second / 3600)),
        "minute" => return Some(Value::Int(second / 60 % 60)),
        "second" => return Some(Value::Int(second % 60)),
        "weekday" => return Some(Value::Int(weekday)),
        "weekday_name" => return Some(named(&WEEKDAYS, weekday)),
        "unix" => return Some(Value::Int(instant.unix())),
        "unix_nano" => return Some(Value::Int(i64::try_from(instant.nanos).unwrap_or(i64::MAX))),
        "zone" => return Some(Value::Int(instant.zone)),
        "zone_string" => return Some(Value::text(machine.bump, &instant.zone_text())),
        "before" => |_, t, args, _| pair(t, args).map(|(a, b)| Value::Bool(a < b)),
        "after" => |_, t, args, _| pair(t, args).map(|(a, b)| Value::Bool(a > b)),
        "equal" => |_, t, args, _| pair(t, args).map(|(a, b)| Value::Bool(a == b)),
        "sub" => |machine, t, args, _| {
            let (a, b) = pair(t, args)?;
            if a < b {
                machine.unsettled(Unsettled::NegativeDuration)?;
            }
            Ok(Value::Int(i64::try_from(a.saturating_sub(b)).unwrap_or(i64::MAX)))
        },
        "add" => |machine, t, args, _| {
            let Object::Time(instant) = t else { return fault("this is not a time") };
            let nanos = match exactly(args, "add")? {
                [Value::Int(nanos)] => i128::from(nanos),
                [Value::Float(nanos)] => nanos as i128,
                [other] => return fault(format!("add needs nanoseconds, not {}", other.type_name())),
            };
            let sum = Instant { nanos: instant.nanos.saturating_add(nanos), zone: instant.zone };
            Ok(Value::Object(machine.objects.keep(Object::Time(sum))))
        },
        _ => return None,
    };
    Some(Value::Bound(object, method))
}
