//! Conformance vectors: expressions and small programs with the value each must have.

use std::sync::Arc;

use serde_json::Value as Json;
use terrane_sentinel::{Program, Report, Run, Verdict};

fn run(source: &str) -> Report {
    match Program::parse("policy.sentinel", source.as_bytes()) {
        Ok(program) => Run { watched: vec!["v".into()], ..Run::new(Arc::new(program)) }.evaluate(),
        Err(problem) => panic!("{problem}\nin {source}"),
    }
}

const IMPORTS: &str = "import \"strings\"\nimport \"collection/maps\" as maps\nimport \"collection/lists\" as lists\n\
     import \"collection\"\nimport \"version\"\nimport \"decimal\"\nimport \"time\"\nimport \"base64\"\nimport \"json\"\n\
     import \"units\"\nimport \"sockaddr\"\nimport \"types\"\n";

/// The groups of published examples and how many each has: one that is lost is to be noticed.
const GROUPS: &[(&str, usize)] = &[
    ("Logic", 16),
    ("Arithmetic", 18),
    ("Equality", 10),
    ("Order", 5),
    ("Membership", 11),
    ("Regex", 10),
    ("Else", 5),
    ("Index", 8),
    ("Slice", 6),
    ("Tests", 7),
    ("Quantifiers", 14),
    ("Conversions", 17),
    ("Builtins", 15),
    ("Standard imports", 45),
    ("Syntax", 7),
];

#[test]
fn no_expression_is_lost() {
    let mut groups: Vec<(&str, usize)> = Vec::new();
    for line in include_str!("vectors/expressions.txt").lines() {
        if let Some(name) = line.strip_prefix("# ") {
            groups.push((name, 0));
        } else if line.contains(" -> ") {
            groups.last_mut().unwrap().1 += 1;
        }
    }
    assert_eq!(groups, GROUPS);
}

#[test]
fn expressions() {
    let mut failures = Vec::new();
    let table = include_str!("vectors/expressions.txt");
    for line in table.lines().filter(|l| l.contains(" -> ")) {
        let (expression, wanted) = line.split_once(" -> ").unwrap();
        let report = run(&format!("{IMPORTS}v = {expression}\nmain = v is defined\n"));
        let got = match report.verdict {
            Verdict::Error => "E".to_owned(),
            Verdict::Fail => "U".to_owned(),
            _ => report.names.get("v").map_or("?".to_owned(), Json::to_string),
        };
        let wanted = wanted.trim();
        let same = got == wanted
            || serde_json::from_str::<Json>(wanted)
                .is_ok_and(|wanted| serde_json::from_str(&got).is_ok_and(|got: Json| wanted == got));
        if !same {
            failures.push(format!("{expression}: wanted {wanted}, got {got} {:?}", report.error));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn programs() {
    let mut failures = Vec::new();
    let table = include_str!("vectors/programs.txt");
    for block in table.split("\n===\n") {
        let (wanted, source) = block.trim_start().split_once('\n').unwrap();
        let report = run(source);
        if format!("{:?}", report.verdict) != wanted.trim() {
            failures.push(format!("wanted {wanted}, got {:?} {:?}\n{source}", report.verdict, report.error));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The corners that the language is known for; each has at least one program.
const CORNERS: u32 = 24;

#[test]
fn corners() {
    let mut failures = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for block in include_str!("vectors/corners.txt").split("\n===\n") {
        let (title, source) = block.split_once('\n').unwrap();
        let mut words = title.split(' ');
        seen.insert(words.next().unwrap().parse::<u32>().unwrap());
        let wanted = words.next().unwrap();
        let report = run(&source.replace("BOM", "\u{feff}"));
        if format!("{:?}", report.verdict) != wanted {
            failures.push(format!("{title}: got {:?} {:?}", report.verdict, report.error));
        }
    }
    assert_eq!(seen, (1..=CORNERS).collect());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_rule_value_is_in_the_trace() {
    let report = run("# Big ones\nbig = rule { filter [9] as v { v > 3 } }\nmain = rule { big }\n");
    assert_eq!(report.verdict, Verdict::Fail);
    let big = report.rules.iter().find(|r| r.name == "big").unwrap();
    assert_eq!((big.value.clone(), big.description.as_deref()), (Some(serde_json::json!([9])), Some("Big ones")));
    assert_eq!((big.position.line, big.position.column, big.position.offset), (2, 1, 11));
}

#[test]
fn refused_before_running() {
    for source in [
        "import \"tfplan/v2\"\nmain = true",
        "break\nmain = true",
        "return 1",
        "f = func() { a = 1 }\nmain = true",
        "m = {}\nm.a = 1\nmain = true",
        "import \"strings\"\nstrings = 1\nmain = true",
        "main = true\nimport \"strings\"",
        "main = [1\n]",
        "main = \"\\q\"",
        "a = true\n  and false",
        "if true { a = 1 }\nelse { a = 2 }",
        "param p\nparam p\nmain = true",
        "x = append([], 1)\nmain = true",
        "import \"tfplan/v2\" as p\np.resource_changes[\"a\"] = 1\nmain = true",
        "main = 9223372036854775808",
    ] {
        assert!(Program::parse("p", source.as_bytes()).is_err(), "{source}");
    }
}

#[test]
fn hostile_programs_end() {
    for source in [
        "f = func(x) { return f(x) }\nmain = f(1)",
        "f = func(x) { if true { if true { for [1] as _ { if true { return [f(x + (1 + (2 * 3)))] } } } }\nreturn 1 }\nmain = f(1)",
        "r = rule { r }\nmain = r",
        "x = [1]\nfor x as v { append(x, v) }\nmain = length(x) is 2",
        "x = []\nappend(x, x)\nmain = x is x",
        "x = \"aaaaaaaa\"\nfor range(100) as _ { x = x + x }\nmain = true",
        "x = [1]\nfor range(200) as _ { x = [x, x] }\nmain = x is 1 or x is x",
    ] {
        let mut run = Run::new(Arc::new(Program::parse("p", source.as_bytes()).unwrap()));
        run.limits.memory = 64 << 20;
        run.limits.steps = 3_000_000;
        run.limits.depth = 1_000_000;
        let report = run.evaluate();
        assert!(report.verdict == Verdict::Error || report.passed(), "{source}: {report:?}");
    }
    let nested = format!("main = {}1{}", "[".repeat(5000), "]".repeat(5000));
    assert!(Program::parse("p", nested.as_bytes()).is_err());
    let chain = format!("main = 1{}", " + 1".repeat(50_000));
    assert!(Program::parse("p", chain.as_bytes()).is_err());
}
