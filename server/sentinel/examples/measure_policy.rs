//! Measures a policy of a library's shape over generated plans: `cargo run --release -p terrane-sentinel --example measure_policy`.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value as Json, json};
use terrane_sentinel::{Program, Run};

const POLICY: &str = r#"
import "tfplan/v2" as tfplan
import "strings"

find = func(type) {
	return filter tfplan.resource_changes as _, rc {
		rc.type is type and rc.mode is "managed" and
			(rc.change.actions contains "create" or rc.change.actions is ["update"])
	}
}

violations = func(resources, key, allowed) {
	found = {}
	for resources as address, rc {
		value = rc.change.after[key] else null
		if value is null or value not in allowed or strings.has_prefix(address, "x") {
			found[address] = value
		}
	}
	return found
}

main = rule { violations(find("aws_instance"), "instance_type", ["t3.micro", "t3.small"]) is empty }
"#;

#[expect(clippy::print_stdout, reason = "a measurement is printed")]
fn main() {
    for count in [1000, 20_000] {
        let changes: Vec<Json> = (0..count)
            .map(|n| {
                let address = format!("aws_instance.web[{n}]");
                json!({"address": address, "mode": "managed", "type": "aws_instance", "name": "web", "index": n, "provider_name": "aws",
                    "change": {"actions": ["create"], "before": null, "after_unknown": {"id": true},
                        "after": {"instance_type": "t3.micro", "ami": "ami-1", "tags": {"a": "b"}, "ebs": [{"size": n}]}}})
            })
            .collect();
        let started = Instant::now();
        let policy = Arc::new(Program::parse("p.sentinel", POLICY.as_bytes()).unwrap_or_else(|e| panic!("{e}")));
        println!("parse and check: {:?}", started.elapsed());
        let mut run = Run::new(policy);
        run.plan = Some(Arc::new(json!({ "resource_changes": changes })));
        let best = (0..5).map(|_| {
            let started = Instant::now();
            assert!(run.evaluate().passed(), "the policy passes");
            started.elapsed()
        });
        println!("{count} changes: {:?}", best.min().unwrap_or_default());
    }
    let long: String =
        (0..100).map(|n| format!("r{n} = rule {{\n\tall [1, 2, 3] as x {{\n\t\tx > 0\n\t}}\n}}\n")).collect();
    let long = format!("{long}main = r1 and r2\n");
    let best = (0..5).map(|_| {
        let started = Instant::now();
        assert!(Program::parse("p", long.as_bytes()).is_ok(), "the policy parses");
        started.elapsed()
    });
    println!("parse and check of {} lines: {:?}", long.lines().count(), best.min().unwrap_or_default());
}
