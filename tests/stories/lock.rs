//! One lock a workspace: who holds it, who waits, and how it is freed.

use serde_json::json;
use terrane_tests::Stage;
use terrane_tests::terminal::says;

use crate::configurations::{ONE, RUNNING, SLOW};
use crate::stories;

stories! {
    CLOUD:
        a_run_waits_for_a_person_s_lock,
        a_second_run_waits_for_the_first,
        a_run_without_a_slot_says_how_many_are_before_it,
        a_local_apply_meets_a_lock_and_force_unlock_frees_it,
        a_push_meets_a_running_apply;
    NONE: locking_and_unlocking_say_who_holds_it;
}

fn lock(stage: &Stage, id: &str, action: &str) -> terrane_tests::Answer {
    stage.api().post(
        &format!("workspaces/{id}/actions/{action}"),
        &json!({ "data": { "type": "", "attributes": { "reason": "maintenance" } } }),
    )
}

fn a_run_waits_for_a_person_s_lock(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + ONE)).good(&["init"]);
    let id = stage.workspace_id("app");
    let _ = lock(stage, &id, "lock").is(&[200]);
    let mut apply = cli.start(&["apply", "-auto-approve"]);
    apply.expect("Waiting for the manually locked workspace to be unlocked");
    let _ = lock(stage, &id, "unlock").is(&[200]);
    apply.expect("Apply complete!");
    apply.exits(0);
}

fn a_second_run_waits_for_the_first(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + ONE)).good(&["init"]);
    let mut first = cli.start(&["apply"]);
    first.expect("Enter a value:");
    let other = stage.cli();
    other.write("main.tf", &(stage.cloud("app") + ONE)).good(&["init"]);
    // A plan changes nothing and does not wait.
    let shown = other.good(&["plan"]);
    assert!(says(&shown, "Plan: 1 to add"), "{shown}");
    let mut second = other.start(&["apply", "-auto-approve"]);
    // How many it waits for is the CLI's own count, which takes in finished plans.
    second.expect("run(s) to finish before being queued");
    first.type_line("yes").expect("Apply complete! Resources: 1 added");
    first.exits(0);
    second.expect("No changes.");
    second.exits(0);
}

fn a_run_without_a_slot_says_how_many_are_before_it(stage: &mut Stage) {
    let told = stage.server.admin(&["organization", "share", "acme", "--run-limit", "1", "--weight", "2"]);
    assert_eq!(told, "", "what it says is no output");
    let listed = stage.server.admin(&["organization", "list"]);
    assert!(listed.contains("\tacme\t1\t2\t0\t0"), "{listed}");
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + SLOW)).good(&["init"]);
    let mut apply = cli.start(&["apply", "-auto-approve"]);
    apply.expect(RUNNING);
    let other = stage.cli();
    other.write("main.tf", &(stage.cloud("other") + ONE)).good(&["init"]);
    let mut second = other.start(&["apply", "-auto-approve"]);
    second.expect("Waiting for 1 queued run(s) to finish before starting");
    let run = stage.newest_run("other");
    assert_eq!(run["attributes"]["waiting-reason"], "1 of 1 slots of organization acme are busy");
    apply.interrupt();
    let (_, _) = apply.finish();
    second.expect("Apply complete! Resources: 1 added");
    second.exits(0);
}

fn a_local_apply_meets_a_lock_and_force_unlock_frees_it(stage: &mut Stage) {
    let id = stage
        .create_workspace("app", json!({ "execution-mode": "local", "terraform-version": stage.version().number() }));
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + ONE)).good(&["init"]);
    let _ = lock(stage, &id, "lock").is(&[200]);
    let shown = cli.bad(&["apply", "-auto-approve"]);
    assert!(says(&shown, "Error acquiring the state lock"), "{shown}");
    assert_eq!(stage.state("app"), None);
    let shown = cli.good(&["force-unlock", "-force", "acme/app"]);
    assert!(says(&shown, "Terraform state has been successfully unlocked!"), "{shown}");
    cli.good(&["apply", "-auto-approve"]);
}

fn a_push_meets_a_running_apply(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + SLOW)).good(&["init"]);
    let mut apply = cli.start(&["apply", "-auto-approve"]);
    apply.expect(RUNNING);
    let state = json!({ "version": 4, "terraform_version": stage.version().number(), "serial": 50, "lineage": "other", "outputs": {}, "resources": [] });
    cli.write("other.tfstate", &state.to_string());
    let shown = cli.bad(&["state", "push", "-force", "other.tfstate"]);
    assert!(says(&shown, "lock"), "{shown}");
    apply.interrupt();
    let (_, _) = apply.finish();
    let run = stage.newest_run("app");
    stage.reaches(run["id"].as_str().expect("an id"), &["canceled", "errored"]);
    assert!(says(&cli.good(&["state", "list"]), "terraform_data.quick"));
}

fn locking_and_unlocking_say_who_holds_it(stage: &mut Stage) {
    let id = stage.create_workspace("app", json!({}));
    let workspace = lock(stage, &id, "lock").is(&[200]).data();
    assert_eq!(workspace["attributes"]["locked"], true);
    assert_eq!(workspace["relationships"]["locked-by"]["data"]["type"], "users");
    let _ = lock(stage, &id, "lock").refuses(&[409]);
    let workspace = lock(stage, &id, "unlock").is(&[200]).data();
    assert_eq!(workspace["attributes"]["locked"], false);
    let _ = lock(stage, &id, "unlock").refuses(&[409]);
    let _ = lock(stage, &id, "force-unlock").refuses(&[409]);
    // Both old and new clients: no attributes, an empty object, no body at all.
    for body in ["{\"data\":{\"type\":\"\"}}", "{}", ""] {
        let path = format!("workspaces/{id}/actions/lock");
        let _ = stage.api().document("POST", &path, body.to_owned()).is(&[200]);
        let _ =
            stage.api().document("POST", &format!("workspaces/{id}/actions/force-unlock"), String::new()).is(&[200]);
    }
}
