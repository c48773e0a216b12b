//! The explorer: what an organization has, as documents and as CSV.

use crate::town::{Town, on_both};
use serde_json::json;

on_both! { views_of_an_organization  an_export_is_whole_and_no_formula  wrong_questions_are_refused }

fn state(serial: i64) -> String {
    let instance = |module: &str, provider: &str| {
        json!({ "mode": "managed", "type": "t", "name": "n", "module": module,
            "provider": format!("provider[\"registry.terraform.io/hashicorp/{provider}\"]"), "instances": [{ "attributes": {} }] })
    };
    json!({ "version": 4, "terraform_version": "1.9.8", "serial": serial, "lineage": "l", "outputs": {},
        "resources": [instance("module.net[\"a\"]", "aws"), instance("module.net[\"b\"].module.sub", "aws"), instance("", "random")] })
    .to_string()
}

async fn ask(town: &Town, query: &str) -> serde_json::Value {
    let answer = town.ask("read", "GET", &format!("/api/v2/organizations/acme/explorer?{query}"), "").await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.json()
}

async fn views_of_an_organization(town: &Town) {
    town.write(&state(1)).await.unwrap();
    town.app.index_workspaces().await.unwrap();
    let found = ask(town, "type=workspaces&filter%5B0%5D%5Bworkspace_name%5D%5Bis%5D%5B0%5D=web").await;
    let row = &found["data"][0];
    assert_eq!(
        (row["type"].as_str(), row["id"].as_str()),
        (Some("visibility-workspace"), Some(town.workspace.as_str()))
    );
    let attributes = &row["attributes"];
    assert_eq!(attributes["providers"], "aws,random");
    assert_eq!(attributes["modules"], "net,net.sub");
    assert_eq!((&attributes["module-count"], &attributes["provider-count"]), (&json!(2), &json!(2)));
    assert_eq!(attributes["state-version-terraform-version"], "1.9.8");
    assert!(attributes["workspace-created-at"].as_str().unwrap().ends_with('Z'));
    let providers = ask(town, "type=providers&sort=-name&fields%5Bproviders%5D=name,workspaces").await;
    assert_eq!(providers["data"][0]["attributes"], json!({ "name": "random", "workspaces": "web" }));
    assert_eq!(providers["meta"]["pagination"]["total-count"], 2);
    let modules = ask(town, "type=modules&filter%5B0%5D%5Bname%5D%5Bcontains%5D%5B0%5D=sub").await;
    assert_eq!(modules["data"][0]["attributes"]["name"], "net.sub");
    assert_eq!(modules["data"][0]["type"], "visibility-module-version");
    let versions = ask(town, "type=tf_versions").await;
    assert_eq!(
        versions["data"][0]["attributes"],
        json!({ "version": "1.9.8", "workspace-count": 1, "workspaces": "web" })
    );
}

async fn an_export_is_whole_and_no_formula(town: &Town) {
    let owner = town.caller("owner").await;
    for n in 0..520 {
        town.new_workspace(&owner, "acme", &format!("-ws-{n:03}")).await;
    }
    let path = "/api/v2/organizations/acme/explorer/export/csv?type=workspaces&fields%5Bworkspaces%5D=workspace_name,drifted\
                &filter%5B0%5D%5Bworkspace_name%5D%5Bcontains%5D%5B0%5D=ws";
    let answer = town.ask("read", "GET", path, "").await;
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
    let text = answer.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        (lines[0], lines[1], lines[520]),
        ("workspace_name,drifted", "\"'-ws-000\",false", "\"'-ws-519\",false")
    );
    assert_eq!(lines.len(), 521);
}

async fn wrong_questions_are_refused(town: &Town) {
    for query in [
        "",
        "type=stacks",
        "type=workspaces&sort=nothing",
        "type=workspaces&fields%5Bworkspaces%5D=nothing",
        "type=workspaces&filter%5B0%5D%5Bnothing%5D%5Bis%5D%5B0%5D=a",
        "type=workspaces&filter%5B0%5D%5Bdrifted%5D%5Bgt%5D%5B0%5D=a",
        "type=workspaces&filter%5B0%5D%5Bmodule_count%5D%5Bgt%5D%5B0%5D=a",
        "type=workspaces&filter%5B0%5D%5Bworkspace_name%5D%5Bis%5D%5B0%5D=%00",
        "type=workspaces&filter%5B0%5D%5Bworkspace_name%5D=a",
        "type=workspaces&filter%5Bworkspace_name%5D%5Bis%5D=a",
        "type=workspaces&filter%5Bx%5D%5Bworkspace_name%5D%5Bis%5D%5B0%5D=a",
        "type=workspaces&filter=a",
    ] {
        for door in ["explorer", "explorer/export/csv"] {
            let answer = town.ask("read", "GET", &format!("/api/v2/organizations/acme/{door}?{query}"), "").await;
            assert_eq!(answer.status, 422, "{door} {query}: {}", answer.text());
        }
    }
    let many: String = (0..21).map(|n| format!("&filter%5B{n}%5D%5Bworkspace_name%5D%5Bis%5D%5B0%5D=a")).collect();
    let answer =
        town.ask("read", "GET", &format!("/api/v2/organizations/acme/explorer?type=workspaces{many}"), "").await;
    assert_eq!(answer.status, 422, "{}", answer.text());
}
