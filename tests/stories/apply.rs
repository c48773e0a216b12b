//! `terraform apply` and `destroy`: the prompt, both its answers, and what goes without a prompt.
//!
//! Interrupted, the CLI exits with 0 or 1 by a race of its own: what counts is what becomes of the run.

use serde_json::json;
use terrane_tests::Stage;
use terrane_tests::terminal::says;

use crate::configurations::{HALF, ONE, RUNNING, SLOW, WITH_OUTPUT};
use crate::stories;

stories! {
    CLOUD:
        yes_applies,
        no_discards,
        auto_approve_asks_nothing,
        the_prompt_stands_even_where_the_workspace_applies_by_itself,
        a_run_of_an_auto_apply_workspace_needs_nobody,
        nothing_to_do_is_said_and_nothing_asked,
        destroy_asks_and_destroys,
        approval_in_the_browser_reaches_the_prompt,
        discarding_in_the_browser_reaches_the_prompt,
        without_input_the_run_waits,
        a_failed_apply_keeps_what_was_made,
        an_interrupt_while_applying_cancels_and_keeps_what_was_made,
        an_interrupt_asks_before_it_cancels,
        an_interrupt_at_the_prompt_leaves_the_run_waiting;
}

fn id(run: &serde_json::Value) -> &str {
    run["id"].as_str().expect("an id")
}

fn status(stage: &Stage) -> String {
    stage.newest_run("app")["attributes"]["status"].as_str().expect("a status").to_owned()
}

fn yes_applies(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + WITH_OUTPUT)).good(&["init"]);
    let mut apply = cli.start(&["apply"]);
    apply.expect("Plan: 1 to add").expect("Do you want to perform these actions in workspace \"app\"?");
    assert_eq!(stage.workspace("app")["attributes"]["locked"], true, "a run that waits holds the lock");
    apply.expect("Enter a value:").type_line("yes");
    apply.expect("terraform_data.it: Creation complete").expect("Apply complete! Resources: 1 added");
    apply.expect("it = \"value\"");
    apply.exits(0);
    assert_eq!(status(stage), "applied");
    let state: serde_json::Value =
        serde_json::from_slice(&stage.state("app").expect("a state")).expect("a state is JSON");
    assert_eq!(state["resources"][0]["type"], "terraform_data");
    assert_eq!(state["terraform_version"], stage.version().number());
}

fn no_discards(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + ONE)).good(&["init"]);
    let mut apply = cli.start(&["apply"]);
    apply.expect("Enter a value:").type_line("no").expect("Apply discarded");
    apply.exits(1);
    assert_eq!(status(stage), "discarded");
    assert_eq!(stage.state("app"), None);
}

fn auto_approve_asks_nothing(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + ONE)).good(&["init"]);
    let shown = cli.good(&["apply", "-auto-approve"]);
    assert!(!says(&shown, "Enter a value:"), "{shown}");
    assert!(says(&shown, "Apply complete! Resources: 1 added, 0 changed, 0 destroyed."), "{shown}");
    assert_eq!(status(stage), "applied");
}

fn the_prompt_stands_even_where_the_workspace_applies_by_itself(stage: &mut Stage) {
    let _ = stage.create_workspace("app", json!({ "auto-apply": true, "terraform-version": stage.version().number() }));
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + ONE)).good(&["init"]);
    let mut apply = cli.start(&["apply"]);
    apply.expect("Enter a value:").type_line("yes").expect("Apply complete!");
    apply.exits(0);
}

fn a_run_of_an_auto_apply_workspace_needs_nobody(stage: &mut Stage) {
    let version = stage.version().number();
    let workspace = stage.create_workspace("app", json!({ "auto-apply": true, "terraform-version": version }));
    let slug = terrane_tests::Slug::pack(&[("main.tf", ONE)]);
    let run = stage.queue(&workspace, &stage.uploaded(&workspace, false, &slug), &json!({}));
    let run = stage.reaches(&run, &["applied"]);
    assert_eq!(run["attributes"]["auto-apply"], true);
    assert!(stage.log(&run, "apply").contains("Apply complete!"));
}

fn nothing_to_do_is_said_and_nothing_asked(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + ONE)).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    let before = stage.state("app");
    let shown = cli.good(&["apply"]);
    assert!(says(&shown, "No changes. Your infrastructure matches the configuration."), "{shown}");
    assert_eq!(status(stage), "planned_and_finished");
    assert_eq!(stage.state("app"), before);
}

fn destroy_asks_and_destroys(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + ONE)).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    let mut destroy = cli.start(&["destroy"]);
    destroy.expect("Plan: 0 to add, 0 to change, 1 to destroy.");
    destroy.expect("Do you really want to destroy all resources in workspace \"app\"?");
    destroy.expect("Enter a value:").type_line("no").expect("Destroy discarded");
    destroy.exits(1);
    let mut destroy = cli.start(&["destroy"]);
    destroy.expect("Enter a value:").type_line("yes").expect("1 destroyed");
    destroy.exits(0);
    let run = stage.newest_run("app");
    assert_eq!(run["attributes"]["is-destroy"], true);
    assert_eq!(run["attributes"]["status"], "applied");
    let state: serde_json::Value =
        serde_json::from_slice(&stage.state("app").expect("a state")).expect("a state is JSON");
    assert_eq!(state["resources"], json!([]));
    // What is gone is made again, and `-auto-approve` destroys without a question.
    cli.good(&["apply", "-auto-approve"]);
    let shown = cli.good(&["destroy", "-auto-approve"]);
    assert!(!says(&shown, "Enter a value:"), "{shown}");
}

fn approval_in_the_browser_reaches_the_prompt(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + ONE)).good(&["init"]);
    let mut apply = cli.start(&["apply"]);
    apply.expect("Enter a value:");
    let _ = stage.act(id(&stage.newest_run("app")), "apply").is(&[202]);
    apply.expect("approved using the UI or API").expect("Apply complete!");
    apply.exits(0);
}

fn discarding_in_the_browser_reaches_the_prompt(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + ONE)).good(&["init"]);
    let mut apply = cli.start(&["apply"]);
    apply.expect("Enter a value:");
    let _ = stage.act(id(&stage.newest_run("app")), "discard").is(&[202]);
    apply.expect("discarded using the UI or API");
    apply.exits(1);
    assert_eq!(stage.state("app"), None);
}

fn without_input_the_run_waits(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + ONE)).good(&["init"]);
    let _ = cli.bad(&["apply", "-input=false"]);
    assert_eq!(status(stage), "planned");
    let _ = stage.act(id(&stage.newest_run("app")), "discard").is(&[202]);
    assert_eq!(status(stage), "discarded");
}

fn a_failed_apply_keeps_what_was_made(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + HALF)).good(&["init"]);
    let shown = cli.bad(&["apply", "-auto-approve"]);
    assert!(says(&shown, "exit status 7"), "{shown}");
    assert_eq!(status(stage), "errored");
    let shown = cli.good(&["state", "list"]);
    assert!(says(&shown, "terraform_data.bad terraform_data.good"), "{shown}");
    let repaired = HALF.replace("exit 7", "exit 0");
    let shown = cli.write("main.tf", &(stage.cloud("app") + &repaired)).good(&["apply", "-auto-approve"]);
    assert!(says(&shown, "terraform_data.bad is tainted, so must be replaced"), "{shown}");
    assert!(says(&shown, "Apply complete! Resources: 1 added, 0 changed, 1 destroyed."), "{shown}");
}

fn an_interrupt_while_applying_cancels_and_keeps_what_was_made(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + SLOW)).good(&["init"]);
    let mut apply = cli.start(&["apply", "-auto-approve"]);
    apply.expect(RUNNING).interrupt().expect("Interrupt received");
    apply.finish();
    let run = stage.newest_run("app");
    stage.reaches(id(&run), &["canceled", "errored"]);
    let shown = cli.good(&["state", "list"]);
    assert!(says(&shown, "terraform_data.quick"), "{shown}");
}

fn an_interrupt_asks_before_it_cancels(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + SLOW)).good(&["init"]);
    let mut apply = cli.start(&["apply"]);
    apply.expect("Enter a value:").type_line("yes").expect(RUNNING).interrupt();
    apply.expect("Do you want to cancel the remote operation?").expect("Enter a value:").type_line("yes");
    apply.finish();
    stage.reaches(id(&stage.newest_run("app")), &["canceled", "errored"]);
}

fn an_interrupt_at_the_prompt_leaves_the_run_waiting(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + ONE)).good(&["init"]);
    let mut apply = cli.start(&["apply"]);
    apply.expect("Enter a value:").interrupt();
    apply.finish();
    assert_eq!(status(stage), "planned");
    let _ = stage.act(id(&stage.newest_run("app")), "discard").is(&[202]);
    assert_eq!(status(stage), "discarded");
}
