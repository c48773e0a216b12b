//! The test format: trees of policies with cases, and what broken ones say.

use std::path::Path;

use terrane_sentinel::case::{Status, coverage, json, junit, policies, test_policy};
use terrane_sentinel::command::{Apply, Test};
use terrane_sentinel::{Limits, config::Configuration};

fn directory() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies")
}

#[test]
fn the_tree_passes() {
    let reports: Vec<_> =
        policies(&directory()).unwrap().iter().map(|p| test_policy(p, 0, &Limits::default(), &|_| true)).collect();
    for report in &reports {
        assert_eq!(report.status, Status::Pass, "{}", terrane_sentinel::case::text(&reports));
    }
    assert_eq!(reports.iter().map(|r| r.cases.len()).sum::<usize>(), 8);
    let json = json(&reports);
    let path = directory().join("legacy.sentinel").display().to_string();
    let case = &json["policies"][&path]["cases"]["pass.json"];
    assert_eq!(case["status"], "PASS");
    assert_eq!(case["config_legacy"], true);
    assert_eq!(case["trace"]["rules"]["limit"]["value"], true);
    assert_eq!(case["trace"]["rules"]["limit"]["position"]["line"], 4);
    assert!(junit(&reports).contains("<testcase name=\"pass.hcl\""));
    assert!(coverage(&reports).contains("3 of 3 rules evaluated"));
}

#[test]
fn a_runtime_error_fails_a_case_that_expects_false() {
    let room = std::env::temp_dir().join(format!("sentinel-cases-{}", std::process::id()));
    let cases = room.join("test/p");
    std::fs::create_dir_all(&cases).unwrap();
    std::fs::write(
        room.join("p.sentinel"),
        "param n\nother = rule { n is 1 }\nmain = rule { n contains 1 and other }\n",
    )
    .unwrap();
    std::fs::write(cases.join("error.hcl"), "param \"n\" { value = 1 }\ntest { rules = { main = false } }\n").unwrap();
    std::fs::write(cases.join("missing.hcl"), "test { rules = { main = false } }\n").unwrap();
    std::fs::write(
        cases.join("unseen.hcl"),
        "param \"n\" { value = [2] }\ntest {\n rules = {\n other = false\n }\n}\n",
    )
    .unwrap();
    std::fs::write(cases.join("broken.hcl"), "test {").unwrap();
    let report = test_policy(&room.join("p.sentinel"), 0, &Limits::default(), &|_| true);
    assert_eq!(report.cases["error.hcl"].status, Status::Error);
    assert_eq!(report.cases["missing.hcl"].status, Status::Error);
    assert!(report.cases["missing.hcl"].errors[0].contains("requires value for parameter n"));
    assert_eq!(report.cases["unseen.hcl"].status, Status::Fail);
    assert_eq!(report.cases["broken.hcl"].status, Status::Error);
    let mut out = Vec::new();
    let code = Test { paths: vec![room.clone()], ..Test::default() }.execute(0, &mut out).unwrap();
    assert_eq!(code, 1);
    let mut only = Vec::new();
    let test = Test { paths: vec![room.clone()], only: Some("^p$/un.een".into()), json: true, ..Test::default() };
    assert_eq!(test.execute(0, &mut only).unwrap(), 1);
    let only: serde_json::Value = serde_json::from_slice(&only).unwrap();
    let path = room.join("p.sentinel").display().to_string();
    assert_eq!(only["policies"][path]["cases"].as_object().unwrap().keys().collect::<Vec<_>>(), ["unseen.hcl"]);
    let mut apply = Apply { policy: Some(room.join("p.sentinel")), params: vec!["n=[1]".into()], ..Apply::default() };
    assert_eq!(apply.execute(0, &mut out).unwrap(), 1);
    apply.params = vec!["n=1".into()];
    assert_eq!(apply.execute(0, &mut out).unwrap(), 3);
    std::fs::remove_dir_all(room).unwrap();
}

#[test]
fn configurations_are_read_strictly() {
    let read = |text: &str| Configuration::parse("sentinel.hcl", text.as_bytes());
    let made = read(
        "policy \"a\" {\n source = \"./a.sentinel\"\n enforcement_level = \"soft-mandatory\"\n params = { x = 1 }\n}\n\
         global \"g\" { value = { k : [1, 2.5, true, null,], \"q r\" = <<-E\n    one\n      two\n  E\n } }\n\
         import \"static\" \"s\" {\n source = \"s.json\"\n format = \"json\"\n}\nsentinel { features = { terraform = true } }\n",
    )
    .unwrap();
    assert_eq!(made.policies[0].enforcement.as_str(), "soft-mandatory");
    assert_eq!(made.globals["g"], serde_json::json!({"k": [1, 2.5, true, null], "q r": "one\n  two\n"}));
    for bad in [
        "policy \"a\" { enforcement_level = \"never\" }",
        "policy \"a\" {}\npolicy \"a\" {}",
        "param \"a\" {}",
        "nonsense {}",
        "param \"a\" { value = 1 extra = 2 }",
        "mock \"a\" {}",
        "param \"a\" { value = foo() }",
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

#[test]
fn formatting_keeps_the_meaning_and_is_stable() {
    let rough = "a=1\n\n\n\nf  = func( x ){\n  return -x [0]+a.b\n}\nm={\n\"k\":[1,\n2,\n],\n}\nmain=rule{not a and f(m)!=2} # why\n";
    let wanted = "a = 1\n\nf = func(x) {\n\treturn -x[0] + a.b\n}\nm = {\n\t\"k\":[1,\n\t\t2,\n\t],\n}\nmain = rule {not a and f(m) != 2} # why\n";
    let format = |text: &str| terrane_sentinel::format::format("p", text).unwrap();
    let made = format(rough);
    assert_eq!(format(&made), made, "formatting twice changes nothing");
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(plain(&made), plain(rough), "only space changes");
    assert_eq!(made, wanted);
    for policy in policies(&directory()).unwrap() {
        let text = std::fs::read_to_string(&policy).unwrap();
        assert_eq!(format(&text), text, "{} is laid out as fmt does", policy.display());
    }
}

#[test]
fn a_set_is_applied_up_to_the_mandatory_policy_that_refuses() {
    let room = std::env::temp_dir().join(format!("sentinel-set-{}", std::process::id()));
    std::fs::create_dir_all(&room).unwrap();
    for (name, source) in [("a", "param n\nmain = n is 1"), ("b", "param n\nmain = n is 3"), ("c", "main = true")] {
        std::fs::write(room.join(format!("{name}.sentinel")), source).unwrap();
    }
    let set = "policy \"a\" {\n  source = \"./a.sentinel\"\n}\npolicy \"b\" {\n  enforcement_level = \"hard-mandatory\"\n\
               \x20 params = {\n    n = 2\n  }\n}\npolicy \"c\" {}\nparam \"n\" {\n  value = 1\n}\n";
    let config = room.join("sentinel.hcl");
    let apply = |text: &str, params: &[&str]| {
        std::fs::write(&config, text).unwrap();
        let params = params.iter().map(|p| (*p).to_owned()).collect();
        let apply = Apply { config: Some(config.clone()), params, json: true, ..Apply::default() };
        let mut out = Vec::new();
        let code = apply.execute(0, &mut out).unwrap();
        (code, serde_json::from_slice::<serde_json::Value>(&out).unwrap())
    };
    let (code, json) = apply(set, &[]);
    assert_eq!((code, json["policies"].as_array().unwrap().len(), &json["result"]), (1, 2, &false.into()));
    assert_eq!(json["policies"][0]["result"], true);
    assert_eq!(json["policies"][1]["enforcement_level"], "hard-mandatory");
    let (_, json) = apply(&format!("{set}sentinel {{\n  features = {{\n    apply-all = true\n  }}\n}}\n"), &[]);
    assert_eq!(json["policies"].as_array().unwrap().len(), 3);
    let (_, json) = apply(set, &["n=3"]);
    assert_eq!(json["policies"][1]["result"], true, "the command line is stronger than the policy's own parameters");
    std::fs::remove_dir_all(room).unwrap();
}

#[test]
fn a_module_shows_copies_of_what_it_has_now() {
    let module = "m = {\"a\": [1]}\nadd = func(v) {\n\tappend(m.a, v)\n\treturn m.a\n}\nfresh = func() {\n\tm = {}\n\treturn true\n}\n";
    let policy = "import \"store\"\nbefore = store.m\nbefore[\"x\"] = 1\nappend(before.a, 9)\nown = store.add(2)\nafter = store.m\n\
        append(own, 3)\nlater = store.m.a\nstore.fresh()\n\
        main = before is {\"a\": [1, 9], \"x\": 1} and after is {\"a\": [1, 2]} and later is [1, 2, 3] and store.m is {}\n";
    let parse = |text: &str| std::sync::Arc::new(terrane_sentinel::Program::parse("p", text.as_bytes()).unwrap());
    let mut run = terrane_sentinel::Run::new(parse(policy));
    run.imports.insert("store".into(), terrane_sentinel::Provider::Module(parse(module)));
    let report = run.evaluate();
    assert!(report.passed(), "{:?} {:?}", report.error, report.main);
}

#[test]
fn every_import_has_a_page() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/sentinel");
    let contents = std::fs::read_to_string(pages.join("README.md")).unwrap();
    let known = [
        "base64",
        "collection",
        "collection/lists",
        "collection/maps",
        "decimal",
        "http",
        "json",
        "runtime",
        "sockaddr",
        "strings",
        "time",
        "types",
        "units",
        "version",
        "tfplan/v2",
        "tfstate/v2",
        "tfconfig/v2",
        "tfrun",
    ];
    for import in known {
        let page = format!("imports/{}.md", import.replace('/', "-"));
        assert!(contents.contains(&format!("[{import}]({page})")), "{import} is not in the contents");
        let text = std::fs::read_to_string(pages.join(page)).unwrap();
        assert!(text.starts_with(&format!("# `{import}`")), "{text}");
    }
}
