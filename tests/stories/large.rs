//! Large applies, whose engine sends its state to the server by itself instead of writing it to a file for each resource.

use serde_json::{Value, json};
use terrane_tests::{Slug, Stage};

use crate::configurations::RUNNING;
use crate::stories;

stories! {
    CLOUD:
        many_resources_come_and_go,
        an_apply_by_backend_remote_calls_its_workspace_default,
        a_large_apply_survives_the_server;
    NONE:
        a_thousand_resources,
        an_interrupted_large_apply_keeps_what_was_made,
        ten_thousand_changes;
}

/// So many resources with a value of a thousand letters each, and what `terraform.workspace` is.
fn configuration(resources: usize) -> String {
    format!(
        "resource \"terraform_data\" \"it\" {{\n  count = {resources}\n  input = format(\"%s-%s\", terraform.workspace, join(\"\", [for n in range(100) : \"0123456789\"]))\n}}\n\
         output \"workspace\" {{\n  value = terraform.workspace\n}}\n"
    )
}

/// One more resource, made last, that takes a while.
fn and_then(command: &str) -> String {
    let command = format!("printf 'now-%s\\\\n' running; {command}");
    format!(
        "resource \"terraform_data\" \"last\" {{\n  depends_on = [terraform_data.it]\n  provisioner \"local-exec\" {{\n    command = \"{command}\"\n  }}\n}}\n"
    )
}

fn workspace(stage: &Stage) -> String {
    stage.create_workspace("app", json!({ "auto-apply": true, "terraform-version": stage.version().number() }))
}

fn start(stage: &Stage, workspace: &str, configuration: &str, attributes: &Value) -> String {
    let slug = Slug::pack(&[("main.tf", configuration)]);
    stage.queue(workspace, &stage.uploaded(workspace, false, &slug), attributes)
}

fn state(stage: &Stage) -> Value {
    serde_json::from_slice(&stage.state("app").expect("a state")).expect("a state is JSON")
}

fn instances(state: &Value) -> usize {
    let resources = state["resources"].as_array().expect("resources");
    resources.iter().map(|resource| resource["instances"].as_array().expect("instances").len()).sum()
}

/// Only an engine that sends its state by itself sends the JSON form beside it.
#[track_caller]
fn assert_sent_by_the_engine(stage: &Stage, workspace: &str) {
    let version = stage.api().get(&format!("workspaces/{workspace}/current-state-version")).is(&[200]).data();
    let url = version["attributes"]["hosted-json-state-download-url"].as_str().expect("a JSON form of the state");
    let form: Value = stage.api().get(url).is(&[200]).json();
    assert!(form["values"].is_object(), "{form}");
}

fn many_resources_come_and_go(stage: &mut Stage) {
    let (id, text) = (workspace(stage), configuration(400));
    let run = stage.reaches(&start(stage, &id, &text, &json!({})), &["applied"]);
    let log = stage.log(&run, "apply");
    assert!(log.contains("Apply complete! Resources: 400 added, 0 changed, 0 destroyed."), "{log}");
    assert_sent_by_the_engine(stage, &id);
    let now = state(stage);
    assert_eq!((instances(&now), &now["outputs"]["workspace"]["value"]), (400, &json!("app")));
    let again = stage.reaches(&start(stage, &id, &text, &json!({})), &["planned_and_finished"]);
    assert_eq!(again["attributes"]["has-changes"], false);
    let gone = start(stage, &id, &text, &json!({ "is-destroy": true }));
    let log = stage.log(&stage.reaches(&gone, &["applied"]), "apply");
    assert!(log.contains("400 destroyed"), "{log}");
    assert_eq!(instances(&state(stage)), 0);
}

fn a_thousand_resources(stage: &mut Stage) {
    let id = workspace(stage);
    let text = "resource \"terraform_data\" \"it\" {\n  count = 1000\n  input = \"value\"\n}\n";
    let run = stage.reaches(&start(stage, &id, text, &json!({})), &["applied"]);
    assert!(stage.log(&run, "apply").contains("1000 added"));
    assert_sent_by_the_engine(stage, &id);
    assert_eq!(instances(&state(stage)), 1000);
}

fn an_apply_by_backend_remote_calls_its_workspace_default(stage: &mut Stage) {
    let _ = workspace(stage);
    let cli = stage.cli();
    cli.write("main.tf", &(stage.remote("name = \"app\"") + &configuration(400))).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    let now = state(stage);
    assert_eq!((instances(&now), &now["outputs"]["workspace"]["value"]), (400, &json!("default")));
}

fn a_large_apply_survives_the_server(stage: &mut Stage) {
    let id = workspace(stage);
    let run = start(stage, &id, &(configuration(400) + &and_then("sleep 3; printf 'after-%s\\\\n' all")), &json!({}));
    stage.logs_say(&run, "apply", RUNNING);
    stage.server.kill();
    stage.server.restart();
    let run = stage.reaches(&run, &["applied"]);
    let log = stage.log(&run, "apply");
    assert!(log.contains("after-all") && log.contains("Apply complete!"), "a part of the log is lost: {log}");
    assert_sent_by_the_engine(stage, &id);
    assert_eq!(instances(&state(stage)), 401);
}

fn an_interrupted_large_apply_keeps_what_was_made(stage: &mut Stage) {
    let id = workspace(stage);
    let run = start(stage, &id, &(configuration(400) + &and_then("exec sleep 600")), &json!({}));
    stage.logs_say(&run, "apply", RUNNING);
    let _ = stage.act(&run, "cancel").is(&[202]);
    let _ = stage.reaches(&run, &["canceled"]);
    assert_eq!(instances(&state(stage)), 401, "what was made is not in the state");
}

/// Planned, read and discarded: what an engine needs to apply so many belongs into `make bench`.
fn ten_thousand_changes(stage: &mut Stage) {
    let id = stage.create_workspace("app", json!({ "terraform-version": stage.version().number() }));
    let text = "resource \"terraform_data\" \"it\" {\n  count = 10000\n  input = count.index\n}\n";
    let run = stage.reaches(&start(stage, &id, text, &json!({})), &["planned"]);
    assert!(stage.log(&run, "plan").contains("10000 to add, 0 to change"));
    let plan = run["relationships"]["plan"]["data"]["id"].as_str().expect("a plan");
    let shown = stage.api().get(&format!("plans/{plan}")).is(&[200]).data();
    assert_eq!(shown["attributes"]["resource-additions"], 10_000);
    for form in ["json-output", "json-output-redacted"] {
        let json: Value = stage.api().get(&format!("plans/{plan}/{form}")).is(&[200]).json();
        assert_eq!(json["resource_changes"].as_array().map(Vec::len), Some(10_000), "{form}");
    }
    let run = run["id"].as_str().expect("an id");
    let _ = stage.act(run, "discard").is(&[202]);
}
