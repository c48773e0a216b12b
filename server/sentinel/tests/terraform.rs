//! The Terraform imports over plan JSON, and the check result made of a run.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use terrane_sentinel::check::{Checked, allowed, log, result};
use terrane_sentinel::config::Enforcement;
use terrane_sentinel::{Program, Report, Run, Verdict};

fn plan() -> Json {
    json!({
        "terraform_version": "1.5.7",
        "variables": {"region": {"value": "eu"}},
        "planned_values": {
            "outputs": {"ip": {"sensitive": false}},
            "root_module": {
                "resources": [{"address": "a.b", "mode": "managed", "type": "a", "name": "b", "provider_name": "p", "values": {"x": 1.0}}],
                "child_modules": [{"address": "module.m[0]", "resources": [
                    {"address": "module.m[0].a.c", "mode": "managed", "type": "a", "name": "c", "index": 0, "values": {}}]}],
            },
        },
        "resource_changes": [
            {"address": "a.b", "mode": "managed", "type": "a", "name": "b", "provider_name": "p",
             "change": {"actions": ["create"], "before": null, "after": {"x": 1.0, "tags": null, "list": [{"k": "v"}]},
                        "after_unknown": {"id": true}, "before_sensitive": false}},
            {"address": "a.b", "deposed": "00aa", "mode": "managed", "type": "a", "name": "b", "change": {"actions": ["delete"]}},
        ],
        "output_changes": {"ip": {"actions": ["create"], "before": null, "after_unknown": true}},
        "prior_state": {"terraform_version": "1.5.6", "values": {"outputs": {"o": {"value": 2}}, "root_module": {
            "resources": [{"address": "a.b", "mode": "managed", "type": "a", "name": "b", "values": {"x": 1}}]}}},
        "configuration": {
            "provider_config": {"aws": {"name": "aws"}, "module.m:aws.east": {"name": "aws", "alias": "east", "module_address": "module.m"}},
            "root_module": {
                "variables": {"region": {}},
                "module_calls": {"m": {"source": "./m", "module": {
                    "outputs": {"o": {"expression": {}}},
                    "resources": [{"address": "a.c", "mode": "managed", "type": "a", "name": "c", "provider_config_key": "m:aws",
                        "expressions": {"n": {"constant_value": 1}, "e": {}},
                        "provisioners": [{"type": "local-exec", "expressions": {"command": {"constant_value": "true"}}}]}]}}},
            },
        },
    })
}

fn run(source: &str) -> Report {
    let header = "import \"tfplan/v2\" as plan\nimport \"tfstate/v2\" as state\nimport \"tfconfig/v2\" as config\nimport \"tfrun\"\n";
    let program = Program::parse("p.sentinel", format!("{header}{source}").as_bytes());
    let mut run = Run::new(Arc::new(program.unwrap_or_else(|problem| panic!("{problem}"))));
    run.plan = Some(Arc::new(plan()));
    run.run = Some(Arc::new(json!({"workspace": {"name": "w"}})));
    run.evaluate()
}

#[test]
fn views_show_the_plan() {
    for condition in [
        r#"plan.terraform_version is "1.5.7""#,
        r#"plan.variables.region is {"name": "region", "value": "eu"}"#,
        r#"keys(plan.resource_changes) is ["a.b", "a.b:00aa"]"#,
        r#"plan.resource_changes["a.b"].index is null and plan.resource_changes["a.b"].module_address is """#,
        r#"keys(plan.resource_changes["a.b"].change) is ["actions", "after", "after_unknown", "before"]"#,
        r#"plan.resource_changes["a.b"].change.after.x is 1"#,
        r#"plan.resource_changes["a.b:00aa"].change.after is null"#,
        r#"plan.resource_changes["nope"] is not defined and plan.nope is not defined"#,
        "plan.output_changes.ip.change.after is not defined",
        "plan.planned_values.outputs.ip.value is not defined",
        r#"plan.planned_values.resources["module.m[0].a.c"].module_address is "module.m[0]""#,
        "plan.resource_drift is empty",
        r#"plan.raw.variables.region.value is "eu""#,
        r#"state.resources["a.b"].tainted is false and state.resources["a.b"].depends_on is []"#,
        r#"state.outputs.o is {"name": "o", "sensitive": false, "value": 2}"#,
        r#"config.resources["module.m.a.c"].provider_config_key is "module.m:aws""#,
        r#"config.resources["module.m.a.c"].config.e.constant_value is null"#,
        r#"config.provisioners["module.m.a.c:0"].index is "0""#,
        r#"config.outputs["module.m:o"].value is {"constant_value": null}"#,
        r#"config.providers["module.m:aws.east"].alias is "east" and config.providers contains "aws""#,
        r#"config.variables.region.default is null and config.module_calls.m.source is "./m""#,
        r#"config.strip_index("module.m[0].a.b[\"x\"]") is "module.m.a.b""#,
        r#"tfrun.workspace.name is "w" and tfrun.cost_estimate is not defined"#,
    ] {
        let report = run(&format!("main = {condition}\n"));
        assert_eq!(report.verdict, Verdict::Pass, "{condition}: {:?} {:?}", report.error, report.main);
    }
}

#[test]
fn what_is_read_is_a_copy() {
    let report = run("a = plan.resource_changes\na[\"new\"] = 1\ndelete(a, \"a.b\")\nb = plan.resource_changes\n\
        l = b[\"a.b\"].change.after.list\nappend(l, 2)\nl[0][\"k\"] = \"w\"\n\
        main = length(a) is 2 and length(b) is 2 and b[\"a.b\"].change.after.list is [{\"k\": \"w\"}, 2] and \
        plan.resource_changes[\"a.b\"].change.after.list is [{\"k\": \"v\"}]\n");
    assert_eq!(report.verdict, Verdict::Pass, "{:?}", report.error);
}

#[test]
fn a_check_adds_up() {
    let policy = |enforcement, source: &str| Checked { name: "n".into(), enforcement, report: run(source) };
    let checked = [
        policy(Enforcement::Advisory, "main = false"),
        policy(Enforcement::SoftMandatory, "main = rule { false }"),
        policy(Enforcement::HardMandatory, "main = true"),
    ];
    let json = result(&checked, 7);
    assert!(!allowed(&checked));
    assert_eq!((&json["passed"], &json["total-failed"], &json["soft-failed"]), (&json!(1), &json!(2), &json!(1)));
    assert_eq!(json["sentinel"]["can-override"], true);
    assert_eq!(json["sentinel"]["policies"][1]["trace"]["rules"]["main"]["value"], false);
    assert!(log(&checked).starts_with("Sentinel Result: false\n"));
}

#[test]
fn mocks_show_what_the_imports_show() {
    let bundle = terrane_sentinel::mock::bundle(&plan(), Some(&json!({"workspace": {"name": "w"}})));
    let mut run = Run::new(Arc::new(
        Program::parse(
            "p.sentinel",
            b"import \"tfplan/v2\" as p\nimport \"tfconfig/v2\" as c\nimport \"tfstate/v2\" as s\nimport \"tfrun\"\n\
              main = p.resource_changes[\"a.b\"].change.after.x is 1 and p.output_changes.ip.change.after is not defined and \
              c.strip_index(\"module.m[0].a\") is \"module.m.a\" and s.outputs.o.value is 2 and tfrun.workspace.name is \"w\"",
        )
        .unwrap(),
    ));
    for (path, name) in [
        ("tfplan/v2", "mock-tfplan-v2.sentinel"),
        ("tfconfig/v2", "mock-tfconfig-v2.sentinel"),
        ("tfstate/v2", "mock-tfstate-v2.sentinel"),
        ("tfrun", "mock-tfrun.sentinel"),
    ] {
        let text = &bundle.iter().find(|(file, _)| *file == name).unwrap().1;
        let program = Program::parse(name, text.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
        run.mocks.insert(path.to_owned(), terrane_sentinel::Provider::Module(Arc::new(program)));
    }
    let report = run.evaluate();
    assert_eq!(report.verdict, Verdict::Pass, "{:?}", report.error);
    let hcl = &bundle.iter().find(|(file, _)| *file == "sentinel.hcl").unwrap().1;
    assert_eq!(terrane_sentinel::config::Configuration::parse("sentinel.hcl", hcl.as_bytes()).unwrap().mocks.len(), 7);
}
