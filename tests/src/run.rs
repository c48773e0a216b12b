//! Runs made by the API alone, without a CLI: a packed configuration, an upload, a run, and waiting for what becomes of it.

use std::time::{Duration, Instant};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use crate::api::{Answer, send};
use crate::process::eventually;
use crate::tenant::Tenant;

/// How long a run may take to reach a status: many times what it takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// A packed configuration, as the CLI uploads one.
#[derive(Clone)]
pub struct Slug(pub Vec<u8>);

impl Slug {
    /// Packs these files.
    ///
    /// # Panics
    /// When a name is longer than a tar allows.
    #[must_use]
    pub fn pack(files: &[(&str, &str)]) -> Self {
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, name, text.as_bytes()).expect("append a file to a tar");
        }
        Self(archive.into_inner().and_then(GzEncoder::finish).expect("finish a tar"))
    }
}

impl Tenant {
    /// Creates a configuration version of a workspace; the answer holds its upload URL.
    ///
    /// # Panics
    /// When the server refuses.
    #[track_caller]
    #[must_use]
    pub fn configuration(&self, workspace_id: &str, speculative: bool) -> Value {
        let attributes = json!({ "auto-queue-runs": false, "speculative": speculative });
        let document = json!({ "data": { "type": "configuration-versions", "attributes": attributes } });
        self.api().post(&format!("workspaces/{workspace_id}/configuration-versions"), &document).is(&[201]).data()
    }

    /// Uploads a packed configuration without a token, as the CLI does.
    #[must_use]
    pub fn upload(&self, configuration: &Value, slug: &Slug) -> Answer {
        let url =
            configuration["attributes"]["upload-url"].as_str().expect("a configuration version has an upload URL");
        let request = self.api_as("").request("PUT", url).header("content-type", "application/octet-stream");
        send(request.body(slug.0.clone()))
    }

    /// Creates, uploads and waits until the configuration can be run; gives its id.
    ///
    /// # Panics
    /// When the server refuses it.
    #[track_caller]
    #[must_use]
    pub fn uploaded(&self, workspace_id: &str, speculative: bool, slug: &Slug) -> String {
        let configuration = self.configuration(workspace_id, speculative);
        let _ = self.upload(&configuration, slug).is(&[200, 201, 202, 204]);
        let id = configuration["id"].as_str().expect("an id").to_owned();
        eventually("the configuration to be uploaded", PATIENCE, || {
            let now = self.api().get(&format!("configuration-versions/{id}")).is(&[200]).data();
            let status = now["attributes"]["status"].as_str().expect("a status").to_owned();
            assert_ne!(status, "errored", "the configuration was refused: {now}");
            (status == "uploaded").then_some(())
        });
        id
    }

    /// Queues a run of an uploaded configuration and gives its id.
    ///
    /// # Panics
    /// When the server refuses.
    #[track_caller]
    #[must_use]
    pub fn queue(&self, workspace_id: &str, configuration_id: &str, attributes: &Value) -> String {
        let run = self.try_queue(workspace_id, configuration_id, attributes).is(&[201]).data();
        run["id"].as_str().expect("an id").to_owned()
    }

    /// Asks for a run of an uploaded configuration.
    #[must_use]
    pub fn try_queue(&self, workspace_id: &str, configuration_id: &str, attributes: &Value) -> Answer {
        let relationships = json!({
            "workspace": { "data": { "type": "workspaces", "id": workspace_id } },
            "configuration-version": { "data": { "type": "configuration-versions", "id": configuration_id } },
        });
        let run = json!({ "type": "runs", "attributes": attributes, "relationships": relationships });
        self.api().post("runs", &json!({ "data": run }))
    }

    /// A run as it is now.
    ///
    /// # Panics
    /// When it cannot be read.
    #[track_caller]
    #[must_use]
    pub fn run(&self, id: &str) -> Value {
        self.api().get(&format!("runs/{id}")).is(&[200]).data()
    }

    /// Waits until a run has one of these statuses and gives it.
    ///
    /// # Panics
    /// When it ends in another one, or two minutes pass.
    #[track_caller]
    pub fn reaches(&self, id: &str, statuses: &[&str]) -> Value {
        let began = Instant::now();
        eventually(&format!("the run {id} to be {statuses:?}"), 2 * PATIENCE, || {
            let run = self.run(id);
            let status = run["attributes"]["status"].as_str().expect("a status");
            if statuses.contains(&status) {
                return Some(run);
            }
            let late = began.elapsed() > PATIENCE;
            assert!(
                !late,
                "the run {id} is still {status} and not {statuses:?}: {}{}",
                run["attributes"],
                self.logs(&run)
            );
            let over = matches!(status, "applied" | "planned_and_finished" | "discarded" | "canceled" | "errored");
            assert!(!over, "the run {id} ended as {status} instead of {statuses:?}: {}", self.logs(&run));
            None
        })
    }

    /// Takes an action on a run: `apply`, `discard`, `cancel`, `force-cancel`.
    #[must_use]
    pub fn act(&self, run: &str, action: &str) -> Answer {
        self.api().post(&format!("runs/{run}/actions/{action}"), &json!({}))
    }

    /// The log of a run's phase (`plan` or `apply`) as far as it is written, without its framing.
    ///
    /// # Panics
    /// When it cannot be read.
    #[track_caller]
    #[must_use]
    pub fn log(&self, run: &Value, phase: &str) -> String {
        let phases = if phase == "apply" { "applies".to_owned() } else { format!("{phase}s") };
        let id = run["relationships"][phase]["data"]["id"].as_str().expect("a run has its phases");
        let phase = self.api().get(&format!("{phases}/{id}")).is(&[200]).data();
        let url = phase["attributes"]["log-read-url"].as_str().expect("a phase has a log").to_owned();
        let (anonymous, mut log) = (self.api_as(""), Vec::new());
        loop {
            let part = anonymous.get(&format!("{url}?limit=65536&offset={}", log.len())).is(&[200]).body;
            if part.is_empty() {
                let text = String::from_utf8_lossy(&log).into_owned();
                return text.trim_start_matches('\u{2}').trim_end_matches('\u{3}').to_owned();
            }
            log.extend(part);
        }
    }

    fn logs(&self, run: &Value) -> String {
        format!("--- plan ---\n{}\n--- apply ---\n{}", self.log(run, "plan"), self.log(run, "apply"))
    }

    /// Waits until `text` stands in the log of a run's phase.
    ///
    /// # Panics
    /// When it does not within two minutes.
    #[track_caller]
    pub fn logs_say(&self, run: &str, phase: &str, text: &str) {
        eventually(&format!("the {phase} log of {run} to say {text:?}"), PATIENCE, || {
            self.log(&self.run(run), phase).contains(text).then_some(())
        });
    }
}
