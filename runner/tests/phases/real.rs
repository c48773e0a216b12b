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
