//! How fast states are written and read, and how fast a workspace is.

use std::time::Duration;

use serde_json::{Value, json};
use terrane_tests::{Database, Stage, Version};

use crate::figures::{Figure, Spread, seconds};
use crate::load::{self, Target};
use crate::raw;

const CLIENTS: u32 = 32;
const READERS: u32 = 64;
const WHILE: Duration = Duration::from_secs(8);

/// The figures of one database.
pub(crate) fn figures(database: Database) -> Vec<Figure> {
    let stage = Stage::set(database, Version::V1_11_4);
    let scratch = tempfile::tempdir_in(stage.server.folder()).expect("a scratch folder");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let sync = raw::fdatasync(scratch.path(), 20_000);
    let sample = at(&state(20_000, 0), 1);
    let plain = runtime.block_on(async {
        match stage.server.postgres() {
            Some(url) => raw::postgres(&url, &sample, CLIENTS).await,
            None => raw::sqlite(scratch.path(), &sample, CLIENTS).await,
        }
    });

    for number in 0..CLIENTS {
        let _ = stage.create_workspace(&format!("load-{number}"), json!({}));
    }
    for name in ["big", "huge"] {
        let _ = stage.create_workspace(name, json!({}));
    }
    let target = Target::new(&stage.server.host(), &stage.server.certificate(), &stage.token);
    let states: Vec<_> = (0..CLIENTS).map(|number| state(20_000, number)).collect();
    let writes = runtime.block_on(load::run(&target, CLIENTS, WHILE, async |client, number, done| {
        let next = at(&states[number as usize], done + 1);
        client.ask("POST", &format!("/api/http/acme/load-{number}"), next).await;
    }));
    let big_state = state(1_000_000, 99);
    let big = runtime.block_on(load::run(&target, 1, WHILE / 2, async |client, _, done| {
        client.ask("POST", "/api/http/acme/big", at(&big_state, done + 1)).await;
    }));
    let reads = runtime.block_on(load::run(&target, 1, WHILE / 2, async |client, _, _| {
        client.ask("GET", "/api/http/acme/big", "").await;
    }));
    let huge_state = widened(100_000_000, 98, 1_700);
    let huge = runtime.block_on(load::run(&target, 1, WHILE, async |client, _, done| {
        client.ask("POST", "/api/http/acme/huge", at(&huge_state, done + 1)).await;
    }));
    let first = huge.took.first().copied().unwrap_or_default();
    let gets = runtime.block_on(load::run(&target, READERS, WHILE / 2, async |client, _, _| {
        client.ask("GET", "/api/v2/organizations/acme/workspaces/load-0", "").await;
    }));
    vec![
        Figure::limit("fdatasync after 20 KB, one after another", format!("{sync:.0} /s")),
        Figure::limit("plain insert of 20 KB, 32 connections", format!("{plain:.0} /s")),
        Figure::new(
            "20 KB state writes, 32 clients, 32 workspaces",
            format!("{:.0} /s", writes.rate),
            "> 1,500 /s [339]",
        ),
        Figure::new("  of the plain insert", format!("{:.2} x", writes.rate / plain), ">= 0.5 x"),
        Figure::new("  each", Spread::of(writes.took).text(), ""),
        Figure::new("1 MB state write", Spread::of(big.took).text(), "p50 < 10 ms [116]"),
        Figure::new("1 MB state read", Spread::of(reads.took).text(), "p99 < 5 ms [27]"),
        Figure::new("100 MB state of 50,000 instances, the first write", seconds(first), "< 1 s [13.2 s, 1.6 GB]"),
        Figure::new("  each, one instance changed", Spread::of(huge.took).text(), "< 1 s"),
        Figure::new("GET of one workspace, 64 clients", format!("{:.0} /s", gets.rate), "> 10,000 /s [748]"),
        Figure::new("  each", Spread::of(gets.took).text(), ""),
    ]
}

/// Stands for the serial wherever it is written in a state of [`state`].
const SERIAL: &str = "7777777777";

/// The state at this serial: as after an apply that changed one instance.
fn at(state: &str, serial: u64) -> String {
    state.replace(SERIAL, &serial.to_string())
}

/// A state of about this length that looks like one: ids that no compression shortens among keys that repeat.
fn state(length: usize, writer: u32) -> String {
    widened(length, writer, 0)
}

/// The same with so many bytes more in each instance, most of which differ.
fn widened(length: usize, writer: u32, more: usize) -> String {
    let mut seed = u64::from(writer) << 32 | 1;
    let mut id = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{seed:016x}")
    };
    let instances: Vec<Value> = (0..length / (290 + more))
        .map(|index| {
            let changed = if index == 0 { SERIAL } else { "0" };
            let tags = json!({ "Name": format!("web-{index}"), "Owner": "team-a", "Changed": changed });
            let arn = format!("arn:aws:ec2:eu-central-1:{}:instance/{}", id(), id());
            let mut attributes =
                json!({ "id": id() + &id(), "name": format!("instance-{index}"), "arn": arn, "tags": tags });
            if more > 0 {
                attributes["user_data"] = (0..more / 16).map(|_| id()).collect::<String>().into();
            }
            json!({ "index_key": index, "schema_version": 1, "attributes": attributes, "sensitive_attributes": [] })
        })
        .collect();
    let provider = "provider[\"registry.terraform.io/hashicorp/aws\"]";
    let resource = json!({ "mode": "managed", "type": "aws_instance", "name": "web", "provider": provider, "instances": instances });
    let serial: u64 = SERIAL.parse().expect("a number");
    let state = json!({ "version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": format!("lineage-{writer}"), "outputs": {}, "resources": [resource] });
    state.to_string()
}
