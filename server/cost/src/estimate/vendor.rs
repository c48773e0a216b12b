//! Functions of the definition language that know how a vendor writes things: sizes, zones, places.

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::functions::argument;
use super::value::{Gap, Value};
use crate::node::Node;

/// Calls a function by its name.
pub(super) fn call<'v>(name: &str, given: &[Value<'v>]) -> Result<Value<'v>, Gap> {
    let text = |at: usize| argument(given, at).and_then(Value::text);
    Ok(match name {
        // Whether a place of Google is a zone: `us-central1-a`.
        "zonal" => Value::Bool(text(0)?.rsplit('-').next().is_some_and(|zone| zone.len() == 1)),
        // CPUs as Kubernetes writes them: `2` or `1500m`.
        "cpu_of" => Value::Number(suffixed(&text(0)?, &[("m", Decimal::new(1, 3))])?),
        // Memory as Kubernetes writes it, in GiB: `512Mi`, `2Gi`, `1G`.
        "memory_of" => {
            let (kibi, giga) = (Decimal::from(1024), Decimal::new(931_322_574_615, 12));
            let units = [("Gi", Decimal::ONE), ("Mi", Decimal::ONE / kibi), ("Ki", Decimal::ONE / kibi / kibi)];
            let units = [units.as_slice(), &[("G", giga), ("M", giga / Decimal::ONE_THOUSAND)]].concat();
            Value::Number(suffixed(&text(0)?, &units)?)
        }
        // What a task of ECS asks for: `1 vCPU` or `1024` units, `2 GB` or `2048` MiB.
        "cpu_units" | "memory_units" => {
            let written = text(0)?.to_uppercase();
            let figure: String = written.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
            let figure = Value::Text(Cow::Owned(figure)).number()?;
            let whole = written.contains("VCPU") || written.contains("GB");
            Value::Number(if whole { figure } else { figure / Decimal::from(1024) })
        }
        // A value under a key that is no word of this language: `entry(annotations, "example.org/key")`.
        "entry" => match argument(given, 0)? {
            Value::Node(node, _) => {
                let key = text(1)?;
                Value::of(node.get(&key), None, || key.into_owned())
            }
            Value::Void(gap) => Value::Void(gap.clone()),
            _ => Value::Void(Gap::Unset("entry".into())),
        },
        // The keys of an object: `keys(amounts)`.
        "keys" => match argument(given, 0)? {
            Value::Node(Node::Object(entries), _) => {
                Value::List(entries.iter().map(|(key, _)| Value::Text(key.clone())).collect())
            }
            Value::Void(gap) => Value::Void(gap.clone()),
            _ => Value::Void(Gap::Unset("keys".into())),
        },
        // Of an amount by destination region, what goes a certain way: `egress(amounts, from, way)`.
        "egress" => Value::Number(egress(argument(given, 0)?, &text(1)?, &text(2)?)?),
        _ => return Err(Gap::Invalid(format!("there is no function `{name}`"))),
    })
}

fn suffixed(text: &str, units: &[(&str, Decimal)]) -> Result<Decimal, Gap> {
    let (figure, factor) = units
        .iter()
        .find_map(|(suffix, factor)| text.strip_suffix(suffix).map(|figure| (figure, *factor)))
        .unwrap_or((text, Decimal::ONE));
    let figure = Value::Text(Cow::Borrowed(figure)).number()?;
    figure.checked_mul(factor).ok_or_else(|| Gap::Invalid("a quantity is out of range".into()))
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Continent {
    NorthAmerica,
    SouthAmerica,
    Europe,
    Asia,
    Oceania,
    Other,
}

fn continent(region: &str) -> Continent {
    match region.split(['-', '_']).next().unwrap_or_default() {
        "us" | "northamerica" => Continent::NorthAmerica,
        "southamerica" => Continent::SouthAmerica,
        "europe" | "eu" => Continent::Europe,
        "asia" => Continent::Asia,
        "australia" => Continent::Oceania,
        _ => Continent::Other,
    }
}

/// Traffic within a region, or from a multi-region to a region in it, is free.
fn egress(amounts: &Value<'_>, from: &str, way: &str) -> Result<Decimal, Gap> {
    let entries = match amounts {
        Value::Node(Node::Object(entries), _) => entries,
        Value::Void(gap) => return Err(gap.clone()),
        _ => return Err(Gap::Invalid("amounts by region were expected".into())),
    };
    let (start, from) = (continent(from), from.replace('-', "_"));
    let mut total = Decimal::ZERO;
    for (to, amount) in entries {
        let to = to.replace('-', "_");
        let end = continent(&to);
        if to == from || (!from.contains('_') && start == end) {
            continue;
        }
        let goes = if start == Continent::Oceania || end == Continent::Oceania {
            "oceania"
        } else if start != end {
            "continents"
        } else {
            match start {
                Continent::NorthAmerica => "na",
                Continent::Europe => "europe",
                Continent::Asia => "asia",
                _ => "continents",
            }
        };
        if goes == way {
            let amount = Value::of(Some(amount), None, || to.clone()).number()?;
            total = total.checked_add(amount).ok_or_else(|| Gap::Invalid("a sum is out of range".into()))?;
        }
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_kubernetes_writes_them() {
        let of =
            |name: &str, text: &'static str| call(name, &[Value::Text(Cow::Borrowed(text))]).unwrap().number().unwrap();
        assert_eq!(of("cpu_of", "1500m"), Decimal::new(15, 1));
        assert_eq!(of("memory_of", "512Mi"), Decimal::new(5, 1));
        assert_eq!(of("memory_of", "2Gi"), Decimal::TWO);
        assert!(call("memory_of", &[Value::Text(Cow::Borrowed("much"))]).is_err());
    }
}
