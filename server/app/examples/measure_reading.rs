//! Prints how long it takes to read what a state says about itself:
//! `cargo run --release -p terrane-app --example measure_reading`.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::{
    fmt::Write,
    time::{Duration, Instant},
};
use terrane_app::Content;

fn main() {
    for (instances, more) in [(68, 0), (3_400, 0), (50_000, 1_700)] {
        let state = state(instances, more);
        let (times, bytes) = (if instances < 50_000 { 100 } else { 3 }, state.as_bytes());
        let took = fastest(times, || Content::read(bytes).expect("a state").resources.len());
        println!("{} KB of {instances} instances: {took:.2?}", bytes.len() / 1000);
    }
    let state = outputs(200_000);
    let took = fastest(3, || Content::read(state.as_bytes()).expect("a state").outputs.len());
    println!("{} KB of 200000 outputs: {took:.2?}", state.len() / 1000);
}

/// Large outputs, and no instance.
fn outputs(count: usize) -> String {
    let mut list = String::new();
    for index in 0..count {
        let comma = if index == 0 { "" } else { "," };
        write!(list, r#"{comma}"output-{index}":{{"value":{{"a":["{index}",{index},null]}},"type":["object",{{}}]}}"#)
            .expect("writing to memory");
    }
    format!(
        r#"{{"version":4,"terraform_version":"1.11.4","serial":1,"lineage":"l","outputs":{{{list}}},"resources":[]}}"#
    )
}

fn fastest(times: usize, work: impl Fn() -> usize) -> Duration {
    let once = || {
        let began = Instant::now();
        assert!(work() > 0);
        began.elapsed()
    };
    (0..times).map(|_| once()).min().unwrap_or_default()
}

/// A state whose instances have ids that nothing shortens, and so many bytes more.
fn state(instances: usize, more: usize) -> String {
    let mut seed = 1_u64;
    let mut id = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{seed:016x}")
    };
    let mut list = String::new();
    for index in 0..instances {
        let data: String = (0..more / 16).map(|_| id()).collect();
        let (comma, one, two) = (if index == 0 { "" } else { "," }, id(), id());
        write!(
            list,
            r#"{comma}{{"index_key":{index},"schema_version":1,"attributes":{{"arn":"arn:aws:ec2:eu-central-1:1:instance/{one}","id":"{two}",
            "name":"instance-{index}","tags":{{"Name":"web-{index}","Owner":"team-a"}},"user_data":"{data}"}},"sensitive_attributes":[]}}"#
        )
        .expect("writing to memory");
    }
    format!(
        r#"{{"version":4,"terraform_version":"1.11.4","serial":1,"lineage":"l","outputs":{{}},"resources":[{{"mode":"managed","type":"aws_instance",
        "name":"web","provider":"provider[\"registry.terraform.io/hashicorp/aws\"]","instances":[{list}]}}]}}"#
    )
}
