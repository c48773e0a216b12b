//! Applies of many resources beside those of a person's own machine, and what is large on its way through the server.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use terrane_tests::{Cli, Database, Slug, Stage, Version};

use crate::figures::{Figure, Spread, seconds};

const VERSION: Version = Version::V1_11_4;
const TIMES: usize = 3;

/// The figures of one database.
pub(crate) fn figures(database: Database) -> Vec<Figure> {
    let stage = Stage::set(database, VERSION);
    let mut figures = Vec::new();
    for (count, goal) in [(1_000, "<= 0.5 x"), (10, "<= 1.05 x + 2 s")] {
        let text = format!("resource \"terraform_data\" \"it\" {{\n  count = {count}\n  input = \"value\"\n}}\n");
        let here = Spread::of((0..TIMES).map(|_| local(&text)).collect()).median();
        let there = (0..TIMES).map(|number| remote(&stage, &format!("large-{count}-{number}"), &text));
        let there = Spread::of(there.collect()).median();
        figures.push(Figure::limit(&format!("apply of {count} resources, local backend"), seconds(here)));
        let ratio = there.as_secs_f64() / here.as_secs_f64();
        let measured = format!("{} ({ratio:.2} x)", seconds(there));
        figures.push(Figure::new(&format!("apply of {count} resources, remote"), measured, goal));
    }
    figures.extend([ten_thousand(&stage), plan_json(&stage)]);
    figures
}

/// `terraform apply -auto-approve` on a person's own machine.
fn local(text: &str) -> Duration {
    let cli = Cli::new(VERSION);
    cli.write("main.tf", text).good(&["init"]);
    apply(&cli)
}

/// The same in a workspace, from the same command.
fn remote(stage: &Stage, workspace: &str, text: &str) -> Duration {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud(workspace) + text)).good(&["init"]);
    apply(&cli)
}

/// So many that a local backend would be at it for an hour. From the run's creation to the end of its apply.
fn ten_thousand(stage: &Stage) -> Figure {
    const COUNT: usize = 10_000;
    let text = format!("resource \"terraform_data\" \"it\" {{\n  count = {COUNT}\n  input = count.index\n}}\n");
    let attributes = json!({ "auto-apply": true, "terraform-version": VERSION.number() });
    let workspace = stage.create_workspace("ten-thousand", attributes);
    let configuration = stage.uploaded(&workspace, false, &Slug::pack(&[("main.tf", &text)]));
    let began = Instant::now();
    let run = stage.queue(&workspace, &configuration, &json!({}));
    let status = loop {
        let run = stage.run(&run);
        let status = run["attributes"]["status"].as_str().expect("a status").to_owned();
        if ["applied", "errored", "canceled"].contains(&status.as_str()) {
            break status;
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    let took = seconds(began.elapsed());
    let state: Value = serde_json::from_slice(&stage.state("ten-thousand").unwrap_or_default()).unwrap_or_default();
    let kept = state["resources"][0]["instances"].as_array().map_or(0, Vec::len);
    Figure::new("apply of 10,000 resources, remote", format!("{took}, {status}, {kept} in the state"), "")
}

fn apply(cli: &Cli) -> Duration {
    let began = Instant::now();
    cli.good(&["apply", "-auto-approve"]);
    began.elapsed()
}

/// From the end of a plan's log to the JSON of it, about 50 MB, in a client's hands.
fn plan_json(stage: &Stage) -> Figure {
    let text = "resource \"terraform_data\" \"it\" {\n  count = 2000\n  input = join(\"\", [for n in range(1200) : \"0123456789\"])\n}\n";
    let workspace = stage.create_workspace("json", json!({ "terraform-version": VERSION.number() }));
    let configuration = stage.uploaded(&workspace, true, &Slug::pack(&[("main.tf", text)]));
    let run = stage.run(&stage.queue(&workspace, &configuration, &json!({})));
    let plan = run["relationships"]["plan"]["data"]["id"].as_str().expect("a plan");
    let shown: Value = stage.api().get(&format!("plans/{plan}")).is(&[200]).data();
    let log = shown["attributes"]["log-read-url"].as_str().expect("a log").to_owned();
    let (mut offset, anonymous) = (0, stage.server.api(""));
    loop {
        let part = anonymous.get(&format!("{log}?limit=65536&offset={offset}")).is(&[200]).body;
        offset += part.len();
        if part.ends_with(b"\x03") {
            break;
        }
    }
    let ended = Instant::now();
    let length = loop {
        let answer = stage.api().get(&format!("plans/{plan}/json-output"));
        if answer.status == 200 {
            break answer.body.len();
        }
    };
    let measured = format!("{} ({} MB)", seconds(ended.elapsed()), length / 1_000_000);
    Figure::new("plan JSON in a client's hands after the log's end", measured, "< 1 s")
}
