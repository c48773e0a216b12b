//! Versions and differences as lines.

use serde_json::Value;
use std::fmt::Write as _;

/// The longest value that is printed whole, in characters.
const LONGEST: usize = 120;

/// What must not reach a terminal as it is.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

fn text(value: &Value) -> String {
    clean(value.as_str().unwrap_or_default())
}

/// One version, in a line.
pub(super) fn version(version: &Value, current: bool) -> String {
    let attributes = &version["attributes"];
    let current = if current { "  current" } else { "" };
    let back = version["relationships"]["rollback-state-version"]["data"]["id"].as_str();
    let back = back.map(|id| format!("  back to {}", clean(id))).unwrap_or_default();
    let never = if attributes["status"] == "finalized" { "" } else { "  never current" };
    format!(
        "{}  serial {}  {}  {} bytes  {}{current}{never}{back}\n",
        text(&version["id"]),
        attributes["serial"],
        text(&attributes["created-at"]),
        attributes["size"],
        text(&attributes["terraform-version"]),
    )
}

/// What a state holds: addresses, and outputs that are not sensitive.
pub(super) fn state(state: &Value) -> String {
    let mut lines = String::new();
    for resource in state["resources"].as_array().into_iter().flatten() {
        let module = resource["module"].as_str().map(|module| format!("{}.", clean(module))).unwrap_or_default();
        let data = if resource["mode"] == "data" { "data." } else { "" };
        for instance in resource["instances"].as_array().into_iter().flatten() {
            let key = &instance["index_key"];
            let index = if key.is_null() { String::new() } else { format!("[{}]", clean(&key.to_string())) };
            let deposed =
                instance["deposed"].as_str().map(|key| format!(" (deposed {})", clean(key))).unwrap_or_default();
            let (kind, name) = (text(&resource["type"]), text(&resource["name"]));
            let _ = writeln!(lines, "{module}{data}{kind}.{name}{index}{deposed}");
        }
    }
    for (name, output) in state["outputs"].as_object().into_iter().flatten() {
        let value = if output["sensitive"] == true { "(sensitive)".to_owned() } else { short(&output["value"]) };
        let _ = writeln!(lines, "output {} = {value}", clean(name));
    }
    lines
}

fn short(value: &Value) -> String {
    let whole = value.to_string();
    if whole.chars().count() <= LONGEST {
        return clean(&whole);
    }
    clean(&whole.chars().take(LONGEST).collect::<String>()) + "…"
}

fn shown(side: &Value) -> String {
    match side {
        Value::Null => "(none)".to_owned(),
        side if side["sensitive"] == true => "(sensitive)".to_owned(),
        side => short(&side["value"]),
    }
}

/// What differs, a line for each thing.
pub(super) fn diff(attributes: &Value, colours: bool) -> String {
    let mut lines = String::new();
    let mut line = |action: &str, rest: String| {
        let (sign, colour) = match action {
            "added" => ('+', "\x1b[32m"),
            "removed" => ('-', "\x1b[31m"),
            "moved" => ('>', "\x1b[36m"),
            _ => ('~', "\x1b[33m"),
        };
        let _ =
            if colours { writeln!(lines, "{colour}{sign}\x1b[0m {rest}") } else { writeln!(lines, "{sign} {rest}") };
    };
    let versions = &attributes["terraform-version"];
    if versions.is_object() {
        line("changed", format!("terraform {} -> {}", text(&versions["before"]), text(&versions["after"])));
    }
    for change in attributes["resources"].as_array().into_iter().flatten() {
        let action = change["action"].as_str().unwrap_or_default();
        let from =
            change["previous-address"].as_str().map(|from| format!(" (was {})", clean(from))).unwrap_or_default();
        line(action, text(&change["address"]) + &from);
        if let Some(provider) = change["previous-provider"].as_str() {
            line(action, format!("    provider: {} -> {}", clean(provider), text(&change["provider"])));
        }
        if matches!(action, "added" | "removed") {
            continue;
        }
        for attribute in change["attributes"].as_array().into_iter().flatten() {
            let (before, after) = (shown(&attribute["before"]), shown(&attribute["after"]));
            line("changed", format!("    {}: {before} -> {after}", text(&attribute["path"])));
        }
        for other in change["other"].as_array().into_iter().flatten() {
            line("changed", format!("    {} differs", text(other)));
        }
    }
    for change in attributes["outputs"].as_array().into_iter().flatten() {
        let (before, after) = (shown(&change["before"]), shown(&change["after"]));
        line(
            change["action"].as_str().unwrap_or_default(),
            format!("output {}: {before} -> {after}", text(&change["name"])),
        );
    }
    if attributes["addresses-only"] == true {
        lines.push_str("The states are large: only addresses were compared.\n");
    }
    if attributes["truncated"] == true {
        lines.push_str("More differs than is told here: download both versions to see all of it.\n");
    }
    if lines.is_empty() { "Nothing differs.\n".to_owned() } else { lines }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_difference_is_lines() {
        let document = json!({
            "terraform-version": { "before": "1.9.0", "after": "1.11.4" },
            "resources": [
                { "action": "changed", "address": "t.a", "attributes": [
                    { "path": "n", "before": { "value": 1 }, "after": { "value": "x\u{1b}[2J" } },
                    { "path": "p", "before": { "sensitive": true }, "after": null } ], "other": ["status"] },
                { "action": "moved", "address": "t.c", "previous-address": "t.b", "attributes": [], "other": [] },
                { "action": "removed", "address": "t.d", "attributes": [{ "path": "n", "before": { "value": 1 }, "after": null }] },
            ],
            "outputs": [{ "action": "added", "name": "o", "before": null, "after": { "value": "y".repeat(500) } }],
        });
        let printed = diff(&document, false);
        let expected = "~ terraform 1.9.0 -> 1.11.4\n~ t.a\n~     n: 1 -> \"x\\u001b[2J\"\n~     p: (sensitive) -> (none)\n~     status differs\n> t.c (was t.b)\n- t.d\n";
        assert_eq!(printed[..expected.len()], *expected);
        assert!(printed.lines().all(|line| line.chars().count() < LONGEST + 40), "{printed}");
        assert!(diff(&document, true).contains("\x1b[31m-\x1b[0m t.d"));
        assert_eq!(diff(&json!({}), false), "Nothing differs.\n");
        assert!(diff(&json!({ "truncated": true }), false).starts_with("More differs"));
    }

    #[test]
    fn a_state_is_addresses_and_outputs() {
        let document = json!({
            "resources": [
                { "module": "module.m", "mode": "managed", "type": "t", "name": "a", "instances": [{ "index_key": 0 }, { "index_key": "k" }] },
                { "mode": "data", "type": "d", "name": "b", "instances": [{}] },
            ],
            "outputs": { "s": { "value": "hush", "sensitive": true }, "v": { "value": [1] } },
        });
        assert_eq!(
            state(&document),
            "module.m.t.a[0]\nmodule.m.t.a[\"k\"]\ndata.d.b\noutput s = (sensitive)\noutput v = [1]\n"
        );
    }
}
