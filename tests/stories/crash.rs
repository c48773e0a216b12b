//! What is acknowledged outlives the server, and an apply outlives it too.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use terrane_tests::process::{self, eventually};
use terrane_tests::{Slug, Stage};

use crate::configurations::{ONE, RUNNING, SLOW};
use crate::stories;

stories! {
    NONE:
        an_apply_survives_the_server_and_is_adopted,
        a_plan_outlives_the_server_or_is_made_again,
        a_killed_terraform_leaves_the_last_whole_state,
        an_acknowledged_state_outlives_the_server;
}

/// An apply that ends by itself a while after the server was killed under it.
pub(crate) const LONG: &str = "\
resource \"terraform_data\" \"quick\" {
  input = \"quick\"
}
resource \"terraform_data\" \"long\" {
  depends_on = [terraform_data.quick]
  provisioner \"local-exec\" {
    command = \"printf 'now-%s\\\\n' running; sleep 3; printf 'after-%s\\\\n' all\"
  }
}
";

fn workspace(stage: &Stage) -> String {
    stage.create_workspace("app", json!({ "auto-apply": true, "terraform-version": stage.version().number() }))
}

fn start(stage: &Stage, workspace: &str, configuration: &str) -> String {
    let slug = Slug::pack(&[("main.tf", configuration)]);
    stage.queue(workspace, &stage.uploaded(workspace, false, &slug), &json!({}))
}

fn an_apply_survives_the_server_and_is_adopted(stage: &mut Stage) {
    let id = workspace(stage);
    let run = start(stage, &id, LONG);
    stage.logs_say(&run, "apply", RUNNING);
    stage.server.kill();
    stage.server.restart();
    let run = stage.reaches(&run, &["applied"]);
    let log = stage.log(&run, "apply");
    assert!(log.contains("after-all") && log.contains("Apply complete!"), "a part of the log is lost: {log}");
    assert_eq!(log.matches("now-running").count(), 1, "the apply ran twice, or its log is doubled: {log}");
    let state = String::from_utf8(stage.state("app").expect("a state")).expect("UTF-8");
    assert!(state.contains("\"long\""), "{state}");
}

fn a_plan_outlives_the_server_or_is_made_again(stage: &mut Stage) {
    let id = workspace(stage);
    let slug = Slug::pack(&[("main.tf", ONE)]);
    let configuration = stage.uploaded(&id, true, &slug);
    let runs: Vec<_> = (0..4).map(|_| stage.queue(&id, &configuration, &json!({}))).collect();
    stage.server.kill();
    stage.server.restart();
    for run in runs {
        stage.reaches(&run, &["planned_and_finished"]);
    }
}

/// The terraform of the apply of a run, wherever it executes on this machine.
fn terraform(run: &str) -> u32 {
    eventually("a terraform to run", Duration::from_secs(30), || {
        let named = process::that_name(Path::new(run)); // in its environment
        named.into_iter().find(|&pid| process::command_line(pid).contains("terraform apply "))
    })
}

fn a_killed_terraform_leaves_the_last_whole_state(stage: &mut Stage) {
    let id = workspace(stage);
    let run = start(stage, &id, SLOW);
    stage.logs_say(&run, "apply", RUNNING);
    process::kill(terraform(&run));
    let run = stage.reaches(&run, &["errored"]);
    let state = String::from_utf8(stage.state("app").expect("the last whole state")).expect("UTF-8");
    assert!(state.contains("\"quick\""), "{state}");
    let _: serde_json::Value = serde_json::from_str(&state).expect("a whole state");
    assert!(stage.log(&run, "apply").contains(RUNNING));
    // And the workspace goes on.
    let run = start(stage, &id, ONE);
    stage.reaches(&run, &["applied"]);
}

fn an_acknowledged_state_outlives_the_server(stage: &mut Stage) {
    let _ = stage.create_workspace("app", json!({}));
    for serial in 1..=5 {
        let state = json!({ "version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": "a", "outputs": {}, "resources": [] });
        let sent = terrane_tests::api::send(stage.api().request("POST", "/api/http/acme/app").body(state.to_string()));
        let _ = sent.is(&[200, 201, 204]);
        stage.server.kill();
        stage.server.restart();
        let kept = stage.state("app").expect("a state");
        assert_eq!(String::from_utf8(kept).expect("UTF-8"), state.to_string());
    }
}
