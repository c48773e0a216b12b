//! Foreign programs judge the identities that we sign, over a real connection and over a rotation of keys: what only we can verify is worth
//! nothing.

use crate::town::{Engine, Town, inside};
use app::{NewRun, VariableChange};
use domain::variable::Category;
use protocol::Job;
use secrecy::ExposeSecret;
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

const ISSUER: &str = "https://terrane.test";

/// Where `tests/tools/verifiers` put them; `None` only when somebody switched them off by name.
#[expect(clippy::disallowed_methods, reason = "the tests' own setting: it does not reach the server")]
fn tools() -> Option<PathBuf> {
    if std::env::var("TERRANE_TEST_VERIFIERS").is_ok_and(|value| value == "off") {
        eprintln!("NOT CHECKED by foreign verifiers: TERRANE_TEST_VERIFIERS is off");
        return None;
    }
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools").canonicalize();
    let tools = tools.ok().filter(|tools| tools.join("verifiers/node_modules/jose").is_dir());
    Some(tools.expect("jose is not there: run tests/tools/verifiers, or set TERRANE_TEST_VERIFIERS to `off`"))
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machines/verifiers").join(name)
}

fn judges(tools: &Path, jwks: &str, audience: &str, token: &str) -> [(&'static str, Output); 2] {
    let mut jose = Command::new("node");
    jose.arg(script("with_jose.mjs")).arg(tools.join("verifiers/node_modules/jose/dist/webapi/index.js"));
    let mut authlib = Command::new(tools.join("venv/bin/python"));
    authlib.arg(script("with_authlib.py"));
    [("jose", jose), ("Authlib", authlib)].map(|(name, mut command)| {
        (name, command.args([jwks, ISSUER, audience, token]).output().expect("start a verifier"))
    })
}

fn accept(tools: &Path, jwks: &str, token: &str) {
    for (name, output) in judges(tools, jwks, "me", token) {
        let subject = String::from_utf8_lossy(&output.stdout);
        let why = String::from_utf8_lossy(&output.stderr);
        assert!(
            subject.starts_with("organization:acme:project:Default Project:workspace:web:run_phase:"),
            "{name}: {why}"
        );
    }
}

fn refuse(tools: &Path, jwks: &str, audience: &str, token: &str) {
    for (name, output) in judges(tools, jwks, audience, token) {
        assert!(!output.status.success(), "{name} accepts it");
        let why = String::from_utf8_lossy(&output.stderr);
        assert!(!why.contains("ModuleNotFoundError") && !why.contains("ERR_MODULE_NOT_FOUND"), "{name}: {why}");
    }
}

fn token(job: &Job) -> String {
    let setting = job.environment.iter().find(|setting| setting.key == "TFC_WORKLOAD_IDENTITY_TOKEN").unwrap();
    setting.value.expose_secret().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn jose_and_authlib_accept_what_we_sign_over_a_rotation() {
    let Some(tools) = tools() else { return };
    let town = Town::build(Engine::Sqlite).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let jwks = format!("http://{}/.well-known/jwks", listener.local_addr().unwrap());
    let router = town.router.clone();
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });

    let owner = town.caller("owner").await;
    let change = VariableChange {
        key: Some("TFC_WORKLOAD_IDENTITY_AUDIENCE".into()),
        value: Some("me".to_owned().into()),
        category: Some(Category::Env),
        ..VariableChange::default()
    };
    town.app.create_variable(&owner, &town.workspace, change).await.unwrap();
    town.new_run(&owner, &town.workspace, NewRun { auto_apply: Some(true), ..NewRun::default() }).await;
    let plan = town.app.claim(&inside(), None).await.unwrap();
    let before = token(&plan);
    accept(&tools, &jwks, &before);
    refuse(&tools, &jwks, "somebody else", &before);
    let (signed, signature) = before.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", signature.chars().rev().collect::<String>());
    refuse(&tools, &jwks, "me", &forged);

    town.app.rotate_identity_key(None).await.unwrap();
    town.planned(&plan, true).await;
    let after = token(&town.app.claim(&inside(), None).await.unwrap());
    assert_ne!(before.split('.').next(), after.split('.').next(), "another key signs");
    accept(&tools, &jwks, &before);
    accept(&tools, &jwks, &after);

    town.app.trim_identity_keys(None).await.unwrap();
    refuse(&tools, &jwks, "me", &before);
    accept(&tools, &jwks, &after);
    serving.abort();
}
