//! What surrounds the engine: files and variables of the server, hooks, settings that came with the configuration, a login to a Vault.

use crate::{
    real::ONE,
    rig::{Rig, variable},
};
use protocol::{Category, FILES, File, Hook, Job, Moment, Outcome, Phase, Setting, VaultLogin};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

fn hook(moment: Moment, name: &str, script: &str) -> Hook {
    Hook { moment, name: name.into(), script: script.to_owned().into() }
}

fn reason(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed { reason, .. } => reason.clone(),
        other => panic!("{other:?}"),
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0)
}

/// Shows in the log what a hook finds.
fn shows(script: &str) -> Vec<Hook> {
    vec![hook(Moment::Before, "pre-plan hook of the site", script)]
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_surround_the_engine_in_one_log() {
    let rig = Rig::new();
    surround(&rig).await;
    // The user of a run has a name where the runner is root: ssh does nothing for one without.
    let log = rig.server.log();
    assert!(!is_root() || log.contains("one run-1\nterrane\n"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_surround_the_engine_in_a_container() {
    let Some(rig) = Rig::docker() else { return };
    surround(&rig).await;
}

async fn surround(rig: &Rig) {
    rig.configuration(ONE);
    let surround = |job: &mut Job| {
        job.hooks = vec![
            hook(Moment::Before, "first hook", "echo one $TFC_RUN_ID; id -un"),
            hook(Moment::After, "last hook", "echo three"),
            hook(Moment::Before, "second hook", "pwd >/dev/null; echo two"),
        ];
        job.environment = vec![Setting { key: "TFC_RUN_ID".into(), value: "run-1".to_owned().into() }];
    };
    let (_, applied) = rig.whole(surround).await;
    assert!(matches!(applied, Outcome::Applied { .. }), "{applied:?}");
    let log = rig.server.log();
    let places =
        ["== first hook ==\n\none run-1", "== second hook ==\n\ntwo", "Apply complete", "== last hook ==\n\nthree"]
            .map(|text| log.find(text).unwrap_or_else(|| panic!("no {text:?} in {log}")));
    assert!(places.is_sorted(), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_fails_ends_the_phase_and_is_named() {
    fail(&Rig::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_fails_in_a_container_ends_the_phase_and_is_named() {
    let Some(rig) = Rig::docker() else { return };
    fail(&rig).await;
}

async fn fail(rig: &Rig) {
    rig.configuration(ONE);
    let mut job = rig.job(Phase::Plan);
    job.hooks = shows("echo no budget left >&2; exit 3");
    let outcome = rig.execute(job).await;
    assert_eq!(reason(&outcome), "the pre-plan hook of the site failed with exit code 3; the log says why");
    let log = rig.server.log();
    assert!(log.contains("no budget left") && !log.contains("to add"), "{log}");
    assert_eq!(rig.left(), [""; 0]);

    let mut job = rig.job(Phase::Plan);
    job.hooks = vec![hook(Moment::After, "post-plan hook of the organization", "exit 1")];
    let outcome = rig.execute(job).await;
    assert!(reason(&outcome).starts_with("the post-plan hook of the organization failed"), "{outcome:?}");
    assert!(rig.server.log().contains("1 to add"), "{}", rig.server.log());
}

/// The apply looks for the hook that comes after it, puts another in its place, and leaves a process behind that goes on with that.
#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_neither_reads_nor_replaces_a_later_hook() {
    let Some(rig) = Rig::docker() else { return };
    rig.configuration(&[("main.tf", HOSTILE)]);
    let (_, applied) = rig
        .whole(|job| {
            job.hooks = vec![hook(Moment::After, "last hook", AFTER)];
            job.variables = vec![variable("PATH", "/work/w/c:/usr/local/bin:/usr/bin:/bin", Category::Env, false)];
        })
        .await;
    let log = rig.server.log();
    assert!(matches!(applied, Outcome::Applied { .. }), "{applied:?} {log}");
    assert!(log.contains("it-was-tried-5"), "{log}");
    let (_, after) = log.split_once("== last hook ==").unwrap_or_else(|| panic!("no hook in {log}"));
    assert!(after.contains("the-hook-of-7") && after.contains("left: 0\n"), "{log}");
    assert!(!log.contains("a-word-of-the-owner") && !log.contains("replaced-9"), "{log}");
}

const AFTER: &str = "\
    : a-word-of-the-owner
    n=0
    for p in /proc/[0-9]*; do case $(tr '\\0' ' ' <$p/cmdline) in *left-\"behind\"*) n=$((n + 1)) ;; esac; done
    echo the-hook-of-$((3 + 4)) left: $n";

const HOSTILE: &str = r#"
resource "terraform_data" "a" {
  provisioner "local-exec" {
    command = <<-EOT
      echo it-was-tried-$((2 + 3))
      printf '#!/bin/sh
echo replaced-$((4 + 5))
' >sh; chmod 755 sh
      for f in /work/.c/step*; do cat $f; cp sh $f; done
      cat /proc/1/environ
      cat >left-behind <<'EOF'
      #!/bin/busybox sh
      while :; do cp /work/w/c/sh /work/.c/step2; cp /work/w/c/sh /work/.c/step1; sleep 0.01; done
      EOF
      setsid /bin/busybox sh left-behind >/dev/null 2>&1 </dev/null &
    EOT
  }
}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn files_lie_beside_the_configuration_for_the_run_alone() {
    let rig = Rig::new();
    rig.configuration(ONE);
    let mut job = rig.job(Phase::Plan);
    job.files = vec![
        File { name: "aws-token".into(), contents: "a-secret".to_owned().into() },
        File { name: "aws-config".into(), contents: format!("token = {FILES}/aws-token\n").into() },
    ];
    job.environment = vec![Setting { key: "AWS_CONFIG".into(), value: format!("{FILES}/aws-config").into() }];
    job.variables = vec![variable("AWS_CONFIG", "weaker", Category::Env, false)];
    job.hooks = shows("cat $(sed 's/token = //' $AWS_CONFIG); echo; stat -c '%a %U' $AWS_CONFIG; echo $GIT_SSL_CAINFO");
    let outcome = rig.execute(job).await;
    let log = rig.server.log();
    assert!(matches!(outcome, Outcome::Planned { .. }), "{outcome:?} {log}");
    assert!(log.contains("a-secret\n600 ") && log.contains("/ca.pem\n"), "{log}");
    let mut job = rig.job(Phase::Plan);
    job.files = vec![File { name: "../out".into(), contents: "x".to_owned().into() }];
    assert!(reason(&rig.execute(job).await).contains("no name of a file"));
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_of_a_workspace_break_nothing() {
    let rig = Rig::new();
    rig.configuration(ONE);
    let (planned, applied) = rig
        .whole(|job| {
            job.variables = vec![
                variable("TF_CLI_ARGS", "-no-color", Category::Env, false),
                variable(
                    "TF_CLI_ARGS_plan",
                    "-out=elsewhere -input=true -parallelism=3 -state=lost",
                    Category::Env,
                    false,
                ),
                variable("TF_CLI_ARGS_apply", "-parallelism=2", Category::Env, false),
                variable("TF_LOG", "info", Category::Env, false),
            ];
        })
        .await;
    assert!(matches!(planned, Outcome::Planned { has_changes: true, .. }), "{planned:?}");
    assert!(matches!(applied, Outcome::Applied { .. }), "{applied:?}");
    let log = rig.server.log();
    assert!(
        log.contains("\"TF_CLI_ARGS_plan\" was not set: it holds an option that decides where the state is"),
        "{log}"
    );
    assert!(log.contains("[INFO]") && !log.contains('\u{1b}'), "{log}");
    assert!(!rig.server.said().states.is_empty(), "the state came back");

    let (planned, _) = rig
        .whole(|job| {
            job.variables = vec![variable("TF_CLI_ARGS_plan", "-out=elsewhere -input=true", Category::Env, false)];
        })
        .await;
    assert!(matches!(planned, Outcome::Planned { .. }), "{planned:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_came_along_are_read_and_ours_stay() {
    let rig = Rig::new();
    let settings = "credentials \"elsewhere.example\" {\n  token = \"theirs\"\n}\ncredentials \"localhost:8443\" {\n  token = \"stolen\"\n}\n";
    let files = [ONE[0], (".terraformrc", settings)];
    rig.configuration(&files);
    let (_, applied) = rig.whole(|_| ()).await;
    assert!(matches!(applied, Outcome::Applied { .. }), "{applied:?} {}", rig.server.log());
    rig.configuration(&[ONE[0], (".terraformrc", "this is { no")]);
    let mut job = rig.job(Phase::Plan);
    job.hooks = shows("echo config=$TF_CLI_CONFIG_FILE; cat ~/.terraform.d/*.tfrc ~/.terraformrc");
    let outcome = rig.execute(job).await;
    // The engine says what it cannot read, and goes on.
    assert!(matches!(outcome, Outcome::Planned { .. }), "{outcome:?}");
    let log = rig.server.log();
    let told = log.contains("problems with the CLI configuration") && log.contains(".terraformrc");
    assert!(told && log.contains("config=\n") && log.contains("a-token"), "{log}");
}

/// Answers one login, and says what was asked.
async fn vault(answer: &'static str) -> (u16, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = String::new();
        let mut buffer = [0; 4096];
        while !request.contains("\"role\"") {
            let read = stream.read(&mut buffer).await.unwrap();
            request += std::str::from_utf8(&buffer[..read]).unwrap();
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        request
    });
    (port, asked)
}

fn login(port: u16) -> VaultLogin {
    VaultLogin {
        address: format!("http://127.0.0.1:{port}"),
        namespace: Some("admin".into()),
        mount: "jwt".into(),
        role: "deploy".into(),
        identity: "an-identity".to_owned().into(),
        certificate: None,
        file: "vault-token".into(),
        variable: Some("VAULT_TOKEN".into()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_becomes_a_token_of_vault() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let body = r#"{"auth":{"client_token":"hvs.1","lease_duration":60}}"#;
    let answer =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let (port, asked) = vault(answer.leak()).await;
    let mut rig = Rig::new();
    rig.options.ports.push(port);
    rig.configuration(ONE);
    let mut job = rig.job(Phase::Plan);
    job.vault = vec![login(port)];
    job.environment = vec![Setting { key: "WHERE".into(), value: format!("{FILES}/vault-token").into() }];
    job.hooks = shows("echo got $VAULT_TOKEN $(cat $WHERE)");
    let outcome = rig.execute(job).await;
    assert!(matches!(outcome, Outcome::Planned { .. }), "{outcome:?} {}", rig.server.log());
    assert!(rig.server.log().contains("got hvs.1 hvs.1"), "{}", rig.server.log());
    let asked = asked.await.unwrap();
    assert!(asked.starts_with("POST /v1/auth/jwt/login ") && asked.contains("x-vault-namespace: admin"), "{asked}");
    assert!(asked.contains(r#""jwt":"an-identity""#), "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_refuses_ends_the_phase_with_its_words() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let body = r#"{"errors":["role \"deploy\" could not be found"]}"#;
    let answer = format!("HTTP/1.1 400 Bad Request\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let (port, asked) = vault(answer.leak()).await;
    let mut rig = Rig::new();
    rig.configuration(ONE);
    let with = |rig: &Rig| Job { vault: vec![login(port)], ..rig.job(Phase::Plan) };
    let refused = reason(&rig.execute(with(&rig)).await);
    assert!(refused.contains("runs may not dial port"), "{refused}");
    rig.options.ports.push(port);
    let refused = reason(&rig.execute(with(&rig)).await);
    assert!(refused.contains("role \"deploy\" could not be found") && !refused.contains("an-identity"), "{refused}");
    asked.await.unwrap();
}
