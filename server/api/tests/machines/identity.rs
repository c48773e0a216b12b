//! Identities of runs, SSH keys and hooks, as a runner and a client see them.

use crate::town::{Engine, Town, inside};
use app::{NewRun, NewUser, VariableChange};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::variable::Category;
use protocol::{FILES, Job, Moment};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Looks like a key; opens nothing.
pub(crate) const SSH_KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQCANARY\n-----END OPENSSH PRIVATE KEY-----";
const DAY: i64 = 24 * 3600;

async fn town() -> Town {
    Town::build(Engine::Sqlite).await.unwrap()
}

/// The job of the next plan, with these variables of the environment.
async fn job(town: &Town, variables: &[(&str, &str)]) -> Job {
    let owner = town.caller("owner").await;
    for (key, value) in variables {
        let change = VariableChange {
            key: Some((*key).into()),
            value: Some((*value).to_owned().into()),
            category: Some(Category::Env),
            sensitive: Some(true),
            ..VariableChange::default()
        };
        town.app.create_variable(&owner, &town.workspace, change).await.unwrap();
    }
    town.new_run(&owner, &town.workspace, NewRun { auto_apply: Some(true), ..NewRun::default() }).await;
    town.app.claim(&inside(), None).await.unwrap()
}

fn environment(job: &Job) -> BTreeMap<&str, &str> {
    job.environment.iter().map(|setting| (setting.key.as_str(), setting.value.expose_secret())).collect()
}

fn file<'a>(job: &'a Job, name: &str) -> &'a str {
    job.files.iter().find(|file| file.name == name).unwrap().contents.expose_secret()
}

fn part(token: &str, n: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(n).unwrap()).unwrap()).unwrap()
}

async fn published(town: &Town) -> Vec<String> {
    let answer = town.ask("nobody", "GET", "/.well-known/jwks", "").await;
    assert_eq!(
        (answer.status.as_u16(), answer.headers["cache-control"].to_str().unwrap()),
        (200, "public, max-age=3600")
    );
    answer.json()["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_token_says_whose_phase_it_is_and_for_whom() {
    let town = town().await;
    let plan =
        job(&town, &[("TFC_WORKLOAD_IDENTITY_AUDIENCE", "me"), ("TFC_WORKLOAD_IDENTITY_AUDIENCE_B", "you")]).await;
    let set = environment(&plan);
    let claims = part(set["TFC_WORKLOAD_IDENTITY_TOKEN"], 1);
    let keys = ["jti", "iat", "nbf", "exp", "terraform_organization_id", "terraform_project_id", "terraform_run_id"];
    assert!(keys.iter().all(|key| !claims[key].is_null()), "{claims}");
    assert_eq!(claims["aud"], "me");
    assert_eq!(claims["iss"], "https://terrane.test");
    assert_eq!(claims["sub"], "organization:acme:project:Default Project:workspace:web:run_phase:plan");
    assert_eq!(claims["terraform_full_workspace"], "organization:acme:project:Default Project:workspace:web");
    assert_eq!(claims["terraform_workspace_id"], town.workspace.as_str());
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60, "the phase's time-out");
    let header = part(set["TFC_WORKLOAD_IDENTITY_TOKEN"], 0);
    assert_eq!((&header["typ"], &header["alg"]), (&json!("JWT"), &json!("RS256")));
    assert!(published(&town).await.contains(&header["kid"].as_str().unwrap().to_owned()));
    let other = part(set["TFC_WORKLOAD_IDENTITY_TOKEN_B"], 1);
    assert_eq!(other["aud"], "you");
    assert_ne!(other["jti"], claims["jti"]);

    town.planned(&plan, true).await;
    let apply = town.app.claim(&inside(), None).await.unwrap();
    let claims = part(environment(&apply)["TFC_WORKLOAD_IDENTITY_TOKEN"], 1);
    assert_eq!(claims["terraform_run_phase"], "apply");
    assert!(claims["sub"].as_str().unwrap().ends_with(":run_phase:apply"));
    let configuration = town.ask("nobody", "GET", "/.well-known/openid-configuration", "").await.json();
    assert_eq!(configuration["issuer"], "https://terrane.test");
    assert_eq!(configuration["jwks_uri"], "https://terrane.test/.well-known/jwks");
}

#[tokio::test]
async fn who_asks_for_no_identity_gets_none() {
    let town = town().await;
    let plan = job(&town, &[("TFC_AWS_PROVIDER_AUTH", "false"), ("AWS_REGION", "eu-west-1")]).await;
    assert!(plan.files.is_empty() && plan.vault.is_empty());
    assert!(plan.environment.iter().all(|setting| !setting.value.expose_secret().starts_with("eyJ")));
}

#[tokio::test]
async fn each_provider_finds_what_it_reads() {
    let town = town().await;
    let plan = job(
        &town,
        &[
            ("TFC_AWS_PROVIDER_AUTH", "true"),
            ("TFC_AWS_RUN_ROLE_ARN", "arn:both"),
            ("TFC_AWS_PLAN_ROLE_ARN", "arn:plan"),
            ("TFC_AWS_PROVIDER_AUTH_EAST", "true"),
            ("TFC_AWS_RUN_ROLE_ARN_EAST", "arn:east"),
            ("TFC_AWS_WORKLOAD_IDENTITY_AUDIENCE_EAST", "east"),
            ("TFC_AZURE_PROVIDER_AUTH", "true"),
            ("TFC_AZURE_RUN_CLIENT_ID", "client"),
            ("TFC_GCP_PROVIDER_AUTH", "true"),
            ("TFC_DEFAULT_GCP_RUN_SERVICE_ACCOUNT_EMAIL", "robot@p.iam.gserviceaccount.com"),
            ("TFC_GCP_PROJECT_NUMBER", "1"),
            ("TFC_GCP_WORKLOAD_POOL_ID", "pool"),
            ("TFC_GCP_WORKLOAD_PROVIDER_ID", "terrane"),
            ("TFC_KUBERNETES_PROVIDER_AUTH", "true"),
            ("TFC_KUBERNETES_WORKLOAD_IDENTITY_AUDIENCE", "kubernetes"),
            ("TFC_HCP_PROVIDER_AUTH", "true"),
            ("TFC_HCP_RUN_PROVIDER_RESOURCE_NAME", "iam/project/p/x"),
            ("TFC_VAULT_PROVIDER_AUTH", "true"),
            ("TFC_VAULT_ADDR", "https://vault.test:8200/"),
            ("TFC_VAULT_RUN_ROLE", "deploy"),
            ("TFC_VAULT_NAMESPACE", "admin"),
        ],
    )
    .await;
    let set = environment(&plan);
    let audience = |token: &str| part(token, 1)["aud"].clone();
    assert_eq!(set["AWS_ROLE_ARN"], "arn:plan");
    assert_eq!(set["AWS_WEB_IDENTITY_TOKEN_FILE"], format!("{FILES}/aws-token"));
    assert_eq!(audience(file(&plan, "aws-token")), "aws.workload.identity");
    assert_eq!(audience(file(&plan, "aws-token_EAST")), "east");
    assert_eq!(
        file(&plan, "aws-config_EAST"),
        format!("[default]\nweb_identity_token_file = {FILES}/aws-token_EAST\nrole_arn = arn:east\n")
    );
    let input = |name: &str| -> Value { serde_json::from_str(set[name]).unwrap() };
    assert_eq!(
        input("TF_VAR_tfc_aws_dynamic_credentials"),
        json!({ "default": { "shared_config_file": format!("{FILES}/aws-config") },
            "aliases": { "EAST": { "shared_config_file": format!("{FILES}/aws-config_EAST") } } })
    );
    assert_eq!((set["ARM_USE_OIDC"], set["ARM_CLIENT_ID"]), ("true", "client"));
    assert_eq!(audience(set["ARM_OIDC_TOKEN"]), "api://AzureADTokenExchange");
    assert_eq!(file(&plan, "azure-token"), set["ARM_OIDC_TOKEN"]);
    let google: Value = serde_json::from_str(file(&plan, "gcp-credentials")).unwrap();
    let resource = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/terrane";
    assert_eq!(google["audience"], resource);
    assert_eq!(audience(file(&plan, "gcp-token")), resource);
    assert_eq!(google["credential_source"]["file"], format!("{FILES}/gcp-token"));
    assert!(google["service_account_impersonation_url"].as_str().unwrap().contains("/robot@p.iam."));
    assert_eq!(set["GOOGLE_CREDENTIALS"], format!("{FILES}/gcp-credentials"));
    assert_eq!(audience(set["KUBE_TOKEN"]), "kubernetes");
    assert_eq!(audience(file(&plan, "hcp-token")), "iam/project/p/x");
    let login = &plan.vault[0];
    assert_eq!(
        (login.address.as_str(), login.mount.as_str(), login.role.as_str()),
        ("https://vault.test:8200", "jwt", "deploy")
    );
    assert_eq!(login.variable.as_deref(), Some("VAULT_TOKEN"));
    assert_eq!(audience(login.identity.expose_secret()), "vault.workload.identity");
    assert_eq!(
        input("TF_VAR_tfc_vault_dynamic_credentials")["default"]["token_filename"],
        format!("{FILES}/vault-token")
    );
    assert!(!format!("{plan:?}").contains("eyJ"), "no token is printed");
}

#[tokio::test]
async fn a_switch_without_its_settings_ends_the_phase_with_words() {
    let town = town().await;
    let owner = town.caller("owner").await;
    for (key, value) in [("TFC_AWS_PROVIDER_AUTH", "true")] {
        let change = VariableChange {
            key: Some(key.into()),
            value: Some(value.to_owned().into()),
            category: Some(Category::Env),
            ..VariableChange::default()
        };
        town.app.create_variable(&owner, &town.workspace, change).await.unwrap();
    }
    let run = town.new_run(&owner, &town.workspace, NewRun::default()).await;
    let runner = inside();
    let claim = town.app.claim(&runner, None);
    tokio::pin!(claim);
    let reason = loop {
        tokio::select! {
            job = &mut claim => panic!("{job:?}"),
            () = tokio::task::yield_now() => {}
        }
        let row = town.app.run(&owner, &run).await.unwrap();
        if let Some(reason) = row.reason.filter(|reason| reason.contains("TFC_AWS")) {
            break reason;
        }
    };
    assert!(reason.contains("TFC_AWS_PROVIDER_AUTH: TFC_AWS_RUN_ROLE_ARN is not set"), "{reason}");
}

#[tokio::test]
async fn the_next_key_is_published_long_before_it_signs() {
    let town = town().await;
    let app = &town.app;
    let new = NewUser { name: "root".into(), email: "root@example.com".into(), site_admin: true, password: None };
    let root = app.create_user(new).await.unwrap();
    let (_, token) = app.create_token(&root, "test", None).await.unwrap();
    let mut town = town;
    town.tokens.insert("root", token.expose_secret().to_owned());
    let first = published(&town).await;
    assert_eq!(first.len(), 2);
    let signer =
        |job: &Job| part(environment(job)["TFC_WORKLOAD_IDENTITY_TOKEN"], 0)["kid"].as_str().unwrap().to_owned();
    let plan = job(&town, &[("TFC_WORKLOAD_IDENTITY_AUDIENCE", "me")]).await;
    let old = signer(&plan);
    let next = first.iter().find(|key| **key != old).unwrap().clone();

    let admin = "/api/v2/admin/oidc-settings/actions";
    assert_eq!(town.ask("root", "POST", &format!("{admin}/rotate-key"), "").await.status, 204);
    let second = published(&town).await;
    assert!(second.len() == 3 && first.iter().all(|key| second.contains(key)), "{second:?}");
    town.planned(&plan, true).await;
    assert_eq!(signer(&town.app.claim(&inside(), None).await.unwrap()), next, "what was published before signs now");

    assert_eq!(town.ask("root", "POST", &format!("{admin}/trim-key"), "").await.status, 204);
    let third = published(&town).await;
    assert!(third.len() == 2 && !third.contains(&old), "{third:?}");

    // By itself after 90 days, and withdrawn 30 days later.
    town.app.tend_identity_keys().await.unwrap();
    assert_eq!(published(&town).await, third);
    town.clock.pass(90 * DAY);
    town.app.tend_identity_keys().await.unwrap();
    let fourth = published(&town).await;
    assert!(fourth.len() == 3 && fourth.contains(&next), "{fourth:?}");
    town.clock.pass(30 * DAY + 1);
    town.app.tend_identity_keys().await.unwrap();
    let fifth = published(&town).await;
    assert!(fifth.len() == 2 && !fifth.contains(&next), "{fifth:?}");
}

#[tokio::test]
async fn a_private_key_lies_nowhere_in_clear() {
    let town = town().await;
    let owner = town.caller("owner").await;
    published(&town).await;
    town.app.create_ssh_key(&owner, "acme", "deploy", &SSH_KEY.to_owned().into()).await.unwrap();
    let put = "/api/v2/organizations/acme/hooks/pre-plan";
    let body = json!({ "data": { "attributes": { "script": "echo CANARY" } } }).to_string();
    assert_eq!(town.ask("owner", "PUT", put, body).await.status, 200);
    for name in ["terrane.db", "terrane.db-wal"] {
        let bytes = std::fs::read(town.folder.path().join(name)).unwrap_or_default();
        assert!(!bytes.windows(6).any(|window| window == b"CANARY"), "{name}");
    }
}

#[tokio::test]
async fn an_ssh_key_is_used_and_never_read_back() {
    let town = town().await;
    let keys = "/api/v2/organizations/acme/ssh-keys";
    let body =
        json!({ "data": { "type": "ssh-keys", "attributes": { "name": "deploy", "value": SSH_KEY } } }).to_string();
    let made = town.ask("owner", "POST", keys, body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["data"]["id"].as_str().unwrap().to_owned();
    let one = format!("/api/v2/ssh-keys/{id}");
    let renamed = json!({ "data": { "attributes": { "name": "other", "value": "ignored" } } }).to_string();
    let answers = [
        made,
        town.ask("read", "GET", keys, "").await,
        town.ask("read", "GET", &one, "").await,
        town.ask("owner", "PATCH", &one, renamed).await,
    ];
    assert!(answers.iter().all(|answer| answer.status.is_success() && !answer.text().contains("CANARY")));
    assert_eq!(answers[3].json()["data"]["attributes"]["name"], "other");

    let assign = format!("/api/v2/workspaces/{}/relationships/ssh-key", town.workspace);
    let wanted = |id: Value| json!({ "data": { "type": "workspaces", "attributes": { "id": id } } }).to_string();
    let used = town.ask("owner", "PATCH", &assign, wanted(json!(id))).await;
    assert_eq!(used.json()["data"]["relationships"]["ssh-key"]["data"]["id"], id.as_str());
    let shown = town.ask("read", "GET", "/api/v2/organizations/acme/workspaces/web", "").await.json();
    assert_eq!(shown["data"]["relationships"]["ssh-key"]["data"]["id"], id.as_str());
    let plan = job(&town, &[]).await;
    assert_eq!(file(&plan, "ssh-key"), format!("{SSH_KEY}\n"));
    assert!(environment(&plan)["GIT_SSH_COMMAND"].contains(&format!("-i '{FILES}/ssh-key'")));

    let unused = town.ask("owner", "PATCH", &assign, wanted(Value::Null)).await;
    assert!(unused.json()["data"]["relationships"]["ssh-key"]["data"].is_null());
    let foreign = town.caller("stranger").await;
    let theirs = town.app.create_ssh_key(&foreign, "other", "k", &SSH_KEY.to_owned().into()).await.unwrap();
    let refused = town.ask("owner", "PATCH", &assign, wanted(json!(theirs.id.as_str()))).await;
    assert_eq!(refused.status, 404, "the key of another organization");
    assert_eq!(town.ask("owner", "DELETE", &one, "").await.status, 204);
    assert_eq!(town.ask("owner", "GET", &one, "").await.status, 404);
    let bad = json!({ "data": { "attributes": { "name": "x", "value": "ssh-ed25519 AAAA" } } }).to_string();
    let refused = town.ask("owner", "POST", keys, bad).await;
    assert_eq!(refused.json()["errors"][0]["source"]["pointer"], "/data/attributes/value");
}

#[tokio::test]
async fn hooks_surround_the_phase_that_they_are_for() {
    let town = town().await;
    for (point, script) in [("pre-plan", "echo a"), ("post-plan", "echo b"), ("pre-apply", "echo c")] {
        let body = json!({ "data": { "type": "hooks", "attributes": { "script": script } } }).to_string();
        let path = format!("/api/v2/organizations/acme/hooks/{point}");
        assert_eq!(town.ask("owner", "PUT", &path, body).await.status, 200);
    }
    let listed = town.ask("owner", "GET", "/api/v2/organizations/acme/hooks", "").await.json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 3);
    let told = |job: &Job| -> Vec<(Moment, String, String)> {
        let hooks = job.hooks.iter();
        hooks.map(|hook| (hook.moment, hook.name.clone(), hook.script.expose_secret().to_owned())).collect()
    };
    let plan = job(&town, &[]).await;
    let named =
        |moment, point: &str, script: &str| (moment, format!("{point} hook of the organization"), script.to_owned());
    assert_eq!(told(&plan), [named(Moment::After, "post-plan", "echo b"), named(Moment::Before, "pre-plan", "echo a")]);
    assert_eq!(town.ask("owner", "DELETE", "/api/v2/organizations/acme/hooks/pre-apply", "").await.status, 204);
    town.planned(&plan, true).await;
    assert_eq!(told(&town.app.claim(&inside(), None).await.unwrap()), []);
    let unknown = town.ask("owner", "DELETE", "/api/v2/organizations/acme/hooks/mid-plan", "").await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn a_run_finds_the_variables_that_the_field_promises() {
    let town = town().await;
    let plan = job(&town, &[]).await;
    let set = environment(&plan);
    assert_eq!(set["TFC_RUN_ID"], plan.run_id);
    assert_eq!(set["TFC_WORKSPACE_NAME"], "web");
    assert_eq!(set["TFC_WORKSPACE_SLUG"], "acme/web");
    assert_eq!(set["TFC_PROJECT_NAME"], "Default Project");
    assert_eq!(set["ATLAS_WORKSPACE_SLUG"], "acme/web");
    assert_eq!(set["TF_VAR_TFC_RUN_ID"], plan.run_id);
    assert_eq!(set["TFC_CONFIGURATION_VERSION_GIT_COMMIT_SHA"], "");
    assert!(!set.contains_key("TF_VAR_TFC_CONFIGURATION_VERSION_GIT_COMMIT_SHA"), "a default of the variable counts");
}

/// A part of a subject cannot pass for two.
#[tokio::test]
async fn no_name_holds_what_separates_a_subject() {
    let town = town().await;
    for (path, name) in [
        ("/api/v2/organizations/acme/workspaces", "a:workspace:b"),
        ("/api/v2/organizations/acme/projects", "a:workspace:b"),
        ("/api/v2/organizations/acme/workspaces", "a*"),
    ] {
        let body = json!({ "data": { "attributes": { "name": name } } }).to_string();
        assert_eq!(town.ask("owner", "POST", path, body).await.status, 422, "{path} {name}");
    }
}
