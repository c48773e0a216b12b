//! `backend "remote"` with a terraform from before the `cloud` block: the same server, the older words.

use serde_json::{Value, json};
use terrane_tests::Stage;
use terrane_tests::terminal::says;

use crate::configurations::output;
use crate::stories;

stories! {
    REMOTE:
        plan_apply_and_destroy,
        the_prompt_is_answered_no,
        a_workspace_that_applies_by_itself_asks_nothing,
        a_target_and_a_replacement,
        an_interrupt_cancels,
        a_failing_configuration_exits_1,
        the_state_commands,
        a_local_workspace_locks_and_unlocks,
}

const RESOURCE: &str = "\
resource \"null_resource\" \"it\" {
  triggers = { key = \"value\" }
}
output \"it\" {
  value = null_resource.it.id
}
";

const SLOW: &str = "\
resource \"null_resource\" \"slow\" {
  provisioner \"local-exec\" {
    command = \"printf 'now-%s\\\\n' running; exec sleep 600\"
  }
}
";

fn block(stage: &Stage) -> String {
    stage.remote("name = \"app\"")
}

fn plan_apply_and_destroy(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(block(stage) + RESOURCE)).good(&["init"]);
    let shown = cli.good(&["plan"]);
    assert!(says(&shown, "Plan: 1 to add, 0 to change, 0 to destroy."), "{shown}");
    assert!(!shown.contains("\"@level\""), "an old client got JSON lines: {shown}");
    let mut apply = cli.start(&["apply"]);
    apply.expect("Enter a value:").type_line("yes").expect("Apply complete! Resources: 1 added");
    apply.exits(0);
    assert!(says(&cli.good(&["apply"]), "No changes."));
    assert_eq!(cli.bytes(&["state", "list"]), b"null_resource.it\n");
    let mut destroy = cli.start(&["destroy"]);
    destroy.expect("Enter a value:").type_line("yes").expect("1 destroyed");
    destroy.exits(0);
    cli.good(&["apply", "-auto-approve"]);
    cli.good(&["destroy", "-auto-approve"]);
}

fn the_prompt_is_answered_no(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(block(stage) + &output("never"))).good(&["init"]);
    let mut apply = cli.start(&["apply"]);
    apply.expect("Enter a value:").type_line("no").expect("Apply discarded");
    apply.exits(1);
    assert_eq!(stage.newest_run("app")["attributes"]["status"], "discarded");
    assert_eq!(stage.state("app"), None);
}

fn a_workspace_that_applies_by_itself_asks_nothing(stage: &mut Stage) {
    let _ = stage.create_workspace("app", json!({ "auto-apply": true, "terraform-version": "1.0.3" }));
    let cli = stage.cli();
    cli.write("main.tf", &(block(stage) + &output("there"))).good(&["init"]);
    let shown = cli.good(&["apply"]);
    assert!(!says(&shown, "Enter a value:"), "{shown}");
    assert_eq!(cli.bytes(&["output", "-raw", "it"]), b"there");
}

fn a_target_and_a_replacement(stage: &mut Stage) {
    let cli = stage.cli();
    let two = RESOURCE.to_owned() + &RESOURCE.replace("\"it\"", "\"other\"").replace(".it.", ".other.");
    cli.write("main.tf", &(block(stage) + &two)).good(&["init"]);
    cli.good(&["apply", "-auto-approve", "-target=null_resource.other"]);
    assert_eq!(cli.bytes(&["state", "list"]), b"null_resource.other\n");
    let shown = cli.good(&["plan", "-replace=null_resource.other"]);
    assert!(says(&shown, "Plan: 2 to add, 0 to change, 1 to destroy."), "{shown}");
    let shown = cli.good(&["plan", "-refresh=false"]);
    assert!(!says(&shown, "Refreshing state"), "{shown}");
    cli.good(&["plan", "-refresh-only"]);
    assert_eq!(stage.newest_run("app")["attributes"]["refresh-only"], true);
}

fn an_interrupt_cancels(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(block(stage) + SLOW)).good(&["init"]);
    let mut apply = cli.start(&["apply", "-auto-approve"]);
    apply.expect("now-running").interrupt();
    apply.finish();
    stage.reaches(stage.newest_run("app")["id"].as_str().expect("an id"), &["canceled", "errored"]);
}

fn a_failing_configuration_exits_1(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(block(stage) + "variable \"missing\" {}\n")).good(&["init"]);
    let shown = cli.bad(&["plan", "-input=false"]);
    assert!(says(&shown, "No value for required variable"), "{shown}");
    let shown = cli.bad(&["apply", "-auto-approve", "-input=false"]);
    assert!(says(&shown, "No value for required variable"), "{shown}");
}

fn the_state_commands(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(block(stage) + RESOURCE)).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    assert!(says(&cli.good(&["state", "show", "null_resource.it"]), "\"key\" = \"value\""));
    cli.good(&["state", "mv", "null_resource.it", "null_resource.moved"]);
    assert_eq!(cli.bytes(&["state", "list"]), b"null_resource.moved\n");
    let mut state: Value = serde_json::from_slice(&cli.bytes(&["state", "pull"])).expect("JSON");
    cli.good(&["state", "rm", "null_resource.moved"]);
    assert_eq!(cli.bytes(&["state", "list"]), b"");
    // Back again: a forced push says so to the server, and may go back.
    state["serial"] = json!(1);
    cli.write("back.tfstate", &state.to_string()).good(&["state", "push", "-force", "back.tfstate"]);
    assert_eq!(cli.bytes(&["state", "list"]), b"null_resource.moved\n");
    let mut console = cli.start(&["console"]);
    console.expect(">").type_line("1 + 1").expect("2").type_line("exit");
    console.exits(0);
}

fn a_local_workspace_locks_and_unlocks(stage: &mut Stage) {
    let id = stage.create_workspace("app", json!({ "execution-mode": "local", "terraform-version": "1.0.3" }));
    let cli = stage.cli();
    cli.write("main.tf", &(block(stage) + RESOURCE)).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    let _ = stage.api().post(&format!("workspaces/{id}/actions/lock"), &json!({})).is(&[200]);
    let shown = cli.bad(&["apply", "-auto-approve"]);
    assert!(says(&shown, "Error acquiring the state lock"), "{shown}");
    cli.good(&["force-unlock", "-force", "acme/app"]);
    cli.good(&["destroy", "-auto-approve"]);
}
