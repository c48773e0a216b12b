//! The version that executes a run: made by the API, so that nothing but the engine is in question.

use serde_json::json;
use terrane_tests::{Slug, Tenant};

use super::{output, resource};
use crate::catalogue::{Case, cases};

pub(crate) fn cases() -> Vec<Case> {
    let all = cases! { Engine, None, any:
        #short a_run_plans_applies_and_destroys "plan, apply, destroy; the log, the state and its outputs come back",
        variables_reach_the_run "variables of the workspace and of the run, whatever they hold",
        a_run_without_changes_ends_by_itself "a run that finds nothing to do ends without an apply",
        a_failing_plan_says_why "a plan that fails is an errored run with the reason in its log",
    };
    let resources = cases! { Engine, None, with_providers:
        resources_are_counted_and_kept "resources of a provider: counts of the plan, addresses in the state",
    };
    all.into_iter().chain(resources).collect()
}

fn workspace(tenant: &Tenant) -> String {
    tenant.create_workspace("app", json!({ "auto-apply": true, "terraform-version": tenant.version().number() }))
}

/// Runs this configuration until it has this status.
fn run(
    tenant: &Tenant,
    workspace: &str,
    configuration: &str,
    attributes: &serde_json::Value,
    status: &str,
) -> serde_json::Value {
    let slug = Slug::pack(&[("main.tf", configuration)]);
    let run = tenant.queue(workspace, &tenant.uploaded(workspace, false, &slug), attributes);
    tenant.reaches(&run, &[status])
}

fn a_run_plans_applies_and_destroys(tenant: &Tenant) {
    let id = workspace(tenant);
    let done = run(tenant, &id, &output("made"), &json!({}), "applied");
    assert_eq!(done["attributes"]["terraform-version"], tenant.version().number());
    assert!(tenant.log(&done, "apply").contains("Apply complete!"), "{}", tenant.log(&done, "apply"));
    let outputs = tenant.api().get(&format!("workspaces/{id}/current-state-version-outputs")).is(&[200]).data();
    assert_eq!(outputs[0]["attributes"]["value"], "made");
    let done = run(tenant, &id, &output("made"), &json!({ "is-destroy": true }), "applied");
    assert!(tenant.log(&done, "apply").contains("complete!"), "{}", tenant.log(&done, "apply"));
    let outputs = tenant.api().get(&format!("workspaces/{id}/current-state-version-outputs")).is(&[200]).data();
    assert_eq!(outputs, json!([]));
}

fn variables_reach_the_run(tenant: &Tenant) {
    let id = workspace(tenant);
    let odd = "a \"b\" \\ ${c} %{d}\n'e'";
    let attributes = json!({ "key": "odd", "value": odd, "category": "terraform" });
    let document = json!({ "data": { "type": "vars", "attributes": attributes } });
    let _ = tenant.api().post(&format!("workspaces/{id}/vars"), &document).is(&[201]);
    let text = "variable \"odd\" {}\nvariable \"own\" {}\noutput \"it\" {\n  value = [var.odd, var.own]\n}\n";
    let own = json!({ "variables": [{ "key": "own", "value": "\"of the run\"" }] });
    run(tenant, &id, text, &own, "applied");
    let outputs = tenant.api().get(&format!("workspaces/{id}/current-state-version-outputs")).is(&[200]).data();
    assert_eq!(outputs[0]["attributes"]["value"], json!([odd, "of the run"]));
}

fn a_run_without_changes_ends_by_itself(tenant: &Tenant) {
    let id = workspace(tenant);
    run(tenant, &id, &output("made"), &json!({}), "applied");
    let done = run(tenant, &id, &output("made"), &json!({}), "planned_and_finished");
    assert_eq!(done["attributes"]["has-changes"], false);
}

fn a_failing_plan_says_why(tenant: &Tenant) {
    let id = workspace(tenant);
    let done = run(tenant, &id, "output \"it\" {\n  value = file(\"no-such-file\")\n}\n", &json!({}), "errored");
    assert!(tenant.log(&done, "plan").contains("no-such-file"), "{}", tenant.log(&done, "plan"));
    assert_eq!(tenant.state("app"), None);
}

fn resources_are_counted_and_kept(tenant: &Tenant) {
    let (text, _) = resource(tenant.version());
    let id = workspace(tenant);
    let done = run(tenant, &id, text, &json!({}), "applied");
    let plan = done["relationships"]["plan"]["data"]["id"].as_str().expect("an id");
    let plan = tenant.api().get(&format!("plans/{plan}")).is(&[200]).data();
    assert_eq!(plan["attributes"]["resource-additions"], 1);
    let state: serde_json::Value = serde_json::from_slice(&tenant.state("app").expect("a state")).expect("JSON");
    assert_eq!(state["resources"][0]["name"], "it");
}
