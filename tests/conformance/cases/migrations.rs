//! The flows of Terraform's own end-to-end suite of the `cloud` block that move states: from a disk, from `backend "remote"`, from one choice of
//! workspaces to another.
//!
//! Written anew, with the words that the programs print. Configurations hold outputs alone, as there.

use serde_json::json;
use terrane_tests::terminal::says;
use terrane_tests::{Cli, Tenant, Terminal};

use super::OUTPUT;
use crate::catalogue::{Case, cases};

pub(crate) fn cases() -> Vec<Case> {
    let single = cases! { Flows, Some("Test_migrate_single_to_tfc"), cloud:
        a_local_state_moves_to_a_workspace_by_name "one local state to a name",
        a_local_state_moves_to_tags "one local state to tags: asked for a name",
    };
    let names = cases! { Flows, Some("Test_migrate_multi_to_tfc_cloud_name_strategy"), cloud:
        the_current_default_of_several_moves_to_a_name "several local states, `default` is current, to a name",
        the_current_one_of_several_moves_to_a_name "several local states, another is current, to a name",
        an_empty_default_of_several_is_left_behind "several local states, `default` is empty, to a name",
    };
    let tags = cases! { Flows, Some("Test_migrate_multi_to_tfc_cloud_tags_strategy"), cloud:
        several_states_move_to_tags_by_a_pattern "several local states to tags, renamed by a pattern",
        several_states_move_beside_existing_workspaces "the same beside workspaces that exist",
    };
    let remote = cases! { Flows, Some("Test_migrate_remote_backend_single_org"), cloud:
        remote_by_name_becomes_cloud_by_another_name "`remote` by name to `cloud` by another name",
        remote_by_name_becomes_cloud_by_the_same_name "`remote` by name to `cloud` by the same name",
        remote_by_name_becomes_cloud_by_tags "`remote` by name to `cloud` by tags",
        remote_by_prefix_with_one_becomes_cloud_by_name "`remote` by prefix, one workspace, to a name",
        remote_by_prefix_with_several_becomes_cloud_by_name "`remote` by prefix, several workspaces, to a name",
        remote_by_prefix_with_one_becomes_cloud_by_tags "`remote` by prefix, one workspace, to tags",
        remote_by_prefix_with_several_becomes_cloud_by_tags "`remote` by prefix, several workspaces, to tags",
    };
    let across = cases! { Flows, Some("Test_migrate_remote_backend_multi_org"), cloud:
        remote_of_one_organization_becomes_cloud_of_another "`remote` of one organization to `cloud` of another",
    };
    let out = cases! { Flows, Some("Test_migrate_tfc_to_other"), cloud:
        the_way_out_is_refused_by_terraform "`cloud` to a local state: terraform says that it cannot",
    };
    let one = cases! { Flows, Some("Test_migrate_tfc_to_tfc_single_workspace"), cloud:
        cloud_by_name_becomes_cloud_by_another_name "`cloud` by name to another name",
        cloud_by_name_becomes_cloud_by_tags "`cloud` by name to tags, another version of the workspace ignored",
        another_version_of_the_workspace_is_told "`cloud` by name to tags, another version of the workspace not ignored",
    };
    let many = cases! { Flows, Some("Test_migrate_tfc_to_tfc_multiple_workspace"), cloud:
        cloud_by_tags_becomes_cloud_by_name "`cloud` by tags to a name",
        cloud_by_tags_becomes_cloud_by_other_tags "`cloud` by tags to other tags",
    };
    let mut all: Vec<Case> = single.into_iter().chain(names).chain(tags).chain(remote).collect();
    all.extend(across.into_iter().chain(out).chain(one).chain(many));
    all
}

/// A folder with this configuration, which is initialised and applied.
fn applied(tenant: &Tenant, block: &str) -> Cli {
    let cli = tenant.cli();
    cli.write("main.tf", &(block.to_owned() + OUTPUT)).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    cli
}

/// Starts `init` after the block was replaced.
fn reinit(cli: &Cli, block: &str, flags: &[&str]) -> Terminal {
    cli.write("main.tf", &(block.to_owned() + OUTPUT));
    cli.start(&[&["init"], flags].concat())
}

fn answer(terminal: &mut Terminal, question: &str, line: &str) {
    terminal.expect(question).expect("Enter a value:").type_line(line);
}

fn done(mut terminal: Terminal) {
    terminal.expect("has been successfully initialized!");
    terminal.exits(0);
}

/// Whether the state that is there is to be copied.
const COPY: (&str, &str) = ("Should Terraform migrate your existing state?", "yes");
/// Which of several is to be copied to a name.
const CURRENT: (&str, &str) = ("Do you want to copy only your current workspace?", "yes");

/// What a workspace that has no name of its own is to be called there.
fn named(name: &str) -> (&'static str, &str) {
    ("to be given an explicit name", name)
}

/// Answers what `init` asks, whatever comes first (the order differs between versions), until it has ended well.
fn talk(mut terminal: Terminal, answers: &[(&str, &str)]) {
    let questions: Vec<&str> = answers.iter().map(|&(question, _)| question).collect();
    while let Some(number) = terminal.expect_one_of(&questions) {
        terminal.expect("Enter a value:").type_line(answers[number].1);
    }
    let shown = terminal.exits(0);
    assert!(says(&shown, "has been successfully initialized!"), "{shown}");
}

fn shows(cli: &Cli, workspace: &str) {
    assert_eq!(cli.good(&["workspace", "show"]).trim(), workspace);
}

fn value(cli: &Cli) -> String {
    String::from_utf8(cli.bytes(&["output", "-raw", "it"])).expect("text")
}

fn tags() -> &'static str {
    "tags = [\"app\"]"
}

fn tag_names(tenant: &Tenant, workspace: &str) -> serde_json::Value {
    tenant.workspace(workspace)["attributes"]["tag-names"].clone()
}

fn a_local_state_moves_to_a_workspace_by_name(tenant: &Tenant) {
    let cli = applied(tenant, "");
    talk(reinit(&cli, &tenant.cloud("new"), &[]), &[COPY]);
    shows(&cli, "new");
    assert_eq!(value(&cli), "default");
    let id = tenant.workspace_id("new");
    let outputs = tenant.api().get(&format!("workspaces/{id}/current-state-version-outputs")).is(&[200]).data();
    assert_eq!(outputs[0]["attributes"]["value"], "default", "an output of the raw state alone");
}

fn a_local_state_moves_to_tags(tenant: &Tenant) {
    let cli = applied(tenant, "");
    talk(reinit(&cli, &tenant.cloud_with(tags()), &[]), &[COPY, named("new")]);
    shows(&cli, "new");
    assert!(tenant.state("new").is_some());
    assert_eq!(tag_names(tenant, "new"), json!(["app"]));
}

/// Local workspaces with a state each.
fn several(tenant: &Tenant, with_default: bool) -> Cli {
    let cli = tenant.cli();
    cli.write("main.tf", OUTPUT).good(&["init"]);
    if with_default {
        cli.good(&["apply", "-auto-approve"]);
    }
    cli.good(&["workspace", "new", "prod"]);
    cli.good(&["apply", "-auto-approve"]);
    cli
}

fn the_current_default_of_several_moves_to_a_name(tenant: &Tenant) {
    let cli = several(tenant, true);
    cli.good(&["workspace", "select", "default"]);
    talk(reinit(&cli, &tenant.cloud("new"), &[]), &[CURRENT]);
    shows(&cli, "new");
    assert_eq!(value(&cli), "default");
}

fn the_current_one_of_several_moves_to_a_name(tenant: &Tenant) {
    let cli = several(tenant, true);
    talk(reinit(&cli, &tenant.cloud("new"), &[]), &[CURRENT]);
    shows(&cli, "new");
    assert_eq!(value(&cli), "prod");
}

fn an_empty_default_of_several_is_left_behind(tenant: &Tenant) {
    let cli = several(tenant, false);
    talk(reinit(&cli, &tenant.cloud("new"), &[]), &[CURRENT]);
    shows(&cli, "new");
    assert_eq!(value(&cli), "prod");
}

/// Moves two local states to tags under the pattern `app-*`.
fn by_pattern(tenant: &Tenant) {
    let cli = several(tenant, true);
    let answers = [
        // The pattern makes app-dev of it.
        named("dev"),
        ("Would you like to rename your workspaces?", "1"),
        ("How would you like to rename your workspaces?", "app-*"),
    ];
    talk(reinit(&cli, &tenant.cloud_with(tags()), &[]), &answers);
    let shown = cli.good(&["workspace", "list"]);
    assert!(says(&shown, "app-dev") && says(&shown, "app-prod"), "{shown}");
    for workspace in ["app-dev", "app-prod"] {
        assert!(tenant.state(workspace).is_some(), "{workspace} has no state");
        assert_eq!(tag_names(tenant, workspace), json!(["app"]));
    }
}

fn several_states_move_to_tags_by_a_pattern(tenant: &Tenant) {
    by_pattern(tenant);
}

fn several_states_move_beside_existing_workspaces(tenant: &Tenant) {
    let _ = tenant.create_workspace("identity", json!({ "terraform-version": tenant.version().number() }));
    by_pattern(tenant);
    assert_eq!(tenant.state("identity"), None, "a workspace that has nothing to do with it was written");
}

fn remote_by_name_becomes_cloud_by_another_name(tenant: &Tenant) {
    let cli = applied(tenant, &tenant.remote("name = \"old\""));
    talk(reinit(&cli, &tenant.cloud("new"), &["-ignore-remote-version"]), &[COPY]);
    shows(&cli, "new");
    assert!(tenant.state("new").is_some());
}

fn remote_by_name_becomes_cloud_by_the_same_name(tenant: &Tenant) {
    let cli = applied(tenant, &tenant.remote("name = \"same\""));
    let before = tenant.state("same");
    talk(reinit(&cli, &tenant.cloud("same"), &["-ignore-remote-version"]), &[COPY]);
    shows(&cli, "same");
    assert_eq!(tenant.state("same"), before, "the state was written again");
}

fn remote_by_name_becomes_cloud_by_tags(tenant: &Tenant) {
    let cli = applied(tenant, &tenant.remote("name = \"old\""));
    talk(reinit(&cli, &tenant.cloud_with(tags()), &["-ignore-remote-version"]), &[COPY, named("cloud-workspace")]);
    shows(&cli, "cloud-workspace");
    assert!(tenant.state("cloud-workspace").is_some());
}

/// `remote` by the prefix `app-`, with these workspaces applied; the last one is current.
fn prefixed(tenant: &Tenant, workspaces: &[&str]) -> Cli {
    for workspace in workspaces {
        let attributes = json!({ "terraform-version": tenant.version().number() });
        let _ = tenant.create_workspace(&format!("app-{workspace}"), attributes);
    }
    let cli = tenant.cli();
    cli.write("main.tf", &(tenant.remote("prefix = \"app-\"") + OUTPUT));
    let mut init = cli.start(&["init"]);
    // One is chosen without a question.
    if workspaces.len() > 1 {
        answer(&mut init, "The currently selected workspace (default) does not exist.", "1");
    }
    done(init);
    for workspace in workspaces {
        cli.good(&["workspace", "select", workspace]);
        cli.good(&["apply", "-auto-approve"]);
    }
    cli
}

fn remote_by_prefix_with_one_becomes_cloud_by_name(tenant: &Tenant) {
    let cli = prefixed(tenant, &["one"]);
    talk(reinit(&cli, &tenant.cloud("new"), &["-ignore-remote-version"]), &[COPY]);
    shows(&cli, "new");
}

fn remote_by_prefix_with_several_becomes_cloud_by_name(tenant: &Tenant) {
    let cli = prefixed(tenant, &["one", "two"]);
    talk(reinit(&cli, &tenant.cloud("new"), &["-ignore-remote-version"]), &[CURRENT]);
    shows(&cli, "new");
}

fn remote_by_prefix_with_one_becomes_cloud_by_tags(tenant: &Tenant) {
    let cli = prefixed(tenant, &["one"]);
    talk(reinit(&cli, &tenant.cloud_with(tags()), &["-ignore-remote-version"]), &[COPY, named("cloud-workspace")]);
    shows(&cli, "cloud-workspace");
    assert!(tenant.state("cloud-workspace").is_some());
}

fn remote_by_prefix_with_several_becomes_cloud_by_tags(tenant: &Tenant) {
    let cli = prefixed(tenant, &["one", "two"]);
    let answers = [COPY, ("Do you wish to proceed?", "yes")];
    talk(reinit(&cli, &tenant.cloud_with(tags()), &["-ignore-remote-version"]), &answers);
    for workspace in ["app-one", "app-two"] {
        assert_eq!(tag_names(tenant, workspace), json!(["app"]));
        assert!(tenant.state(workspace).is_some());
    }
}

fn remote_of_one_organization_becomes_cloud_of_another(tenant: &Tenant) {
    let other = tenant.sibling(&format!("{}-b", tenant.organization()));
    let cli = applied(tenant, &tenant.remote("name = \"old\""));
    talk(reinit(&cli, &other.cloud("new"), &["-ignore-remote-version"]), &[COPY]);
    shows(&cli, "new");
    assert!(other.state("new").is_some());
}

fn the_way_out_is_refused_by_terraform(tenant: &Tenant) {
    let cli = applied(tenant, &tenant.cloud("app"));
    cli.write("main.tf", OUTPUT);
    let shown = cli.bad(&["init"]);
    assert!(says(&shown, "not yet implemented") || says(&shown, "is not currently supported"), "{shown}");
}

fn cloud_by_name_becomes_cloud_by_another_name(tenant: &Tenant) {
    let cli = applied(tenant, &tenant.cloud("old"));
    done(reinit(&cli, &tenant.cloud("new"), &["-ignore-remote-version"]));
    shows(&cli, "new");
}

fn cloud_by_name_becomes_cloud_by_tags(tenant: &Tenant) {
    let cli = applied(tenant, &tenant.cloud("old"));
    let mut init = reinit(&cli, &tenant.cloud_with(tags()), &["-ignore-remote-version"]);
    init.expect("There are no workspaces with the configured tags (app)").expect("Enter a value:").type_line("new");
    done(init);
    shows(&cli, "new");
}

fn another_version_of_the_workspace_is_told(tenant: &Tenant) {
    let cli = applied(tenant, &tenant.cloud("old"));
    let mut init = reinit(&cli, &tenant.cloud_with(tags()), &[]);
    init.expect("There are no workspaces with the configured tags (app)").expect("Enter a value:").type_line("new");
    done(init);
    shows(&cli, "new");
}

/// Two tagged workspaces with a state each; the second is current.
fn tagged(tenant: &Tenant) -> Cli {
    let cli = tenant.cli();
    cli.write("main.tf", &(tenant.cloud_with(tags()) + OUTPUT));
    let mut init = cli.start(&["init"]);
    answer(&mut init, "There are no workspaces with the configured tags (app)", "app-prod");
    done(init);
    cli.good(&["apply", "-auto-approve"]);
    cli.good(&["workspace", "new", "app-staging"]);
    cli.good(&["apply", "-auto-approve"]);
    cli
}

fn cloud_by_tags_becomes_cloud_by_name(tenant: &Tenant) {
    let cli = tagged(tenant);
    done(reinit(&cli, &tenant.cloud("service"), &["-ignore-remote-version"]));
    shows(&cli, "service");
}

fn cloud_by_tags_becomes_cloud_by_other_tags(tenant: &Tenant) {
    let cli = tagged(tenant);
    let mut init = reinit(&cli, &tenant.cloud_with("tags = [\"billing\"]"), &["-ignore-remote-version"]);
    answer(&mut init, "There are no workspaces with the configured tags (billing)", "new-app-prod");
    done(init);
    assert_eq!(tag_names(tenant, "new-app-prod"), json!(["billing"]));
}
