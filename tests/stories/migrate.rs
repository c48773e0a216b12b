//! Coming from a state on one's own disk.

use serde_json::Value;
use terrane_tests::Stage;
use terrane_tests::terminal::says;

use crate::configurations::WITH_OUTPUT;
use crate::stories;

stories! {
    CLOUD:
        one_local_state_moves_to_a_workspace,
        several_local_workspaces_move_to_tags;
    REMOTE: the_oldest_moves_a_local_state;
}

fn one_local_state_moves_to_a_workspace(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", WITH_OUTPUT).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    let local: Value = serde_json::from_slice(&cli.bytes(&["state", "pull"])).expect("JSON");
    cli.write("cloud.tf", &stage.cloud("app"));
    let mut init = cli.start(&["init"]);
    init.expect("Enter a value:").type_line("yes").expect("HCP Terraform has been successfully initialized!");
    init.exits(0);
    let moved: Value = serde_json::from_slice(&stage.state("app").expect("a state")).expect("JSON");
    // Terraform itself gives a state that it migrates into a `cloud` block a lineage of its own.
    assert_eq!(moved["resources"], local["resources"]);
    assert_eq!(cli.bytes(&["output", "-raw", "it"]), b"value");
    let shown = cli.good(&["plan"]);
    assert!(says(&shown, "No changes."), "{shown}");
}

fn several_local_workspaces_move_to_tags(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", WITH_OUTPUT).good(&["init"]);
    for workspace in ["dev", "prod"] {
        cli.good(&["workspace", "new", workspace]);
        cli.good(&["apply", "-auto-approve"]);
    }
    cli.write("cloud.tf", &stage.cloud_with("tags = [\"app\"]"));
    let mut init = cli.start(&["init"]);
    init.expect("Would you like to rename your workspaces?").expect("Enter a value:").type_line("1");
    init.expect("Enter a value:").type_line("app-*").expect("successfully initialized");
    init.exits(0);
    for workspace in ["app-dev", "app-prod"] {
        assert!(stage.state(workspace).is_some(), "{workspace} has no state");
        assert_eq!(stage.workspace(workspace)["attributes"]["tag-names"][0], "app");
    }
}

fn the_oldest_moves_a_local_state(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &crate::configurations::output("kept")).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    cli.write("remote.tf", &stage.remote("name = \"app\""));
    let mut init = cli.start(&["init", "-migrate-state"]);
    init.expect("Do you want to copy existing state to the new backend?").expect("Enter a value:").type_line("yes");
    init.expect("has been successfully initialized!");
    init.exits(0);
    assert_eq!(cli.bytes(&["output", "-raw", "it"]), b"kept");
    assert!(stage.state("app").is_some());
}
