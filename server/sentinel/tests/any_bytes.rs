//! Damaged sources, configurations and plans end in a diagnostic or a verdict, never in a panic.

use std::sync::Arc;

use terrane_sentinel::config::Configuration;
use terrane_sentinel::{Program, Run};

/// A small generator with a fixed seed: the same damage in every run.
struct Damage(u64);

impl Damage {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % below.max(1)
    }

    fn apply(&mut self, text: &str) -> Vec<u8> {
        const PIECES: [&str; 16] = [
            "(",
            ")",
            "[",
            "{",
            "}",
            ".",
            " not ",
            " is ",
            "rule {",
            "func(x) {",
            "-",
            "undefined",
            "\n",
            "0x",
            "\"",
            "é",
        ];
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=self.next(4) {
            let at = self.next(bytes.len());
            match self.next(3) {
                0 => drop(bytes.drain(at..(at + self.next(12)).min(bytes.len()))),
                1 => drop(bytes.splice(at..at, PIECES[self.next(PIECES.len())].bytes())),
                _ => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << self.next(7);
                    }
                }
            }
        }
        bytes
    }
}

#[test]
fn damaged_programs() {
    let mut damage = Damage(7);
    let programs =
        include_str!("vectors/programs.txt").split("\n===\n").filter_map(|b| b.trim_start().split_once('\n'));
    let expressions = include_str!("vectors/expressions.txt").lines().filter_map(|l| l.split_once(" -> "));
    let imports = "import \"strings\"\nimport \"decimal\"\nimport \"version\"\nimport \"time\"\nimport \"collection/maps\" as maps\n";
    let sources: Vec<String> = programs
        .map(|(_, source)| source.to_owned())
        .chain(expressions.map(|(e, _)| format!("{imports}v = {e}\nmain = v\n")))
        .collect();
    let mut evaluated = 0;
    for source in &sources {
        for _ in 0..12 {
            let bytes = damage.apply(source);
            match Program::parse("p", &bytes) {
                Ok(program) => {
                    let mut run = Run::new(Arc::new(program));
                    (run.limits.steps, run.limits.memory) = (100_000, 16 << 20);
                    let report = run.evaluate();
                    let message = report.error.map(|(m, _)| m).unwrap_or_default();
                    assert!(!message.contains("the engine failed"), "{}", String::from_utf8_lossy(&bytes));
                    evaluated += 1;
                }
                Err(problem) => {
                    assert!(!problem.message.contains("the parser failed"), "{}", String::from_utf8_lossy(&bytes));
                }
            }
            if let Ok(text) = std::str::from_utf8(&bytes) {
                let _ = terrane_sentinel::format::format("p", text);
            }
        }
    }
    assert!(evaluated > 300, "too few damaged programs still run: {evaluated}");
}

#[test]
fn damaged_configurations() {
    let mut damage = Damage(11);
    let hcl = "policy \"a\" {\n source = \"./a\"\n params = { x = [1, -2.5e3] }\n}\nmock \"tfplan/v2\" { module { source = \"m\" } }\n\
               global \"g\" { value = <<-E\n  text\n  E\n}\n# note\ntest { rules = { main = true } }\n";
    let json = r#"{"mock": {"a": {"data": {"x": 1}}, "b": "f.sentinel"}, "modules": {"m": {"path": "p"}}, "test": {"main": true}}"#;
    let mut read = 0;
    for _ in 0..3000 {
        read += usize::from(Configuration::parse("a.hcl", &damage.apply(hcl)).is_ok());
        read += usize::from(Configuration::parse("a.json", &damage.apply(json)).is_ok());
    }
    assert!(read > 20, "too few damaged configurations can still be read: {read}");
}

#[test]
fn damaged_plans() {
    const READS_ALL: &str = "import \"tfplan/v2\" as plan\nimport \"tfstate/v2\" as state\nimport \"tfconfig/v2\" as config\n\
         import \"tfplan\" as first\nimport \"tfrun\"\n\
         print(plan.planned_values, plan.variables, plan.resource_changes, plan.resource_drift, plan.output_changes, plan.raw)\n\
         print(state.resources, state.outputs, config.resources, config.providers, config.provisioners, config.variables)\n\
         print(config.outputs, config.module_calls, first.module_paths, tfrun.workspace)\n\
         main = rule { all plan.resource_changes as address, rc { rc.address is address else true } }\n";
    let plan = r#"{"terraform_version": "1.9.8", "variables": {"region": {"value": "eu"}},
        "planned_values": {"outputs": {"ip": {"sensitive": false}}, "root_module": {
            "resources": [{"address": "a.b", "mode": "managed", "type": "a", "name": "b", "values": {"x": 1.5}}],
            "child_modules": [{"address": "module.m[0]", "resources": [{"address": "module.m[0].a.c", "index": 0}]}]}},
        "resource_changes": [{"address": "a.b", "deposed": "00aa", "type": "a", "name": "b", "index": "k",
            "change": {"actions": ["delete", "create"], "before": null, "after": {"tags": [{"k": null}]}, "after_unknown": {"id": true}}}],
        "output_changes": {"ip": {"actions": ["create"], "before": null, "after_unknown": true}},
        "prior_state": {"values": {"outputs": {"o": {"value": 2}}, "root_module": {"resources": [{"address": "a.b", "values": {}}]}}},
        "configuration": {"provider_config": {"aws": {"name": "aws", "alias": "east", "module_address": "module.m"}}, "root_module": {
            "module_calls": {"m": {"source": "./m", "module": {"resources": [{"address": "a.c", "provider_config_key": "m:aws",
                "expressions": {"n": {"constant_value": 1}}, "provisioners": [{"type": "local-exec", "expressions": {}}]}]}}}}}}"#;
    let program = Arc::new(Program::parse("p", READS_ALL.as_bytes()).unwrap());
    let (mut damage, mut read) = (Damage(13), 0);
    for _ in 0..4000 {
        let Ok(json) = serde_json::from_slice::<serde_json::Value>(&damage.apply(plan)) else { continue };
        read += 1;
        let _ = terrane_sentinel::mock::bundle(&json, Some(&json));
        let json = Arc::new(json);
        let mut run = Run::new(Arc::clone(&program));
        (run.plan, run.run) = (Some(Arc::clone(&json)), Some(json));
        let message = run.evaluate().error.map(|(message, _)| message).unwrap_or_default();
        assert!(!message.contains("the engine failed"), "{message}: {:?}", run.plan);
    }
    assert!(read > 300, "too few damaged plans can still be read: {read}");
}
