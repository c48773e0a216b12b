//! The flows of Terraform's own end-to-end suite of the `cloud` block that stay in one place: apply, flags, the environment.
//!
//! Written anew, with the words that the programs print. Configurations hold outputs alone, as there.

use serde_json::json;
use terrane_tests::terminal::says;
use terrane_tests::{Cli, Tenant, Version};

use super::{OUTPUT, output, ready, status};
use crate::catalogue::{Case, cases};

pub(crate) fn cases() -> Vec<Case> {
    let approve = cases! { Flows, Some("Test_terraform_apply_autoApprove"), cloud:
        a_workspace_that_waits_asks_its_person "workspace without auto-apply, `apply`: asks",
        a_workspace_that_waits_obeys_the_flag "workspace without auto-apply, `apply -auto-approve`: applies",
        an_auto_apply_workspace_still_asks_its_person "workspace with auto-apply, `apply`: asks all the same",
        an_auto_apply_workspace_obeys_the_flag "workspace with auto-apply, `apply -auto-approve`: applies",
    };
    let input = cases! { Flows, Some("Test_apply_no_input_flag"), cloud:
        without_input_an_apply_ends "`apply -input=false` fails, and makes no apply",
        without_input_but_approved_it_applies "`apply -auto-approve -input=false` applies",
    };
    let before = cases! { Flows, Some("Test_backend_apply_before_init"), cloud:
        an_apply_before_init_is_told_to_init "`apply` in a fresh folder says to run `init`",
        an_apply_after_a_new_block_is_told_to_init "`apply` after a `cloud` block was added to a local state says to run `init`",
    };
    let organization = cases! { Flows, Some("Test_cloud_organization_env_var"), cloud:
        the_organization_comes_from_the_environment "`TF_CLOUD_ORGANIZATION`",
    };
    let name = cases! { Flows, Some("Test_cloud_workspace_name_env_var"), cloud:
        the_workspace_comes_from_the_environment "`TF_WORKSPACE` names a workspace that exists",
        a_missing_workspace_of_the_environment_is_refused "`TF_WORKSPACE` names one that does not: refused, and not made",
    };
    let tags = cases! { Flows, Some("Test_cloud_workspace_tags_env_var"), cloud:
        a_tagged_workspace_comes_from_the_environment "`TF_WORKSPACE` names one of the tagged workspaces",
        an_untagged_workspace_is_refused "`TF_WORKSPACE` names one without the tag: refused",
    };
    let null = cases! { Flows, Some("Test_cloud_null_config"), cloud:
        #short everything_comes_from_the_environment "an empty `cloud` block and three variables",
    };
    let empty = cases! { Flows, Some("Test_init_with_empty_tags"), cloud:
        tags_of_no_workspace_make_one "`init` with tags that no workspace has asks for a name and makes it",
    };
    let variables = cases! { Flows, Some("Test_cloud_run_variables"), cloud:
        variables_of_the_person_reach_the_run "`-var` and `TF_VAR_…` show in the plan",
    };
    let own = cases! { Flows, None, cloud:
        a_saved_plan_is_shown_and_applied "`plan -out`, `show`, `apply FILE` (from 1.6), and what becomes of it",
    };
    let mut all: Vec<Case> = approve.into_iter().chain(input).chain(before).chain(name).chain(tags).collect();
    all.extend(organization.into_iter().chain(null).chain(empty).chain(variables));
    all.extend(own.map(|case| Case { versions: |version| version >= Version::V1_6_6, ..case }));
    all
}

/// Applies in a workspace that was made before, with or without the flag.
fn apply(tenant: &Tenant, auto_apply: bool, approved: bool) {
    let attributes = json!({ "auto-apply": auto_apply, "terraform-version": tenant.version().number() });
    let _ = tenant.create_workspace("app", attributes);
    let cli = ready(tenant, OUTPUT);
    if approved {
        let shown = cli.good(&["apply", "-auto-approve"]);
        assert!(says(&shown, "Apply complete!") && !says(&shown, "Enter a value:"), "{shown}");
    } else {
        let mut apply = cli.start(&["apply"]);
        apply.expect("Do you want to perform these actions in workspace \"app\"?");
        apply.expect("Enter a value:").type_line("yes").expect("Apply complete!");
        apply.exits(0);
    }
    let api = tenant.api();
    let path = format!("organizations/{}/workspaces/app?include=current_run", tenant.organization());
    let workspace = api.get(&path).is(&[200]).json();
    let current = workspace["data"]["relationships"]["current-run"]["data"]["id"].clone();
    let included = workspace["included"].as_array().into_iter().flatten();
    let run = included.into_iter().find(|there| there["id"] == current).expect("the current run is included");
    assert_eq!(run["attributes"]["status"], "applied");
}

fn a_workspace_that_waits_asks_its_person(tenant: &Tenant) {
    apply(tenant, false, false);
}

fn a_workspace_that_waits_obeys_the_flag(tenant: &Tenant) {
    apply(tenant, false, true);
}

fn an_auto_apply_workspace_still_asks_its_person(tenant: &Tenant) {
    apply(tenant, true, false);
}

fn an_auto_apply_workspace_obeys_the_flag(tenant: &Tenant) {
    apply(tenant, true, true);
}

fn without_input_an_apply_ends(tenant: &Tenant) {
    let cli = ready(tenant, OUTPUT);
    let shown = cli.bad(&["apply", "-input=false"]);
    assert!(says(&shown, "Cannot confirm apply due to -input=false"), "{shown}");
    assert_eq!(status(tenant, "app"), "planned");
    let run = tenant.newest_run("app")["id"].as_str().expect("an id").to_owned();
    let _ = tenant.act(&run, "discard").is(&[202]);
}

fn without_input_but_approved_it_applies(tenant: &Tenant) {
    let shown = ready(tenant, OUTPUT).good(&["apply", "-auto-approve", "-input=false"]);
    assert!(says(&shown, "Apply complete!"), "{shown}");
}

fn an_apply_before_init_is_told_to_init(tenant: &Tenant) {
    let cli = tenant.cli();
    let shown = cli.write("main.tf", &(tenant.cloud("app") + OUTPUT)).bad(&["apply"]);
    assert!(says(&shown, "initialization required: please run \"terraform init\""), "{shown}");
}

fn an_apply_after_a_new_block_is_told_to_init(tenant: &Tenant) {
    let cli = tenant.cli();
    cli.write("main.tf", OUTPUT).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    let shown = cli.write("main.tf", &(tenant.cloud("app") + OUTPUT)).bad(&["apply"]);
    assert!(says(&shown, "initialization required: please run \"terraform init\""), "{shown}");
}

/// A `cloud` block with these lines.
fn lines(lines: &[String]) -> String {
    format!("terraform {{\n  cloud {{\n    {}\n  }}\n}}\n", lines.join("\n    "))
}

fn hostname(tenant: &Tenant) -> String {
    format!("hostname = {:?}", tenant.host())
}

fn organization(tenant: &Tenant) -> String {
    format!("organization = {:?}", tenant.organization())
}

fn with(tenant: &Tenant, block: &str, environment: &[(&str, &str)]) -> Cli {
    let mut cli = tenant.cli();
    for (name, value) in environment {
        cli.set(name, value);
    }
    cli.write("main.tf", &(block.to_owned() + OUTPUT));
    cli
}

fn the_organization_comes_from_the_environment(tenant: &Tenant) {
    let block = lines(&[hostname(tenant), "workspaces {\n      name = \"app\"\n    }".to_owned()]);
    let cli = with(tenant, &block, &[("TF_CLOUD_ORGANIZATION", tenant.organization())]);
    let shown = cli.good(&["init"]);
    assert!(says(&shown, "has been successfully initialized!"), "{shown}");
    let shown = cli.good(&["apply", "-auto-approve"]);
    assert!(says(&shown, "Apply complete!"), "{shown}");
}

fn the_workspace_comes_from_the_environment(tenant: &Tenant) {
    let _ = tenant.create_workspace("there", json!({ "terraform-version": tenant.version().number() }));
    let cli = with(tenant, &lines(&[hostname(tenant), organization(tenant)]), &[("TF_WORKSPACE", "there")]);
    cli.good(&["init"]);
    let shown = cli.good(&["apply", "-auto-approve"]);
    assert!(says(&shown, "it = \"there\""), "{shown}");
}

fn a_missing_workspace_of_the_environment_is_refused(tenant: &Tenant) {
    let cli = with(tenant, &lines(&[hostname(tenant), organization(tenant)]), &[("TF_WORKSPACE", "not-there")]);
    let shown = cli.bad(&["init"]);
    assert!(says(&shown, "Invalid workspace selection"), "{shown}");
    let path = format!("organizations/{}/workspaces/not-there", tenant.organization());
    assert_eq!(tenant.api().get(&path).status, 404, "it was made all the same");
}

/// A workspace with a tag and one without.
fn tagged(tenant: &Tenant) {
    let _ = tenant.create_workspace("plain", json!({ "terraform-version": tenant.version().number() }));
    let tags = json!({ "data": [{ "type": "tags", "attributes": { "name": "cloud" } }] });
    let attributes = json!({ "name": "tagged", "terraform-version": tenant.version().number() });
    let data = json!({ "type": "workspaces", "attributes": attributes, "relationships": { "tags": tags } });
    let path = format!("organizations/{}/workspaces", tenant.organization());
    let made = tenant.api().post(&path, &json!({ "data": data })).is(&[201]).data();
    assert_eq!(made["attributes"]["tag-names"][0], "cloud");
}

fn a_tagged_workspace_comes_from_the_environment(tenant: &Tenant) {
    tagged(tenant);
    let cli = with(tenant, &tenant.cloud_with("tags = [\"cloud\"]"), &[("TF_WORKSPACE", "tagged")]);
    cli.good(&["init"]);
    assert_eq!(cli.good(&["workspace", "show"]).trim(), "tagged");
}

fn an_untagged_workspace_is_refused(tenant: &Tenant) {
    tagged(tenant);
    let cli = with(tenant, &tenant.cloud_with("tags = [\"cloud\"]"), &[("TF_WORKSPACE", "plain")]);
    let shown = cli.bad(&["init"]);
    assert!(says(&shown, "with the tags specified in your configuration"), "{shown}");
}

fn everything_comes_from_the_environment(tenant: &Tenant) {
    let _ = tenant.create_workspace("from-env", json!({ "terraform-version": tenant.version().number() }));
    let environment = [
        ("TF_CLOUD_HOSTNAME", tenant.host()),
        ("TF_CLOUD_ORGANIZATION", tenant.organization()),
        ("TF_WORKSPACE", "from-env"),
    ];
    let cli = with(tenant, "terraform {\n  cloud {}\n}\n", &environment);
    let shown = cli.good(&["init"]);
    assert!(says(&shown, "has been successfully initialized!"), "{shown}");
    let shown = cli.good(&["apply", "-auto-approve"]);
    assert!(says(&shown, "it = \"from-env\""), "{shown}");
}

fn tags_of_no_workspace_make_one(tenant: &Tenant) {
    let cli = tenant.cli();
    cli.write("main.tf", &(tenant.cloud_with("tags = [\"app\"]") + OUTPUT));
    let mut init = cli.start(&["init"]);
    init.expect("There are no workspaces with the configured tags (app)")
        .expect("Enter a value:")
        .type_line("new-workspace");
    init.expect("has been successfully initialized!");
    init.exits(0);
    assert_eq!(tenant.workspace("new-workspace")["attributes"]["tag-names"], json!(["app"]));
}

fn variables_of_the_person_reach_the_run(tenant: &Tenant) {
    let text = "variable \"foo\" {}\nvariable \"baz\" {}\noutput \"foo\" {\n  value = var.foo\n}\noutput \"baz\" {\n  value = var.baz\n}\n";
    let mut cli = tenant.cli();
    cli.set("TF_VAR_baz", "qux");
    cli.write("main.tf", &(tenant.cloud("app") + text)).good(&["init"]);
    let shown = cli.good(&["plan", "-no-color", "-var", "foo=bar"]);
    assert!(says(&shown, "+ baz = \"qux\"") && says(&shown, "+ foo = \"bar\""), "{shown}");
}

fn a_saved_plan_is_shown_and_applied(tenant: &Tenant) {
    let cli = ready(tenant, &output("saved"));
    cli.good(&["plan", "-out=saved.tfplan"]);
    assert_eq!(status(tenant, "app"), "planned_and_saved");
    let shown = cli.good(&["show", "saved.tfplan"]);
    assert!(says(&shown, "+ it = \"saved\""), "{shown}");
    cli.good(&["plan", "-out=late.tfplan"]);
    let late = tenant.newest_run("app")["id"].as_str().expect("an id").to_owned();
    let shown = cli.good(&["apply", "saved.tfplan"]);
    assert!(says(&shown, "Apply complete!") && !says(&shown, "Enter a value:"), "{shown}");
    assert_eq!(tenant.run(&late)["attributes"]["status"], "discarded", "a plan of an older state is still there");
    let _ = cli.bad(&["apply", "late.tfplan"]);
}
