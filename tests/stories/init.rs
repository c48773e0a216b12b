//! `terraform init`: the first thing that anybody does.

use terrane_tests::terminal::says;
use terrane_tests::{Cli, Stage};

use crate::configurations::ONE;
use crate::stories;

stories! {
    CLOUD:
        it_creates_a_workspace_by_name,
        it_creates_a_workspace_by_tags,
        it_creates_a_workspace_by_keys_and_values,
        an_unknown_organization_is_named,
        a_wrong_token_is_no_way_in;
    REMOTE:
        the_oldest_creates_a_workspace_by_name,
}

fn it_creates_a_workspace_by_name(stage: &mut Stage) {
    let cli = stage.cli();
    let shown = cli.write("main.tf", &(stage.cloud("fresh") + ONE)).good(&["init"]);
    assert!(says(&shown, "HCP Terraform has been successfully initialized!"), "{shown}");
    let workspace = stage.workspace("fresh");
    assert_eq!(workspace["attributes"]["terraform-version"], stage.version().number());
    assert_eq!(workspace["attributes"]["execution-mode"], "remote");
    assert_eq!(workspace["attributes"]["locked"], false);
    // A second person finds it and makes no other.
    let other = stage.cli();
    other.write("main.tf", &(stage.cloud("fresh") + ONE)).good(&["init"]);
    assert_eq!(stage.workspace("fresh")["id"], workspace["id"]);
}

fn it_creates_a_workspace_by_tags(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud_with("tags = [\"web\", \"app\"]") + ONE));
    let mut init = cli.start(&["init"]);
    init.expect("Enter a value:").type_line("tagged").expect("successfully initialized");
    init.exits(0);
    let mut names: Vec<_> = stage.workspace("tagged")["attributes"]["tag-names"]
        .as_array()
        .expect("tag names")
        .iter()
        .map(|tag| tag.as_str().expect("a tag is a text").to_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["app", "web"]);
}

fn it_creates_a_workspace_by_keys_and_values(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud_with("tags = { env = \"dev\" }") + ONE));
    let mut init = cli.start(&["init"]);
    init.expect("Enter a value:").type_line("bound").expect("successfully initialized");
    init.exits(0);
    let id = stage.workspace_id("bound");
    let bindings = stage.api().get(&format!("workspaces/{id}/tag-bindings")).is(&[200]).data();
    assert_eq!(bindings[0]["attributes"]["key"], "env");
    assert_eq!(bindings[0]["attributes"]["value"], "dev");
}

fn an_unknown_organization_is_named(stage: &mut Stage) {
    let cli = stage.cli();
    let shown = cli.write("main.tf", &(stage.cloud("any").replace("acme", "nowhere") + ONE)).bad(&["init"]);
    assert!(says(&shown, "organization \"nowhere\""), "{shown}");
}

fn a_wrong_token_is_no_way_in(stage: &mut Stage) {
    let cli = Cli::signed_in(stage.version(), &stage.server, "not-a-token");
    let shown = cli.write("main.tf", &(stage.cloud("any") + ONE)).bad(&["init"]);
    assert!(says(&shown, "unauthorized") || says(&shown, "not authorized"), "{shown}");
    let none = stage.api().get("organizations/acme/workspaces/any");
    assert_eq!(none.status, 404, "a stranger made a workspace");
}

fn the_oldest_creates_a_workspace_by_name(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &stage.remote("name = \"fresh\""));
    let shown = cli.good(&["init"]);
    assert!(says(&shown, "Successfully configured the backend \"remote\"!"), "{shown}");
    assert_eq!(stage.workspace("fresh")["attributes"]["terraform-version"], "1.0.3");
}
