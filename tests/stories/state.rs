//! The `terraform state` commands, and that the bytes of a state are sacred.

use serde_json::{Value, json};
use terrane_tests::Stage;
use terrane_tests::terminal::says;

use crate::configurations::{ONE, WITH_OUTPUT};
use crate::stories;

stories! {
    CLOUD:
        resources_are_listed_shown_moved_and_removed,
        a_state_is_pulled_and_pushed,
        a_push_of_another_lineage_is_refused,
        import_takes_a_resource_in,
        outputs_are_shown_all_of_them,
        the_console_sees_the_state,
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

fn resources_are_listed_shown_moved_and_removed(stage: &mut Stage) {
    let cli = stage.cli();
    let two = ONE.to_owned() + &ONE.replace("\"it\"", "\"other\"");
    cli.write("main.tf", &(stage.cloud("app") + &two)).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    assert_eq!(cli.bytes(&["state", "list"]), b"terraform_data.it\nterraform_data.other\n");
    let shown = cli.good(&["state", "show", "terraform_data.it"]);
    assert!(says(&shown, "input = \"value\""), "{shown}");
    let shown = cli.good(&["state", "mv", "terraform_data.it", "terraform_data.moved"]);
    assert!(says(&shown, "Successfully moved 1 object(s)."), "{shown}");
    let shown = cli.good(&["state", "rm", "terraform_data.other"]);
    assert!(says(&shown, "Successfully removed 1 resource instance(s)."), "{shown}");
    assert_eq!(cli.bytes(&["state", "list"]), b"terraform_data.moved\n");
    let shown = cli.good(&["plan"]);
    assert!(says(&shown, "Plan: 2 to add, 0 to change, 1 to destroy."), "{shown}");
}

fn a_state_is_pulled_and_pushed(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + WITH_OUTPUT)).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    let pulled = cli.bytes(&["state", "pull"]);
    let first = json(&pulled);
    assert_eq!(json(&stage.state("app").expect("a state")), first);

    let mut next = first.clone();
    next["serial"] = json!(first["serial"].as_u64().expect("a serial") + 5);
    next["outputs"]["it"]["value"] = json!("pushed");
    cli.write("next.tfstate", &next.to_string()).good(&["state", "push", "next.tfstate"]);
    assert_eq!(cli.bytes(&["output", "-raw", "it"]), b"pushed");

    // An older serial is refused by the CLI itself unless it is forced; then the server must take it.
    cli.write("first.tfstate", &first.to_string());
    let shown = cli.bad(&["state", "push", "first.tfstate"]);
    assert!(says(&shown, "cannot import state with serial"), "{shown}");
    cli.good(&["state", "push", "-force", "first.tfstate"]);
    assert_eq!(cli.bytes(&["output", "-raw", "it"]), b"value");
}

fn a_push_of_another_lineage_is_refused(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + WITH_OUTPUT)).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    let before = stage.state("app");
    let mut foreign = json(&cli.bytes(&["state", "pull"]));
    foreign["lineage"] = json!("00000000-0000-4000-8000-000000000000");
    foreign["serial"] = json!(99);
    cli.write("foreign.tfstate", &foreign.to_string());
    let shown = cli.bad(&["state", "push", "foreign.tfstate"]);
    assert!(says(&shown, "lineage"), "{shown}");
    assert_eq!(stage.state("app"), before);
}

fn import_takes_a_resource_in(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + ONE)).good(&["init"]);
    let shown = cli.good(&["import", "terraform_data.it", "an-id-from-elsewhere"]);
    assert!(says(&shown, "Import successful!"), "{shown}");
    let state = json(&stage.state("app").expect("a state"));
    assert_eq!(state["resources"][0]["instances"][0]["attributes"]["id"], "an-id-from-elsewhere");
    let shown = cli.good(&["apply", "-auto-approve"]);
    assert!(says(&shown, "0 added, 1 changed, 0 destroyed"), "{shown}");
}

fn outputs_are_shown_all_of_them(stage: &mut Stage) {
    let mut configuration = stage.cloud("app");
    for number in 0..30 {
        configuration += &format!("output \"n{number}\" {{\n  value = {number}\n}}\n");
    }
    configuration += "output \"hidden\" {\n  value = \"not for the screen\"\n  sensitive = true\n}\n";
    configuration += "output \"shape\" {\n  value = { list = [1, true, \"x\"], nothing = null }\n}\n";
    let cli = stage.cli();
    cli.write("main.tf", &configuration).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    let shown = cli.good(&["output"]);
    assert!(says(&shown, "hidden = <sensitive>") && !says(&shown, "not for the screen"), "{shown}");
    let outputs = json(&cli.bytes(&["output", "-json"]));
    assert_eq!(outputs.as_object().expect("an object").len(), 32);
    assert_eq!(outputs["n29"], json!({ "sensitive": false, "type": "number", "value": 29 }));
    assert_eq!(outputs["shape"]["value"], json!({ "list": [1, true, "x"], "nothing": null }));
    assert_eq!(cli.bytes(&["output", "-raw", "hidden"]), b"not for the screen");
    let _ = cli.bad(&["output", "unknown"]);
}

fn the_console_sees_the_state(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud("app") + WITH_OUTPUT)).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    let mut console = cli.start(&["console"]);
    console.expect(">").type_line("upper(terraform_data.it.output)").expect("\"VALUE\"").type_line("exit");
    console.exits(0);
}
