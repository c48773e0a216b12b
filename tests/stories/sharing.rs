//! `terraform_remote_state` inside a run: closed until the workspace that it reads is shared.

use serde_json::json;
use terrane_tests::{ORGANIZATION, Stage};

use crate::stories;

stories! {
    CLOUD:
        a_run_reads_the_state_of_a_workspace_that_shares_it;
}

fn a_run_reads_the_state_of_a_workspace_that_shares_it(stage: &mut Stage) {
    let source = stage.cli();
    source.write("main.tf", &(stage.cloud("source") + "output \"address\" {\n  value = \"10.0.0.7\"\n}\n"));
    source.good(&["init"]);
    source.good(&["apply", "-auto-approve"]);

    let reader = stage.cli();
    // As the server calls itself: that is the name for which a run has a token.
    let host = stage.server.host().replace("127.0.0.1", "localhost");
    let reading = format!(
        "data \"terraform_remote_state\" \"source\" {{\n  backend = \"remote\"\n  config = {{\n    hostname = {host:?}\n    \
         organization = {ORGANIZATION:?}\n    workspaces = {{\n      name = \"source\"\n    }}\n  }}\n}}\n\
         output \"seen\" {{\n  value = data.terraform_remote_state.source.outputs.address\n}}\n"
    );
    reader.write("main.tf", &(stage.cloud("reader") + &reading)).good(&["init"]);
    let shown = reader.bad(&["apply", "-auto-approve"]);
    assert!(!shown.contains("10.0.0.7"), "{shown}");
    assert!(shown.contains("remote state consumers"), "the person is not told what to do:\n{shown}");

    let (from, to) = (stage.workspace_id("source"), stage.workspace_id("reader"));
    let consumers = format!("workspaces/{from}/relationships/remote-state-consumers");
    let _ = stage.api().post(&consumers, &json!({ "data": [{ "type": "workspaces", "id": to }] })).is(&[204]);
    reader.good(&["apply", "-auto-approve"]);
    assert_eq!(reader.bytes(&["output", "-raw", "seen"]), b"10.0.0.7");

    let reads = stage.api().get(&format!("workspaces/{from}/remote-state-reads")).is(&[200]).data();
    let run = stage.newest_run("reader");
    assert_eq!(reads[0]["relationships"]["run"]["data"]["id"], run["id"], "{reads}");
}
