//! Every route times every role. The routes are read from the router's source: a new one changes the table, and is looked at.

use crate::identity::SSH_KEY;
use crate::registry;
use crate::town::{Engine, Town, state};
use app::{AgentPoolChange, NewRun, Serves, VariableChange};
use protocol::wire::{Hello, Speaks};
use std::fmt::Write;

const ROLES: [&str; 9] = ["nobody", "revoked", "runner", "foreign-run", "stranger", "read", "plan", "write", "owner"];

/// Method and path of every route, as the source says them.
fn routes() -> Vec<(String, String)> {
    let mut routes = routes_of(include_str!("../../src/lib.rs"), "/api/v2");
    routes.extend(routes_of(include_str!("../../src/runner.rs"), "/api/runner"));
    routes.extend(routes_of(include_str!("../../src/mirror.rs"), "/api/mirror"));
    routes.extend(routes_of(include_str!("../../src/registry/mod.rs"), "/api/registry"));
    routes
}

fn routes_of(source: &str, mut prefix: &'static str) -> Vec<(String, String)> {
    let mut routes = Vec::new();
    for part in source.split(".route(").skip(1) {
        let path = part.split('"').nth(1).unwrap();
        let prefix_here = if path.starts_with("/.well") || path.starts_with("/oauth") { "" } else { prefix };
        let handlers = part.split(".layer(DefaultBodyLimit::max(DOCUMENT))").next().unwrap();
        let handlers = handlers.split("\n}\n").next().unwrap();
        let before = routes.len();
        for (handler, methods) in [
            ("get(", &["GET"][..]),
            ("post(", &["POST"]),
            ("put(", &["PUT"]),
            ("patch(", &["PATCH"]),
            ("delete(", &["DELETE"]),
            ("any(", &["GET", "LOCK", "POST", "UNLOCK", "DELETE"]),
        ] {
            let named = |before: &str| before.ends_with([' ', '.', '\n', '(']);
            if handlers.match_indices(handler).any(|(at, _)| named(&handlers[..at])) {
                routes.extend(methods.iter().map(|method| ((*method).to_owned(), format!("{prefix_here}{path}"))));
            }
        }
        assert!(routes.len() > before, "no method read of {path}");
        if part.contains("let signed = ") || part.contains("fn signed_router()") {
            prefix = "/api/signed";
        } else if part.contains("let states = ") {
            prefix = "/api/http";
        }
    }
    routes
}

struct Things {
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
    user: String,
}

async fn furnish(town: &Town) -> Things {
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

fn fill(path: &str, town: &Town, things: &Things) -> String {
    let workspace = if path.starts_with("/api/http") { "web" } else { town.workspace.as_str() };
    let tail = things.run.strip_prefix("run-").unwrap();
    let path = if path.ends_with("/version") { format!("{path}?module_version=1.0.0") } else { path.to_owned() };
    path.replace("{organization}", "acme")
        .replace("{name}", "web")
        .replace("{workspace}", workspace)
        .replace("{project}", &things.project)
        .replace("{variable}", &things.variable)
        .replace("{configuration}", &things.configuration)
        .replace("{run}", &things.run)
        .replace("{comment}", &things.comment)
        .replace("{event}", &format!("re-{tail}00"))
        .replace("{plan}", &format!("plan-{tail}"))
        .replace("{apply}", &format!("apply-{tail}"))
        .replace("{version}", &things.version)
        .replace("{output}", &things.output)
        .replace("{pool}", &things.pool)
        .replace("{agent}", &things.agent)
        .replace("{token}", &things.token)
        .replace("{user}", &things.user)
        .replace("{phase}", &format!("plan-{tail}"))
        .replace("{kind}", if path.contains("registry") { "echo" } else { "plan" })
        .replace("{owner}", "acme")
        // What is tested is not removed: another module is.
        .replace("{module}", if path.contains("/tests/") { "app" } else { "net" })
        .replace("{system}", "aws")
        .replace("{number}", "1.0.0")
        .replace("{os}", "linux")
        .replace("{arch}", "amd64")
        .replace("{key}", registry::KEY)
        .replace("{signed}", "forged")
        .replace("{host}", "registry.terraform.io")
        .replace("{namespace}", "hashicorp")
        .replace("{document}", "index.json")
        .replace("{product}", "terraform")
        .replace("{file}", "file.zip")
        .replace("{ssh_key}", &things.ssh_key)
        .replace("{point}", "pre-plan")
        .replace("{test}", &things.test)
}

/// What a client sends there.
fn body(method: &str, path: &str, town: &Town, things: &Things) -> String {
    let attributes = |json: serde_json::Value| serde_json::json!({ "data": { "attributes": json } }).to_string();
    match (method, path) {
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

async fn table(engine: Engine) -> Option<String> {
    let mut table = format!("{:72}", "");
    for role in ROLES {
        write!(table, " {role:11}").unwrap();
    }
    table = table.trim_end().to_owned() + "\n";
    let mut untouched = None;
    for (method, path) in routes() {
        let (town, things) = match untouched.take() {
            Some(both) => both,
            None => {
                let town = Town::build(engine).await?;
                let things = furnish(&town).await;
                (town, things)
            }
        };
        let mut changed = false;
        let mut line = format!("{:72}", format!("{method} {path}"));
        for role in ROLES {
            let answer =
                town.ask(role, &method, &fill(&path, &town, &things), body(&method, &path, &town, &things)).await;
            let code = answer.status.as_u16();
            changed |= method != "GET" && answer.status.is_success();
            write!(line, " {code:<11}").unwrap();
            let case = format!("{role}: {method} {path}: {code} {}", answer.text());
            // The JSON of a plan that is not made yet is asked for again.
            assert!(code < 500 || (code == 503 && path.contains("json-output")), "{case}");
            let open = path.contains("well-known") || path.ends_with("/ping") || path == "/oauth/token";
            if ["nobody", "revoked"].contains(&role) && !open {
                assert_eq!(code, 401, "{case}");
            }
            let concerns_state = path.contains("state") || path.starts_with("/api/http");
            if ["foreign-run", "stranger"].contains(&role) && concerns_state {
                // A list names its workspace in the query: without one it is a bad request for everybody.
                let list = path == "/api/v2/state-versions";
                assert!(code == 401 || code == 403 || (list && code == 422), "never 404: {case}");
            }
        }
        writeln!(table, "{}", line.trim_end()).unwrap();
        untouched = (!changed).then_some((town, things));
    }
    Some(table)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_for_every_role_on_sqlite() {
    insta::assert_snapshot!("routes_and_roles", Box::pin(table(Engine::Sqlite)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_for_every_role_on_postgres() {
    if let Some(table) = Box::pin(table(Engine::Postgres)).await {
        insta::assert_snapshot!("routes_and_roles", table);
    }
}

#[tokio::test]
async fn a_list_of_states_is_no_secret_way_in() {
    let town = Town::build(Engine::Sqlite).await.unwrap();
    for (organization, name) in [("acme", "web"), ("acme", "none"), ("none", "none")] {
        let path = format!(
            "/api/v2/state-versions?filter%5Borganization%5D%5Bname%5D={organization}&filter%5Bworkspace%5D%5Bname%5D={name}"
        );
        for role in ["stranger", "foreign-run"] {
            let answer = town.ask(role, "GET", &path, "").await;
            assert_eq!(answer.status, 403, "{role} {path}: {}", answer.text());
        }
    }
}
