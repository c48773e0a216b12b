//! An organization on a server as its owner sees it: a token, an API, terraform binaries signed in to it, its workspaces.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::api::Api;
use crate::cli::{Cli, Version};
use crate::server::Server;

/// An organization with an owner, and the terraform that its people use.
pub struct Tenant {
    /// The owner's token.
    pub token: String,
    organization: String,
    url: String,
    host: String,
    certificate: PathBuf,
    version: Version,
}

impl Tenant {
    /// Makes an organization, owned by whom this token is.
    ///
    /// # Panics
    /// When the server refuses.
    #[must_use]
    pub fn create(server: &Server, token: &str, organization: &str, version: Version) -> Self {
        let tenant = Self {
            token: token.to_owned(),
            organization: organization.to_owned(),
            url: server.url(),
            host: server.host(),
            certificate: server.certificate(),
            version,
        };
        tenant.found();
        tenant
    }

    /// A client of the server with this token; an empty token is no token.
    #[must_use]
    pub fn api_as(&self, token: &str) -> Api {
        Api::new(&self.url, &self.certificate, token)
    }

    /// The address of a workspace of it for `backend "http"`.
    #[must_use]
    pub fn http_address(&self, workspace: &str) -> String {
        format!("{}/api/http/{}/{workspace}", self.url, self.organization)
    }

    /// Where the server is, as configurations name it.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Another organization of the same owner, with the same terraform.
    ///
    /// # Panics
    /// When the server refuses.
    #[must_use]
    pub fn sibling(&self, organization: &str) -> Self {
        let (token, url, host) = (self.token.clone(), self.url.clone(), self.host.clone());
        let organization = organization.to_owned();
        let sibling =
            Self { token, organization, url, host, certificate: self.certificate.clone(), version: self.version };
        sibling.found();
        sibling
    }

    fn found(&self) {
        let attributes = json!({ "name": self.organization, "email": "owner@example.test" });
        let document = json!({ "data": { "type": "organizations", "attributes": attributes } });
        let _ = self.api().post("organizations", &document).is(&[201]);
    }

    /// The name of the organization.
    #[must_use]
    pub fn organization(&self) -> &str {
        &self.organization
    }

    /// The owner's client.
    #[must_use]
    pub fn api(&self) -> Api {
        self.api_as(&self.token)
    }

    /// A terraform of the story's version, signed in as the owner, in an empty folder.
    #[must_use]
    pub fn cli(&self) -> Cli {
        Cli::trusting(self.version, &self.host, &self.certificate, &self.token)
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
        let (host, organization) = (&self.host, &self.organization);
        format!(
            "terraform {{\n  cloud {{\n    hostname = {host:?}\n    organization = {organization:?}\n    workspaces {{\n      \
             {choice}\n    }}\n  }}\n}}\n"
        )
    }

    /// A `backend "remote"` block with this choice of workspaces.
    #[must_use]
    pub fn remote(&self, choice: &str) -> String {
        let (host, organization) = (&self.host, &self.organization);
        format!(
            "terraform {{\n  backend \"remote\" {{\n    hostname = {host:?}\n    organization = {organization:?}\n    workspaces {{\n      \
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
        self.api().get(&format!("{}/{name}", self.workspaces())).is(&[200]).data()
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
        let made = self.api().post(&self.workspaces(), &document).is(&[201]).data();
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

    /// That no workspace is left locked.
    ///
    /// # Panics
    /// When one is.
    pub fn leaves_no_lock(&self) {
        let workspaces = self.api().get(&self.workspaces()).is(&[200]).data();
        for workspace in workspaces.as_array().into_iter().flatten() {
            let attributes = &workspace["attributes"];
            assert!(attributes["locked"] == false, "the workspace {} is left locked", attributes["name"]);
        }
    }

    /// The path of the organization's workspaces.
    fn workspaces(&self) -> String {
        format!("organizations/{}/workspaces", self.organization)
    }
}
