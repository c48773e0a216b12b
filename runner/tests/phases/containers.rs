//! Phases in containers of a real engine.

use crate::{
    real::ONE,
    rig::{Rig, VERSION},
};
use protocol::{Artifact, Counts, Outcome, Phase};

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_and_its_apply_in_a_container_each() {
    let Some(rig) = Rig::docker() else { return };
    rig.configuration(ONE);
    let planned = rig.execute(rig.job(Phase::Plan)).await;
    let counts = Counts { additions: 1, ..Counts::default() };
    let expected = Outcome::Planned { has_changes: true, counts, generated_configuration: false };
    assert_eq!(planned, expected, "{}", rig.server.log());
    {
        let said = rig.server.said();
        assert_eq!(said.started.as_deref(), Some(VERSION));
        assert!(said.log.starts_with(b"\x02Terraform v1.11.4\non linux_amd64\nInitializing plugins and modules...\n"));
        assert_eq!(said.log.iter().filter(|byte| **byte == 3).count(), 1);
        let plan: serde_json::Value = serde_json::from_slice(&said.artifacts[&Artifact::PlanJson]).unwrap();
        assert_eq!(plan["resource_changes"][0]["address"], "terraform_data.a");
    }
    assert!(rig.server.log().contains("1 to add"), "{}", rig.server.log());
    assert_eq!(rig.left(), [""; 0]);

    let applied = rig.execute(rig.job(Phase::Apply)).await;
    assert_eq!(applied, Outcome::Applied { counts }, "{}", rig.server.log());
    let said = rig.server.said();
    let state: serde_json::Value = serde_json::from_slice(said.states.last().unwrap()).unwrap();
    assert_eq!(state["outputs"]["o"]["value"], "prod");
    assert_eq!(said.log.last(), Some(&3));
    drop(said);
    assert_eq!(rig.left(), [""; 0]);
}
