//! What a large provider costs a run: downloaded the first time, linked to from then on, beside what a plain `terraform init` takes that copies
//! nothing either.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use terrane_tests::{Database, Server, Slug, Stage, Version, process, settings};

use crate::figures::{Figure, Spread, ms};
use crate::stamped;

const VERSION: Version = Version::V1_11_4;
const TIMES: usize = 9;
const MAIN: &str =
    "terraform {\n  required_providers {\n    aws = { source = \"hashicorp/aws\", version = \"3.39.0\" }\n  }\n}\n";
const BEFORE: &str = "echo init-starts $(date +%s%N)";
const AFTER: &str =
    "echo own-kib $(find .terraform/providers -type f -exec du -k {} + | awk '{ all += $1 } END { print all + 0 }')";

/// The figures of one database.
pub(crate) fn figures(database: Database) -> Vec<Figure> {
    let folder = tempfile::Builder::new().prefix("tt-engines-").tempdir().expect("a folder");
    stamped::engines(folder.path(), VERSION);
    let none = folder.path().join("none");
    fs::create_dir(&none).expect("an empty folder");
    let text = |path: &Path| path.to_str().expect("a path of letters").to_owned();
    let (engines, none, mirror) = (text(folder.path()), text(&none), text(&settings::aws_provider()));
    let flags = ["--engines", &engines, "--providers", &none, "--mirror-providers", &mirror];
    let hooks = ["--hook-pre-plan", BEFORE, "--hook-post-plan", AFTER];
    let stage = Stage::on(Server::start_with(database, &[&flags[..], &hooks[..]].concat()), VERSION);
    let plain =
        Spread::of((0..TIMES).map(|_| plain(&folder.path().join(VERSION.number()).join("terraform"))).collect());
    let id = stage.create_workspace("aws", json!({ "terraform-version": VERSION.number() }));
    let configuration = stage.uploaded(&id, true, &Slug::pack(&[("main.tf", MAIN)]));
    let install = || {
        let run = stage.queue(&id, &configuration, &json!({}));
        let log = stage.log(&stage.reaches(&run, &["planned_and_finished"]), "plan");
        let number = |mark: &str| -> u64 {
            let line = log.lines().find_map(|line| line.strip_prefix(mark)).unwrap_or_else(|| panic!("{mark}: {log}"));
            line.trim().parse().expect("a number")
        };
        let took = Duration::from_nanos(number("bench-started ").saturating_sub(number("init-starts ")));
        (took, number("own-kib "))
    };
    let (cold, copied) = install();
    process::eventually("the provider to be kept", Duration::from_secs(120), || {
        stage.server.log().contains("kept for later runs").then_some(())
    });
    let warm: Vec<_> = (0..TIMES).map(|_| install()).collect();
    let own = warm.iter().map(|(_, own)| *own).max().unwrap_or_default();
    let warm = Spread::of(warm.into_iter().map(|(took, _)| took).collect());
    let over = warm.median().as_secs_f64() - plain.median().as_secs_f64();
    vec![
        Figure::limit("plain terraform init, provider linked from a folder", plain.text()),
        Figure::new("init in the first run of a provider", format!("{} ({copied} KiB)", ms(cold)), ""),
        Figure::new("init in a warm run", warm.text(), ""),
        Figure::new("  beyond the plain one, medians", format!("{:+.1} ms", over * 1_000.0), "< +50 ms"),
        Figure::new("  copied, at most", format!("{own} KiB"), "0"),
    ]
}

fn plain(program: &Path) -> Duration {
    let place = tempfile::tempdir().expect("a folder");
    let mirror = settings::aws_provider().display().to_string();
    let settings = format!(
        "disable_checkpoint = true\nprovider_installation {{\n  filesystem_mirror {{\n    path = {mirror:?}\n  }}\n}}\n"
    );
    fs::write(place.path().join("rc"), settings).expect("a CLI configuration");
    fs::write(place.path().join("main.tf"), MAIN).expect("a configuration");
    let mut init = Command::new(program);
    init.args(["init", "-input=false"]).current_dir(&place).env_clear().env("HOME", place.path());
    init.env("TF_CLI_CONFIG_FILE", place.path().join("rc")).env("CHECKPOINT_DISABLE", "1");
    let began = Instant::now();
    let output = init.output().expect("run terraform");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    began.elapsed()
}
