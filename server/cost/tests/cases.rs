//! Worked cases of our own: what a resource of a type costs, computed by hand from the catalogue's unit prices.
//!
//! A case file holds, separated by blank lines: `type attributes-as-json`, then `usage …` where it needs any, then one
//! line per component: `part | name | quantity | monthly`, with `-` for what is not known.

use std::fs;
use std::path::Path;

use rust_decimal::Decimal;
use terrane_cost::{Settings, Usage, catalogue};

fn shown(amount: Option<Decimal>) -> String {
    amount.map_or_else(|| "-".to_owned(), |amount| amount.round_dp(4).normalize().to_string())
}

fn check(file: &str, case: &str) {
    let mut lines = case.lines().filter(|line| !line.starts_with('#'));
    let head = lines.next().expect("a case begins with its type");
    let (kind, attributes) = head.split_once(' ').expect("type and attributes");
    let mut usage = Usage::default();
    let mut expected = Vec::new();
    for line in lines {
        match line.strip_prefix("usage ") {
            Some(text) => {
                usage = Usage::read(&format!(r#"{{"resource_usage":{{"{kind}.x":{text}}}}}"#)).expect("usage");
            }
            None => expected.push(line.split('|').map(str::trim).collect::<Vec<_>>().join(" | ")),
        }
    }
    let provider = match kind.split('_').next() {
        Some("aws") => r#""aws":{"name":"aws","expressions":{"region":{"constant_value":"us-east-1"}}}"#,
        Some("google") => r#""google":{"name":"google","expressions":{"region":{"constant_value":"us-central1"}}}"#,
        _ => r#""azurerm":{"name":"azurerm"}"#,
    };
    let plan = format!(
        r#"{{"resource_changes":[{{"address":"{kind}.x","type":"{kind}","change":{{"before":null,"after":{attributes}}}}}],
            "configuration":{{"provider_config":{{{provider}}},"root_module":{{"resources":[{{"address":"{kind}.x","provider_config_key":"{}"}}]}}}}}}"#,
        kind.split('_').next().unwrap_or_default()
    );
    let found = terrane_cost::estimate(&plan, &usage, catalogue::embedded(), &Settings::default()).expect("a plan");
    let found: Vec<String> = found.resources[0]
        .components
        .iter()
        .map(|c| format!("{} | {} | {} | {}", c.part, c.name, shown(c.quantity), shown(c.monthly)))
        .collect();
    assert_eq!(found, expected, "{file}: {head}");
}

#[test]
fn resources_cost_what_was_computed_by_hand() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for case in text.split("\n\n").map(str::trim).filter(|case| !case.is_empty()) {
            check(&path.display().to_string(), case);
            cases += 1;
        }
    }
    assert!(cases >= 20, "only {cases} cases were found");
}
