//! `time`: the calendar is walked day by day.

use super::standard::{object, utf8};
use super::value::{Object, Outcome, Value};

const SECOND: i128 = 1_000_000_000;
const MONTHS: [(&str, i64); 12] = [
    ("January", 31),
    ("February", 28),
    ("March", 31),
    ("April", 30),
    ("May", 31),
    ("June", 30),
    ("July", 31),
    ("August", 31),
    ("September", 30),
    ("October", 31),
    ("November", 30),
    ("December", 31),
];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Lengths in nanoseconds.
pub(crate) fn constant(word: &str) -> Value {
    let lengths = [
        ("nanosecond", 1),
        ("microsecond", 1000),
        ("millisecond", 1_000_000),
        ("second", SECOND as i64),
        ("minute", 60 * SECOND as i64),
        ("hour", 3600 * SECOND as i64),
    ];
    lengths.iter().find(|l| l.0 == word).map_or(Value::Undefined, |l| Value::Int(l.1))
}

fn leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn month_length(year: i64, month: usize) -> i64 {
    MONTHS[month].1 + i64::from(month == 1 && leap(year))
}

/// Year, month from 0, day from 1, of a day counted from 1970.
fn calendar(mut days: i64) -> (i64, usize, i64) {
    let mut year = 1970;
    while days < 0 {
        year -= 1;
        days += 365 + i64::from(leap(year));
    }
    while days >= 365 + i64::from(leap(year)) {
        days -= 365 + i64::from(leap(year));
        year += 1;
    }
    let mut month = 0;
    while days >= month_length(year, month) {
        days -= month_length(year, month);
        month += 1;
    }
    (year, month, days + 1)
}

/// The parts of an instant.
pub(crate) fn data(nanos: i128, zone: i64, word: &str) -> Option<Value> {
    let unix = nanos.div_euclid(SECOND) as i64;
    let local = unix + zone;
    let (days, second) = (local.div_euclid(86_400), local.rem_euclid(86_400));
    let (year, month, day) = calendar(days);
    let weekday = (days + 4).rem_euclid(7);
    Some(match word {
        "year" => Value::Int(year),
        "month" => Value::Int(month as i64 + 1),
        "month_name" => Value::text(MONTHS[month].0),
        "day" => Value::Int(day),
        "hour" => Value::Int(second / 3600),
        "minute" => Value::Int(second / 60 % 60),
        "second" => Value::Int(second % 60),
        "weekday" => Value::Int(weekday),
        "weekday_name" => Value::text(WEEKDAYS[weekday as usize]),
        "unix" => Value::Int(unix),
        "unix_nano" => Value::Int(i64::try_from(nanos).ok()?),
        "zone" => Value::Int(zone),
        "zone_string" => {
            let sign = if zone < 0 { '-' } else { '+' };
            Value::text(&format!("{sign}{:02}:{:02}", zone.abs() / 3600, zone.abs() / 60 % 60))
        }
        _ => return None,
    })
}

/// Nanoseconds since 1970 and zone of what can stand for an instant.
pub(crate) fn of(value: &Value) -> Outcome<(i128, i64)> {
    match value {
        Value::Object(object) => match **object {
            Object::Time { nanos, zone } => Ok((nanos, zone)),
            _ => Err("not a time".into()),
        },
        Value::Int(unix) => Ok((i128::from(*unix) * SECOND, 0)),
        Value::Float(unix) => Ok(((unix * 1e9) as i128, 0)),
        other => parse(&utf8(other)?).ok_or("not a time of RFC 3339".into()),
    }
}

fn parse(text: &str) -> Option<(i128, i64)> {
    let shape =
        regex::Regex::new(r"^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$").ok()?;
    let found = shape.captures(text)?;
    let part = |n: usize| found[n].parse::<i64>().ok();
    let (year, month, day) = (part(1)?, part(2)?, part(3)?);
    let (hour, minute, second) = (part(4)?, part(5)?, part(6)?);
    let month = usize::try_from(month - 1).ok().filter(|m| *m < 12)?;
    if day < 1 || day > month_length(year, month) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let years = if year < 1970 { year..1970 } else { 1970..year };
    let of_years: i64 = years.map(|y| 365 + i64::from(leap(y))).sum();
    let days = if year < 1970 { -of_years } else { of_years };
    let days = days + (0..month).map(|m| month_length(year, m)).sum::<i64>() + day - 1;
    let zone = match &found[8] {
        "Z" | "z" => 0,
        zone => {
            let minutes = zone[1..3].parse::<i64>().ok()? * 60 + zone[4..6].parse::<i64>().ok()?;
            minutes * if zone.starts_with('-') { -60 } else { 60 }
        }
    };
    let fraction = found.get(7).map_or("", |f| &f.as_str()[1..]);
    let fraction: i128 = format!("{fraction:0<9}")[..9].parse().ok()?;
    let unix = days * 86_400 + hour * 3600 + minute * 60 + second - zone;
    Some((i128::from(unix) * SECOND + fraction, zone))
}

/// Calls a method of an instant.
pub(crate) fn method(nanos: i128, zone: i64, word: &str, args: &[Value]) -> Outcome<Value> {
    let [arg] = args else { return Err(format!("{word} takes one argument")) };
    if word == "add" {
        let more = match arg {
            Value::Int(i) => i128::from(*i),
            Value::Float(f) => *f as i128,
            other => return Err(format!("add {}", other.kind())),
        };
        return Ok(object(Object::Time { nanos: nanos + more, zone }));
    }
    let other = of(arg)?.0;
    Ok(match word {
        "before" => Value::Bool(nanos < other),
        "after" => Value::Bool(nanos > other),
        "equal" => Value::Bool(nanos == other),
        _ => Value::Int(i64::try_from(nanos - other).map_err(|e| e.to_string())?),
    })
}
