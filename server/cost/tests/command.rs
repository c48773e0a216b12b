//! The commands as a person calls them: files in, files and text out.

#![cfg(feature = "cli")]

use std::fs;
use std::path::PathBuf;

use clap::Parser;
use terrane_cost::command::{Cost, Prices};
use terrane_cost::{Catalogue, Estimate};

#[derive(Parser)]
enum Command {
    #[command(subcommand)]
    Cost(Cost),
    #[command(subcommand)]
    Prices(Prices),
}

fn run(arguments: &[&str]) -> Result<String, String> {
    let mut out = Vec::new();
    let all = std::iter::once("terrane").chain(arguments.iter().copied());
    let done = match Command::try_parse_from(all).map_err(|error| error.to_string())? {
        Command::Cost(command) => command.run(&mut out),
        Command::Prices(command) => command.run(&mut out),
    };
    let text = String::from_utf8(out).map_err(|error| error.to_string())?;
    done.map(|()| text.clone()).map_err(|error| format!("{text}{error}"))
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).expect("a file");
        self.name(name)
    }

    fn name(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }
}

const PLAN: &str = r#"{"resource_changes":[
    {"address":"aws_nat_gateway.a","type":"aws_nat_gateway","change":{"before":null,"after":{}}},
    {"address":"aws_iam_role.a","type":"aws_iam_role","change":{"before":null,"after":{}}},
    {"address":"acme_thing.a","type":"acme_thing","change":{"before":null,"after":{}}}]}"#;

#[test]
fn an_estimate_is_json_a_table_or_markdown() {
    let folder = Folder::new();
    let plan = folder.put("plan.json", PLAN);
    let usage = folder.put("usage.yml", "resource_usage:\n  aws_nat_gateway.a:\n    monthly_data_processed_gb: 100\n");
    let json = run(&["cost", "estimate", &plan, "--usage", &usage, "--format", "json"]).expect("json");
    let found: Estimate = serde_json::from_str(&json).expect("the contract");
    assert_eq!(found.totals.proposed.to_string(), "37.35");
    assert_eq!((found.counts.estimated, found.counts.free, found.counts.not_estimated), (1, 1, 1));
    let raw: serde_json::Value = serde_json::from_str(&json).expect("json");
    assert_eq!(raw["totals"]["delta"], "37.35");
    assert_eq!(raw["resources"][0]["state"], "not_estimated");
    assert!(raw["resources"][0]["proposed"].is_null());
    let table = run(&["cost", "estimate", &plan]).expect("table");
    assert!(table.contains("NAT gateway") && table.contains("$32.85") && table.contains("1 not estimated"), "{table}");
    let markdown = run(&["cost", "estimate", &plan, "--format", "markdown"]).expect("markdown");
    assert!(markdown.contains("| `aws_nat_gateway.a` |"), "{markdown}");
    assert!(run(&["cost", "estimate", &folder.name("none.json")]).unwrap_err().contains("none.json"));
}

#[test]
fn a_catalogue_is_built_exported_updated_and_imported() {
    let folder = Folder::new();
    folder.put("a.tsv", "key\tregion\tusd\tsource\tdate\naws/nat/hour\tus-east-1\t0.045\tlist\t2026-01-01\n");
    let (built, text) = (folder.name("built.zst"), folder.name("export.txt"));
    run(&["prices", "build", &folder.name(""), "--out", &built]).expect("build");
    run(&["prices", "export", "--catalogue", &built, "--out", &text]).expect("export");
    assert!(fs::read_to_string(&text).expect("text").contains("aws/nat/hour\t0.045@"));
    let again = folder.name("again.zst");
    run(&["prices", "import", &text, "--out", &again]).expect("import");
    fs::create_dir(folder.path("answers")).expect("a folder");
    let answer = |price: &str| {
        format!(
            r#"{{"manifest":{{"hawkFilePublicationDate":"2026-06-01T00:00:00Z","currencyCode":"USD"}},
            "regions":{{"US East (N. Virginia)":{{"Hourly charge for NAT Gateways":{{"price":"{price}"}}}}}}}}"#
        )
    };
    folder.put("answers/natgateway.json", &answer("0.05"));
    let updated = folder.name("updated.zst");
    run(&["prices", "update", "--from", &folder.name("answers"), "--catalogue", &again, "--out", &updated])
        .expect("update");
    let read = Catalogue::unpack(&fs::read(&updated).expect("bytes")).expect("a catalogue");
    assert_eq!(read.find("aws/nat/hour", "us-east-1").expect("a price").amount.to_string(), "0.05");
    assert_eq!(read.version(), "2026-06-01");
    folder.put("answers/natgateway.json", &answer("0.5"));
    let held = run(&["prices", "update", "--from", &folder.name("answers"), "--catalogue", &again, "--out", &updated]);
    assert!(held.unwrap_err().contains("more than 25 %"));
}

#[test]
fn the_built_in_catalogue_verifies() {
    assert!(run(&["prices", "verify"]).expect("no findings").contains("priced types"));
}
