//! Workspaces: a row of theirs, as one caller sees it.

mod current;
mod deleted;
mod find;
mod lock;
mod save;

pub(crate) use current::making_current;
pub use current::{clear_current_state, set_current_run, set_fence};
pub use deleted::{Deleted, count_deleted, hold_deleted, list_deleted, undelete};
pub use find::{
    Filter, Listing, count_in_project, find, find_by_name, find_listing, find_of_module, hold, is_of, list, list_by_id,
    list_names,
};
pub use lock::{lock, unlock};
pub use save::{delete, delete_of_module, find_key, forget_pool, insert, put_tags, update};

use crate::{Error, Result};
use domain::{
    id::{OrganizationId, ProjectId, WorkspaceId},
    lock::{Door, Holder, Lock},
    state::Identity,
    tag::Tag,
    time::Time,
};
use sqlx::FromRow;

/// A workspace, as one caller sees it.
#[derive(Debug, Clone, FromRow)]
pub struct Workspace {
    /// Which.
    #[sqlx(try_from = "String")]
    pub id: WorkspaceId,
    /// Whose.
    #[sqlx(try_from = "String")]
    pub organization_id: OrganizationId,
    /// The name of that organization.
    pub organization_name: String,
    /// In which project.
    #[sqlx(try_from = "String")]
    pub project_id: ProjectId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// `remote`, `local` or `agent`.
    pub execution_mode: String,
    /// The pool whose agents execute its runs in the mode `agent`.
    pub agent_pool_id: Option<String>,
    /// The SSH key that its runs use.
    pub ssh_key_id: Option<String>,
    /// `terraform` or `tofu`.
    pub engine: String,
    /// An exact version, a constraint or `latest`.
    pub terraform_version: String,
    /// The image that its runs want, where they are executed in containers; empty for that of the organization.
    pub image: String,
    /// The image that runs of its organization want; empty for that of the site.
    pub organization_image: String,
    /// Where the root module lies in the configuration.
    pub working_directory: String,
    /// Whether runs confirm themselves.
    pub auto_apply: bool,
    /// How many plans may run at once beside the run that holds it, where it has a number of its own.
    pub plan_limit: Option<i64>,
    /// Whether the runs of every workspace of the organization may read its state.
    pub global_remote_state: bool,
    /// The tags, as JSON: a list of pairs.
    pub tag_list: String,
    lock_kind: Option<String>,
    lock_user_id: Option<String>,
    lock_run_id: Option<String>,
    lock_client_id: Option<String>,
    /// The lock of a `backend "http"` as its client sent it: JSON.
    pub lock_info: Option<String>,
    lock_reason: Option<String>,
    locked_at: Option<i64>,
    /// The run that has the workspace for itself.
    pub current_run_id: Option<String>,
    /// The current state version.
    pub current_state_id: Option<String>,
    state_serial: Option<i64>,
    state_lineage: Option<String>,
    state_md5: Option<String>,
    /// The sequence of the current state; 0 is none.
    pub state_sequence: i64,
    /// Rises with each claim of one of its phases.
    pub fence: i64,
    /// Since when.
    #[sqlx(try_from = "i64")]
    pub created_at: Time,
    /// When it last changed.
    #[sqlx(try_from = "i64")]
    pub updated_at: Time,
    /// The module whose tests it is for: such a workspace is nobody's to see or to use.
    pub module_id: Option<String>,
    /// The role of the caller, if they have one.
    pub role: Option<String>,
}

impl Workspace {
    /// A workspace that nobody saved yet.
    pub fn new(
        id: WorkspaceId,
        organization: &crate::organization::Organization,
        project: ProjectId,
        terraform_version: &str,
        now: Time,
    ) -> Self {
        Self {
            id,
            organization_id: organization.id.clone(),
            organization_name: organization.name.clone(),
            project_id: project,
            name: String::new(),
            description: String::new(),
            execution_mode: "remote".into(),
            agent_pool_id: None,
            ssh_key_id: None,
            engine: "terraform".into(),
            terraform_version: terraform_version.into(),
            image: String::new(),
            organization_image: String::new(),
            working_directory: String::new(),
            auto_apply: false,
            plan_limit: None,
            global_remote_state: false,
            tag_list: "[]".into(),
            lock_kind: None,
            lock_user_id: None,
            lock_run_id: None,
            lock_client_id: None,
            lock_info: None,
            lock_reason: None,
            locked_at: None,
            current_run_id: None,
            current_state_id: None,
            state_serial: None,
            state_lineage: None,
            state_md5: None,
            state_sequence: 0,
            fence: 0,
            created_at: now,
            updated_at: now,
            module_id: None,
            role: None,
        }
    }
    /// The lock, if one is held.
    pub fn lock(&self) -> Result<Option<Lock>> {
        let bad = |detail: &str| Error::inconsistent("workspaces", format!("{} {detail}", self.id));
        let Some(kind) = self.lock_kind.as_deref() else { return Ok(None) };
        let holder = if kind == "run" {
            let run = self.lock_run_id.as_deref().and_then(|id| id.parse().ok());
            Holder::Run(run.ok_or_else(|| bad("is locked by no run"))?)
        } else {
            let door = Door::parse(kind).ok_or_else(|| bad("is locked through an unknown door"))?;
            let user = self.lock_user_id.as_deref().and_then(|id| id.parse().ok());
            Holder::Client {
                door,
                user: user.ok_or_else(|| bad("is locked by nobody"))?,
                id: self.lock_client_id.clone(),
            }
        };
        let since = Time::from_micros(self.locked_at.unwrap_or_default());
        Ok(Some(Lock { holder, reason: self.lock_reason.clone().unwrap_or_default(), since }))
    }
    /// What identifies the current state to its clients, if there is one.
    pub fn state(&self) -> Option<Identity> {
        Some(Identity {
            serial: self.state_serial?,
            lineage: self.state_lineage.clone()?,
            md5: self.state_md5.clone()?,
        })
    }
    /// The tags in the order they were given.
    pub fn tags(&self) -> Vec<Tag> {
        let pairs: Vec<(String, String)> = serde_json::from_str(&self.tag_list).unwrap_or_default();
        pairs.into_iter().map(|(key, value)| Tag { key, value }).collect()
    }
}
