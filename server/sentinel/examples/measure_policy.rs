//! Measures a policy of a library's shape over generated plans: `cargo run --release -p terrane-sentinel --example measure_policy`.

use std::sync::Arc;
use std::time::{Duration, Instant};

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

const GOALS: [(usize, &str); 2] = [(1000, "< 5 ms"), (20_000, "< 100 ms")];
const REPEATS: usize = 9;

/// The best of some repeats: what the code needs when the machine does not disturb it.
fn best(mut work: impl FnMut()) -> Duration {
    let measured = (0..REPEATS).map(|_| {
        let started = Instant::now();
        work();
        started.elapsed()
    });
    measured.min().unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "a measurement is printed")]
fn print(what: &str, measured: &str, goal: &str) {
    println!("  {what:<58} {measured:>24}   {goal}");
}

fn ms(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1_000.0)
}

fn plan(count: usize) -> Json {
    let change = |n| {
        let address = format!("aws_instance.web[{n}]");
        json!({"address": address, "mode": "managed", "type": "aws_instance", "name": "web", "index": n, "provider_name": "aws",
            "change": {"actions": ["create"], "before": null, "after_unknown": {"id": true},
                "after": {"instance_type": "t3.micro", "ami": "ami-1", "tags": {"a": "b"}, "ebs": [{"size": n}]}}})
    };
    json!({ "resource_changes": (0..count).map(change).collect::<Vec<_>>() })
}

fn main() {
    let policy = Arc::new(Program::parse("p.sentinel", POLICY.as_bytes()).unwrap_or_else(|e| panic!("{e}")));
    for (count, goal) in GOALS {
        let mut run = Run::new(Arc::clone(&policy));
        run.plan = Some(Arc::new(plan(count)));
        let measured = best(|| assert!(run.evaluate().passed(), "the policy passes"));
        print(&format!("a library's policy over {count} changes"), &ms(measured), goal);
    }
    let rule = |n| format!("r{n} = rule {{\n\tall [1, 2, 3] as x {{\n\t\tx > 0\n\t}}\n}}\n");
    let long: String = (0..100).map(rule).chain(["main = r1 and r2\n".to_owned()]).collect();
    let measured = best(|| assert!(Program::parse("p", long.as_bytes()).is_ok(), "the policy parses"));
    print(&format!("parse and check of {} lines", long.lines().count()), &ms(measured), "< 1 ms");
    // An upper bound: this program is the library, the standard library and a page of measuring.
    let size = std::env::current_exe().and_then(std::fs::metadata).map_or(0, |file| file.len());
    print("size of a program with the library alone", &format!("{:.2} MB", size as f64 / 1e6), "< 3 MB");
}
