//! `terraform plan` runs on the server and changes nothing.

use serde_json::json;
use terrane_tests::Stage;
use terrane_tests::terminal::says;

use crate::configurations::{ONE, output};
use crate::stories;

stories! {
    CLOUD:
        a_plan_shows_what_would_change,
        a_plan_without_changes_says_so,
        an_output_alone_is_a_change,
        a_failing_configuration_exits_1,
        a_missing_variable_exits_1,
        a_plan_interrupted_goes_on,
}

fn a_plan_shows_what_would_change(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + ONE)).good(&["init"]);
    let shown = cli.good(&["plan"]);
    assert!(says(&shown, "# terraform_data.it will be created"), "{shown}");
    assert!(says(&shown, "Plan: 1 to add, 0 to change, 0 to destroy."), "{shown}");
    assert!(says(&shown, &format!("/app/acme/app/runs/{}", stage.newest_run("app")["id"].as_str().expect("an id"))));
    cli.start(&["plan", "-detailed-exitcode"]).exits(2);
    let run = stage.newest_run("app");
    assert_eq!(run["attributes"]["status"], "planned_and_finished");
    assert_eq!(run["attributes"]["plan-only"], true);
    assert_eq!(run["attributes"]["has-changes"], true);
    assert_eq!(stage.state("app"), None, "a plan wrote a state");
}

fn a_plan_without_changes_says_so(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + ONE)).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    let shown = cli.start(&["plan", "-detailed-exitcode"]).exits(0);
    assert!(says(&shown, "No changes. Your infrastructure matches the configuration."), "{shown}");
    assert_eq!(stage.newest_run("app")["attributes"]["has-changes"], false);
}

fn an_output_alone_is_a_change(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + &output("first"))).good(&["init"]);
    let shown = cli.start(&["plan", "-detailed-exitcode"]).exits(2);
    assert!(says(&shown, "Changes to Outputs: + it = \"first\""), "{shown}");
    cli.good(&["apply", "-auto-approve"]);
    assert_eq!(cli.bytes(&["output", "-raw", "it"]), b"first");
}

fn a_failing_configuration_exits_1(stage: &mut Stage) {
    let failing = "\
resource \"terraform_data\" \"it\" {
  lifecycle {
    precondition {
      condition     = terraform.workspace == \"nothing like this\"
      error_message = \"This can never be.\"
    }
  }
}
";
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + failing)).good(&["init"]);
    let shown = cli.bad(&["plan"]);
    assert!(says(&shown, "This can never be."), "{shown}");
    assert_eq!(stage.newest_run("app")["attributes"]["status"], "errored");
    let shown = cli.bad(&["apply", "-auto-approve"]);
    assert!(says(&shown, "This can never be."), "{shown}");
    // The next run is not held up by the failed ones.
    cli.write("main.tf", &(stage.cloud("app") + ONE)).good(&["apply", "-auto-approve"]);
}

fn a_missing_variable_exits_1(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + "variable \"wanted\" {}\n" + ONE)).good(&["init"]);
    let shown = cli.bad(&["plan", "-input=false"]);
    assert!(says(&shown, "No value for required variable"), "{shown}");
    let id = stage.workspace_id("app");
    let variable =
        json!({ "key": "wanted", "value": "given", "category": "terraform", "hcl": false, "sensitive": false });
    let document = json!({ "data": { "type": "vars", "attributes": variable } });
    let _ = stage.api().post(&format!("workspaces/{id}/vars"), &document).is(&[201]);
    cli.good(&["plan", "-input=false"]);
}

fn a_plan_interrupted_goes_on(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + ONE)).good(&["init"]);
    let mut plan = cli.start(&["plan"]);
    plan.expect("To view this run in a browser").interrupt();
    let (code, shown) = plan.finish();
    assert_eq!(code, 1, "{shown}");
    let run = stage.newest_run("app");
    stage.reaches(run["id"].as_str().expect("an id"), &["planned_and_finished"]);
}
