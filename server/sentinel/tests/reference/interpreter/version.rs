//! `version`.

use std::cmp::Ordering;

use super::standard::utf8;
use super::value::{Object, Outcome, Value};

/// A version.
pub(crate) struct Version {
    numbers: Vec<u64>,
    given: usize,
    prerelease: String,
    metadata: String,
}

/// Methods of a version.
pub(crate) const METHODS: [&str; 14] = [
    "greater_than",
    "gt",
    "greater_than_or_equals",
    "gte",
    "less_than",
    "lt",
    "less_than_or_equals",
    "lte",
    "equals",
    "eq",
    "compare",
    "cmp",
    "satisfies",
    "sat",
];

impl Version {
    /// A version out of text.
    pub(crate) fn parse(text: &str) -> Outcome<Self> {
        let shape =
            regex::Regex::new(r"^\s*v?([0-9]+(?:\.[0-9]+)*)(?:-([^+]*))?(?:\+(.*))?\s*$").map_err(|e| e.to_string())?;
        let found = shape.captures(text).ok_or(format!("{text} is not a version"))?;
        let numbers: Result<Vec<u64>, _> = found[1].split('.').map(str::parse).collect();
        let mut numbers = numbers.map_err(|e| e.to_string())?;
        let given = numbers.len();
        numbers.resize(given.max(3), 0);
        let part = |n: usize| found.get(n).map_or(String::new(), |m| m.as_str().to_owned());
        Ok(Self { numbers, given, prerelease: part(2), metadata: part(3) })
    }

    /// A part of the version.
    pub(crate) fn data(&self, word: &str) -> Option<Value> {
        Some(match word {
            "major" => Value::Int(self.numbers[0] as i64),
            "minor" => Value::Int(self.numbers[1] as i64),
            "patch" => Value::Int(self.numbers[2] as i64),
            "prerelease" => Value::text(&self.prerelease),
            "metadata" => Value::text(&self.metadata),
            "version" => {
                let numbers: Vec<_> = self.numbers.iter().map(u64::to_string).collect();
                let mut text = numbers.join(".");
                for (sign, part) in [('-', &self.prerelease), ('+', &self.metadata)] {
                    if !part.is_empty() {
                        text += &format!("{sign}{part}");
                    }
                }
                Value::text(&text)
            }
            _ => return None,
        })
    }

    fn order(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (self.numbers.clone(), other.numbers.clone());
        let length = a.len().max(b.len());
        a.resize(length, 0);
        b.resize(length, 0);
        // A number sorts before a word, and no pre-release at all behind every one.
        let parts = |text: &str| -> Vec<(u8, u64, String)> {
            let part = |p: &str| p.parse().map_or((1, 0, p.to_owned()), |n| (0, n, String::new()));
            if text.is_empty() { vec![(2, 0, String::new())] } else { text.split('.').map(part).collect() }
        };
        a.cmp(&b).then_with(|| parts(&self.prerelease).cmp(&parts(&other.prerelease)))
    }

    fn satisfies(&self, constraint: &str) -> Outcome<bool> {
        let mut answer = true;
        for part in constraint.split(',').map(str::trim) {
            let version = part.trim_start_matches(['=', '!', '<', '>', '~']);
            let operator = &part[..part.len() - version.len()];
            let wanted = Self::parse(version)?;
            let order = self.order(&wanted);
            let fits = self.prerelease.is_empty() || (!wanted.prerelease.is_empty() && self.numbers == wanted.numbers);
            let kept = (wanted.given - 1).max(1);
            answer &= match operator {
                "" | "=" | "==" => order.is_eq(),
                "!=" => order.is_ne(),
                ">" => fits && order.is_gt(),
                "<" => fits && order.is_lt(),
                ">=" => fits && order.is_ge(),
                "<=" => fits && order.is_le(),
                "~>" => fits && order.is_ge() && self.numbers[..kept] == wanted.numbers[..kept],
                _ => return Err(format!("{part} is not a constraint")),
            };
        }
        Ok(answer)
    }

    /// Calls a method.
    pub(crate) fn method(&self, word: &str, args: &[Value]) -> Outcome<Value> {
        let [arg] = args else { return Err(format!("{word} takes one argument")) };
        if matches!(word, "satisfies" | "sat") {
            return self.satisfies(&utf8(arg)?).map(Value::Bool);
        }
        let order = match arg {
            Value::Object(object) => match &**object {
                Object::Version(other) => self.order(other),
                _ => return Err("not a version".into()),
            },
            other => self.order(&Self::parse(&utf8(other)?)?),
        };
        Ok(match word {
            "greater_than" | "gt" => Value::Bool(order.is_gt()),
            "greater_than_or_equals" | "gte" => Value::Bool(order.is_ge()),
            "less_than" | "lt" => Value::Bool(order.is_lt()),
            "less_than_or_equals" | "lte" => Value::Bool(order.is_le()),
            "equals" | "eq" => Value::Bool(order.is_eq()),
            _ => Value::Int(order as i64),
        })
    }
}
