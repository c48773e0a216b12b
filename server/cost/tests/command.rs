//! The commands as a person calls them: files in, files and text out.

#![cfg(feature = "cli")]

use std::fs;
use std::path::PathBuf;

use clap::Parser;
use terrane_cost::catalogue::Fetch;
use terrane_cost::command::{Cost, Prices};
use terrane_cost::{Catalogue, Estimate};

#[derive(Parser)]
enum Command {
    #[command(subcommand)]
    Cost(Cost),
    #[command(subcommand)]
    Prices(Prices),
}

/// The vendors' answers as they were shaped when they were recorded, by address.
struct Recorded;

impl Fetch for Recorded {
    fn open(&self, url: &str, key: Option<&str>) -> std::io::Result<Box<dyn std::io::BufRead>> {
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let name = match place {
            "https://prices.azure.com/api/retail/prices" if query.contains("Virtual") && query.contains("skip") => {
                "azure-2.json"
            }
            "https://prices.azure.com/api/retail/prices" if query.contains("Virtual") => "azure-1.json",
            "https://prices.azure.com/api/retail/prices" => "azure-storage.json",
            "https://cloudbilling.googleapis.com/v1/services/6F81-5844-456A/skus" if key != Some("secret") => {
                return Err(std::io::Error::other("401 Unauthorized"));
            }
            "https://cloudbilling.googleapis.com/v1/services/6F81-5844-456A/skus"
                if query.contains("pageToken=next") =>
            {
                "google-2.json"
            }
            "https://cloudbilling.googleapis.com/v1/services/6F81-5844-456A/skus" => "google-1.json",
            "https://cloudbilling.googleapis.com/v1/services/9662-B51E-5089/skus" => "google-sql.json",
            "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/region_index.json" => {
                "aws-index.json"
            }
            place if place.ends_with("region_index.json") => "aws-empty.json",
            "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/20260901000000/eu-west-3/index.csv" => {
                "aws-ec2.csv"
            }
            _ => return Err(std::io::Error::other(format!("nothing is recorded of {url}"))),
        };
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers").join(name);
        Ok(Box::new(std::io::BufReader::new(fs::File::open(path)?)))
    }
}

fn run(arguments: &[&str]) -> Result<String, String> {
    let mut out = Vec::new();
    let all = std::iter::once("terrane").chain(arguments.iter().copied());
    let done = match Command::try_parse_from(all).map_err(|error| error.to_string())? {
        Command::Cost(command) => command.run(&mut out),
        Command::Prices(command) => command.run(&mut out, &Recorded),
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
fn the_built_in_catalogue_verifies_and_tells_what_was_written_down_by_hand() {
    let told = run(&["prices", "verify"]).expect("no findings");
    assert!(told.contains("priced types") && told.contains("prices from transcribed"), "{told}");
    assert!(told.contains("were written down by hand"), "{told}");
}

#[test]
fn the_vendors_are_asked_page_after_page() {
    let folder = Folder::new();
    let (updated, key) = (folder.name("updated.zst"), folder.put("key", "secret\n"));
    let told =
        run(&["prices", "update", "--regions", "eu-west-3", "--google-key-file", &key, "--out", &updated, "--accept"])
            .expect("update");
    assert!(told.contains("aws AmazonEC2 eu-west-3: 4 prices"), "{told}");
    let read = Catalogue::unpack(&fs::read(&updated).expect("bytes")).expect("a catalogue");
    let price = |key: &str, region: &str| {
        let price = read.find(key, region).unwrap_or_else(|| panic!("{key} in {region}"));
        format!("{} {} {}", price.amount, price.source, price.date)
    };
    assert_eq!(price("aws/ec2/linux/m5.large", "eu-west-3"), "0.112 aws-offers 2026-09-01");
    assert_eq!(price("aws/ec2/windows/m5.large", "eu-west-3"), "0.204 aws-offers 2026-09-01");
    assert_eq!(price("aws/ebs/gp3/gb", "eu-west-3"), "0.0928 aws-offers 2026-09-01");
    assert_eq!(price("azure/vm/linux/d2s_v3", "westeurope"), "0.121 azure-retail 2026-08-01");
    assert_eq!(price("azure/vm/windows/d2s_v3", "westeurope"), "0.213 azure-retail 2026-08-01");
    assert_eq!(price("azure/disk/premium-ssd/P10/LRS", "westeurope"), "21.68 azure-retail 2026-08-01");
    assert_eq!(price("google/sql/vcpu-zonal", "europe-west1"), "0.0413 google-billing 2026-09-01");
    // 4 x 0.034773 + 16 x 0.004661
    assert_eq!(price("google/machine/on-demand/n2-standard-4", "europe-west1"), "0.213668 google-billing 2026-09-01");
    assert_eq!(read.version(), "2026-09-01");
}

#[test]
fn what_cannot_be_asked_is_said() {
    let folder = Folder::new();
    let updated = folder.name("updated.zst");
    let ask = |more: &[&str]| {
        let mut all = vec!["prices", "update", "--out", &updated];
        all.extend(more);
        run(&all).unwrap_err()
    };
    assert!(ask(&["--cloud", "aws"]).contains("--regions"));
    assert!(ask(&["--cloud", "google"]).contains("--google-key-file"));
    let key = folder.put("key", "wrong");
    let refused = ask(&["--cloud", "google", "--google-key-file", &key]);
    assert!(refused.contains("401") && !refused.contains("wrong"), "{refused}");
    assert!(ask(&["--cloud", "azure", "--azure-url", "https://elsewhere.example"]).contains("nothing is recorded"));
}
