//! `terraform workspace` under tags: list, new, select, show, delete.

use terrane_tests::Stage;
use terrane_tests::terminal::says;

use crate::configurations::ONE;
use crate::stories;

stories! {
    CLOUD: they_are_made_selected_and_deleted;
    REMOTE: the_oldest_names_them_by_a_prefix;
}

fn they_are_made_selected_and_deleted(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &(stage.cloud_with("tags = [\"team\"]") + ONE));
    let mut init = cli.start(&["init"]);
    init.expect("Enter a value:").type_line("one").expect("successfully initialized");
    init.exits(0);
    let shown = cli.good(&["workspace", "new", "two"]);
    assert!(says(&shown, "Created and switched to workspace \"two\"!"), "{shown}");
    assert!(says(&cli.good(&["workspace", "list"]), "one * two"));
    assert_eq!(cli.good(&["workspace", "show"]).trim(), "two");
    cli.good(&["apply", "-auto-approve"]);
    cli.good(&["workspace", "select", "one"]);
    assert!(says(&cli.good(&["workspace", "list"]), "* one two"));
    let _ = cli.bad(&["workspace", "select", "three"]);

    let shown = cli.bad(&["workspace", "delete", "two"]);
    assert!(says(&shown, "Workspace \"two\" is currently tracking the following resource instances"), "{shown}");
    cli.good(&["workspace", "select", "two"]);
    cli.good(&["destroy", "-auto-approve"]);
    cli.good(&["workspace", "select", "one"]);
    let shown = cli.good(&["workspace", "delete", "two"]);
    assert!(says(&shown, "Deleted workspace \"two\"!"), "{shown}");
    assert_eq!(stage.api().get("organizations/acme/workspaces/two").status, 404);

    cli.good(&["workspace", "new", "four"]);
    cli.good(&["apply", "-auto-approve"]);
    cli.good(&["workspace", "select", "one"]);
    cli.good(&["workspace", "delete", "-force", "four"]);
    assert_eq!(stage.api().get("organizations/acme/workspaces/four").status, 404);
}

fn the_oldest_names_them_by_a_prefix(stage: &mut Stage) {
    let cli = stage.cli();
    cli.write("main.tf", &stage.remote("prefix = \"app-\""));
    let mut init = cli.start(&["init"]);
    // With no workspace yet there is nothing to select, which this version calls an error.
    init.expect("No existing workspaces.").expect("Use the \"terraform workspace\" command");
    init.finish();
    cli.good(&["workspace", "new", "dev"]);
    cli.good(&["workspace", "new", "prod"]);
    assert!(says(&cli.good(&["workspace", "list"]), "dev * prod"));
    cli.good(&["workspace", "select", "dev"]);
    cli.good(&["workspace", "delete", "prod"]);
    let _ = stage.workspace("app-dev");
    assert_eq!(stage.api().get("organizations/acme/workspaces/app-prod").status, 404);
}
