//! The Terraform imports of the first generation over plan JSON.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use terrane_sentinel::{Program, Provider, Report, Run, Verdict};

fn plan() -> Json {
    json!({
        "terraform_version": "1.5.7",
        "variables": {"region": {"value": "eu"}, "count": {"value": 3}, "zones": {"value": ["a", "b"]}},
        "resource_changes": [
            {"address": "aws_instance.web[0]", "mode": "managed", "type": "aws_instance", "name": "web", "index": 0,
             "change": {"actions": ["create"], "before": null,
                        "after": {"ami": "ami-1", "monitoring": true, "tags": {"Name": "web"}, "ebs": [{"size": 8}]},
                        "after_unknown": {"id": true, "tags": {}, "ebs": [{"device": true}]}}},
            {"address": "aws_instance.old", "mode": "managed", "type": "aws_instance", "name": "old",
             "change": {"actions": ["delete"], "before": {"ami": "ami-0"}, "after": null, "after_unknown": {}}},
            {"address": "aws_instance.same", "mode": "managed", "type": "aws_instance", "name": "same",
             "change": {"actions": ["no-op"], "before": {}, "after": {}, "after_unknown": {}}},
            {"address": "module.net.module.sub[\"a.b\"].aws_subnet.s[\"x\"]", "module_address": "module.net.module.sub[\"a.b\"]",
             "mode": "managed", "type": "aws_subnet", "name": "s", "index": "x",
             "change": {"actions": ["delete", "create"], "before": {"cidr": "10.0.0.0/8", "n": 1}, "after": {"cidr": "10.1.0.0/16", "n": 1}}},
            {"address": "data.aws_ami.a", "mode": "data", "type": "aws_ami", "name": "a",
             "change": {"actions": ["read"], "before": null, "after": {"owners": ["self"]}, "after_unknown": {"id": true}}},
        ],
        "prior_state": {"terraform_version": "1.5.6", "values": {"outputs": {"o": {"value": ["x"], "sensitive": true}}, "root_module": {
            "resources": [{"address": "aws_instance.old", "mode": "managed", "type": "aws_instance", "name": "old",
                "values": {"id": "i-1", "ami": "ami-0"}, "tainted": true}],
            "child_modules": [{"address": "module.net", "resources": []}]}}},
        "configuration": {
            "provider_config": {
                "aws": {"name": "aws", "version_constraint": "~> 5.0", "expressions": {"region": {"references": ["var.region"]}}},
                "aws.west": {"name": "aws", "alias": "west", "expressions": {"region": {"constant_value": "us-west-2"}}}},
            "root_module": {
                "outputs": {"o": {"expression": {"references": ["aws_instance.web"]}, "description": "d"}},
                "variables": {"region": {"default": "eu"}},
                "resources": [
                    {"address": "aws_instance.web", "mode": "managed", "type": "aws_instance", "name": "web",
                     "expressions": {"ami": {"constant_value": "ami-1"}, "subnet": {"references": ["aws_subnet.s.id", "aws_subnet.s"]},
                                     "ebs": [{"size": {"constant_value": 8}, "kms": {"references": ["var.k"]}}]},
                     "provisioners": [{"type": "local-exec", "expressions": {"command": {"constant_value": "true"}}}]},
                    {"address": "data.aws_ami.a", "mode": "data", "type": "aws_ami", "name": "a", "expressions": {}}],
                "module_calls": {"net": {"source": "./net", "version_constraint": "1.0", "expressions": {"n": {"constant_value": 2}},
                    "module": {"module_calls": {"sub": {"source": "./sub", "module": {}}}}}},
            },
        },
    })
}

const HEADER: &str = "import \"tfplan\"\nimport \"tfstate/v1\" as state\nimport \"tfconfig\"\n";

const CONDITIONS: [&str; 30] = [
    r#"tfplan.terraform_version is "1.5.7""#,
    r#"tfplan.variables is {"region": "eu", "count": "3", "zones": ["a", "b"]}"#,
    r#"tfplan.module_paths is [[], ["net", "sub[\"a.b\"]"]]"#,
    r#"keys(tfplan.resources.aws_instance) is ["old", "web"]"#,
    r#"tfplan.resources.aws_instance.web[0].applied.ami is "ami-1" and tfplan.path is []"#,
    "tfplan.resources.aws_instance.web[0].applied.id is not defined",
    r#"tfplan.resources.aws_instance.web[0].diff["ami"] is {"computed": false, "new": "ami-1", "old": ""}"#,
    r#"tfplan.resources.aws_instance.web[0].diff["tags.%"].new is "1" and tfplan.resources.aws_instance.web[0].diff["tags.Name"].new is "web""#,
    r#"tfplan.resources.aws_instance.web[0].diff["ebs.#"].new is "1" and tfplan.resources.aws_instance.web[0].diff["ebs.0.size"].new is "8""#,
    r#"tfplan.resources.aws_instance.web[0].diff["id"].computed and tfplan.resources.aws_instance.web[0].diff["ebs.0.device"].computed"#,
    r#"tfplan.resources.aws_instance.web[0].diff["monitoring"].new is "true""#,
    "tfplan.resources.aws_instance.old[0].destroy and not tfplan.resources.aws_instance.old[0].requires_new",
    "tfplan.resources.aws_instance.old[0].applied is not defined",
    r#"tfplan.module(["net", "sub[\"a.b\"]"]).resources.aws_subnet.s["x"].requires_new"#,
    r#"tfplan.module(["net", "sub[\"a.b\"]"]).resources.aws_subnet.s["x"].destroy"#,
    r#"keys(tfplan.module(["net", "sub[\"a.b\"]"]).resources.aws_subnet.s["x"].diff) is ["cidr"]"#,
    r#"tfplan.module(["nope"]) is null and tfplan.module(["nope"]).resources is not defined"#,
    r#"tfplan.data.aws_ami.a[0].applied.owners is ["self"]"#,
    r#"tfplan.config.resources.aws_instance.web.config.ami is "ami-1" and tfplan.state.terraform_version is "1.5.6""#,
    r#"state.resources.aws_instance.old[0] is {"attr": {"ami": "ami-0", "id": "i-1"}, "depends_on": [], "id": "i-1", "tainted": true}"#,
    r#"state.outputs.o is {"sensitive": true, "type": "list", "value": ["x"]} and state.module_paths is [[], ["net"]]"#,
    r#"tfconfig.module_paths is [[], ["net"], ["net", "sub"]]"#,
    r#"tfconfig.resources.aws_instance.web.references.subnet is ["aws_subnet.s.id", "aws_subnet.s"]"#,
    "tfconfig.resources.aws_instance.web.config.subnet is not defined",
    r#"tfconfig.resources.aws_instance.web.config.ebs[0].size is 8 and tfconfig.resources.aws_instance.web.references.ebs[0].kms is ["var.k"]"#,
    r#"tfconfig.resources.aws_instance.web.provisioners[0].type is "local-exec" and tfconfig.data.aws_ami.a.config is empty"#,
    r#"tfconfig.providers.aws.version is "~> 5.0" and tfconfig.providers.aws.alias.west.config.region is "us-west-2""#,
    r#"tfconfig.providers.aws.references.region is ["var.region"]"#,
    r#"tfconfig.modules.net.source is "./net" and tfconfig.modules.net.version is "1.0" and tfconfig.modules.net.config.n is 2"#,
    r#"tfconfig.outputs.o.references is ["aws_instance.web"] and tfconfig.variables.region.default is "eu""#,
];

fn run(source: &str, prepare: impl FnOnce(&mut Run)) -> Report {
    let program = Program::parse("p.sentinel", format!("{HEADER}{source}").as_bytes());
    let mut run = Run::new(Arc::new(program.unwrap_or_else(|problem| panic!("{problem}"))));
    prepare(&mut run);
    run.evaluate()
}

#[test]
fn views_show_the_plan_as_it_was_shown() {
    for condition in CONDITIONS {
        let report = run(&format!("main = {condition}\n"), |run| run.plan = Some(Arc::new(plan())));
        assert_eq!(report.verdict, Verdict::Pass, "{condition}: {:?} {:?}", report.error, report.main);
    }
}

#[test]
fn mocks_of_the_bundle_show_the_same() {
    let bundle = terrane_sentinel::mock::bundle(&plan(), None);
    let module = |name: &str| {
        let text = &bundle.iter().find(|(file, _)| *file == name).unwrap().1;
        Provider::Module(Arc::new(Program::parse(name, text.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{text}"))))
    };
    for condition in CONDITIONS.iter().filter(|c| !c.contains("tfplan.config") && !c.contains("is null")) {
        let report = run(&format!("main = {condition}\n"), |run| {
            run.mocks.insert("tfplan".into(), module("mock-tfplan.sentinel"));
            run.mocks.insert("tfstate/v1".into(), module("mock-tfstate.sentinel"));
            run.mocks.insert("tfconfig".into(), module("mock-tfconfig.sentinel"));
        });
        assert_eq!(report.verdict, Verdict::Pass, "{condition}: {:?} {:?}", report.error, report.main);
    }
}

#[test]
fn a_policy_of_that_time_finds_its_resources_in_every_module() {
    let source = r#"
find = func(type) {
	found = {}
	for tfplan.module_paths as path {
		for tfplan.module(path).resources[type] else {} as name, instances {
			for instances as index, r {
				address = type + "." + name + "[" + string(index) + "]"
				if length(path) > 0 {
					address = "module." + strings.join(path, ".module.") + "." + address
				}
				found[address] = r
			}
		}
	}
	return found
}

unnamed = func(resources) {
	bad = []
	for resources as address, r {
		if r.destroy and not r.requires_new {
			print(address, "goes away")
		} else if r.applied.tags.Name else "" is "" {
			append(bad, address)
		}
	}
	return bad
}

main = rule { unnamed(find("aws_instance")) is [] and keys(find("aws_subnet")) is ["module.net.module.sub[\"a.b\"].aws_subnet.s[x]"] }
"#;
    let report = run(&format!("import \"strings\"\n{source}"), |run| run.plan = Some(Arc::new(plan())));
    assert_eq!(report.verdict, Verdict::Pass, "{:?}", report.error);
    assert_eq!(report.printed, "aws_instance.old[0] goes away");
}
