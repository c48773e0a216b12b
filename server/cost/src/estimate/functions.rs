//! The functions of the definition language.

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::evaluate::Evaluator;
use super::value::{Gap, Value};
use super::vendor;
use crate::definition::Expression;

/// Calls a function by its name.
pub(crate) fn call<'v>(
    evaluator: &mut Evaluator<'v, '_>,
    name: &str,
    arguments: &'v [Expression],
) -> Result<Value<'v>, Gap> {
    let mut given = Vec::with_capacity(arguments.len());
    for argument in arguments {
        given.push(evaluator.evaluate(argument));
    }
    let number = |at: usize| argument(&given, at).and_then(Value::number);
    let text = |at: usize| argument(&given, at).and_then(Value::text);
    Ok(match name {
        // What a unit of something costs, in the resource's region.
        "price" => Value::Number(evaluator.look_up(&text(0)?)?),
        // A figure that is no price but is kept with them, such as the vCPUs of a machine type.
        "fact" => match evaluator.catalogue.find(&format!("facts/{}", text(0)?), "*") {
            Some(fact) => Value::Number(fact.amount),
            None => Value::Void(Gap::Invalid(format!("nothing is known of {}", text(0)?))),
        },
        "min" | "max" => {
            let mut best = number(0)?;
            for at in 1..given.len() {
                best = if name == "min" { best.min(number(at)?) } else { best.max(number(at)?) };
            }
            Value::Number(best)
        }
        "ceil" => Value::Number(number(0)?.ceil()),
        "floor" => Value::Number(number(0)?.floor()),
        "round" => Value::Number(number(0)?.round()),
        "number" => Value::Number(number(0)?),
        "len" => Value::Number(argument(&given, 0)?.items()?.len().into()),
        "lower" => Value::Text(Cow::Owned(text(0)?.to_lowercase())),
        "upper" => Value::Text(Cow::Owned(text(0)?.to_uppercase())),
        "contains" => match argument(&given, 0)? {
            Value::Text(hay) => Value::Bool(hay.contains(text(1)?.as_ref())),
            list => {
                let (mut found, needle) = (false, text(1)?);
                for item in list.items()? {
                    found |= item.text()? == needle;
                }
                Value::Bool(found)
            }
        },
        "starts" => Value::Bool(text(0)?.starts_with(text(1)?.as_ref())),
        "ends" => Value::Bool(text(0)?.ends_with(text(1)?.as_ref())),
        "replace" => Value::Text(Cow::Owned(text(0)?.replace(text(1)?.as_ref(), &text(2)?))),
        "digits" => Value::Text(Cow::Owned(text(0)?.chars().filter(char::is_ascii_digit).collect())),
        "letters" => Value::Text(Cow::Owned(text(0)?.chars().take_while(char::is_ascii_alphabetic).collect())),
        // `split(text, separator, nth)`; counted from the end when negative.
        "split" => {
            let (whole, separator) = (text(0)?, text(1)?);
            let parts: Vec<&str> = whole.split(separator.as_ref()).collect();
            let at: i64 = number(2)?.try_into().unwrap_or(i64::MAX);
            let at =
                if at < 0 { parts.len().checked_sub(usize::try_from(-at).unwrap_or(0)) } else { at.try_into().ok() };
            match at.and_then(|at| parts.get(at)) {
                Some(part) => Value::Text(Cow::Owned((*part).to_owned())),
                None => Value::Void(Gap::Unset(format!("part of `{whole}`"))),
            }
        }
        // `pick(value, case, result, case, result, …, otherwise)`
        "pick" => pick(&given)?,
        // `sum(list, field)` and `count(list, field, value)`
        "sum" => {
            let (mut total, field) = (Decimal::ZERO, text(1)?);
            for item in argument(&given, 0)?.items()? {
                let value = member(evaluator, &item, &field);
                total =
                    total.checked_add(value.number()?).ok_or_else(|| Gap::Invalid("a sum is out of range".into()))?;
            }
            Value::Number(total)
        }
        "count" => {
            let (mut total, field, wanted) = (0_u32, text(1)?, text(2)?);
            for item in argument(&given, 0)?.items()? {
                let value = member(evaluator, &item, &field);
                total += u32::from(value.text().is_ok_and(|text| text == wanted));
            }
            Value::Number(total.into())
        }
        // The elements whose field has a value: `where(list, field, value)`
        "where" => {
            let (mut kept, field, wanted) = (Vec::new(), text(1)?, text(2)?);
            for item in argument(&given, 0)?.items()? {
                if member(evaluator, &item, &field).text().is_ok_and(|text| text == wanted) {
                    kept.push(item);
                }
            }
            Value::List(kept)
        }
        // The elements of several lists.
        "concat" => {
            let mut joined = Vec::new();
            for list in &given {
                joined.extend(list.items()?);
            }
            Value::List(joined)
        }
        // How many ways there are to take one of the values of each element: `combinations(dimensions, "values")`.
        "combinations" => {
            let (mut ways, field) = (Decimal::ONE, text(1)?);
            for item in argument(&given, 0)?.items()? {
                let values = Decimal::from(member(evaluator, &item, &field).items()?.len());
                ways = ways
                    .checked_mul(values.max(Decimal::ONE))
                    .ok_or_else(|| Gap::Invalid("a quantity is out of range".into()))?;
            }
            Value::Number(ways)
        }
        // The elements in which a field is written.
        "having" => {
            let (mut kept, field) = (Vec::new(), text(1)?);
            for item in argument(&given, 0)?.items()? {
                let value = member(evaluator, &item, &field);
                if !matches!(value, Value::Void(Gap::Unset(_))) && value.holds().unwrap_or(true) {
                    kept.push(item);
                }
            }
            Value::List(kept)
        }
        // The elements that no element of another list equals in a field: `without(list, field, others)`.
        "without" => {
            let (mut kept, field) = (Vec::new(), text(1)?);
            let others = argument(&given, 2)?.items()?;
            let names: Vec<_> =
                others.iter().filter_map(|other| member(evaluator, other, &field).text().ok()).collect();
            for item in argument(&given, 0)?.items()? {
                if !member(evaluator, &item, &field).text().is_ok_and(|name| names.contains(&name)) {
                    kept.push(item);
                }
            }
            Value::List(kept)
        }
        // A price that we do not have, on purpose.
        "none" => return Err(Gap::Invalid(text(0)?.into_owned())),
        // A block of each element, for those that have it: `having_in(rules, "statement")`.
        "having_in" => {
            let (mut inner, field) = (Vec::new(), text(1)?);
            for item in argument(&given, 0)?.items()? {
                inner.extend(member(evaluator, &item, &field).items()?);
            }
            Value::List(inner)
        }
        // The `value` of the element whose `name` is given, as settings and options are written.
        "option" => {
            let wanted = text(1)?;
            let items = argument(&given, 0)?.items()?;
            let found =
                items.iter().rev().find(|item| member(evaluator, item, "name").text().is_ok_and(|n| n == wanted));
            match found.map(|item| member(evaluator, item, "value")) {
                Some(Value::Text(text)) if text.is_empty() => Value::Void(Gap::Unset(wanted.into_owned())),
                Some(value) => value,
                None => Value::Void(Gap::Unset(wanted.into_owned())),
            }
        }
        // The resource of a type that another resource's attribute names: `hop(resource, attribute, type)`.
        "hop" => {
            let items = argument(&given, 0)?.items()?;
            let (attribute, types) = (text(1)?, [text(2)?.into_owned()]);
            match items.first() {
                Some(Value::Resource(at)) => {
                    let found = evaluator.world.named_by(*at, &attribute, &types, evaluator.side);
                    found
                        .first()
                        .map_or_else(|| Value::Void(Gap::Unset(attribute.into_owned())), |at| Value::Resource(*at))
                }
                _ => Value::Void(Gap::Unset(attribute.into_owned())),
            }
        }
        // Whether somebody chose an attribute of this resource. Providers fill in many that nobody wrote; those are
        // unknown until the apply too, but the configuration says nothing about them.
        "given" => {
            let attribute = text(0)?;
            let resource = &evaluator.world.resources[evaluator.at];
            let known =
                evaluator.subject.node.get(&attribute).is_some_and(|node| !node.is_blank() && node.text() != Some(""));
            Value::Bool(known || evaluator.world.is_configured(resource, &attribute))
        }
        // Whether an attribute will only be known after the apply.
        "unknown" => Value::Bool(matches!(argument(&given, 0)?, Value::Void(Gap::Unknown(_)))),
        // The amount rounded up to the next of the sizes given: `step(amount, 4, 8, 16, …)`
        "step" => {
            let amount = number(0)?;
            let mut chosen = None;
            for at in 1..given.len() {
                let size = number(at)?;
                if chosen.is_none() && amount <= size {
                    chosen = Some(size);
                }
            }
            chosen.map_or_else(|| Value::Void(Gap::Invalid(format!("{amount} is larger than any size"))), Value::Number)
        }
        _ => return vendor::call(name, &given),
    })
}

pub(super) fn argument<'g, 'v>(given: &'g [Value<'v>], at: usize) -> Result<&'g Value<'v>, Gap> {
    given.get(at).ok_or_else(|| Gap::Invalid("a function was called with too few values".into()))
}

fn pick<'v>(given: &[Value<'v>]) -> Result<Value<'v>, Gap> {
    let (wanted, cases) = given.split_first().ok_or_else(|| Gap::Invalid("pick needs values".into()))?;
    let wanted = match wanted {
        Value::Void(Gap::Unset(_) | Gap::Usage(_)) => None,
        wanted => Some(wanted.text()?),
    };
    let mut pairs = cases.chunks_exact(2);
    for pair in pairs.by_ref() {
        if let Some(wanted) = &wanted
            && pair[0].text()? == *wanted
        {
            return Ok(pair[1].clone());
        }
    }
    match pairs.remainder() {
        [otherwise] => Ok(otherwise.clone()),
        _ => Err(Gap::Invalid(format!("`{}` is not a value we know", wanted.unwrap_or(Cow::Borrowed("null"))))),
    }
}

/// A field of an element, the element itself when the field is empty.
fn member<'v>(evaluator: &Evaluator<'v, '_>, item: &Value<'v>, field: &str) -> Value<'v> {
    let unset = || Value::Void(Gap::Unset(field.to_owned()));
    match item {
        _ if field.is_empty() => item.clone(),
        Value::Node(node, _) => Value::of(node.get(field), None, || field.to_owned()),
        Value::Resource(at) => {
            let resource = &evaluator.world.resources[*at];
            Value::of(resource.kept(evaluator.side).get(field), None, || field.to_owned())
        }
        _ => unset(),
    }
}
