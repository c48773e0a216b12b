//! What a plan or an apply can be told on its command line and by variables.

use serde_json::{Value, json};
use terrane_tests::Stage;
use terrane_tests::terminal::says;

use crate::configurations::{ONE, output};
use crate::stories;

stories! {
    CLOUD:
        a_target_limits_the_run,
        a_resource_is_replaced_on_demand,
        refreshing_can_be_left_out,
        refresh_only_writes_outputs_and_nothing_else,
        variables_of_the_command_line_and_the_environment_reach_the_run,
        variables_of_the_workspace_reach_the_run,
}

/// Two resources whose addresses hold what a shell or a careless join would break.
const MANY: &str = "\
resource \"terraform_data\" \"many\" {
  for_each = toset([\"plain\", \"with space\", \"a$(b)\"])
  input    = each.key
}
";

fn a_target_limits_the_run(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + MANY)).good(&["init"]);
    let target = "-target=terraform_data.many[\"a$(b)\"]";
    let shown = cli.good(&["apply", "-auto-approve", target]);
    assert!(says(&shown, "Apply complete! Resources: 1 added"), "{shown}");
    let shown = cli.good(&["state", "list"]);
    assert_eq!(shown.trim(), "terraform_data.many[\"a$(b)\"]");
    let targets = &stage.newest_run("app")["attributes"]["target-addrs"];
    assert_eq!(*targets, json!(["terraform_data.many[\"a$(b)\"]"]));
    let shown = cli.good(&["plan", "-target=terraform_data.many[\"with space\"]"]);
    assert!(says(&shown, "Plan: 1 to add, 0 to change, 0 to destroy."), "{shown}");
}

fn a_resource_is_replaced_on_demand(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + ONE)).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    let shown = cli.good(&["apply", "-auto-approve", "-replace=terraform_data.it"]);
    assert!(says(&shown, "terraform_data.it will be replaced, as requested"), "{shown}");
    assert!(says(&shown, "Apply complete! Resources: 1 added, 0 changed, 1 destroyed."), "{shown}");
}

fn refreshing_can_be_left_out(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + ONE)).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    let shown = cli.good(&["plan"]);
    assert!(says(&shown, "terraform_data.it: Refreshing state..."), "{shown}");
    let shown = cli.good(&["plan", "-refresh=false"]);
    assert!(!says(&shown, "Refreshing state"), "{shown}");
    assert_eq!(stage.newest_run("app")["attributes"]["refresh"], false);
}

fn refresh_only_writes_outputs_and_nothing_else(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + ONE + &output("first"))).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    let shown = cli.good(&["plan", "-refresh-only"]);
    assert!(says(&shown, "No changes. Your infrastructure still matches the configuration."), "{shown}");
    let changed = ONE.replace("value", "other") + &output("second");
    cli.write("main.tf", &(stage.cloud("app") + &changed));
    let mut apply = cli.start(&["apply", "-refresh-only"]);
    apply.expect("it = \"first\" -> \"second\"");
    apply.expect("Enter a value:").type_line("yes").expect("Apply complete!");
    apply.exits(0);
    assert_eq!(stage.newest_run("app")["attributes"]["refresh-only"], true);
    assert_eq!(cli.bytes(&["output", "-raw", "it"]), b"second");
    let shown = cli.good(&["plan"]);
    assert!(says(&shown, "Plan: 0 to add, 1 to change, 0 to destroy."), "a resource was changed: {shown}");
}

/// Shows each variable as the run saw it.
const VARIABLES: &str = "\
variable \"text\" {}
variable \"list\" {
  type = list(number)
}
variable \"other\" {
  default = \"default\"
}
output \"seen\" {
  value = { text = var.text, list = var.list, other = var.other }
}
";

fn seen(stage: &Stage) -> Value {
    let state: Value = serde_json::from_slice(&stage.state("app").expect("a state")).expect("a state is JSON");
    state["outputs"]["seen"]["value"].clone()
}

/// What breaks a value that is written into a file or a command line without care.
const HARD: &str = "quotes \" and \\ and ${interpolation} and %{directive} and ' and \u{2028}";

fn variables_of_the_command_line_and_the_environment_reach_the_run(stage: &mut Stage) {
    let mut cli = stage.cli();
    cli.set("TF_VAR_other", "from the environment").set("TF_VAR_list", "[1, 2]");
    cli.write("main.tf", &(stage.cloud("app") + VARIABLES)).good(&["init"]);
    cli.good(&["apply", "-auto-approve", "-var", &format!("text={HARD}")]);
    assert_eq!(seen(stage), json!({ "text": HARD, "list": [1, 2], "other": "from the environment" }));
}

fn variables_of_the_workspace_reach_the_run(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + VARIABLES)).good(&["init"]);
    let id = stage.workspace_id("app");
    let text = format!("{HARD}\nand a second line");
    let set = |key: &str, value: &str, category: &str, hcl: bool, sensitive: bool| {
        let variable = json!({ "key": key, "value": value, "category": category, "hcl": hcl, "sensitive": sensitive });
        let document = json!({ "data": { "type": "vars", "attributes": variable } });
        stage.api().post(&format!("workspaces/{id}/vars"), &document).is(&[201]).data()
    };
    let _ = set("text", &text, "terraform", false, false);
    let _ = set("list", "[3, 4 + 1]", "terraform", true, false);
    let _ = set("TF_VAR_other", "from an environment variable", "env", false, false);
    let hidden = set("hidden", "never shown", "terraform", false, true);
    assert_eq!(hidden["attributes"]["value"], Value::Null, "a sensitive value was answered");
    cli.good(&["apply", "-auto-approve"]);
    assert_eq!(seen(stage), json!({ "text": text, "list": [3, 5], "other": "from an environment variable" }));
    // What the command line says beats what the workspace says.
    cli.good(&["apply", "-auto-approve", "-var", "text=of this run", "-var", "list=[9]"]);
    assert_eq!(seen(stage), json!({ "text": "of this run", "list": [9], "other": "from an environment variable" }));
}
