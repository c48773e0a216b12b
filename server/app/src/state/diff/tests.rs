//! Each case is what two states hold, and what their difference says, a line for each thing.

use super::{Action, Diff, Shown, diff};
use serde_json::{Value, json};

#[expect(clippy::needless_pass_by_value, reason = "for `json!` at every call")]
fn resource(kind: &str, name: &str, instances: Value) -> Value {
    json!({ "mode": "managed", "type": kind, "name": name, "provider": "p", "instances": instances })
}

#[expect(clippy::needless_pass_by_value, reason = "for `json!` at every call")]
fn one(name: &str, attributes: Value) -> Value {
    resource("t", name, json!([{ "schema_version": 0, "attributes": attributes }]))
}

#[expect(clippy::needless_pass_by_value, reason = "for `json!` at every call")]
fn state(resources: Value) -> Vec<u8> {
    json!({ "version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "resources": resources })
        .to_string()
        .into()
}

fn shown(shown: &Shown) -> String {
    match shown {
        Shown::Absent => "-".into(),
        Shown::Hidden => "(sensitive)".into(),
        Shown::Value(value) => value.to_string(),
    }
}

fn lines(diff: &Diff) -> Vec<String> {
    let mut lines = Vec::new();
    for change in &diff.resources {
        let from = change.previous_address.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
        lines.push(format!("{} {}{from}", change.action.as_str(), change.address));
        for attribute in &change.attributes {
            lines.push(format!("  {}: {} -> {}", attribute.path, shown(&attribute.before), shown(&attribute.after)));
        }
        lines.extend(change.other.iter().map(|other| format!("  ({other})")));
    }
    for change in &diff.outputs {
        lines.push(format!(
            "{} output {}: {} -> {}",
            change.action.as_str(),
            change.name,
            shown(&change.before),
            shown(&change.after)
        ));
    }
    lines
}

#[track_caller]
fn assert_diff(before: Value, after: Value, expected: &[&str]) {
    assert_eq!(lines(&diff(&state(before), &state(after)).unwrap()), expected);
}

#[test]
fn resources_come_go_and_change() {
    assert_diff(
        json!([
            one("a", json!({ "id": "1", "n": 1 })),
            one("b", json!({ "id": "2" })),
            one("same", json!({ "id": "3" }))
        ]),
        json!([
            one("a", json!({ "id": "1", "n": 2 })),
            one("c", json!({ "id": "4" })),
            one("same", json!({ "id": "3" }))
        ]),
        &["changed t.a", "  n: 1 -> 2", "removed t.b", "  id: \"2\" -> -", "added t.c", "  id: - -> \"4\""],
    );
}

#[test]
fn attributes_have_paths() {
    assert_diff(
        json!([one(
            "a",
            json!({ "tags": { "Name": "x", "a.b/c": "1" }, "rules": [{ "port": 1 }, { "port": 2 }], "x": null, "l": null })
        )]),
        json!([one(
            "a",
            json!({ "tags": { "Name": "y", "a.b/c": "2" }, "rules": [{ "port": 1 }, { "port": 3 }, { "port": 4 }], "l": [] })
        )]),
        &[
            "changed t.a",
            "  l: null -> []",
            "  rules[1].port: 2 -> 3",
            "  rules[2].port: - -> 4",
            "  tags.Name: \"x\" -> \"y\"",
            "  tags[\"a.b/c\"]: \"1\" -> \"2\"",
        ],
    );
}

#[test]
fn an_order_of_keys_is_no_difference() {
    let (before, after) =
        (state(json!([one("a", json!({ "x": 1, "y": 2 }))])), state(json!([one("a", json!({ "x": 1, "y": 2 }))])));
    let after = String::from_utf8(after).unwrap().replace("\"x\":1,\"y\":2", "\"y\" : 2, \"x\":1");
    assert_ne!(before, after.as_bytes());
    assert_eq!(diff(&before, after.as_bytes()).unwrap(), Diff::default());
}

#[test]
fn what_has_the_same_type_and_id_was_moved() {
    let counted =
        resource("t", "b", json!([{ "index_key": 0, "schema_version": 0, "attributes": { "id": "1", "n": 2 } }]));
    assert_diff(
        json!([one("a", json!({ "id": "1", "n": 1 }))]),
        json!([counted]),
        &["moved t.b[0] from t.a", "  n: 1 -> 2"],
    );
    assert_diff(
        json!([one("a", json!({ "id": "1" }))]),
        json!([resource("u", "a", json!([{ "attributes": { "id": "1" } }]))]),
        &["removed t.a", "  id: \"1\" -> -", "added u.a", "  id: - -> \"1\""],
    );
    // Two that could be it: neither is.
    assert_diff(
        json!([one("a", json!({ "id": "1" }))]),
        json!([one("b", json!({ "id": "1" })), one("c", json!({ "id": "1" }))]),
        &["removed t.a", "  id: \"1\" -> -", "added t.b", "  id: - -> \"1\"", "added t.c", "  id: - -> \"1\""],
    );
    assert_diff(
        json!([one("a", json!({ "id": "" })), one("x", json!({}))]),
        json!([one("b", json!({ "id": "" })), one("y", json!({}))]),
        &["removed t.a", "  id: \"\" -> -", "added t.b", "  id: - -> \"\"", "removed t.x", "added t.y"],
    );
}

#[test]
fn a_secret_is_told_and_not_shown() {
    let instance = |value: &str, sensitive: Value| {
        let attributes = json!({ "a": { "deep": [value, "open"] }, "password": value, "config": { "api_token": value }, "either": value });
        resource("t", "a", json!([{ "attributes": attributes, "sensitive_attributes": sensitive }]))
    };
    let path = json!([
        { "type": "get_attr", "value": "a" }, { "type": "get_attr", "value": "deep" },
        { "type": "index", "value": { "value": 0, "type": "number" } },
    ]);
    let either = json!([{ "type": "get_attr", "value": "either" }]);
    let (before, after) = (instance("hush-1", json!([path, either])), instance("hush-2", json!([path])));
    assert_diff(
        json!([before]),
        json!([after]),
        &[
            "changed t.a",
            "  a.deep[0]: (sensitive) -> (sensitive)",
            "  config.api_token: (sensitive) -> (sensitive)",
            "  either: (sensitive) -> (sensitive)",
            "  password: (sensitive) -> (sensitive)",
        ],
    );
    for (before, after) in [(json!([]), json!([after])), (json!([before]), json!([]))] {
        let whole = diff(&state(before), &state(after)).unwrap();
        let text = format!("{whole:?}");
        assert!(!text.contains("hush-1\", \"open") && text.contains("open"), "{text}");
        assert_eq!(text.matches("hush").count(), usize::from(text.contains("hush-2")), "{text}");
    }
    // Where it takes the place of another kind of thing, all of it is hidden.
    let (before, after) = (one("a", json!({ "config": "text" })), one("a", json!({ "config": { "secret": "hush" } })));
    assert_diff(json!([before]), json!([after]), &["changed t.a", "  config: (sensitive) -> (sensitive)"]);
}

#[test]
fn outputs_differ_by_name() {
    let with = |outputs: Value| {
        json!({ "version": 4, "terraform_version": "1.11.4", "outputs": outputs }).to_string().into_bytes()
    };
    let before = with(
        json!({ "a": { "value": 1, "type": "number" }, "b": { "value": 1, "type": "number" }, "s": { "value": "hush", "type": "string" } }),
    );
    let after = with(
        json!({ "a": { "value": 2, "type": "number" }, "c": { "value": [1], "type": "x" }, "s": { "value": "hush2", "type": "string", "sensitive": true } }),
    );
    assert_eq!(
        lines(&diff(&before, &after).unwrap()),
        [
            "changed output a: 1 -> 2",
            "removed output b: 1 -> -",
            "added output c: - -> [1]",
            "changed output s: (sensitive) -> (sensitive)",
        ]
    );
}

#[test]
fn what_is_no_attribute_is_named() {
    let tainted =
        resource("t", "a", json!([{ "schema_version": 1, "status": "tainted", "attributes": { "id": "1" } }]));
    assert_diff(
        json!([one("a", json!({ "id": "1" }))]),
        json!([tainted]),
        &["changed t.a", "  (schema_version)", "  (status)"],
    );
    let mut other = one("a", json!({ "id": "1" }));
    other["provider"] = "q".into();
    let found = diff(&state(json!([one("a", json!({ "id": "1" }))])), &state(json!([other]))).unwrap();
    assert_eq!(
        (found.resources[0].previous_provider.as_deref(), found.resources[0].provider.as_str()),
        (Some("p"), "q")
    );
    assert_eq!(found.resources[0].action, Action::Changed);
    let older = String::from_utf8(state(json!([]))).unwrap().replace("1.11.4", "1.9.0");
    let found = diff(older.as_bytes(), &state(json!([]))).unwrap();
    assert_eq!(found.terraform_version, Some(("1.9.0".into(), "1.11.4".into())));
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let older = br#"{"version":3,"modules":[]}"#;
    let refused = diff(older, &state(json!([]))).unwrap_err().to_string();
    assert!(refused.contains("format 3"), "{refused}");
    assert!(diff(b"{", b"{}").is_err());
}

#[test]
fn what_is_said_to_be_sensitive_in_no_known_way_hides_all() {
    let instance = |value: &str, sensitive: Value| {
        resource(
            "t",
            "a",
            json!([{ "attributes": { "a": value, "b": { "c": value } }, "sensitive_attributes": sensitive }]),
        )
    };
    for sensitive in [json!([{ "type": "get_attr", "value": "b" }]), json!(["b"]), json!("b"), json!({}), json!([[{}]])]
    {
        assert_diff(
            json!([instance("hush-1", json!([]))]),
            json!([instance("hush-2", sensitive)]),
            &["changed t.a", "  a: (sensitive) -> (sensitive)", "  b: (sensitive) -> (sensitive)"],
        );
    }
    let known = json!([[{ "type": "get_attr", "value": "b" }]]);
    assert_diff(
        json!([instance("1", json!([]))]),
        json!([instance("2", known)]),
        &["changed t.a", "  a: \"1\" -> \"2\"", "  b: (sensitive) -> (sensitive)"],
    );
}

#[test]
fn long_numbers_are_compared_to_their_last_digit() {
    let with = |digit: &str| {
        let state = state(json!([one("a", json!({ "id": "x", "n": 4711 }))]));
        String::from_utf8(state).unwrap().replace("4711", &format!("1844674407370955161700{digit}")).into_bytes()
    };
    assert_eq!(
        lines(&diff(&with("1"), &with("2")).unwrap()),
        ["changed t.a", "  n: \"18446744073709551617001\" -> \"18446744073709551617002\""]
    );
}

#[test]
fn more_than_is_told_is_said() {
    let list = |digit: &str, parts: usize| {
        state(json!([
            one("a", json!({ "l": Vec::from_iter(std::iter::repeat_n(digit, parts)) })),
            one("b", json!(digit))
        ]))
    };
    let whole = diff(&list("1", 9_999), &list("2", 9_999)).unwrap();
    assert_eq!((whole.truncated, whole.resources[0].attributes.len()), (false, 9_999));
    let cut = diff(&list("1", 10_001), &list("2", 10_001)).unwrap();
    assert_eq!((cut.truncated, cut.resources[0].attributes.len()), (true, 10_000));
    // What is too much to read is told to be written differently.
    let unread = diff(&list("1", 200_000), &list("2", 200_000)).unwrap();
    assert_eq!((unread.truncated, lines(&unread)[0].as_str()), (true, "changed t.a"));
    assert!(unread.resources[0].attributes.is_empty());
    let many = |count: usize| {
        let instances: Vec<Value> = (0..count).map(|n| json!({ "index_key": n, "attributes": {} })).collect();
        state(json!([resource("t", "a", json!(instances))]))
    };
    let cut = diff(&many(0), &many(5_001)).unwrap();
    assert_eq!((cut.truncated, cut.resources.len()), (true, 5_000));
    let text = |letter: &str| state(json!([one("a", json!({ "t": letter.repeat(20 << 20), "u": 1 }))]));
    let large = diff(&text("a"), &text("b")).unwrap();
    assert!(large.truncated && large.resources.len() == 1 && large.resources[0].attributes.is_empty());
}

#[test]
fn what_is_written_otherwise_is_a_conflict() {
    let with = |outputs: &str| format!(r#"{{"version":4,"outputs":{outputs},"resources":[]}}"#).into_bytes();
    for outputs in [r#"{"o":"hush"}"#, r#"{"o":{"value":"hush","sensitive":"hush"}}"#, r#"{"o":["hush"]}"#, r#""hush""#]
    {
        let refused = diff(&with(outputs), &with("{}")).unwrap_err();
        assert!(matches!(&refused, crate::Error::Conflict(why) if !why.contains("hush")), "{refused:?}");
    }
    let odd = state(json!([{ "type": "t", "name": "a", "instances": ["hush"] }]));
    let refused = diff(&odd, &state(json!([]))).unwrap_err();
    assert!(matches!(&refused, crate::Error::Conflict(why) if !why.contains("hush")), "{refused:?}");
}
