//! What people do every day, with any terraform.

use serde_json::json;
use terrane_tests::terminal::says;
use terrane_tests::{Tenant, Version};

use super::{block, output, ready, resource, status};
use crate::catalogue::{Case, cases};

pub(crate) fn cases() -> Vec<Case> {
    let all = cases! { Work, None, any:
        init_makes_the_workspace_that_it_names "`init` makes the workspace that the configuration names, with the CLI's version",
        #short a_plan_is_shown_and_changes_nothing "`plan` runs on the server, shows its changes, exits 0, and 2 with `-detailed-exitcode`",
        #short an_apply_is_approved_and_applied "`apply` asks, `yes` applies, the output is there",
        an_apply_is_refused_and_discarded "`apply` asks, `no` discards, nothing is applied",
        auto_approve_asks_nothing "`apply -auto-approve` asks nothing",
        nothing_to_do_is_said "a second `apply` finds no changes and asks nothing",
        destroy_leaves_nothing "`destroy` asks and destroys",
        a_broken_configuration_exits_1 "a configuration that cannot be planned exits 1 and says why",
        a_state_is_pulled_and_pushed_back "`state pull` gives the bytes of the API; `state push` of a newer one is taken",
        workspaces_are_listed_made_and_deleted "`workspace` list, new, select, delete, by tags or by a prefix",
        a_local_run_takes_the_lock_and_force_unlock_frees_it "execution mode local: plan and apply here, state and lock there, `force-unlock`",
        #short the_http_backend_keeps_state_and_lock "`backend \"http\"`: state, lock and unlock",
    };
    let resources = cases! { Work, None, with_providers:
        resources_are_moved_removed_and_tainted "`state list`, `mv`, `rm`, `taint` of a resource",
    };
    let modules = cases! { Work, None, tests_modules:
        #short a_module_is_tested "`test -cloud-run` tests a module of the registry on the server: what passes, what fails, a filter, a variable",
    };
    all.into_iter().chain(resources).chain(modules).collect()
}

fn a_module_is_tested(tenant: &Tenant) {
    let organization = tenant.organization();
    let attributes = json!({ "name": "greeting", "provider": "test", "registry-name": "private" });
    let document = json!({ "data": { "type": "registry-modules", "attributes": attributes } });
    let _ = tenant.api().post(&format!("organizations/{organization}/registry-modules"), &document).is(&[201]);
    let cli = tenant.cli();
    cli.write("main.tf", "variable \"word\" {\n  type    = string\n  default = \"hello\"\n}\n");
    for word in ["hello", "welcome"] {
        let test = format!(
            "run \"says_{word}\" {{\n  assert {{\n    condition     = var.word == {word:?}\n    error_message = \"it says ${{var.word}}\"\n  }}\n}}\n"
        );
        cli.write(&format!("tests/{word}.tftest.hcl"), &test);
    }
    cli.good(&["init"]);
    let cloud = format!("-cloud-run={}/{organization}/greeting/test", tenant.host());
    let shown = cli.bad(&["test", &cloud]);
    assert!(says(&shown, "says_hello... pass") && says(&shown, "says_welcome... fail"), "{shown}");
    assert!(says(&shown, "it says hello") && says(&shown, "Failure! 1 passed, 1 failed."), "{shown}");
    let welcome = ["test", &cloud, "-filter=tests/welcome.tftest.hcl", "-var=word=welcome"];
    let shown = cli.good(&welcome);
    assert!(says(&shown, "Success! 1 passed, 0 failed."), "{shown}");
}

fn init_makes_the_workspace_that_it_names(tenant: &Tenant) {
    ready(tenant, &output("value"));
    let workspace = tenant.workspace("app");
    assert_eq!(workspace["attributes"]["terraform-version"], tenant.version().number());
    assert_eq!(workspace["attributes"]["execution-mode"], "remote");
}

fn a_plan_is_shown_and_changes_nothing(tenant: &Tenant) {
    let cli = ready(tenant, &output("first"));
    let shown = cli.good(&["plan"]);
    assert!(!shown.contains("\"@level\""), "JSON lines on the screen: {shown}");
    // Before 0.14 outputs were not shown in plans.
    if tenant.version() >= Version::V0_14_6 {
        assert!(says(&shown, "+ it = \"first\""), "{shown}");
    }
    cli.start(&["plan", "-detailed-exitcode"]).exits(2);
    let run = tenant.newest_run("app");
    assert_eq!(run["attributes"]["status"], "planned_and_finished");
    assert_eq!(run["attributes"]["plan-only"], true);
    assert_eq!(tenant.state("app"), None, "a plan wrote a state");
}

fn an_apply_is_approved_and_applied(tenant: &Tenant) {
    let cli = ready(tenant, &output("there"));
    let mut apply = cli.start(&["apply"]);
    apply.expect("Enter a value:").type_line("yes").expect("Apply complete!");
    apply.exits(0);
    assert_eq!(status(tenant, "app"), "applied");
    assert!(says(&String::from_utf8_lossy(&cli.bytes(&["output", "it"])), "there"));
}

fn an_apply_is_refused_and_discarded(tenant: &Tenant) {
    let cli = ready(tenant, &output("never"));
    let mut apply = cli.start(&["apply"]);
    apply.expect("Enter a value:").type_line("no").expect("Apply discarded");
    apply.exits(1);
    assert_eq!(status(tenant, "app"), "discarded");
    assert_eq!(tenant.state("app"), None);
}

fn auto_approve_asks_nothing(tenant: &Tenant) {
    let shown = ready(tenant, &output("there")).good(&["apply", "-auto-approve"]);
    assert!(!says(&shown, "Enter a value:"), "{shown}");
    assert_eq!(status(tenant, "app"), "applied");
}

fn nothing_to_do_is_said(tenant: &Tenant) {
    let cli = ready(tenant, &output("there"));
    cli.good(&["apply", "-auto-approve"]);
    let mut again = cli.start(&["apply"]);
    let asked = again.expect_one_of(&["Enter a value:"]);
    assert!(asked.is_none(), "it asks about nothing");
    let shown = again.exits(0);
    assert!(says(&shown, "No changes."), "{shown}");
    assert_eq!(status(tenant, "app"), "planned_and_finished");
}

fn destroy_leaves_nothing(tenant: &Tenant) {
    let cli = ready(tenant, &output("there"));
    cli.good(&["apply", "-auto-approve"]);
    let mut destroy = cli.start(&["destroy"]);
    destroy.expect("Enter a value:").type_line("yes").expect("complete!");
    destroy.exits(0);
    let run = tenant.newest_run("app");
    assert_eq!((&run["attributes"]["is-destroy"], &run["attributes"]["status"]), (&json!(true), &json!("applied")));
    let state = String::from_utf8(tenant.state("app").expect("a state")).expect("text");
    assert!(!state.contains("there"), "{state}");
}

fn a_broken_configuration_exits_1(tenant: &Tenant) {
    let cli = ready(tenant, "variable \"wanted\" {}\n");
    let shown = cli.bad(&["plan", "-input=false"]);
    assert!(says(&shown, "No value for required variable"), "{shown}");
    assert_eq!(status(tenant, "app"), "errored");
}

fn a_state_is_pulled_and_pushed_back(tenant: &Tenant) {
    let cli = ready(tenant, &output("there"));
    cli.good(&["apply", "-auto-approve"]);
    let state = tenant.state("app").expect("a state");
    let pulled: serde_json::Value = serde_json::from_slice(&cli.bytes(&["state", "pull"])).expect("JSON");
    let mut pushed: serde_json::Value = serde_json::from_slice(&state).expect("JSON");
    assert_eq!(pulled["serial"], pushed["serial"]);
    pushed["serial"] = json!(pushed["serial"].as_u64().expect("a number") + 1);
    pushed["outputs"]["it"]["value"] = "pushed".into();
    cli.write("pushed.tfstate", &pushed.to_string()).good(&["state", "push", "pushed.tfstate"]);
    assert!(says(&String::from_utf8_lossy(&cli.bytes(&["output", "it"])), "pushed"));
}

fn workspaces_are_listed_made_and_deleted(tenant: &Tenant) {
    let cli = tenant.cli();
    if tenant.version().knows_cloud() {
        cli.write("main.tf", &(tenant.cloud_with("tags = [\"team\"]") + &output("it")));
        let mut init = cli.start(&["init"]);
        init.expect("Enter a value:").type_line("app-dev").expect("successfully initialized");
        init.exits(0);
        cli.good(&["workspace", "new", "app-prod"]);
        assert!(says(&cli.good(&["workspace", "list"]), "app-dev * app-prod"));
        cli.good(&["workspace", "select", "app-dev"]);
        cli.good(&["workspace", "delete", "app-prod"]);
    } else {
        cli.write("main.tf", &(tenant.remote("prefix = \"app-\"") + &output("it")));
        // With no workspace yet there is nothing to select: these versions call it an error, or ask.
        let _ = cli.piped(&["init", "-input=false"]);
        cli.good(&["workspace", "new", "dev"]);
        cli.good(&["workspace", "new", "prod"]);
        assert!(says(&cli.good(&["workspace", "list"]), "dev * prod"));
        cli.good(&["workspace", "select", "dev"]);
        cli.good(&["workspace", "delete", "prod"]);
    }
    let _ = tenant.workspace("app-dev");
    let gone = tenant.api().get(&format!("organizations/{}/workspaces/app-prod", tenant.organization()));
    assert_eq!(gone.status, 404, "the deleted workspace is still there");
}

fn a_local_run_takes_the_lock_and_force_unlock_frees_it(tenant: &Tenant) {
    let attributes = json!({ "execution-mode": "local", "terraform-version": tenant.version().number() });
    let id = tenant.create_workspace("app", attributes);
    let cli = ready(tenant, &output("there"));
    cli.good(&["apply", "-auto-approve"]);
    assert!(tenant.state("app").is_some(), "the state of a local run stayed at home");
    let _ = tenant.api().post(&format!("workspaces/{id}/actions/lock"), &json!({})).is(&[200]);
    cli.write("main.tf", &(block(tenant, "app") + &output("other")));
    let shown = cli.bad(&["apply", "-auto-approve"]);
    assert!(says(&shown, "Error acquiring the state lock") || says(&shown, "Error locking state"), "{shown}");
    cli.good(&["force-unlock", "-force", &format!("{}/app", tenant.organization())]);
    cli.good(&["apply", "-auto-approve"]);
}

fn the_http_backend_keeps_state_and_lock(tenant: &Tenant) {
    let address = tenant.http_address("door");
    let block = format!(
        "terraform {{\n  backend \"http\" {{\n    address = {address:?}\n    lock_address = {address:?}\n    \
         unlock_address = {address:?}\n    username = \"token\"\n    password = {:?}\n  }}\n}}\n",
        tenant.token
    );
    let cli = tenant.cli();
    cli.write("main.tf", &(block.clone() + &output("kept"))).good(&["init"]);
    cli.good(&["apply", "-auto-approve"]);
    assert!(says(&String::from_utf8_lossy(&cli.bytes(&["output", "it"])), "kept"));
    let id = tenant.workspace_id("door");
    let _ = tenant.api().post(&format!("workspaces/{id}/actions/lock"), &json!({})).is(&[200]);
    cli.write("main.tf", &(block + &output("other")));
    let shown = cli.bad(&["apply", "-auto-approve"]);
    assert!(says(&shown, "state lock") || says(&shown, "Error locking state"), "{shown}");
    let _ = tenant.api().post(&format!("workspaces/{id}/actions/unlock"), &json!({})).is(&[200]);
    cli.good(&["apply", "-auto-approve"]);
}

fn resources_are_moved_removed_and_tainted(tenant: &Tenant) {
    let (text, address) = resource(tenant.version());
    let moved = address.replace(".it", ".moved");
    let cli = ready(tenant, text);
    cli.good(&["apply", "-auto-approve"]);
    assert!(says(&cli.good(&["state", "list"]), address));
    cli.good(&["taint", address]);
    let shown = cli.good(&["plan"]);
    assert!(says(&shown, "1 to add, 0 to change, 1 to destroy"), "{shown}");
    cli.good(&["untaint", address]);
    cli.good(&["state", "mv", address, &moved]);
    assert!(says(&cli.good(&["state", "list"]), &moved));
    cli.good(&["state", "rm", &moved]);
    assert!(!says(&cli.good(&["state", "list"]), &moved));
}
