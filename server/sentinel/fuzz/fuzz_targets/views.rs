//! Any JSON as a plan: policies that read every view of it, and the mock bundle made of it.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use terrane_sentinel::{Program, Run};

const NAMES: [&str; 48] = [
    "terraform_version", "variables", "planned_values", "outputs", "resources", "root_module", "child_modules", "address",
    "resource_changes", "resource_drift", "output_changes", "change", "actions", "before", "after", "after_unknown", "deposed",
    "deposed_key", "mode", "type", "name", "index", "provider_name", "prior_state", "values", "value", "sensitive",
    "depends_on", "tainted", "configuration", "provider_config", "module_calls", "module", "source", "expressions",
    "provisioners", "constant_value", "references", "count_expression", "for_each_expression", "provider_config_key",
    "version_constraint", "full_name", "alias", "module_address", "default", "description", "raw",
];

const POLICY: &str = "import \"tfplan/v2\" as plan\nimport \"tfstate/v2\" as state\nimport \"tfconfig/v2\" as config\n\
     import \"tfrun\"\n\
     seen = [plan.terraform_version, plan.variables, plan.planned_values, plan.resource_changes, plan.resource_drift,\n\
     \tplan.output_changes, plan.raw, state.terraform_version, state.resources, state.outputs, config.providers,\n\
     \tconfig.resources, config.provisioners, config.variables, config.outputs, config.module_calls, tfrun.workspace]\n\
     walk = func(v, depth) {\n\
     \tif depth > 20 { return 0 }\n\
     \tn = 1\n\
     \tif v is defined and v is not null and (string(v) else null) is null {\n\
     \t\tfor v as k, x { n += walk(x, depth + 1) }\n\
     \t}\n\
     \treturn n\n\
     }\n\
     total = walk(seen, 0)\n\
     r = rule { any plan.resource_changes as a, rc { rc.change.after.tags is not null and rc.address is a } }\n\
     s = rule { config.strip_index(\"module.a[0].b.c[\\\"x\\\"]\") }\n\
     print(plan.resource_changes, seen)\n\
     main = rule { r and s is not empty }\n";

static PROGRAM: LazyLock<Arc<Program>> =
    LazyLock::new(|| Arc::new(Program::parse("p", POLICY.as_bytes()).expect("the policy of this target")));

/// JSON out of bytes: each names what comes next.
fn json(bytes: &mut std::slice::Iter<'_, u8>, depth: usize) -> Value {
    let Some(byte) = bytes.next() else { return Value::Null };
    let count = usize::from(byte >> 4);
    match byte % 9 {
        0 => Value::Null,
        1 => Value::Bool(byte & 16 != 0),
        2 => Value::from(i64::from(*byte) - 128),
        3 => Value::from(f64::from(*byte) / 7.0),
        4 => Value::from(NAMES[usize::from(*bytes.next().unwrap_or(&0)) % NAMES.len()]),
        5 if depth < 24 => (0..count).map(|_| json(bytes, depth + 1)).collect(),
        6..=8 if depth < 24 => {
            let mut members = Map::new();
            for _ in 0..count {
                let name = NAMES[usize::from(*bytes.next().unwrap_or(&0)) % NAMES.len()];
                members.insert(name.to_owned(), json(bytes, depth + 1));
            }
            Value::Object(members)
        }
        _ => Value::from("a.b[0]"),
    }
}

fuzz_target!(|bytes: &[u8]| {
    let plan = serde_json::from_slice(bytes).unwrap_or_else(|_| json(&mut bytes.iter(), 0));
    let _ = terrane_sentinel::mock::bundle(&plan, Some(&plan));
    let mut run = Run::new(Arc::clone(&PROGRAM));
    let plan = Arc::new(plan);
    (run.plan, run.run) = (Some(Arc::clone(&plan)), Some(plan));
    (run.limits.steps, run.limits.memory) = (200_000, 64 << 20);
    let report = run.evaluate();
    let message = report.error.map(|(message, _)| message).unwrap_or_default();
    assert!(!message.contains("engine failed"), "{message}");
});
