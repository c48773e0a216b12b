//! `version`: versions and constraints.

use std::cmp::Ordering;
use std::fmt;

use super::utf8;
use crate::builtin::exactly;
use crate::eval::{Machine, Outcome, fault};
use crate::unsettled::Unsettled;
use crate::value::{Method, Native, Object, Value};

/// A version: its numbers (at least three), prerelease and metadata.
pub(crate) struct Version {
    numbers: Vec<u64>,
    given: usize,
    prerelease: String,
    metadata: String,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<_> = self.numbers.iter().map(u64::to_string).collect();
        f.write_str(&numbers.join("."))?;
        if !self.prerelease.is_empty() {
            write!(f, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, metadata) = text.split_once('+').unwrap_or((text, ""));
        let (core, prerelease) = text.split_once('-').unwrap_or((text, ""));
        let mut numbers = core.split('.').map(|n| n.parse().ok()).collect::<Option<Vec<u64>>>()?;
        let given = numbers.len();
        while numbers.len() < 3 {
            numbers.push(0);
        }
        Some(Self { numbers, given, prerelease: prerelease.to_owned(), metadata: metadata.to_owned() })
    }

    /// The memory it holds outside itself.
    pub(crate) fn bytes(&self) -> usize {
        self.numbers.capacity() * size_of::<u64>() + self.prerelease.capacity() + self.metadata.capacity()
    }

    fn order(&self, other: &Self) -> Ordering {
        let len = self.numbers.len().max(other.numbers.len());
        let at = |v: &Self, n: usize| v.numbers.get(n).copied().unwrap_or(0);
        for n in 0..len {
            match at(self, n).cmp(&at(other, n)) {
                Ordering::Equal => {}
                unequal => return unequal,
            }
        }
        match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => prerelease(&self.prerelease, &other.prerelease),
        }
    }

    fn satisfies(&self, constraint: &str) -> Option<bool> {
        let mut all = true;
        for part in constraint.split(',') {
            let part = part.trim();
            let at = part.find(|c: char| !"=!<>~".contains(c)).unwrap_or(part.len());
            let wanted = Self::parse(&part[at..])?;
            let order = self.order(&wanted);
            let allowed =
                self.prerelease.is_empty() || (!wanted.prerelease.is_empty() && self.numbers == wanted.numbers);
            let holds = match &part[..at] {
                "" | "=" | "==" => order.is_eq(),
                "!=" => order.is_ne(),
                ">" => allowed && order.is_gt(),
                "<" => allowed && order.is_lt(),
                ">=" => allowed && order.is_ge(),
                "<=" => allowed && order.is_le(),
                "~>" => {
                    let fixed = wanted.given.saturating_sub(1).max(1);
                    allowed && order.is_ge() && self.numbers.iter().take(fixed).eq(wanted.numbers.iter().take(fixed))
                }
                _ => return None,
            };
            all = all && holds;
        }
        Some(all)
    }
}

fn prerelease(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

pub(super) fn function(name: &str) -> Option<Native> {
    (name == "new").then_some(|machine, args, _| {
        let [value] = exactly(args, "new")?;
        if let Value::Object(Object::Version(_)) = value {
            return Ok(value);
        }
        let text = utf8(value, "version.new")?;
        machine.room(text.len() * size_of::<u64>())?;
        match Version::parse(&text) {
            Some(version) => Ok(Value::Object(machine.objects.keep(Object::Version(version)))),
            None => fault(format!("{text:?} is not a version")),
        }
    })
}

fn compared<'h>(object: &Object, args: &[Value<'h>]) -> Outcome<Ordering> {
    let Object::Version(version) = object else { return fault("this is not a version") };
    match exactly(args, "a comparison")? {
        [Value::Object(Object::Version(other))] => Ok(version.order(other)),
        [other] => {
            let text = utf8(other, "a comparison")?;
            match Version::parse(&text) {
                Some(other) => Ok(version.order(&other)),
                None => fault(format!("{text:?} is not a version")),
            }
        }
    }
}

pub(super) fn object_member<'h>(
    machine: &mut Machine<'h>,
    object: &'h Object,
    version: &Version,
    name: &str,
) -> Option<Value<'h>> {
    let number = |n: usize| Value::Int(i64::try_from(version.numbers[n]).unwrap_or(i64::MAX));
    let method: Method = match name {
        "major" => return Some(number(0)),
        "minor" => return Some(number(1)),
        "patch" => return Some(number(2)),
        "prerelease" => return Some(Value::text(machine.bump, &version.prerelease)),
        "metadata" => return Some(Value::text(machine.bump, &version.metadata)),
        "version" => return Some(Value::text(machine.bump, &version.to_string())),
        "greater_than" | "gt" => |_, v, args, _| Ok(Value::Bool(compared(v, args)?.is_gt())),
        "greater_than_or_equals" | "gte" => |_, v, args, _| Ok(Value::Bool(compared(v, args)?.is_ge())),
        "less_than" | "lt" => |_, v, args, _| Ok(Value::Bool(compared(v, args)?.is_lt())),
        "less_than_or_equals" | "lte" => |_, v, args, _| Ok(Value::Bool(compared(v, args)?.is_le())),
        "equals" | "eq" => |_, v, args, _| Ok(Value::Bool(compared(v, args)?.is_eq())),
        "compare" | "cmp" => |machine, v, args, _| {
            let order = compared(v, args)?;
            if order.is_ne() {
                machine.unsettled(Unsettled::VersionSign)?;
            }
            Ok(Value::Int(order as i64))
        },
        "satisfies" | "sat" => |_, v, args, _| {
            let [constraint] = exactly(args, "satisfies")?;
            let text = utf8(constraint, "satisfies")?;
            let Object::Version(version) = v else { return fault("this is not a version") };
            match version.satisfies(&text) {
                Some(answer) => Ok(Value::Bool(answer)),
                None => fault(format!("{text:?} is not a constraint")),
            }
        },
        _ => return None,
    };
    Some(Value::Bound(object, method))
}
