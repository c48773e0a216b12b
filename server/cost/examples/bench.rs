//! Measures the engine on plans of the size that hurts: `cargo run --release --example bench`.

#![expect(clippy::print_stdout, reason = "a program whose purpose is to print")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::process::{Command, ExitCode};
use std::time::Instant;
use std::{env, fs};

use terrane_cost::{Catalogue, Settings, Usage, catalogue, estimate};

const FILLER: usize = 1150;
const RUNS: usize = 15;

/// A plan of `count` resources as terraform writes it: changes, planned values, prior state and configuration.
fn plan(count: usize) -> String {
    let kinds = [
        ("aws_instance", r#""instance_type":"m5.large","monitoring":true,"root_block_device":[{"volume_size":50}]"#),
        ("aws_ebs_volume", r#""type":"gp3","size":100"#),
        ("aws_db_instance", r#""instance_class":"db.m5.large","engine":"postgres","allocated_storage":100"#),
        ("aws_nat_gateway", r#""subnet_id":"subnet-1""#),
        ("aws_iam_role", r#""name":"role""#),
    ];
    let filler = "x".repeat(FILLER);
    let (mut changes, mut values, mut configured) = (String::new(), String::new(), String::new());
    for at in 0..count {
        let (kind, attributes) = kinds[at % kinds.len()];
        let comma = if at == 0 { "" } else { "," };
        let before = format!(r#"{{{attributes},"tags":{{"note":"{filler}"}}}}"#);
        let after = format!(r#"{{{attributes},"tags":{{"note":"{filler}","n":"{at}"}}}}"#);
        let _ = write!(
            changes,
            r#"{comma}{{"address":"{kind}.r{at}","mode":"managed","type":"{kind}","name":"r{at}","provider_name":"registry.terraform.io/hashicorp/aws","change":{{"actions":["update"],"before":{before},"after":{after},"after_unknown":{{}}}}}}"#
        );
        let _ = write!(
            values,
            r#"{comma}{{"address":"{kind}.r{at}","mode":"managed","type":"{kind}","name":"r{at}","values":{after}}}"#
        );
        let _ = write!(
            configured,
            r#"{comma}{{"address":"{kind}.r{at}","mode":"managed","type":"{kind}","name":"r{at}","provider_config_key":"aws","expressions":{{"name":{{"constant_value":"{}"}}}}}}"#,
            &filler[..400]
        );
    }
    format!(
        r#"{{"format_version":"1.2","planned_values":{{"root_module":{{"resources":[{values}]}}}},"resource_changes":[{changes}],"prior_state":{{"values":{{"root_module":{{"resources":[{values}]}}}}}},"configuration":{{"provider_config":{{"aws":{{"name":"aws","expressions":{{"region":{{"constant_value":"eu-west-1"}}}}}}}},"root_module":{{"resources":[{configured}]}}}}}}"#
    )
}

/// The most memory this process ever held, in MB.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}

/// Processor time of this process in ms: what counts on a machine that others use too.
fn processor() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
    (ticks(11) + ticks(12)) * 10.0
}

/// Estimates the plan in a file, in a process of its own, so that its memory is that of nothing else.
fn measure(path: &str) {
    let text = fs::read_to_string(path).unwrap_or_default();
    let size = text.len() as f64 / 1_048_576.0;
    black_box(catalogue::embedded().len());
    let first = Instant::now();
    black_box(estimate(&text, &Usage::default(), catalogue::embedded(), &Settings::default()).is_ok());
    let first = first.elapsed().as_secs_f64() * 1000.0;
    let memory = peak();
    let (busy, mut runs) = (processor(), Vec::new());
    for _ in 0..RUNS {
        let start = Instant::now();
        black_box(estimate(&text, &Usage::default(), catalogue::embedded(), &Settings::default()).is_ok());
        runs.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    runs.sort_by(f64::total_cmp);
    println!(
        "{size:.1} MB: first {first:.1} ms, median {:.1} ms, worst {:.1} ms, processor {:.1} ms a run, {memory:.0} MB of memory, {:.2} times the file",
        runs[RUNS / 2],
        runs[RUNS - 1],
        (processor() - busy) / RUNS as f64,
        memory / size
    );
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    if let [_, path] = arguments.as_slice() {
        measure(path);
        return ExitCode::SUCCESS;
    }
    let Ok(packed) = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/catalogue/prices.zst")) else {
        return ExitCode::FAILURE;
    };
    let start = Instant::now();
    black_box(Catalogue::unpack(&packed).is_ok());
    println!("catalogue: {} KB, loaded in {:.1} ms", packed.len() / 1024, start.elapsed().as_secs_f64() * 1000.0);
    for count in [1_000, 10_000] {
        let path = env::temp_dir().join(format!("terrane-cost-bench-{count}-{}.json", std::process::id()));
        let written = fs::write(&path, plan(count));
        print!("{count} resources, ");
        let done = written.and_then(|()| Command::new(&arguments[0]).arg(&path).status());
        let _ = fs::remove_file(&path);
        if !done.is_ok_and(|status| status.success()) {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
