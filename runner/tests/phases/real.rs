//! With the real terraform.

use crate::rig::{Rig, VERSION};
use protocol::{Artifact, Counts, Outcome, Phase};

/// A configuration with a block that must be neutralised.
pub(crate) const ONE: &[(&str, &str)] = &[(
    "main.tf",
    r#"
terraform {
  cloud {
    hostname     = "localhost:8443"
    organization = "acme"
    workspaces { name = "prod" }
  }
}
resource "terraform_data" "a" {
  input = terraform.workspace
}
output "o" {
  value = terraform_data.a.output
}
"#,
)];

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_and_its_apply() {
    let rig = Rig::new();
    rig.configuration(ONE);
    let planned = rig.execute(rig.job(Phase::Plan)).await;
    let counts = Counts { additions: 1, ..Counts::default() };
    assert_eq!(
        planned,
        Outcome::Planned { has_changes: true, counts, generated_configuration: false },
        "{}",
        rig.server.log()
    );
    {
        let said = rig.server.said();
        assert_eq!(said.started.as_deref(), Some(VERSION));
        assert!(said.log.starts_with(b"\x02Terraform v1.11.4\non linux_amd64\nInitializing plugins and modules...\n"));
        assert_eq!(said.log.last(), Some(&3));
        assert_eq!(said.log.iter().filter(|byte| **byte == 3).count(), 1);
        let plan: serde_json::Value = serde_json::from_slice(&said.artifacts[&Artifact::PlanJson]).unwrap();
        assert_eq!(plan["resource_changes"][0]["address"], "terraform_data.a");
        let schemas: serde_json::Value = serde_json::from_slice(&said.artifacts[&Artifact::ProviderSchemas]).unwrap();
        assert!(
            schemas["provider_schemas"]["terraform.io/builtin/terraform"]["resource_schemas"]["terraform_data"]
                .is_object()
        );
    }
    assert!(rig.server.log().contains("1 to add"), "{}", rig.server.log());
    assert_eq!(rig.left(), [""; 0]);

    let applied = rig.execute(rig.job(Phase::Apply)).await;
    assert_eq!(applied, Outcome::Applied { counts }, "{}", rig.server.log());
    {
        let said = rig.server.said();
        let state: serde_json::Value = serde_json::from_slice(said.states.last().unwrap()).unwrap();
        assert_eq!(state["outputs"]["o"]["value"], "prod");
        assert!(said.log.starts_with(b"\x02Terraform v1.11.4\n"));
        assert_eq!(said.log.last(), Some(&3));
    }
    assert_eq!(rig.left(), [""; 0]);

    let again = rig.execute(rig.job(Phase::Plan)).await;
    let counts = Counts::default();
    assert_eq!(
        again,
        Outcome::Planned { has_changes: false, counts, generated_configuration: false },
        "{}",
        rig.server.log()
    );
}

/// Many resources, so that the state is written often.
#[tokio::test(flavor = "multi_thread")]
async fn a_state_is_followed_while_an_apply_writes_it_and_the_last_whole_one_survives_a_kill() {
    let rig = Rig::new();
    rig.configuration(&[(
        "main.tf",
        "resource \"terraform_data\" \"a\" {\n  count = 60\n  input = \"x\"\n}\nresource \"terraform_data\" \"b\" {\n  depends_on = [terraform_data.a]\n  provisioner \"local-exec\" { command = \"echo all are made; kill -9 1; sleep 300\" }\n}\n",
    )]);
    rig.execute(rig.job(Phase::Plan)).await;
    let job = rig.job(Phase::Apply);
    rig.server.offer(job);
    let (drain, running) = rig.start().await;
    rig.server.until_logged("all are made").await;
    rig.server.wish.send_replace(protocol::Wish::Kill);
    rig.server.until_ended().await;
    drain.cancel();
    running.await.unwrap();
    let said = rig.server.said();
    assert_eq!(said.outcome, Some(Outcome::Canceled { killed: true }));
    let state: serde_json::Value = serde_json::from_slice(said.states.last().unwrap()).unwrap();
    assert_eq!(state["resources"][0]["instances"].as_array().unwrap().len(), 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_the_server_does_not_take_is_kept_and_told() {
    let rig = Rig::new();
    rig.configuration(&[("main.tf", "resource \"terraform_data\" \"a\" { count = 3 }\n")]);
    rig.execute(rig.job(Phase::Plan)).await;
    let mut job = rig.job(Phase::Apply);
    job.limits.state_bytes = 200;
    let kept = rig.module(&job).ancestors().nth(2).unwrap().join("state.large");
    let Outcome::Failed { reason, .. } = rig.execute(job).await else { panic!("{:?}", rig.server.said().outcome) };
    assert!(reason.contains("--max-state-size") && reason.contains(&*kept.to_string_lossy()), "{reason}");
    assert!(rig.server.said().states.is_empty());
    // The next start says the same once more, and leaves it there.
    rig.server.said().outcome = None;
    rig.server.offer_nothing();
    let (drain, running) = rig.start().await;
    drain.cancel();
    running.await.unwrap();
    assert!(matches!(&rig.server.said().outcome, Some(Outcome::Failed { reason: again, .. }) if *again == reason));
    let state: serde_json::Value = serde_json::from_slice(&std::fs::read(kept).unwrap()).unwrap();
    assert_eq!(state["resources"][0]["instances"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_lines_and_a_working_directory() {
    let rig = Rig::new();
    rig.configuration(&[
        (
            "envs/prod/main.tf",
            "module \"m\" { source = \"../../modules/m\" }\noutput \"only\" { value = module.m.x }\n",
        ),
        ("modules/m/m.tf", "output \"x\" { value = terraform.workspace }\n"),
        ("envs/prod/terraform.tfstate", "{\"version\":4,\"serial\":99,\"lineage\":\"foreign\"}"),
    ]);
    let (planned, applied) = rig
        .whole(|job| {
            job.options.json_log = true;
            job.working_directory = "envs/prod".into();
            job.cli_workspace = "default".into();
        })
        .await;
    assert!(matches!(planned, Outcome::Planned { has_changes: true, .. }), "outputs alone are a change");
    assert!(matches!(applied, Outcome::Applied { .. }), "{applied:?}");
    let log = rig.server.log();
    assert!(log.lines().skip(3).all(|line| line.starts_with('{') || line == "\u{3}"), "{log}");
    let said = rig.server.said();
    let state: serde_json::Value = serde_json::from_slice(said.states.last().unwrap()).unwrap();
    assert_eq!((state["serial"].as_u64(), state["outputs"]["only"]["value"].as_str()), (Some(1), Some("default")));
}

#[tokio::test(flavor = "multi_thread")]
async fn refresh_only_destroy_and_replace() {
    let rig = Rig::new();
    rig.configuration(ONE);
    rig.whole(|_| {}).await;
    let mut job = rig.job(Phase::Plan);
    job.options.refresh_only = true;
    assert!(matches!(rig.execute(job).await, Outcome::Planned { has_changes: false, .. }));
    let mut job = rig.job(Phase::Plan);
    job.options.replaces = vec!["terraform_data.a".into()];
    let Outcome::Planned { counts, .. } = rig.execute(job).await else { panic!("{}", rig.server.log()) };
    assert_eq!((counts.additions, counts.destructions), (1, 1));
    let (_, applied) = rig.whole(|job| job.options.destroy = true).await;
    assert_eq!(applied, Outcome::Applied { counts: Counts { destructions: 1, ..Counts::default() } });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_working_directory_that_is_not_there_is_named() {
    let rig = Rig::new();
    rig.configuration(ONE);
    for directory in ["nowhere", "../..", "/etc"] {
        let mut job = rig.job(Phase::Plan);
        job.working_directory = directory.into();
        let outcome = rig.execute(job).await;
        let Outcome::Failed { reason, .. } = outcome else { panic!("{outcome:?}") };
        assert!(reason.contains("working directory") && reason.contains(directory), "{reason}");
    }
}
