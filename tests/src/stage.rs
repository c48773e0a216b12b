//! Where a story plays: a server on one database, an owner with a token, an organization, and terraform binaries signed in to it.

use serde_json::{Value, json};

use crate::api::Api;
use crate::cli::{Cli, Version};
use crate::database::Database;
use crate::server::Server;

/// The name of the organization of every story.
pub const ORGANIZATION: &str = "acme";

/// A server with one site administrator, who owns the organization [`ORGANIZATION`].
pub struct Stage {
    /// The server.
    pub server: Server,
    /// The owner's token.
    pub token: String,
    version: Version,
}

impl Stage {
    /// Sets the stage.
    ///
    /// # Panics
    /// When the server does not start or refuses one of the first steps.
    #[must_use]
    pub fn set(database: Database, version: Version) -> Self {
        Self::on(Server::start(database), version)
    }

    /// Sets the stage on a server that has no users yet.
    ///
    /// # Panics
    /// When the server refuses one of the first steps.
    #[must_use]
    pub fn on(server: Server, version: Version) -> Self {
        let _ = server.admin(&["user", "create", "owner", "--email", "owner@example.test", "--site-admin"]);
        let token = server.admin(&["token", "create", "--user", "owner", "--description", "story"]);
        let stage = Self { server, token, version };
        let organization =
            json!({ "type": "organizations", "attributes": { "name": ORGANIZATION, "email": "owner@example.test" } });
        let _ = stage.api().post("organizations", &json!({ "data": organization })).is(&[201]);
        stage
    }

    /// The owner's client.
    #[must_use]
    pub fn api(&self) -> Api {
        self.server.api(&self.token)
    }

    /// A terraform of the story's version, signed in as the owner, in an empty folder.
    #[must_use]
    pub fn cli(&self) -> Cli {
        Cli::signed_in(self.version, &self.server, &self.token)
    }

    /// The version that the story is played with.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// A `cloud` block for one workspace by name.
    #[must_use]
    pub fn cloud(&self, workspace: &str) -> String {
        self.cloud_with(&format!("name = {workspace:?}"))
    }

    /// A `cloud` block with this choice of workspaces.
    #[must_use]
    pub fn cloud_with(&self, choice: &str) -> String {
        let host = self.server.host();
        format!(
            "terraform {{\n  cloud {{\n    hostname = {host:?}\n    organization = {ORGANIZATION:?}\n    workspaces {{\n      \
             {choice}\n    }}\n  }}\n}}\n"
        )
    }

    /// A `backend "remote"` block with this choice of workspaces.
    #[must_use]
    pub fn remote(&self, choice: &str) -> String {
        let host = self.server.host();
        format!(
            "terraform {{\n  backend \"remote\" {{\n    hostname = {host:?}\n    organization = {ORGANIZATION:?}\n    workspaces {{\n      \
             {choice}\n    }}\n  }}\n}}\n"
        )
    }

    /// A workspace as the API gives it.
    ///
    /// # Panics
    /// When there is none of that name.
    #[track_caller]
    #[must_use]
    pub fn workspace(&self, name: &str) -> Value {
        self.api().get(&format!("organizations/{ORGANIZATION}/workspaces/{name}")).is(&[200]).data()
    }

    /// The id of a workspace.
    ///
    /// # Panics
    /// When there is none of that name.
    #[track_caller]
    #[must_use]
    pub fn workspace_id(&self, name: &str) -> String {
        self.workspace(name)["id"].as_str().expect("an id is a text").to_owned()
    }

    /// Makes a workspace by the API with these attributes beside its name, and gives its id.
    ///
    /// # Panics
    /// When the server refuses.
    #[track_caller]
    #[must_use]
    pub fn create_workspace(&self, name: &str, attributes: Value) -> String {
        let mut attributes = attributes;
        attributes["name"] = name.into();
        let document = json!({ "data": { "type": "workspaces", "attributes": attributes } });
        let made = self.api().post(&format!("organizations/{ORGANIZATION}/workspaces"), &document).is(&[201]).data();
        made["id"].as_str().expect("an id is a text").to_owned()
    }

    /// The newest run of a workspace.
    ///
    /// # Panics
    /// When it has none.
    #[track_caller]
    #[must_use]
    pub fn newest_run(&self, workspace: &str) -> Value {
        let id = self.workspace_id(workspace);
        let mut runs = self.api().get(&format!("workspaces/{id}/runs")).is(&[200]).data();
        runs[0].take()
    }

    /// The current state of a workspace, as any client reads it; nothing when it has none.
    ///
    /// # Panics
    /// When the server refuses.
    #[track_caller]
    #[must_use]
    pub fn state(&self, workspace: &str) -> Option<Vec<u8>> {
        let id = self.workspace_id(workspace);
        let answer = self.api().get(&format!("workspaces/{id}/current-state-version")).is(&[200, 404]);
        let version = (answer.status == 200).then(|| answer.data())?;
        let url = version["attributes"]["hosted-state-download-url"].as_str().expect("a state has a URL").to_owned();
        Some(self.api().get(&url).is(&[200]).body)
    }

    /// What every story must leave behind: no lock, no error in the log, and a server that stops when it is asked to.
    ///
    /// # Panics
    /// When it leaves anything else.
    pub fn leave(mut self) {
        let workspaces = self.api().get(&format!("organizations/{ORGANIZATION}/workspaces")).is(&[200]).data();
        for workspace in workspaces.as_array().into_iter().flatten() {
            let attributes = &workspace["attributes"];
            assert!(attributes["locked"] == false, "the workspace {} is left locked", attributes["name"]);
        }
        let status = self.server.stop();
        assert!(status.success(), "the server stopped with {status}; its log:\n{}", self.server.log());
        let log = self.server.log();
        let errors: Vec<_> = log.lines().filter(|line| line.contains("ERROR") || line.contains("panicked")).collect();
        assert!(errors.is_empty(), "the server logged errors:\n{}", errors.join("\n"));
    }
}
