//! The container engine as a test sees it: one of its own, which it may kill, and what is inside a container.

use crate::rig::Rig;
use bollard::{
    API_DEFAULT_VERSION, Docker, exec::StartExecResults, models::ExecConfig,
    query_parameters::ListContainersOptionsBuilder,
};
use futures::StreamExt;
use protocol::Job;
use std::{collections::HashMap, path::Path, process::Command};

/// A container engine of a test's own.
pub(crate) struct Engine {
    pub(crate) address: String,
}

impl Engine {
    /// Starts one with the image that these tests stand on; nothing when the tests were told to do without.
    pub(crate) fn start() -> Option<Self> {
        Rig::docker()?;
        Some(Self { address: tool(&["start", crate::rig::VERSION]) })
    }

    /// Kills the daemon alone.
    pub(crate) fn kill(&self) {
        tool(&["kill", &self.address]);
    }

    /// Starts the daemon again.
    pub(crate) fn again(&self, flags: &[&str]) {
        tool(&[&["again", &self.address], flags].concat());
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        tool(&["stop", &self.address]);
    }
}

fn tool(arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("tests/tools/docker");
    // Whatever serves the other tests: only this one is killed and started again.
    let output = Command::new(script).args(arguments).env("TERRANE_TEST_ENGINE", "docker").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "docker {arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Rig {
    pub(crate) fn api(&mut self) -> Docker {
        Docker::connect_with_unix(&self.containers().host, 60, API_DEFAULT_VERSION).unwrap()
    }

    /// What a command says in the container of a job.
    pub(crate) async fn inside(&mut self, job: &Job, command: &str) -> String {
        let api = self.api();
        let note = std::fs::read(self.module(job).ancestors().nth(2).unwrap().join("container")).unwrap();
        let note: serde_json::Value = serde_json::from_slice(&note).unwrap();
        let command = ["sh", "-c", command].map(str::to_owned).into();
        let config = ExecConfig { attach_stdout: Some(true), cmd: Some(command), ..ExecConfig::default() };
        let made = api.create_exec(note["id"].as_str().unwrap(), config).await.unwrap();
        let StartExecResults::Attached { mut output, .. } = api.start_exec(&made.id, None).await.unwrap() else {
            panic!("it is not attached")
        };
        let mut said = String::new();
        while let Some(part) = output.next().await {
            said += &part.unwrap().to_string();
        }
        said.trim().to_owned()
    }

    /// How many containers there are of this rig's runner.
    pub(crate) async fn count(&mut self) -> usize {
        self.ids("").await.len()
    }

    /// The containers of this rig's runner with this in their names.
    pub(crate) async fn ids(&mut self, named: &str) -> Vec<String> {
        let runner = std::fs::read_to_string(self.options.directory.join("known/runner")).unwrap();
        let label = format!("terrane.runner={runner}");
        let filters = HashMap::from([("label", vec![&*label]), ("name", vec![named])]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        let found = self.api().list_containers(Some(options)).await.unwrap();
        found.into_iter().filter_map(|container| container.id).collect()
    }
}
