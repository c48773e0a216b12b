//! Worked cases of our own: what a resource of a type costs, computed by hand from the vendors' price models. Every type
//! we claim to price has one.
//!
//! A case file holds cases separated by blank lines:
//!
//! ```text
//! # why
//! aws_ebs_snapshot {"volume_id": "@aws_ebs_volume.v.id"}    one or more types and the attributes
//! with aws_ebs_volume.v {"size": 40}                        another resource, named above by `@`
//! in eu-west-1                                              another region than the usual one
//! usage {"fast_snapshot_restore_hours": 100}
//!  | EBS snapshot storage | 40 | 2                          part | name | quantity | a month, in the order of the type
//! ```
//!
//! A quantity or amount that is not known is `-`. Without an amount only a price must be there; `!` says that there is
//! none on purpose. A resource that costs nothing is `free`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use terrane_cost::{Component, Resource, Settings, State, Usage, catalogue, priced_types};

#[derive(Default)]
struct Case {
    types: Vec<String>,
    attributes: Value,
    others: Vec<(String, Value)>,
    region: Option<String>,
    usage: Option<String>,
    expected: Vec<String>,
}

fn read(text: &str) -> Case {
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let head = lines.next().expect("a case begins with its types");
    let (types, attributes) = head.split_once(" {").unwrap_or_else(|| panic!("{head}: types and attributes"));
    let parse = |text: &str| serde_json::from_str(text).unwrap_or_else(|error| panic!("{head}: {error}"));
    let mut case = Case {
        types: types.split(' ').map(str::to_owned).collect(),
        attributes: parse(&format!("{{{attributes}")),
        ..Case::default()
    };
    for line in lines {
        match line.split_once(' ') {
            Some(("with", rest)) => {
                let (address, attributes) = rest.split_once(' ').expect("an address and attributes");
                case.others.push((address.to_owned(), parse(attributes)));
            }
            Some(("in", region)) => case.region = Some(region.to_owned()),
            Some(("usage", usage)) => case.usage = Some(usage.to_owned()),
            _ => case.expected.push(line.to_owned()),
        }
    }
    case
}

/// Splits attributes into what the plan knows, what only the apply will know, and how it is configured.
fn configured(value: &Value) -> (Option<Value>, Option<Value>, Value) {
    match value {
        Value::String(text) if text.starts_with('@') => {
            let name = &text[1..];
            let resource: Vec<&str> = name.split('.').take(2).collect();
            (None, Some(json!(true)), json!({ "references": [name, resource.join(".")] }))
        }
        Value::Object(entries) => {
            let (mut known, mut unknown, mut expressions) = (Map::new(), Map::new(), Map::new());
            for (key, value) in entries {
                let (is, will, expression) = configured(value);
                known.extend(is.map(|is| (key.clone(), is)));
                unknown.extend(will.map(|will| (key.clone(), will)));
                expressions.insert(key.clone(), expression);
            }
            (Some(known.into()), Some(unknown.into()), expressions.into())
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let (mut known, mut unknown, mut expressions) = (Vec::new(), Vec::new(), Vec::new());
            for item in items {
                let (is, will, expression) = configured(item);
                known.push(is.unwrap_or(Value::Null));
                unknown.push(will.unwrap_or(json!(false)));
                expressions.push(expression);
            }
            (Some(known.into()), Some(unknown.into()), expressions.into())
        }
        plain => (Some(plain.clone()), None, json!({ "constant_value": plain })),
    }
}

fn plan(kind: &str, case: &Case) -> String {
    let (mut changes, mut resources) = (Vec::new(), Vec::new());
    let provider = kind.split('_').next().unwrap_or_default();
    let mut add = |address: &str, attributes: &Value| {
        let kind = address.split('.').next().unwrap_or_default();
        let (after, unknown, expressions) = configured(attributes);
        changes.push(json!({"address": address, "mode": "managed", "type": kind,
            "change": {"actions": ["create"], "before": null, "after": after, "after_unknown": unknown}}));
        let place = address.split('[').next().unwrap_or_default();
        resources.push(json!({"address": place, "mode": "managed", "type": kind, "provider_config_key": provider,
            "expressions": expressions}));
    };
    let mut own = case.attributes.clone();
    if let (Some(own), Some(region), true) = (own.as_object_mut(), &case.region, provider == "azurerm") {
        own.insert("location".to_owned(), json!(region));
    }
    add(&format!("{kind}.x"), &own);
    for (address, attributes) in &case.others {
        add(address, attributes);
    }
    let region = case.region.as_deref().unwrap_or(if provider == "aws" { "us-east-1" } else { "us-central1" });
    let config = match provider {
        "azurerm" => json!({ "azurerm": { "name": "azurerm" } }),
        name => json!({ name: { "name": name, "expressions": { "region": { "constant_value": region } } } }),
    };
    json!({"format_version": "1.2", "resource_changes": changes,
        "configuration": {"provider_config": config, "root_module": {"resources": resources}}})
    .to_string()
}

fn shown(amount: Option<Decimal>) -> String {
    amount.map_or_else(|| "-".to_owned(), |amount| amount.round_dp(4).normalize().to_string())
}

/// A found component in the words of an expected one: with an amount only where one is expected.
fn told(component: &Component, expected: Option<&String>) -> String {
    let start = format!("{} | {} | {}", component.part, component.name, shown(component.quantity));
    match expected.and_then(|line| line.split('|').nth(3)).map(str::trim) {
        Some("!") if component.unit_price.is_none() && component.state == State::NotEstimated => format!("{start} | !"),
        None if component.unit_price.is_some() && component.state != State::NotEstimated => start,
        _ => {
            let reason = component.reason.as_deref().filter(|_| component.state == State::NotEstimated);
            let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
            format!("{start} | {}{reason}", shown(component.monthly))
        }
    }
}

fn check(file: &str, text: &str) -> Vec<String> {
    let case = read(text);
    let mut wrong = Vec::new();
    for kind in &case.types {
        let usage = case.usage.as_ref().map(|usage| format!(r#"{{"resource_usage":{{"{kind}.x":{usage}}}}}"#));
        let usage = usage.map_or_else(Usage::default, |text| Usage::read(&text).expect("usage"));
        let plan = plan(kind, &case);
        let found = terrane_cost::estimate(&plan, &usage, catalogue::embedded(), &Settings::default()).expect("a plan");
        let is_it = |resource: &&Resource| resource.address == format!("{kind}.x");
        let resource = found.resources.iter().find(is_it).expect("the resource of the case");
        let expected: Vec<String> =
            case.expected.iter().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>().join(" | ")).collect();
        let mut is: Vec<String> =
            resource.components.iter().enumerate().map(|(at, found)| told(found, expected.get(at))).collect();
        if resource.state == State::Free {
            is.push("free".to_owned());
        }
        if is != expected {
            let (expected, is) = (expected.join("\n    "), is.join("\n    "));
            wrong.push(format!("{file}: {kind}\n  expected\n    {expected}\n  found\n    {is}"));
        }
    }
    wrong
}

fn cases() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder of the cases") {
        let path = entry.expect("a case file").path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let text = fs::read_to_string(&path).expect("a readable case file");
        let holds = |block: &&str| block.lines().any(|line| !line.starts_with('#'));
        cases.extend(text.split("\n\n").map(str::trim).filter(holds).map(|case| (name.clone(), case.to_owned())));
    }
    cases
}

#[test]
fn resources_cost_what_was_computed_by_hand() {
    let wrong: Vec<String> = cases().iter().flat_map(|(file, text)| check(file, text)).collect();
    assert!(wrong.is_empty(), "{} case(s) differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_priced_type_has_a_case() {
    let with_case: BTreeSet<String> = cases().iter().flat_map(|(_, text)| read(text).types).collect();
    let without: Vec<_> = priced_types().into_iter().filter(|kind| !with_case.contains(*kind)).collect();
    assert!(without.is_empty(), "{} type(s) have no case: {without:?}", without.len());
}
