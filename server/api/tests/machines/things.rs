//! What stands at every address of a town, so that each can be asked for, and what a client sends there.

use crate::identity::SSH_KEY;
use crate::registry;
use crate::routes::Route;
use crate::town::{Town, state};
use app::{AgentPoolChange, NewRun, Serves, VariableChange};
use protocol::wire::{Hello, Speaks};

/// One thing of each kind, by its id.
pub(crate) struct Things {
    project: String,
    variable: String,
    configuration: String,
    run: String,
    comment: String,
    version: String,
    output: String,
    ssh_key: String,
    pool: String,
    agent: String,
    token: String,
    test: String,
    test_configuration: String,
    pub(crate) user: String,
}

/// Puts one thing of each kind into `acme`.
pub(crate) async fn furnish(town: &Town) -> Things {
    let owner = town.caller("owner").await;
    let version = town.write(&state(1, "l", &[("a", 1)])).await.unwrap().version;
    let output = town.app.state_outputs(&version).await.unwrap()[0].0.id.to_string();
    let change = VariableChange {
        key: Some("region".into()),
        value: Some("x".to_owned().into()),
        category: Some(domain::variable::Category::Env),
        ..VariableChange::default()
    };
    let variable = town.app.create_variable(&owner, &town.workspace, change).await.unwrap();
    let ssh_key = town.app.create_ssh_key(&owner, "acme", "deploy", &SSH_KEY.to_owned().into()).await.unwrap();
    let run = town.new_run(&owner, &town.workspace, NewRun::default()).await;
    let row = town.app.run(&owner, &run).await.unwrap();
    let comment = town.app.comment_run(&owner, &run, "looks good").await.unwrap();
    let change = AgentPoolChange { name: Some("pool".into()), ..AgentPoolChange::default() };
    let pool = town.app.create_agent_pool(&owner, "acme", &change).await.unwrap();
    let (token, _) = town.app.create_agent_token(&owner, &pool.id, "test").await.unwrap();
    let serves = Serves::Pool { organization: pool.organization_id.to_string(), pool: pool.id.clone() };
    let hello = Hello {
        speaks: Speaks::OURS,
        name: "agent".into(),
        version: "0".into(),
        slots: 1,
        agent: None,
        holding: Vec::new(),
    };
    let agent = town.app.enlist(&serves, &hello, "").await.unwrap();
    let (test, test_configuration) = registry::furnish(town).await;
    for kept in [app::Kept::Organization("acme"), app::Kept::Workspace(&town.workspace)] {
        town.app.change_retention_policy(&owner, kept, Ok).await.unwrap();
    }
    town.app.put_hook(&owner, "acme", domain::hook::Point::PrePlan, "true".to_owned().into()).await.unwrap();
    town.app.upload_state_json(&version.id, app::Upload::of("{}")).await.unwrap();
    let archive = town.folder.path().join("releases/terraform/1.11.4/terraform_1.11.4_linux_amd64.zip");
    std::fs::write(archive, "an archive").unwrap();
    let workspace =
        town.app.workspace(&owner, app::Which::Id(&town.workspace), domain::permission::Permission::Read).await;
    Things {
        project: workspace.unwrap().project_id.to_string(),
        variable: variable.id.to_string(),
        configuration: row.configuration_version_id.to_string(),
        run: run.to_string(),
        comment: comment.id.to_string(),
        version: version.id.to_string(),
        output,
        ssh_key: ssh_key.id.to_string(),
        pool: pool.id.to_string(),
        agent: agent.agent,
        token: token.id.to_string(),
        test,
        test_configuration,
        user: owner.user().unwrap().id.to_string(),
    }
}

impl Things {
    /// What stands for a parameter of an address.
    pub(crate) fn value(&self, parameter: &str, path: &str, town: &Town) -> String {
        let tail = self.run.strip_prefix("run-").unwrap();
        let released = path.starts_with("/api/mirror/releases");
        match parameter {
            "organization" | "owner" => "acme".into(),
            "workspace" if path.starts_with("/api/http") => "web".into(),
            "workspace" => town.workspace.to_string(),
            "name" => "web".into(),
            "project" => self.project.clone(),
            "variable" => self.variable.clone(),
            "configuration" => self.configuration.clone(),
            "run" => self.run.clone(),
            "comment" => self.comment.clone(),
            "event" => format!("re-{tail}00"),
            "plan" | "phase" => format!("plan-{tail}"),
            "apply" => format!("apply-{tail}"),
            "version" if released => "1.11.4".into(),
            "version" | "other" => self.version.clone(),
            "output" => self.output.clone(),
            "pool" => self.pool.clone(),
            "agent" => self.agent.clone(),
            "token" => self.token.clone(),
            "user" => self.user.clone(),
            "kind" if path.contains("registry") => "echo".into(),
            "kind" => "plan".into(),
            // What is tested is not removed: another module is.
            "module" if path.contains("/tests/") => "app".into(),
            "module" => "net".into(),
            "test" => self.test.clone(),
            "system" => "aws".into(),
            "number" => "1.0.0".into(),
            "os" => "linux".into(),
            "arch" => "amd64".into(),
            "key" => registry::KEY.into(),
            "signed" => "forged".into(),
            "host" => "registry.terraform.io".into(),
            "namespace" => "hashicorp".into(),
            "document" => "index.json".into(),
            "product" => "terraform".into(),
            "file" if released => "terraform_1.11.4_linux_amd64.zip".into(),
            "file" => "file.zip".into(),
            "ssh_key" => self.ssh_key.clone(),
            "point" => "pre-plan".into(),
            unknown => panic!("{path}: say here what stands for {unknown}"),
        }
    }

    /// The address of a route in the town, with what its query must say.
    pub(crate) fn address(&self, path: &str, town: &Town) -> String {
        let mut address = filled(path, |parameter| self.value(parameter, path, town));
        for (end, query) in QUERIES {
            if path.ends_with(end) {
                address = format!("{address}?{query}");
            }
        }
        address
    }
}

/// What a query must say, by the end of the address.
const QUERIES: [(&str, &str); 7] = [
    ("/explorer", "type=workspaces"),
    ("/explorer/export/csv", "type=providers"),
    ("/search", "q=web"),
    ("/state-version-at", "time=2099-01-01T00%3A00%3A00Z"),
    ("/version", "module_version=1.0.0"),
    ("/api/v2/state-versions", "filter%5Borganization%5D%5Bname%5D=acme&filter%5Bworkspace%5D%5Bname%5D=web"),
    ("/gpg-keys", "filter%5Bnamespace%5D=acme"),
];

/// The parameters of an address.
pub(crate) fn parameters(path: &str) -> Vec<&str> {
    path.split('{').skip(1).map(|part| part.split('}').next().unwrap()).collect()
}

/// An address with a value for each of its parameters.
pub(crate) fn filled(path: &str, value: impl Fn(&str) -> String) -> String {
    let mut address = path.to_owned();
    for parameter in parameters(path) {
        address = address.replace(&format!("{{{parameter}}}"), &value(parameter));
    }
    address
}

/// What a client sends there.
pub(crate) fn body(route: &Route, town: &Town, things: &Things) -> String {
    let attributes = |json: serde_json::Value| serde_json::json!({ "data": { "attributes": json } }).to_string();
    match (route.method, route.path.as_str()) {
        ("GET" | "DELETE", _) => String::new(),
        ("LOCK" | "UNLOCK", _) => r#"{"ID":"lock-1","Operation":"plan"}"#.into(),
        (_, "/api/http/{organization}/{workspace}") => state(2, "l", &[]),
        (_, p) if p.ends_with("/organizations") => {
            attributes(serde_json::json!({ "name": "new", "email": "a@b.test" }))
        }
        (_, p) if p.ends_with("/projects") => attributes(serde_json::json!({ "name": "new" })),
        (_, p) if p.ends_with("/agent-pools") => attributes(serde_json::json!({ "name": "new" })),
        (_, p) if p.ends_with("/authentication-tokens") => attributes(serde_json::json!({ "description": "new" })),
        (_, p) if p.ends_with("/workspaces") => attributes(serde_json::json!({ "name": "new" })),
        (_, p) if p.ends_with("/ssh-keys") => attributes(serde_json::json!({ "name": "k", "value": SSH_KEY })),
        (_, p) if p.ends_with("/hooks/{point}") => attributes(serde_json::json!({ "script": "true" })),
        (_, p) if p.contains("data-retention") => attributes(serde_json::json!({ "delete-older-than-n-days": 30 })),
        (_, p) if p.ends_with("/comments") => attributes(serde_json::json!({ "body": "why" })),
        (_, p) if p.ends_with("/vars") => {
            attributes(serde_json::json!({ "key": "k", "category": "env", "value": "v" }))
        }
        (_, p) if p.ends_with("/registry-modules") => {
            attributes(serde_json::json!({ "name": "new", "provider": "aws" }))
        }
        (_, p) if p.ends_with("/registry-providers") => attributes(serde_json::json!({ "name": "new" })),
        (_, p) if p.ends_with("/{system}/versions") => attributes(serde_json::json!({ "version": "2.0.0" })),
        (_, p) if p.ends_with("/{kind}/versions") => {
            attributes(serde_json::json!({ "version": "2.0.0", "key-id": registry::KEY, "protocols": ["5.0"] }))
        }
        (_, p) if p.ends_with("/platforms") => attributes(serde_json::json!({
            "os": "linux", "arch": "arm64", "shasum": "0".repeat(64), "filename": "x.zip" })),
        (_, p) if p.ends_with("/gpg-keys") => {
            attributes(serde_json::json!({ "namespace": "acme", "ascii-armor": registry::OTHER_ARMOR }))
        }
        (_, p) if p.ends_with("/remote-state-consumers") => r#"{"data":[]}"#.into(),
        ("PATCH", p) if p.ends_with("/state-versions") => serde_json::json!({ "data": { "relationships": {
            "rollback-state-version": { "data": { "type": "state-versions", "id": things.version } } } } })
        .to_string(),
        (_, p) if p.ends_with("/state-versions") => {
            attributes(serde_json::json!({ "serial": 2, "md5": "0".repeat(32) }))
        }
        (_, p) if p.ends_with("/test-runs") => serde_json::json!({ "data": { "attributes": {}, "relationships": {
            "configuration-version": { "data": { "id": things.test_configuration } } } } })
        .to_string(),
        (_, p) if p.ends_with("/runs") => serde_json::json!({ "data": { "attributes": {}, "relationships": {
            "workspace": { "data": { "type": "workspaces", "id": town.workspace.as_str() } } } } })
        .to_string(),
        _ => "{}".into(),
    }
}
