//! Programs whose every choice is a byte: each ends in a verdict within its bounds.
#![no_main]

use std::sync::Arc;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use terrane_sentinel::{Limits, Program, Run};

#[path = "../../tests/reference/generate/mod.rs"]
mod generate;

const IMPORTS: &str = "import \"strings\"\nimport \"collection/maps\" as maps\nimport \"collection/lists\" as lists\n\
     import \"collection\"\nimport \"version\"\nimport \"decimal\"\nimport \"time\"\nimport \"base64\"\nimport \"json\"\n\
     import \"sockaddr\"\nimport \"types\"\n";

/// Functions of the imports; they are called with values of the program.
const CALLS: [&str; 32] = [
    "strings.join(A, B)", "strings.split(A, B)", "strings.replace(A, B, C, 2)", "strings.trim(A, B)",
    "strings.trim_left(A, B)", "strings.has_prefix(A, B)", "strings.to_upper(A)", "maps.get(A, B, C)", "maps.set(A, B, C)",
    "maps.pick(A, B)", "maps.omit(A, B)", "maps.unset(A, B)", "maps.has(A, B)", "lists.concat(A, B)",
    "lists.difference(A, B)", "lists.union(A, B)", "lists.sort(A, compare)", "lists.sum(A)", "collection.matches(A, B)",
    "collection.filter(A, func(x) { return x is B })", "version.new(A).satisfies(B)", "version.new(A).compare(B)",
    "decimal.new(A).div(B).string", "decimal.new(A).pow(B).string", "decimal.new(A).exp().string",
    "decimal.new(A).sqrt().ln().string", "time.load(A).add(B).unix", "base64.decode(A)", "json.unmarshal(A)",
    "json.marshal(A)", "sockaddr.is_contained(A, B)", "A matches B",
];

/// Arguments that the functions above understand, and some that they do not.
const VALUES: [&str; 24] = [
    "\"a.b\"", "\"a,b\"", "\",\"", "\"1.2.3-beta+x\"", "\"~> 1.2, < 2\"", "\"1e400\"", "\"-0.5\"", "\"2019-11-16T01:20:30Z\"",
    "\"10.0.0.0/8\"", "\"::1\"", "\"Zm9v\"", "\"{\\\"a\\\": [1]}\"", "\"(a|b)*[^c]{2,3}\"", "1", "-3", "2.5", "{\"a\": {\"b\": 1}}",
    "{\"a\": [{\"b\": 1}]}", "[1, 2.5, 3]", "[\"a\", [\"b\"]]", "[\"a.0.b\", \"a.*\"]", "\"a.*.b\"", "null", "undefined",
];

fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes.iter();
    let mut choose = |below: usize| rest.next().map_or(0, |b| usize::from(*b)) % below.max(1);
    let mut text = String::from(IMPORTS);
    for number in 0..choose(4) {
        let mut call = CALLS[choose(CALLS.len())].to_owned();
        for place in ["A", "B", "C"] {
            call = call.replace(place, VALUES[choose(VALUES.len())]);
        }
        text.push_str(&format!("call{number} = func() {{ return {call} }}\nif {} {{ print(call{number}()) }}\n", choose(2) == 0));
    }
    text.push_str(&generate::program(&mut choose));
    let program = Program::parse("p", text.as_bytes()).unwrap_or_else(|problem| panic!("{problem}\n{text}"));
    let mut run = Run::new(Arc::new(program));
    run.limits = Limits { steps: 50_000, depth: 50, memory: 16 << 20, time: Some(Duration::from_secs(5)), output: 1 << 16, ..Limits::default() };
    let report = run.evaluate();
    let message = report.error.map(|(message, _)| message).unwrap_or_default();
    assert!(!message.contains("engine failed") && !message.contains("time limit"), "{message}\n{text}");
});
