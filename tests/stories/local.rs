//! Local execution: terraform runs on the person's machine; the server keeps the state and the lock.

use serde_json::json;
use terrane_tests::Stage;
use terrane_tests::terminal::says;

use crate::configurations::{RUNNING, SLOW};
use crate::stories;

stories! {
    CLOUD:
        it_plans_applies_and_destroys_here,
        an_interrupt_keeps_what_was_made_and_frees_the_lock,
}

fn workspace(stage: &Stage) -> String {
    stage.create_workspace("app", json!({ "execution-mode": "local", "terraform-version": stage.version().number() }))
}

/// Leaves a file in the working directory, which only a local run can.
const HERE: &str = "\
resource \"terraform_data\" \"it\" {
  input = \"value\"
  provisioner \"local-exec\" {
    command = \"touch made-here\"
  }
}
";

fn it_plans_applies_and_destroys_here(stage: &mut Stage) {
    let id = workspace(stage);
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + HERE)).good(&["init"]);
    let shown = cli.good(&["plan"]);
    assert!(says(&shown, "Plan: 1 to add"), "{shown}");
    let mut apply = cli.start(&["apply"]);
    apply.expect("Enter a value:").type_line("yes").expect("Apply complete! Resources: 1 added");
    apply.exits(0);
    assert!(cli.work().join("made-here").is_file(), "the apply did not run here");
    assert!(stage.state("app").is_some(), "the state did not reach the server");
    assert!(!cli.work().join("terraform.tfstate").exists(), "the state was kept here");
    let runs = stage.api().get(&format!("workspaces/{id}/runs")).is(&[200]).data();
    assert_eq!(runs, json!([]), "a local apply made a run");
    cli.good(&["destroy", "-auto-approve"]);
}

fn an_interrupt_keeps_what_was_made_and_frees_the_lock(stage: &mut Stage) {
    let _ = workspace(stage);
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + SLOW)).good(&["init"]);
    let mut apply = cli.start(&["apply", "-auto-approve"]);
    apply.expect(RUNNING);
    assert_eq!(stage.workspace("app")["attributes"]["locked"], true);
    apply.interrupt();
    apply.finish();
    let shown = cli.good(&["state", "list"]);
    assert!(says(&shown, "terraform_data.quick"), "{shown}");
}
