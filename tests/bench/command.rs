//! What a person waits for: `terraform plan` and `terraform apply -auto-approve` from start to prompt.

use std::time::{Duration, Instant};

use terrane_tests::{Cli, Database, Stage, Version};

use crate::figures::{Figure, Spread, seconds};

const CONFIGURATION: &str = "resource \"terraform_data\" \"it\" {\n  input = \"value\"\n}\n";
const TIMES: usize = 7;
/// What the CLI itself sleeps between its requests of one plan.
const SLEEPS: Duration = Duration::from_millis(1_500);

/// The figures of one database.
pub(crate) fn figures(database: Database) -> Vec<Figure> {
    let stage = Stage::set(database, Version::V1_11_4);
    let local = Cli::new(Version::V1_11_4);
    local.write("main.tf", CONFIGURATION).good(&["init"]);
    let here = Spread::of((0..TIMES).map(|_| time(&local, &["plan"])).collect()).median();

    let remote = stage.cli();
    remote.write("main.tf", &(stage.cloud("bench") + CONFIGURATION)).good(&["init"]);
    let there = Spread::of((0..TIMES).map(|_| time(&remote, &["plan"])).collect()).median();
    let over = there.as_secs_f64() - SLEEPS.as_secs_f64() - here.as_secs_f64();

    let applies = (0..TIMES).map(|number| {
        let cli = stage.cli();
        cli.write("main.tf", &(stage.cloud(&format!("bench-{number}")) + CONFIGURATION)).good(&["init"]);
        time(&cli, &["apply", "-auto-approve"])
    });
    let applied = Spread::of(applies.collect()).median();
    vec![
        Figure::limit("terraform plan of one resource, local", seconds(here)),
        Figure::new("terraform plan of one resource, remote", seconds(there), "<= 1.5 s + local + 0.06 s [+0.09]"),
        Figure::new("  beyond the CLI's sleeps and the local plan", format!("{over:+.3} s"), "<= +0.06 s [+0.09]"),
        Figure::new("terraform apply -auto-approve of one resource", seconds(applied), "<= 2.60 s [2.67]"),
    ]
}

fn time(cli: &Cli, arguments: &[&str]) -> Duration {
    let began = Instant::now();
    cli.good(arguments);
    began.elapsed()
}
