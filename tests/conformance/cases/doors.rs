//! What is asked of the server beside the CLI, as programs do, and what every client relies on before its first command.

use serde_json::{Value, json};
use terrane_tests::api::send;
use terrane_tests::operator::PASSWORD;
use terrane_tests::{Answer, Slug, Tenant};

use super::output;
use crate::catalogue::{Case, cases};

pub(crate) fn cases() -> Vec<Case> {
    let all = cases! { Doors, None, once:
        the_first_answers_are_what_clients_need "discovery, `ping` and entitlements say what every version reads there",
        every_run_and_workspace_is_whole "no object, relation or time is missing without which some version crashes",
        what_is_not_known_is_ignored "unknown includes, query keys and attributes are ignored; bodies may be empty",
        links_that_the_cli_prints_lead_somewhere "`/app/ORG/WORKSPACE/runs/RUN` and the pages' own address",
        a_constraint_of_versions_is_resolved "a workspace whose version is a constraint or `latest` runs",
        #short an_upload_queues_a_run "`auto-queue-runs`: the upload of a configuration queues its run",
        the_events_of_a_run_are_told "`run-events`: what happened to a run, by whom and when",
        comments_are_kept_and_told "comments on a run, among them those of its approval",
        a_safe_delete_says_why_not "safe-delete refuses a locked workspace and one with resources, in words that the CLI tells apart",
        snapshots_are_asked_for_by_size "states are asked for on the way of a long apply, the larger the more seldom",
    };
    all.into_iter().collect()
}

fn the_first_answers_are_what_clients_need(tenant: &Tenant) {
    let anonymous = tenant.api_as("");
    let answer = anonymous.get("/.well-known/terraform.json").is(&[200]);
    assert!(answer.headers["content-type"].to_str().expect("text").starts_with("application/json"));
    for service in ["tfe.v2", "tfe.v2.1", "tfe.v2.2", "state.v2"] {
        assert_eq!(answer.json()[service], "/api/v2/", "{service}");
    }
    assert!(answer.json().get("versions.v1").is_none(), "a service that lets clients refuse their own version");
    let ping = tenant.api().get("ping").is(&[204]);
    let header = |name: &str| ping.headers.get(name).map(|value| value.to_str().expect("text").to_owned());
    let version: f64 = header("tfp-api-version").expect("an API version").parse().expect("a number");
    assert!(version >= 2.6, "{version}");
    let product = header("x-tfe-version").expect("a product version");
    let month: u32 =
        product.strip_prefix('v').and_then(|text| text.split('-').next()).expect("a month").parse().expect("digits");
    assert!(month >= 202_302, "{product}");
    let limit = header("x-ratelimit-limit").map_or(30, |limit| limit.parse::<u32>().expect("a number"));
    assert!(limit >= 30, "clients cannot send anything under a limit of {limit}");
    let path = format!("organizations/{}/entitlement-set", tenant.organization());
    assert_eq!(tenant.api().get(&path).is(&[200]).data()["attributes"]["operations"], true);
}

/// Every time in a document ends in `Z`, and no attribute of that kind is an empty text.
fn times_are_whole(document: &Value, path: &str) {
    match document {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name.ends_with("-at") {
                    let good = value.is_null() || value.as_str().is_some_and(|text| text.ends_with('Z'));
                    assert!(good, "{path}/{name} is {value}");
                }
                times_are_whole(value, &format!("{path}/{name}"));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| times_are_whole(item, path)),
        _ => {}
    }
}

fn whole_run(run: &Value) {
    times_are_whole(run, "run");
    for relation in ["workspace", "plan", "apply", "configuration-version"] {
        assert!(run["relationships"][relation]["data"]["id"].is_string(), "a run without {relation}: {run}");
    }
    for action in ["is-cancelable", "is-confirmable", "is-discardable", "is-force-cancelable"] {
        assert!(run["attributes"]["actions"][action].is_boolean(), "a run without {action}: {run}");
    }
    for permission in ["can-apply", "can-cancel", "can-discard", "can-force-cancel", "can-force-execute"] {
        assert!(run["attributes"]["permissions"][permission].is_boolean(), "a run without {permission}: {run}");
    }
}

/// A workspace, and a run of this configuration in it.
fn run(tenant: &Tenant, speculative: bool, configuration: &str) -> (String, String) {
    let workspace = tenant.create_workspace("app", json!({}));
    let uploaded = tenant.uploaded(&workspace, speculative, &Slug::pack(&[("main.tf", configuration)]));
    let run = tenant.queue(&workspace, &uploaded, &json!({}));
    (workspace, run)
}

fn every_run_and_workspace_is_whole(tenant: &Tenant) {
    let (_, id) = run(tenant, true, &output("any"));
    whole_run(&tenant.run(&id));
    let done = tenant.reaches(&id, &["planned_and_finished"]);
    whole_run(&done);
    let workspace = tenant.workspace("app");
    times_are_whole(&workspace, "workspace");
    for permission in ["can-queue-run", "can-queue-apply", "can-update", "can-force-delete"] {
        assert!(workspace["attributes"]["permissions"][permission].is_boolean(), "{workspace}");
    }
    assert!(workspace["relationships"]["organization"]["data"]["id"] == tenant.organization(), "{workspace}");
    for (kind, phase) in [("plans", "plan"), ("applies", "apply")] {
        let id = done["relationships"][phase]["data"]["id"].as_str().expect("an id");
        let phase = tenant.api().get(&format!("{kind}/{id}")).is(&[200]).data();
        times_are_whole(&phase, kind);
        assert!(phase["attributes"]["log-read-url"].as_str().is_some_and(|url| url.starts_with("https://")), "{phase}");
    }
}

fn what_is_not_known_is_ignored(tenant: &Tenant) {
    let (workspace, id) = run(tenant, true, &output("any"));
    let api = tenant.api();
    for include in ["task_stages", "tf_policy_evaluations", "workspace%2Cplan", "no_such_thing"] {
        let _ = api.get(&format!("runs/{id}?include={include}")).is(&[200]);
    }
    let path = format!("organizations/{}/workspaces", tenant.organization());
    let _ = api.get(&format!("{path}?TagBindings=%7B+env+dev%7D&page%5Bnumber%5D=1&nonsense=1")).is(&[200]);
    let _ = tenant.reaches(&id, &["planned_and_finished"]);
    // Bodies as the oldest clients send them, and none at all.
    let bodies = [
        "{\"data\":{\"type\":\"\",\"attributes\":{\"reason\":\"Locked by Terraform\"}}}",
        "{\"data\":{\"type\":\"\"}}",
        "{}",
        "",
    ];
    for body in bodies {
        let _ = api.document("POST", &format!("workspaces/{workspace}/actions/lock"), body.to_owned()).is(&[200]);
        let _ = send(api.request("POST", &format!("workspaces/{workspace}/actions/unlock"))).is(&[200]);
    }
    let odd = json!({ "name": "odd", "no-such-attribute": { "deep": [1] } });
    let _ = api.post(&path, &json!({ "data": { "type": "workspaces", "attributes": odd } })).is(&[201]);
}

fn links_that_the_cli_prints_lead_somewhere(tenant: &Tenant) {
    let (_, id) = run(tenant, true, &output("any"));
    let _ = tenant.reaches(&id, &["planned_and_finished"]);
    let (anonymous, organization) = (tenant.api_as(""), tenant.organization());
    let page = format!("/app/{organization}/app/runs/{id}");
    let form = format!("login=owner&password={}&to={page}", PASSWORD.replace(' ', "+"));
    let request = anonymous.request("POST", "/sign-in").header("sec-fetch-site", "same-origin");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    let signed_in = send(request).is(&[303]);
    let cookie = signed_in.headers["set-cookie"].to_str().expect("a cookie of letters").split(';').next();
    let shown = |path: &str| send(anonymous.request("GET", path).header("cookie", cookie.unwrap_or_default()));
    let leads = |answer: &Answer| answer.headers["location"].to_str().expect("an address of letters").to_owned();
    // Who is signed in sees the run itself; the address that older CLIs print leads there.
    let text = shown(&page).is(&[200]).text();
    assert!(text.contains(&id) && text.contains("planned"), "{text}");
    let other = shown(&format!("/app/{organization}/workspaces/app/runs/{id}")).is(&[303]);
    assert_eq!(leads(&other), page);
    // Who is not comes back to it through the sign-in; a run that is not there is not there for anybody.
    let asked = anonymous.get(&page).is(&[303]);
    assert_eq!(leads(&asked), format!("/sign-in?to={}", page.replace('/', "%2F")));
    let _ = shown(&page.replace(&id, "run-1111111111111111")).is(&[404]);
}

fn a_constraint_of_versions_is_resolved(tenant: &Tenant) {
    for (name, version) in [("by-constraint", "~> 1.11.0"), ("by-latest", "latest")] {
        let workspace = tenant.create_workspace(name, json!({ "terraform-version": version }));
        let uploaded = tenant.uploaded(&workspace, true, &Slug::pack(&[("main.tf", &output("any"))]));
        let done = tenant.reaches(&tenant.queue(&workspace, &uploaded, &json!({})), &["planned_and_finished"]);
        let ran = done["attributes"]["terraform-version"].as_str().expect("a version").to_owned();
        assert!(ran.split('.').count() == 3 && ran.starts_with("1."), "{version} ran as {ran}");
        let told = tenant.workspace(name)["attributes"]["terraform-version"].clone();
        assert!(told == version || told == ran.as_str(), "{version} is told as {told}");
    }
}

fn configuration(tenant: &Tenant, workspace: &str, attributes: &Value) -> Value {
    let document = json!({ "data": { "type": "configuration-versions", "attributes": attributes } });
    tenant.api().post(&format!("workspaces/{workspace}/configuration-versions"), &document).is(&[201]).data()
}

fn an_upload_queues_a_run(tenant: &Tenant) {
    let workspace = tenant.create_workspace("app", json!({ "auto-apply": true }));
    let slug = Slug::pack(&[("main.tf", &output("queued"))]);
    // Not said is yes.
    let announced = configuration(tenant, &workspace, &json!({}));
    assert_eq!(announced["attributes"]["auto-queue-runs"], true);
    let _ = tenant.upload(&announced, &slug).is(&[200]);
    let run = tenant.newest_run("app");
    assert_eq!(run["relationships"]["configuration-version"]["data"]["id"], announced["id"]);
    assert_eq!(run["attributes"]["source"], "tfe-configuration-version");
    tenant.reaches(run["id"].as_str().expect("an id"), &["applied"]);
    // The same bytes again are no second run.
    let _ = tenant.upload(&announced, &slug);
    assert_eq!(tenant.newest_run("app")["id"], run["id"]);
    // A speculative one plans, and leaves the workspace alone.
    let announced = configuration(tenant, &workspace, &json!({ "speculative": true }));
    let _ = tenant.upload(&announced, &slug).is(&[200]);
    let plan = tenant.newest_run("app");
    assert_eq!(plan["attributes"]["plan-only"], true);
    tenant.reaches(plan["id"].as_str().expect("an id"), &["planned_and_finished"]);
    // And who said no gets none.
    let _ = tenant.uploaded(&workspace, false, &slug);
    assert_eq!(tenant.newest_run("app")["id"], plan["id"]);
}

fn events(tenant: &Tenant, run: &str) -> Vec<String> {
    let list = tenant.api().get(&format!("runs/{run}/run-events?include=actor,comment")).is(&[200]).json();
    let events = list["data"].as_array().expect("a list");
    for event in events {
        times_are_whole(event, "event");
        assert!(event["attributes"]["created-at"].is_string() && event["type"] == "run-events", "{event}");
    }
    events.iter().map(|event| event["attributes"]["action"].as_str().expect("an action").to_owned()).collect()
}

fn the_events_of_a_run_are_told(tenant: &Tenant) {
    let (_, id) = run(tenant, false, &output("told"));
    let _ = tenant.reaches(&id, &["planned"]);
    assert_eq!(events(tenant, &id), ["queued", "planning", "planned"]);
    let _ = tenant.act(&id, "apply").is(&[202]);
    let _ = tenant.reaches(&id, &["applied"]);
    assert_eq!(events(tenant, &id), ["queued", "planning", "planned", "confirmed", "applying", "applied"]);
    let list = tenant.api().get(&format!("runs/{id}/run-events")).is(&[200]).data();
    let by = |number: usize| list[number]["relationships"]["actor"]["data"].clone();
    assert!(by(0)["id"].is_string() && by(0) == by(3) && by(1).is_null(), "who did what: {list}");
}

fn comments_are_kept_and_told(tenant: &Tenant) {
    let (_, id) = run(tenant, false, &output("said"));
    let _ = tenant.reaches(&id, &["planned"]);
    let api = tenant.api();
    let comment = |body: &str| json!({ "data": { "type": "comments", "attributes": { "body": body } } });
    let made = api.post(&format!("runs/{id}/comments"), &comment("looks good")).is(&[201]).data();
    assert_eq!((&made["type"], &made["attributes"]["body"]), (&json!("comments"), &json!("looks good")));
    let _ = api.post(&format!("runs/{id}/comments"), &comment("")).refuses(&[422]);
    let _ = api.post(&format!("runs/{id}/comments"), &comment(&"x".repeat(100_000))).refuses(&[422]);
    let _ = api.post(&format!("runs/{id}/actions/apply"), &json!({ "comment": "go" })).is(&[202]);
    let _ = tenant.reaches(&id, &["applied"]);
    // Where they are is told by the run.
    let told = tenant.run(&id)["relationships"]["comments"]["links"]["related"].as_str().map(str::to_owned);
    let listed = api.get(&told.expect("an address")).is(&[200]).data();
    let bodies: Vec<_> =
        listed.as_array().expect("a list").iter().map(|one| one["attributes"]["body"].clone()).collect();
    assert_eq!(bodies, ["looks good", "go"]);
    let one = made["id"].as_str().expect("an id");
    assert_eq!(api.get(&format!("comments/{one}")).is(&[200]).data()["attributes"]["body"], "looks good");
    assert!(events(tenant, &id).contains(&"confirmed".to_owned()));
}

fn a_safe_delete_says_why_not(tenant: &Tenant) {
    let workspace = tenant.create_workspace("locked-house", json!({}));
    let path = format!("organizations/{}/workspaces/locked-house/actions/safe-delete", tenant.organization());
    let api = tenant.api();
    let _ = api.post(&format!("workspaces/{workspace}/actions/lock"), &json!({})).is(&[200]);
    let said = send(api.request("POST", &path)).refuses(&[409]);
    assert!(said.contains("locked") && !said.contains("being processed"), "{said}");
    let resource = json!([{ "mode": "managed", "type": "terraform_data", "name": "it", "provider": "provider[\"terraform.io/builtin/terraform\"]",
        "instances": [{ "schema_version": 0, "attributes": { "id": "x" } }] }]);
    let state = json!({ "version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "a", "outputs": {}, "resources": resource });
    let _ = api.post(&format!("workspaces/{workspace}/actions/unlock"), &json!({})).is(&[200]);
    let door = format!("/api/http/{}/locked-house", tenant.organization());
    let _ = send(api.request("POST", &door).body(state.to_string())).is(&[200]);
    let said = send(api.request("POST", &path)).refuses(&[409]);
    // A "locked" or "being processed" in it would be told as another reason.
    assert!(said.contains("resources") && !said.contains("locked") && !said.contains("being processed"), "{said}");
    let _ = tenant.workspace("locked-house");
    let mut empty = state;
    (empty["serial"], empty["resources"]) = (json!(2), json!([]));
    let _ = send(api.request("POST", &door).body(empty.to_string())).is(&[200]);
    let _ = send(api.request("POST", &path)).is(&[204]);
}

fn snapshots_are_asked_for_by_size(tenant: &Tenant) {
    let workspace = tenant.create_workspace("app", json!({ "execution-mode": "local" }));
    let api = tenant.api();
    let seconds = |answer: &terrane_tests::Answer| -> u64 {
        let value = answer.headers.get("x-terraform-snapshot-interval").expect("an interval");
        value.to_str().expect("text").parse().expect("seconds")
    };
    let current = format!("workspaces/{workspace}/current-state-version");
    let none = api.get(&current).is(&[404]);
    assert!(none.headers["content-type"].to_str().expect("text").contains("application/vnd.api+json"));
    let at_first = seconds(&none);
    assert!(at_first > 0, "a first apply makes no snapshots");
    let write = |serial: u64, size: usize| {
        let outputs = json!({ "it": { "value": "x".repeat(size), "type": "string" } });
        let state = json!({ "version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": "a", "outputs": outputs, "resources": [] });
        let door = format!("/api/http/{}/app", tenant.organization());
        let _ = send(api.request("POST", &door).body(state.to_string())).is(&[200]);
        seconds(&api.get(&current).is(&[200]))
    };
    assert_eq!(write(1, 100), at_first);
    let large = write(2, 12 << 20);
    assert!(large > at_first && large <= 3600, "{large} seconds for 12 MiB, {at_first} for none");
}
