//! A provider of a cloud, in containers that reach that cloud and nothing else.

use crate::{beside::Beside, rig::Rig};
use protocol::Outcome;
use std::path::Path;

const PORT: u16 = 5000;

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_is_reached_through_what_was_opened() {
    let Some(mut rig) = Rig::docker() else { return };
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name(".tools");
    let moto = tools.join("venv/bin/moto_server").display().to_string();
    let port = PORT.to_string();
    let cloud = Beside::new(&[&moto, "-H", "0.0.0.0", "-p", &port], PORT);
    rig.options.provider_mirror = Some(tools.join("aws-provider"));
    rig.containers().egress = vec![format!("{}/32", cloud.address)];
    let main = include_str!("cloud.tf")
        .replace("CLOUD", &format!("http://{}:{port}", cloud.address))
        .replace("OTHER", &format!("{} {port}", cloud.other));
    rig.configuration(&[("main.tf", &main)]);
    let (planned, applied) = rig.whole(|_| {}).await;
    let log = rig.server.log();
    let Outcome::Planned { counts, .. } = planned else { panic!("{planned:?}") };
    assert_eq!((counts.additions, applied), (3, Outcome::Applied { counts }), "{log}");
    assert!(log.contains("tried-5 []"), "another address of the same machine is not on the list: {log}");
    let said = rig.server.said();
    let state: serde_json::Value = serde_json::from_slice(said.states.last().unwrap()).unwrap();
    assert_eq!(state["outputs"]["role"]["value"], "arn:aws:iam::123456789012:role/terrane");
}
